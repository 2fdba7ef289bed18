"""Which subjects of which pictures are painted anew."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from torch import Tensor

from ..errors import InputError, naming, shortened
from ..layout import Extent, Layout
from ..subjects import Subject
from .crops import Crop, Cutting


@dataclass(frozen=True)
class Task:
    """One subject of one picture.

    Attributes:
        picture: its number in the batch.
        subject: its number in the layout.
        layout: of the whole picture.
        crop: what to cut out for it.
    """

    picture: int
    subject: int
    layout: Layout
    crop: Crop


def tasks_of(
    pictures: Tensor,
    layouts: Sequence[Layout],
    subjects: Sequence[Subject],
    wanted: str,
    cutting: Cutting,
) -> list[Task]:
    """What there is to paint, picture by picture, in the order of the subjects.

    Args:
        pictures: (batch, h, w, 3).
        layouts: one for all pictures, or one a picture.
        subjects: those on the model, as they act in the layouts, one a region; none on a plain
            model, of which then the layouts alone tell.
        wanted: numbers of subjects, such as "1, 3"; without any all that have an area.

    Raises:
        InputError: a wanted subject is not there, or is nowhere to be painted.
    """
    size, found = Extent(*pictures.shape[1:3]), []
    with naming("subjects"):
        numbers = _numbers(wanted, max(len(layout.regions) for layout in layouts))
        for number in numbers:
            _check_wanted(number, layouts, subjects)
    for picture in range(len(pictures)):
        layout = layouts[picture if len(layouts) > 1 else 0]
        for number, region in enumerate(layout.regions):
            skipped = number not in numbers if numbers else _why_not(number, layouts, subjects)
            crop = None if skipped else cutting.crop(region, size)
            if crop is not None:
                found.append(Task(picture, number, layout, crop))
    return found


def colours_of(image: Tensor) -> Tensor:
    """Pictures without alpha: float32 (batch, h, w, 3) on the CPU, 0 to 1.

    Raises:
        InputError: there is none, or it is not finite.
    """
    if image.ndim != 4 or image.shape[-1] not in (3, 4) or not image.numel():
        raise InputError(f"shape {list(image.shape)} came; expected [pictures, height, width, 3]")
    image = image[..., :3].float().to("cpu")
    if not image.isfinite().all():
        raise InputError("it has values that are not finite (NaN or infinity); make it again")
    return image.clamp(0, 1)


def _numbers(text: str, count: int) -> list[int]:
    """Numbers of subjects from 0, from a text that counts from 1."""
    entries = [entry.strip() for entry in text.split(",")] if text.strip() else []
    if not all(entry.isascii() and entry.isdigit() and len(entry) < 9 for entry in entries):
        raise InputError(
            f'"{shortened(text)}" came; expected numbers of subjects with commas between, such as'
            " 1, 3"
        )
    numbers = [int(entry) - 1 for entry in entries]
    for number in numbers:
        if not 0 <= number < count:
            raise InputError(f"{number + 1} came; the layout has subjects 1 to {count}")
    return numbers


def _check_wanted(number: int, layouts: Sequence[Layout], subjects: Sequence[Subject]) -> None:
    reason = _why_not(number, layouts, subjects)
    if reason:
        raise InputError(f"{number + 1} came, but {reason}; leave it out")


def _why_not(number: int, layouts: Sequence[Layout], subjects: Sequence[Subject]) -> str:
    """Why a subject is not painted; "" where it is."""
    regions = [layout.regions[number] for layout in layouts if number < len(layout.regions)]
    told = subjects[number : number + 1] or [region.options for region in regions]
    if any(each.everywhere for each in told):
        return "that subject is the scene, everywhere in the picture"
    if any(each.enabled is False for each in told):
        return "that subject is turned off"
    if not any(any(region.box.as_tuple()) for region in regions):
        return "that subject has no box in the layout"
    return ""
