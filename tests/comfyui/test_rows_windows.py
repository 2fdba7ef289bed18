"""Parts of a run that are announced: some pictures of the batch, or a window of each picture.

Pictures of a batch know nothing of one another, so windows along it change nothing. A window along
height or width is as if that part were sampled by itself, with its *Crop Layout*.
"""

import inspect
from types import SimpleNamespace

import comfy.context_windows
import node_helpers
import nodes
import pytest
import torch
from comfy.samplers import calc_cond_batch
from comfy_extras.nodes_context_windows import ContextWindowsManualNode
from other_packs import core
from rows import ONE_STEP, Rows, close
from sampling import PROMPT, empty_latent, ksampler, text

# core indexes with lists
pytestmark = pytest.mark.filterwarnings("ignore:Using a non-tuple sequence")
BOXES = ["[[0, 0, 0.5, 1], [0.5, 0, 1, 1]]", "[[0.3, 0.1, 1, 0.6], [0, 0.5, 0.6, 1]]"]
BOXES += ["[[0, 0, 1, 0.4], [0.2, 0.4, 0.9, 0.9]]"]
TAKES = inspect.signature(ContextWindowsManualNode.execute).parameters
LATER = "causal_window_fix" in TAKES  # ComfyUI 0.30 or so
SIZE = {"width": 128, "height": 128}


@pytest.fixture(scope="module")
def layouts(run):
    return [run("LayoutBoxes", boxes=each, **SIZE)[0] for each in BOXES]


@pytest.fixture(scope="module")
def batch(run, layouts):
    first, second, third = layouts
    return run("BatchLayouts", layout_1=first, layout_2=second, layout_3=third)[0]


class Handler(comfy.context_windows.IndexListContextHandler):
    def set_step(self, timestep, model_options):
        """ComfyUI 0.3 compares the step's noise level with all pictures', which need not fit."""


def windows(model, dim, length, overlap=0, schedule="standard_static", **more):
    inputs = {"model": model, "context_length": length, "context_overlap": overlap, "dim": dim}
    inputs |= {"context_schedule": schedule, "context_stride": 1, "closed_loop": False}
    inputs |= {"fuse_method": "flat", **more}
    if "freenoise" in TAKES:
        inputs = {"freenoise": False, "causal_window_fix": False, **inputs}
        inputs = {name: value for name, value in inputs.items() if name in TAKES}
    made = core(ContextWindowsManualNode, **inputs)
    made.model_options["context_handler"].__class__ = Handler
    return made


def by_hand(model, dim, length, overlap):
    """What core's handler does along height or width; that one takes a single picture only."""

    def evaluate(args):
        x, options = args["input"], args["model_options"]
        total = [torch.zeros_like(x) for _ in args["conds"]]
        count = torch.zeros_like(x)
        for start in range(0, x.shape[dim] - overlap, length - overlap):
            indices = list(range(start, start + length))
            window = SimpleNamespace(index_list=indices, dim=dim)
            options["transformer_options"]["context_window"] = window
            part = x.narrow(dim, start, length)
            made = calc_cond_batch(args["model"], args["conds"], part, args["sigma"], options)
            for kind, some in zip(total, made, strict=True):
                kind.narrow(dim, start, length).add_(some)
            count.narrow(dim, start, length).add_(1)
        return [kind / count for kind in total]

    clone = model.clone()
    clone.set_model_sampler_calc_cond_batch_function(evaluate)
    return clone


def as_animate_diff(model, groups):
    """AnimateDiff-Evolved: some pictures at a time, which it names in its own words."""

    def evaluate(args):
        options, made = args["model_options"], [[], []]
        for group in groups:
            own = {"sub_idxs": group, "full_length": len(args["input"])}
            options["transformer_options"]["ad_params"] = own
            inputs = (args["input"][group], args["sigma"][group], options)
            some = calc_cond_batch(args["model"], args["conds"], *inputs)
            for kind, part in zip(made, some, strict=True):
                kind.append(part)
        order = torch.tensor([number for group in groups for number in group]).argsort()
        return [torch.cat(kind)[order] for kind in made]

    clone = model.clone()
    clone.set_model_sampler_calc_cond_batch_function(evaluate)
    return clone


ALONG_THE_BATCH = {
    "one at a time": lambda model: windows(model, 0, 1),
    "two, overlapping": lambda model: windows(model, 0, 2, 1),
    "batched": lambda model: windows(model, 0, 2, schedule="batched"),
    "uniform": lambda model: windows(model, 0, 2, 1, schedule="standard_uniform"),
    "looped": lambda model: windows(model, 0, 2, 1, schedule="looped_uniform", closed_loop=True),
    "AnimateDiff": lambda model: as_animate_diff(model, [[0, 1], [2]]),
    "AnimateDiff, out of order": lambda model: as_animate_diff(model, [[2, 0], [1]]),
}
if LATER:
    one_more = "one more in front"
    ALONG_THE_BATCH[one_more] = lambda model: windows(model, 0, 2, causal_window_fix=True)


@pytest.mark.parametrize("kind", ["one layout", "a layout a picture", "auto layout"])
@pytest.mark.parametrize("name", ALONG_THE_BATCH)
def test_along_the_batch(name, kind, tiny, patch, auto, layouts, batch, run):
    settings = {**ONE_STEP, "latent_image": empty_latent(128, 128, 3)}
    changes = {"layout": layouts[0] if kind == "one layout" else batch}
    if kind == "auto layout":
        changes["auto_layout"] = auto(start_step=1)
    expected = ksampler(tiny, patch(**changes), **settings)
    made = ksampler(tiny, ALONG_THE_BATCH[name](patch(**changes)), **settings)
    assert close(made, expected)
    assert not close(ksampler(tiny, tiny.model, **settings), expected, 1e-3)
    if kind == "a layout a picture":
        first, second, third = layouts
        other = run("BatchLayouts", layout_1=second, layout_2=third, layout_3=first)[0]
        assert not close(ksampler(tiny, patch(layout=other), **settings), expected, 1e-3)


def noise(pictures=1):
    """A latent that is sampled as it is, so that a part of it is a part of the same noise."""
    generator = torch.Generator().manual_seed(0)
    return 10 * torch.randn(pictures, 4, 16, 16, generator=generator)


def sampled(tiny, model, latent):
    """As one step makes it; SDXL is told the same size whatever the part is."""
    positive, negative = (
        node_helpers.conditioning_set_values(text(tiny.clip, prompt), SIZE)
        for prompt in (PROMPT, "blurry")
    )
    settings = {"steps": 1, "latent_image": {"samples": latent.contiguous()}}
    settings |= {"positive": positive, "negative": negative, "disable_noise": True}
    return ksampler(tiny, model, **settings)


def place(dim, start, length):
    """A window as a slice of the latent, and as *Crop Layout* has it."""
    start, length = 8 * start, 8 * length
    tile = {"x": 0, "y": 0, "width": 128, "height": 128}
    tile |= {"x": start, "width": length} if dim == 3 else {"y": start, "height": length}
    part = (slice(tile["y"] // 8, (tile["y"] + tile["height"]) // 8),)
    return (..., *part, slice(tile["x"] // 8, (tile["x"] + tile["width"]) // 8)), tile


@pytest.mark.parametrize("kind", ["one layout", "a layout a picture"])
@pytest.mark.parametrize("length, overlap", [(8, 0), (8, 4), (12, 8)])
@pytest.mark.parametrize("dim", [2, 3])
def test_along_height_and_width(dim, length, overlap, kind, tiny, run, patch, layouts, batch):
    # grounding knows the box in the whole picture, or in the tile: that is another difference
    layout = layouts[1] if kind == "one layout" else batch
    latent, join = (noise(), windows) if kind == "one layout" else (noise(3), by_hand)
    model = join(patch(layout=layout, grounding=False), dim, length, overlap)
    made = sampled(tiny, model, latent)
    total, count = torch.zeros_like(latent), torch.zeros_like(latent)
    for start in range(0, 16 - overlap, length - overlap):
        part, tile = place(dim, start, length)
        own = run("CropLayout", layout=layout, **tile)[0]
        own = patch(layout=own, grounding=False)
        total[part] += sampled(tiny, own, latent[part])
        count[part] += 1
    assert close(made, total / count)
    plain = sampled(tiny, join(tiny.model, dim, length, overlap), latent)
    assert not close(plain, made, 1e-3)
    whole = patch(boxes="[[0, 0, 1, 1], [0, 0, 1, 1]]", grounding=False)
    assert not close(sampled(tiny, join(whole, dim, length, overlap), latent), made, 1e-3)


def test_windows_that_go_round_the_edge_are_an_error(tiny, patch):
    model = windows(patch(), 3, 8, 4, "looped_uniform", closed_loop=True)
    with pytest.raises(
        ValueError, match="context windows that .* round the edge .*closed_loop off"
    ):
        ksampler(tiny, model, **ONE_STEP)
    expected = ksampler(tiny, patch(), **ONE_STEP)
    assert torch.equal(ksampler(tiny, patch(), **ONE_STEP), expected)


def test_pictures_that_are_as_many_as_were_named_and_no_other(tiny, patch, batch):
    """AnimateDiff-Evolved's words, but the latent is another part than they say."""

    def evaluate(args):
        options = args["model_options"]
        options["transformer_options"]["ad_params"] = {"sub_idxs": [0, 1]}
        inputs = (args["input"][:1], args["sigma"][:1], options)
        made = calc_cond_batch(args["model"], args["conds"], *inputs)
        return [each.expand(3, -1, -1, -1) for each in made]

    model = patch(layout=batch).clone()
    model.set_model_sampler_calc_cond_batch_function(evaluate)
    settings = {**ONE_STEP, "latent_image": empty_latent(128, 128, 3)}
    with pytest.raises(ValueError, match="samples 1 of 3 pictures at a time"):
        ksampler(tiny, model, **settings)


def test_areas_in_a_batch_with_windows_along_it(tiny, patch, batch, subjects):
    rows = Rows(tiny, patch, subjects)

    area = {"width": 64, "height": 128, "x": 64, "y": 0, "strength": 1.0}
    node = nodes.ConditioningSetArea
    positive = core(node, conditioning=rows.texts[PROMPT], **area) + rows.texts["snow"]
    settings = {**ONE_STEP, "latent_image": empty_latent(128, 128, 3), "positive": positive}
    expected = ksampler(tiny, patch(layout=batch), **settings)
    made = ksampler(tiny, windows(patch(layout=batch), 0, 2, 1), **settings)
    assert close(made, expected)
    assert not close(ksampler(tiny, tiny.model, **settings), expected, 1e-3)


if LATER:

    def test_a_picture_that_is_in_every_window(tiny, patch, batch):
        # windows 0, 1 and 1, 2; in the second one the first picture is in place of its first
        settings = {**ONE_STEP, "latent_image": empty_latent(128, 128, 3)}
        alone = ksampler(tiny, patch(layout=batch), **settings)
        model = windows(patch(layout=batch), 0, 2, 1, latent_retain_index_list="0")
        expected = torch.stack([alone[0], (alone[0] + alone[1]) / 2, alone[2]])
        assert close(ksampler(tiny, model, **settings), expected)

    @pytest.mark.parametrize("dim", [2, 3])
    def test_a_window_with_one_more_row_in_front(dim, tiny, run, patch, layouts):
        latent, parts = noise(), []
        model = patch(layout=layouts[1], grounding=False)
        made = sampled(tiny, windows(model, dim, 8, causal_window_fix=True), latent)
        for start, before in ((0, 0), (8, 1)):
            part, tile = place(dim, start - before, 8 + before)
            own = run("CropLayout", layout=layouts[1], **tile)[0]
            own = sampled(tiny, patch(layout=own, grounding=False), latent[part])
            parts.append(own.narrow(dim, before, 8))
        assert close(made, torch.cat(parts, dim))
