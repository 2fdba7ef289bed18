"""What ComfyUI calls at one text cross-attention in place of its own."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any

import torch
from comfy.model_patcher import ModelPatcher
from torch import Tensor

from ..errors import InputError
from ..method.applied import AppliedSubjects, PlacedTokens
from ..method.run import SubjectsRun
from ..method.schedule import SigmaRange
from .calls import Call, Chunk, bare_call
from .runs import CALL, EVALUATION
from .site_rows import placed_rows
from .site_text import Attention, SiteText
from .site_words import SiteWords


class SitePatch:
    """What ComfyUI calls in place of `attn2` at one site.

    It stands in the way of no other pack: a patch found under the same key gives the text
    attention, and packs that add themselves to the object they find can do so.

    Args:
        site: the site's number, in the adapter's order.
        key: ComfyUI's for it.
        applied: the subjects, and the words of their boxes.
        earlier: the patch that was there before.
        bare: the state for callers of the bare UNet, where no run begins.
        model: ComfyUI's, whose UNet they call.
    """

    def __init__(
        self,
        site: int,
        key: tuple[str, int, int],
        applied: AppliedSubjects,
        earlier: Attention | None,
        bare: SubjectsRun,
        model: Any = None,
    ) -> None:
        self.site = site
        self.key = key
        self.applied = applied
        self.earlier = earlier
        self.bare = bare
        self.model = model
        self.added: list[tuple[Attention, dict[str, Any]]] = []

    @property
    def tokens(self) -> list[PlacedTokens]:
        """The subjects' keys and values here, for each layout."""
        return [of_layout[self.site] for of_layout in self.applied.tokens]

    @torch.compiler.disable  # what depends on a run must not become part of what is compiled
    def __call__(self, q: Tensor, k: Tensor, v: Tensor, extra_options: dict[str, Any]) -> Tensor:
        """Text attention, plus image attention in the positive rows: (rows, h·w, heads·dim)."""
        return self._attend(q, k, v, extra_options)[0]

    def apart(
        self, q: Tensor, k: Tensor, v: Tensor, extra_options: dict[str, Any]
    ) -> tuple[Tensor, Tensor]:
        """The text attention, and by itself what is added to it: for words that take its place."""
        return self._attend(q, k, v, extra_options, apart=True)

    def _attend(
        self, q: Tensor, k: Tensor, v: Tensor, options: dict[str, Any], apart: bool = False
    ) -> tuple[Tensor, Tensor]:
        """Text attention and what is added to it: in one tensor, unless they are wanted apart."""
        call, state = self._call(options)
        chunks = self._chunks(call, q, k, options)
        text = SiteText(q, k, v, options, self._other_text(call))
        words = None
        if state.words_act(call.sigma):
            words = SiteWords(state, call.model or self.model, self.key, text, call.keeps)
        degree = state.follows(call.sigma)
        places = list(placed_rows(self.applied, self.site, call, chunks, options))
        finds = self.applied.finds_areas and (degree > 0 or self.applied.following is None)
        closes = self.applied.keeps_text_in_box
        later = finds or closes or degree > 0
        if words is not None and not later:
            later = words.sort(state.areas(place, None, q.device) for place, _ in places)
        out, added = self._text(text, chunks, apart, words is not None or degree > 0, later)
        gate = state.gate(options.get("sigmas"))
        for place, rows in places:
            columns = state.columns(k.shape[1], q.device) if finds else None
            maps = text.maps(out, rows, columns, closes) if finds else None
            areas = state.areas(place, maps, q.device)
            if degree:
                target, small = state.text_targets(place, areas, k.shape[1])
                text.follow(out, rows, target, degree * small)
            if closes:
                text.close(out, rows, state.open_text(areas, k.shape[1], q.device))
            if words is not None:
                words.put(out, rows, areas)
            if self.applied.has_subjects:
                areas.add(added[rows], q[rows], self.tokens[place.layout].on(q), gate)
        if added is not out and not apart:
            out = added = out + added
        for callback, arguments in self.added:
            whole = out + added if apart else out
            more = self._gated(callback, arguments, whole, q, k, v, options)
            added = added + more.to(out.dtype)  # what they find elsewhere takes any dtype
            out = out if apart else added
        return out, added

    def _text(
        self, text: SiteText, chunks: list[Chunk], apart: bool, replaces: bool, later: bool
    ) -> tuple[Tensor, Tensor]:
        """The text attention, and the tensor to add to: the same one where nothing needs it apart.

        Args:
            replaces: whether words or text that follows takes the place of the text: not of what
                an earlier patch has added to it.
            later: whether rows of `chunks` are computed afterwards, see `SiteText.out`.
        """
        if not apart and not replaces:
            out = text.out(later, chunks)
            return out, out
        out, added = text.parts(later, chunks)
        if added is None:
            added = torch.zeros_like(out) if apart else out
        return out, added

    def add(self, callback: Attention, **arguments: Any) -> None:
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
            for placed in self.tokens:
                placed.to(target)
        return self

    def models(self) -> list[ModelPatcher]:
        """Models that ComfyUI loads with the UNet: none of ours, those of an earlier patch."""
        return self.earlier.models() if hasattr(self.earlier, "models") else []

    def cleanup(self) -> None:
        """Called by ComfyUI after sampling; for an earlier patch that waits for it."""
        if hasattr(self.earlier, "cleanup"):
            self.earlier.cleanup()

    def chain(self) -> Iterator[SitePatch]:
        """This patch, and those of earlier ApplyMSDiffusions that it calls."""
        patch: Any = self
        while isinstance(patch, SitePatch):
            yield patch
            patch = patch.earlier

    def over(self, lowest: SitePatch) -> SitePatch:
        """The same patches, with another one below them all, which takes what was lowest there."""
        twin = self.copy()
        if isinstance(self.earlier, SitePatch):
            twin.earlier = self.earlier.over(lowest)
        else:
            lowest.earlier, twin.earlier = self.earlier, lowest
        return twin

    def copy(self) -> SitePatch:
        """For a clone of the model: its own list of additions, the same tensors."""
        parts = (self.site, self.key, self.applied, self.earlier, self.bare, self.model)
        twin = type(self)(*parts)
        twin.added = list(self.added)
        return twin

    def __deepcopy__(self, memo: dict[int, Any]) -> SitePatch:
        # before version 0.13 a clone copies the patches: never the tensors in them
        return self.copy()

    def _call(self, options: Mapping[str, Any]) -> tuple[Call, SubjectsRun]:
        evaluation = options.get(EVALUATION)
        if evaluation is not None and evaluation.run.called is not None:
            evaluation.run.called.add((self.applied, self.site))
        return self._told(options)

    def _told(self, options: Mapping[str, Any]) -> tuple[Call, SubjectsRun]:
        """What is known of a call, and the state of its run."""
        evaluation = options.get(EVALUATION)
        if evaluation is None:
            return self._bare_call(options), self.bare
        run = evaluation.run
        return options.get(CALL) or evaluation.call(options), run.state_of(self.applied)

    def _bare_call(self, options: Mapping[str, Any]) -> Call:
        sigmas = options.get("sigmas") if self.bare.asks_noise else None
        sigma = None if sigmas is None else float(sigmas[0])
        return replace(bare_call(options), model=self.model, sigma=sigma)

    def _chunks(self, call: Call, q: Tensor, k: Tensor, options: Mapping[str, Any]) -> list[Chunk]:
        """The rows of the positive conditions, once all that came is what was announced."""
        batch, _, height, width = options["activations_shape"]
        if EVALUATION in options:
            call.check_input(batch, *options["original_shape"][-2:])
        if q.shape[1] != height * width:
            raise InputError(
                f"model: another node changed the picture's grid: {q.shape[1]} queries came for"
                f" {height}×{width} cells; MS-Diffusion cannot tell where each one is. Token"
                " merging does so (ToMe with cross-attention): let it merge self-attention only"
            )
        chunks = call.chunks(len(q), len(k), options["cond_or_uncond"])
        for rule in self.applied.rules:
            for chunk in chunks:
                rule.check_text(k.shape[1], chunk.copies)
        return chunks

    def _other_text(self, call: Call) -> Attention | None:
        """The patch of another pack that gives the text attention; None for ComfyUI's own.

        ComfyUI prefers a patch for the single attention over one for the whole block, whichever
        came later. Ours is for the single one, so one for the whole block is asked here.
        """
        if self.earlier is not None:
            return self.earlier
        whole = call.replaced.get(self.key[:2])
        if whole is not None and self.applied.keeps_text_in_box:
            raise InputError(
                "auto_layout: text_in_box needs the text attention to itself; another node"
                " behind Apply MS-Diffusion changes it in a whole block: turn text_in_box off, or"
                " take that node away"
            )
        if whole is not None and self.applied.following is not None:
            raise InputError(
                "model: Text Follows Layout needs the text attention to itself; another node behind"
                " it changes it in a whole block: take one of the two away"
            )
        return whole

    @staticmethod
    def _gated(callback: Attention, arguments: dict[str, Any], out: Tensor, *rest: Any) -> Tensor:
        addition = callback(out, *rest, **arguments)
        if "sigma_start" not in arguments or "sigma_end" not in arguments:
            return addition
        acts = SigmaRange(arguments["sigma_start"], arguments["sigma_end"])
        return addition * acts.gate(rest[-1]["sigmas"], addition.dtype)
