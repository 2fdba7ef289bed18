"""Words in boxes beside what people take instead of them, in one run.

*Attention couple*, written from its description, gives the cross-attention each positive row once
more for every box, with that box's text, and puts the results together by masks. ComfyUI's own
*masked conditionings* give the whole UNet such a row more for every box.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from types import SimpleNamespace
from typing import Any

import torch
from torch import Tensor

from . import real_shapes
from .layer import CONTEXT_WIDTH, ROWS, TEXT_TOKENS, SiteLayer, random_layer
from .scenes import Scene, side_by_side, site_patches
from .setup import Bench
from .site import SHAPES, TOLERANCE
from .steps import LONGEST, unet_call
from .tables import Table, judged, percent

BOXES = (1, 2, 4, 8)
SHARE = 0.5
GOALS = {2: 1.05, 8: 1.08}
PIXELS, BOXES_IN_WHOLE_CALLS = 512, 2
KEY = ("middle", 0, 0)


def run(bench: Bench) -> None:
    """A table for each of SDXL's two widths, and whole calls of its UNet."""
    for width, side in ((640, 16), (1280, 8)) if bench.quick else SHAPES:
        print(
            f"\nWidth {width} on {side}×{side}, positive and negative row, boxes that cover"
            f" {percent(SHARE, 0)} together,\n{TEXT_TOKENS} tokens of words in each: the whole"
            " layer from to_q to to_out."
        )
        table = Table(
            ("boxes", "words in boxes ÷ plain", "goal", "attention couple ÷ plain"),
            (5, 24, 14, 24),
        )
        for count in (1, 2) if bench.quick else BOXES:
            _row(bench, table, width, side, side_by_side(count, SHARE))
    if real_shapes.fits(bench):
        _whole_calls(bench)
    else:
        print("\nWhole calls are left out: too little memory is free.")


def _row(bench: Bench, table: Table, width: int, side: int, scene: Scene) -> None:
    torch.manual_seed(0)
    layer = random_layer(width, side, bench.device, bench.dtype)
    texts = [torch.randn(1, TEXT_TOKENS, CONTEXT_WIDTH) for _ in scene.boxes]
    ours = partial(layer, _our_patch(bench.pack, layer, scene, texts))
    theirs = Couple(layer, texts, scene.layout(bench.pack).masks(side, side))
    if bench.dtype is torch.float32:
        _check(scene, layer(), ours(), theirs())
    goal = None if bench.quick else GOALS.get(len(scene.boxes))
    pairs = bench.pairs if goal is None else 3 * bench.pairs
    ratio = bench.clock.pairs(layer, ours, pairs).ratio()
    slow = bench.clock.pairs(layer, theirs, max(bench.pairs // 3, 1)).ratio()
    table.row(len(scene.boxes), ratio.text(), judged(ratio.median, goal), slow.text(2))


def _check(scene: Scene, plain: Tensor, ours: Tensor, theirs: Tensor) -> None:
    """Both compute the same, or their times would say nothing."""
    if not (ours - theirs).abs().max() <= TOLERANCE:
        raise RuntimeError(f"{scene.name}, {len(scene.boxes)} boxes: the two do not agree")
    if not (ours - plain).abs().max() > 10 * TOLERANCE:
        raise RuntimeError(f"{scene.name}: the words do nothing, so agreement says nothing")


def _our_patch(pack: Any, layer: SiteLayer, scene: Scene, texts: list[Tensor]) -> Callable:
    """The real patch in a run, where keys and values of the words are made once."""
    block = SimpleNamespace(transformer_blocks=[SimpleNamespace(attn2=layer.attention)])
    model = SimpleNamespace(diffusion_model=SimpleNamespace(middle_block=[block]))
    times = pack.schedule.Times()
    words = pack.words.BoxPrompts(("words",) * len(texts), tuple(texts), 1.0, times)
    applied = pack.applied.AppliedSubjects([scene.layout(pack)], [[None]], [], words=words)
    state = pack.run.SubjectsRun(applied, lambda percent: 1 - percent)
    layer.options |= in_a_run(pack, state, model, layer.options["original_shape"])
    return pack.site_patch.SitePatch(0, KEY, applied, None, state)


def in_a_run(pack: Any, state: Any, model: Any, shape: Sequence[int]) -> dict[str, Any]:
    """Options of a call within a run of the sampler, a negative row and a positive one."""
    names = zip(("negative", "positive"), (False, True), strict=True)
    size = tuple(shape[-2:])
    conditions = [pack.calls.Condition(name, positive, size) for name, positive in names]
    call = pack.calls.Call(conditions, [1, 0], 1, model=model, keeps=True)
    run = SimpleNamespace(called=None, state_of=lambda applied: state)
    return {pack.runs.EVALUATION: SimpleNamespace(run=run, call=lambda options: call)}


class Couple:
    """Attention couple on one layer: (negative, main, a row for each box), put together after."""

    def __init__(self, layer: SiteLayer, texts: list[Tensor], masks: Tensor) -> None:
        self.layer = layer
        texts = [text.to(layer.context) for text in texts]
        self.context = torch.cat([layer.context, *texts])
        self.masks = masks.flatten(1)[..., None].to(layer.x)  # (boxes, h·w, 1)

    def __call__(self) -> Tensor:
        x, options = self.layer.x, self.layer.options
        rows = torch.cat([x, x[1:].expand(len(self.masks), -1, -1)])
        out = self.layer.attention(rows, context=self.context, transformer_options=options)
        rest = 1 - self.masks.sum(0)
        positive = out[1] * rest + (out[ROWS:] * self.masks).sum(0)
        return torch.stack([out[0], positive])


def _whole_calls(bench: Bench) -> None:
    torch.manual_seed(0)
    model, pack, pixels = real_shapes.sdxl(bench), bench.pack, 64 if bench.quick else PIXELS
    boxes = BOXES_IN_WHOLE_CALLS
    print(f"\nWhole calls of SDXL's UNet at {pixels}×{pixels}, {boxes} boxes:")
    width = model.model.diffusion_model.middle_block[1].transformer_blocks[0].attn2.to_k.in_features
    texts = tuple(torch.randn(1, TEXT_TOKENS, width) for _ in range(boxes))
    words = pack.words.BoxPrompts(("words",) * boxes, texts, 1.0, pack.schedule.Times())
    layout = side_by_side(boxes, SHARE).layout(pack)
    with_words = pack.applying_words.apply_words(model, [layout], words)
    options = with_words.model_options["transformer_options"]
    state = site_patches(pack, with_words)[KEY].bare
    options |= in_a_run(pack, state, model.model, (ROWS, 4, pixels // 8, pixels // 8))
    ours = unet_call(bench, with_words, pixels)
    plain = unet_call(bench, model, pixels)
    more_rows = unet_call(bench, model, pixels, ROWS + boxes)
    table = Table(("words in boxes ÷ plain", "masked conditionings ÷ plain"), (28, 28))
    warm_up = bench.quick or bench.device.type != "cpu"
    settings = (bench.pairs, LONGEST, warm_up)
    table.row(
        bench.clock.pairs(plain, ours, *settings).ratio().text(),
        bench.clock.pairs(plain, more_rows, *settings).ratio().text(2),
    )
