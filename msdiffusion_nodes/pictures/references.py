"""Reference pictures: which belongs to which phrase, and how they are cut and squashed."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import torch
from PIL import Image
from torch import Tensor
from torch.nn import functional as F

from ..errors import InputError, listed, naming
from ..masks import bounds, is_inside_out, visible
from ..subjects import parse_phrases

SQUARE = 512  # the official preprocessing squashes every picture to this size first


@dataclass(frozen=True)
class Reference:
    """A phrase and the pictures of it, one (1, height, width, 3) a view, in 0..1.

    Attributes:
        doubted: the mask that keeps the frame of a picture and drops the middle, "" where none.
    """

    phrase: str
    pictures: list[Tensor]
    doubted: str = ""


def gather_references(
    phrases: str, sockets: Mapping[str, Tensor | None], invert_masks: bool = False
) -> list[Reference]:
    """Match phrases with pictures and cut the pictures out.

    Args:
        phrases: one subject a line, in the order of the pictures.
        sockets: `image_1` (views, height, width, 3) and `mask_1` (views or 1, height, width) to
            any number; a mask is 1 on the subject, and so is the alpha of a picture with four
            channels. None where nothing is connected.
        invert_masks: whether the masks, not the alpha, are 0 on the subject.

    Raises:
        InputError: names the socket, and says what is wrong with it.
    """
    connected = {name: tensor for name, tensor in sockets.items() if tensor is not None}
    numbers = sorted(int(name.removeprefix("image_")) for name in connected if name[0] == "i")
    for name in connected:
        if name.startswith("mask_") and int(name.removeprefix("mask_")) not in numbers:
            raise InputError(f"{name}: there is no picture {name.replace('mask', 'image')} for it")
    with naming("phrases"):
        names = parse_phrases(phrases)
        if len(names) != len(numbers):
            raise InputError(
                f"{len(names)} came ({listed(names)}) for {len(numbers)} pictures; write one"
                " line for each connected picture"
            )
    return [
        _reference(name, number, connected, invert_masks)
        for name, number in zip(names, numbers, strict=True)
    ]


def _reference(
    phrase: str, number: int, connected: Mapping[str, Tensor], invert_masks: bool
) -> Reference:
    with naming(f"image_{number}"):
        images = _checked(connected[f"image_{number}"], "[views, height, width, 3]", (4,))
        if images.shape[-1] < 3:
            raise InputError(f"{images.shape[-1]} channels came; expected a picture with 3")
        images, alpha = images[..., :3].float(), _alpha(images)
    name = f"mask_{number}"
    if name not in connected:
        return Reference(phrase, _whole(images, alpha))
    with naming(name):
        masks = _checked(connected[name], "[views, height, width]", (2, 3))
        if invert_masks:
            masks = 1 - masks.to(images)
            # of a picture without transparency, where LoadImage's mask is 64×64 whatever its shape
            if (masks >= 1).all():
                return Reference(phrase, _whole(images, alpha))
        cut = cut_out(images, masks, alpha)
    doubted = any(map(is_inside_out, masks.to(images).reshape(-1, *masks.shape[-2:])))
    return Reference(phrase, cut, name if doubted else "")


def _whole(images: Tensor, alpha: Tensor | None) -> list[Tensor]:
    """The pictures without a mask, as far as their alpha lets them be seen."""
    return list(images.split(1)) if alpha is None else _cropped(images, alpha)


def _alpha(images: Tensor) -> Tensor | None:
    """The fourth channel (views, height, width), 1 on the subject; None where it hides nothing."""
    if images.shape[-1] < 4 or (images[..., 3] >= 1).all():
        return None
    alpha = visible(images[..., 3].float())
    if not all(view.any() for view in alpha):
        raise InputError(
            "its alpha is 0 everywhere, nothing of the picture would be left. Alpha must be 1 on"
            " the subject: invert it, or connect the picture without alpha"
        )
    return alpha


def _checked(tensor: Tensor, expected: str, dimensions: tuple[int, ...]) -> Tensor:
    if tensor.ndim not in dimensions or not tensor.numel():
        raise InputError(f"shape {list(tensor.shape)} came; expected {expected}")
    if not tensor.isfinite().all():
        raise InputError("it has values that are not finite (NaN); load it again")
    return tensor


def cut_out(images: Tensor, masks: Tensor, alpha: Tensor | None = None) -> list[Tensor]:
    """Blacken what is outside the mask and crop to the mask's bounds, as in training.

    Args:
        images: (views, height, width, 3) in 0..1.
        masks: (views or 1, mask height, mask width), 1 on the subject; the same shape as the
            pictures, any size.
        alpha: (views, height, width), a second mask of each picture: their product counts.

    Returns:
        One (1, height, width, 3) picture a view; their sizes differ.

    Raises:
        InputError: the masks do not belong to the pictures, or nothing would be left of one.
    """
    if masks.ndim == 2:
        masks = masks[None]
    views, height, width = images.shape[:3]
    if len(masks) not in (1, views):
        raise InputError(f"there are {len(masks)} masks for {views} pictures")
    masks = visible(masks.to(images))
    _require_visible(masks)
    if not _same_shape(masks.shape[1:], (height, width)):
        raise InputError(
            f"the mask is {masks.shape[2]}×{masks.shape[1]}, the picture {width}×{height}:"
            " another shape. Use the mask of this picture"
        )
    if masks.shape[1:] != (height, width):
        size = (height, width)
        masks = F.interpolate(masks[:, None], size=size, mode="bilinear", antialias=True)[:, 0]
        masks = visible(masks)
        _require_visible(masks)
    masks = masks.expand(views, -1, -1)
    if alpha is not None:
        masks = visible(masks * alpha.to(masks))
        if not all(mask.any() for mask in masks):
            raise InputError(
                "what is white in it is transparent in the picture, nothing would be left; use the"
                " picture without alpha, or no mask"
            )
    return _cropped(images, masks)


def _cropped(images: Tensor, masks: Tensor) -> list[Tensor]:
    """Each picture times its mask, cropped to where the mask is visible."""
    cut = []
    for image, mask in zip(images, masks, strict=True):
        rows, columns = bounds(mask)
        cut.append((image * mask[..., None])[None, rows, columns])
    return cut


def squash(picture: Tensor, size: int) -> Tensor:
    """Official preprocessing: to 512 × 512, then to the encoder's size, in 8 bits, no crop.

    Pillow does both steps, as in the official code: the pixels are equal, not just close.

    Args:
        picture: (1, height, width, 3) in 0..1.
        size: what the encoder takes, 224 for CLIP-ViT-bigG.

    Returns:
        (1, size, size, 3) in 0..1
    """
    levels = (picture[0].clamp(0, 1) * 255).round().to("cpu", torch.uint8)
    image = Image.fromarray(levels.numpy())
    for side in (SQUARE, size):
        image = image.resize((side, side), Image.Resampling.BICUBIC)
    return torch.from_numpy(np.array(image)).to(picture)[None] / 255


def _require_visible(masks: Tensor) -> None:
    if not all(mask.any() for mask in masks):
        raise InputError(
            "the mask is empty, nothing of the picture would be left. LoadImage gives an empty"
            " 64×64 mask for a picture without transparency: disconnect it. For a picture with"
            " transparency it gives 1 - alpha, for which there is invert_masks"
        )


def _same_shape(mask_size: torch.Size, picture_size: tuple[int, int]) -> bool:
    """Whether two (height, width) have the same aspect, a pixel of rounding allowed."""
    (mask_height, mask_width), (height, width) = mask_size, picture_size
    off_by = abs(mask_width * height - mask_height * width)
    return off_by <= max(mask_width, mask_height, width, height)
