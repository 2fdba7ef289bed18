"""What ComfyUI calls at one text cross-attention in place of its own."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any

import torch
from comfy.ldm.modules.attention import optimized_attention
from comfy.model_patcher import ModelPatcher
from torch import Tensor

from ..errors import InputError
from ..method.adapter import SiteTokens
from ..method.fitting import check_batch
from ..method.subject_attention import Call, SigmaRange, SubjectAttention

POSITIVE, NEGATIVE = 0, 1  # entries of cond_or_uncond; PerpNeg has 2 as well
WINDOWS = "msdiffusion_windows"  # in transformer_options: the window of each condition, by uuid


class PlacedTokens:
    """A site's keys and values: at home on the CPU, a copy on each device that uses them."""

    def __init__(self, tokens: SiteTokens) -> None:
        self.home = tokens
        self.copies: dict[tuple[torch.device, torch.dtype], SiteTokens] = {}

    def on(self, query: Tensor) -> SiteTokens:
        """For a query's device and dtype; copied at the first call, if not before."""
        home = self.home.key
        if home.device == query.device and home.dtype == query.dtype:
            return self.home
        place = (query.device, query.dtype)
        if place not in self.copies:
            self.copies[place] = self.home.to(*place)
        return self.copies[place]

    def to(self, device: torch.device) -> None:
        """Follow the model to a device; back home, the copies are given up."""
        if device == self.home.key.device:
            self.copies.clear()
        else:
            moved = self.home.to(device)
            self.copies[moved.key.device, moved.key.dtype] = moved


class SitePatch:
    """What ComfyUI calls in place of `attn2` at one site.

    It stands in the way of no other pack: a patch found under the same key gives the text
    attention, and packs that add themselves to the object they find can do so.

    Args:
        site: the site's number, in the adapter's order.
        parts: the subjects and their tokens here; one for all pictures or one a picture.
        earlier: the patch that was there before.
    """

    def __init__(
        self,
        site: int,
        parts: Sequence[tuple[SubjectAttention, PlacedTokens]],
        earlier: Callable[..., Tensor] | None,
    ) -> None:
        self.site = site
        self.parts = parts
        self.earlier = earlier
        self.added: list[tuple[Callable[..., Tensor], dict[str, Any]]] = []

    def __call__(self, q: Tensor, k: Tensor, v: Tensor, extra_options: dict[str, Any]) -> Tensor:
        """Text attention, plus image attention in the positive rows: (rows, h·w, heads·dim)."""
        out = self._text_attention(q, k, v, extra_options)
        height, width = extra_options["activations_shape"][-2:]
        if q.shape[1] != height * width:
            raise InputError(
                f"another node changed the picture's grid: {q.shape[1]} queries came for"
                f" {height}×{width} cells, so MS-Diffusion cannot tell where each one is"
            )
        for call, chunk, images in self._calls(len(q), extra_options):
            for (attention, placed), rows in self._shared_out(chunk, images):
                tokens, heads = placed.on(q), extra_options["n_heads"]
                areas = attention.areas(call, q[rows], k[rows], heads)
                mask = attention.text_mask(areas, call, k[rows])
                if mask is not None:
                    part = (q[rows], k[rows], v[rows])
                    out[rows] = self._text_attention(*part, extra_options, mask)
                attention.add(out[rows], q[rows], tokens, call, areas)
        for callback, arguments in self.added:
            added = self._gated(callback, arguments, out, q, k, v, extra_options)
            out = out + added.to(out.dtype)  # what they find elsewhere takes any dtype
        return out

    def add(self, callback: Callable[..., Tensor], **arguments: Any) -> None:
        """Let another pack add its attention at this site, as IPAdapter, InstantID and PuLID do.

        Args:
            callback: called as `callback(out, q, k, v, extra_options, **arguments)`; its result is
                added to `out`.
            arguments: may hold `sigma_start` and `sigma_end`, outside of which it counts nothing.
        """
        self.added.append((callback, arguments))

    def to(self, target: torch.device | torch.dtype) -> SitePatch:
        """Called by ComfyUI when the model moves. Our dtype is settled when the node runs."""
        if hasattr(self.earlier, "to"):
            self.earlier = self.earlier.to(target)
        if isinstance(target, torch.device):
            for _, placed in self.parts:
                placed.to(target)
        return self

    def attentions(self) -> Iterator[SubjectAttention]:
        """The subjects of every layout here, those of an earlier ApplyMSDiffusion included."""
        yield from (attention for attention, _ in self.parts)
        if isinstance(self.earlier, SitePatch):
            yield from self.earlier.attentions()

    def models(self) -> list[ModelPatcher]:
        """Models that ComfyUI loads with the UNet: none of ours, those of an earlier patch."""
        return self.earlier.models() if hasattr(self.earlier, "models") else []

    def cleanup(self) -> None:
        """Called by ComfyUI after sampling; for an earlier patch that waits for it."""
        if hasattr(self.earlier, "cleanup"):
            self.earlier.cleanup()

    def copy(self) -> SitePatch:
        """For a clone of the model: its own list of additions, the same tensors."""
        twin = SitePatch(self.site, self.parts, self.earlier)
        twin.added = list(self.added)
        return twin

    def __deepcopy__(self, memo: dict[int, Any]) -> SitePatch:
        # before version 0.13 a clone copies the patches: never the tensors in them
        return self.copy()

    def _text_attention(
        self, q: Tensor, k: Tensor, v: Tensor, options: dict[str, Any], mask: Tensor | None = None
    ) -> Tensor:
        if self.earlier is not None:
            # the tensor may be the other pack's own: it is added to in place below
            return self.earlier(q, k, v, options).clone()
        return optimized_attention(
            q,
            k,
            v,
            options["n_heads"],
            mask=mask,
            attn_precision=options.get("attn_precision"),
            transformer_options=options,
        )

    def _calls(self, rows: int, options: dict[str, Any]) -> Iterator[tuple[Call, range, int]]:
        """The positive conditions in the batch, their rows, and how many pictures these are of."""
        kinds = options["cond_or_uncond"]
        names = options.get("uuids") or range(len(kinds))
        windows = options.get(WINDOWS, {})
        batch, _, *grid = options["activations_shape"]
        images = batch // len(kinds)
        for number, chunk in positive_chunks(rows, batch, kinds):
            window, copies = windows.get(names[number]), len(chunk) // images
            sigmas = options.get("sigmas")
            call = Call(self.site, names[number], tuple(grid), sigmas, window, copies)
            yield call, chunk, images

    def _shared_out(
        self, chunk: range, images: int
    ) -> Iterator[tuple[tuple[SubjectAttention, PlacedTokens], slice]]:
        """Each layout with its rows: all of them, or one picture's (and that picture's copies)."""
        check_batch(len(self.parts), images)
        if len(self.parts) == 1:
            yield self.parts[0], slice(chunk.start, chunk.stop)
            return
        for part, row in zip(self.parts, chunk[:images], strict=True):
            yield part, slice(row, chunk.stop, images)

    @staticmethod
    def _gated(
        callback: Callable[..., Tensor], arguments: dict[str, Any], out: Tensor, *rest: Any
    ) -> Tensor:
        addition = callback(out, *rest, **arguments)
        if "sigma_start" not in arguments or "sigma_end" not in arguments:
            return addition
        acts = SigmaRange(arguments["sigma_start"], arguments["sigma_end"])
        return addition * acts.gate(rest[-1]["sigmas"], addition.dtype)


def positive_chunks(
    rows: int, batch: int, cond_or_uncond: Sequence[int]
) -> list[tuple[int, range]]:
    """The positive conditions in a batch, each with its rows.

    Args:
        rows: queries as they came. Attention couple repeats those of a positive condition, all
            pictures once for each region, and leaves the negative ones as they are.
        batch: what the block itself works on, the same number of pictures for each condition.
        cond_or_uncond: the kind of each condition.

    Raises:
        InputError: the batch was changed in a way that does not tell which rows are positive.
    """
    positives = cond_or_uncond.count(POSITIVE)
    if not positives:
        return []
    images, uneven = divmod(batch, len(cond_or_uncond))
    others = batch - images * positives
    copies, rest = divmod(rows - others, images * positives) if images else (0, rows)
    # a third kind (PerpNeg) may have been repeated or not
    unclear = rows != batch and max(cond_or_uncond) > NEGATIVE
    if uneven or rest or copies < 1 or unclear:
        raise InputError(
            f"another node changed the batch: {rows} rows came for {len(cond_or_uncond)} conditions"
            f" of {images} pictures, so MS-Diffusion cannot tell which are the positive prompt's;"
            " take that node away"
        )
    chunks, start = [], 0
    for number, kind in enumerate(cond_or_uncond):
        stop = start + images * (copies if kind == POSITIVE else 1)
        if kind == POSITIVE:
            chunks.append((number, range(start, stop)))
        start = stop
    return chunks
