"""Text that follows a layout, through the node and ComfyUI's sampler.

At a site what is expected comes from the paper's formula, written out in numpy (`dense_oracle`);
everywhere else from ComfyUI: where the method does not act, nothing may change at all.
"""

import sys

import dense_oracle
import nodes
import numpy as np
import pytest
import torch
from oracle import box_cells
from other_packs import add_itself, halve
from sampling import PROMPT, empty_latent, ksampler, text
from straightforward import SITE_KEYS
from test_rows_conditions import in_area, in_mask
from tiny_models import models as tiny_models

SMALL = {"steps": 4, "latent_image": empty_latent(128, 192)}
BOX, OTHER = (0.0, 0.0, 0.5, 0.6), (0.5, 0.2, 1.0, 1.0)
PHRASES = {"dog": [2], "cat": [5]}  # where they stand in PROMPT


@pytest.fixture(scope="module")
def follows(run, tiny):
    """`follows(…)`: the node's model and conditioning, with two boxes and anything changed."""

    def made(model=None, boxes=(BOX, OTHER), layout=None, **changes):
        drawn = str([list(box) for box in boxes])
        inputs = {
            "model": tiny.model if model is None else model,
            "clip": tiny.clip,
            "prompt": PROMPT,
            "layout": layout or run("LayoutBoxes", boxes=drawn, width=128, height=192)[0],
            "phrases": "dog\ncat",
            "strength": 1.0,
            "until": 0.3,
        }
        return run("TextFollowsLayout", **inputs | changes)

    return made


def close(made, expected, near=1e-5):
    return (made - expected).abs().max() <= near * expected.abs().max()


@pytest.mark.parametrize("off", [{"strength": 0.0}, {"until": 0.0}])
def test_strength_0_is_the_plain_model(off, tiny, follows):
    model, positive = follows(**off)
    assert model is not tiny.model and model.model_options == tiny.model.model_options
    plain = ksampler(tiny, tiny.model, **SMALL)
    assert torch.equal(ksampler(tiny, model, **SMALL, positive=positive), plain)
    assert not torch.equal(ksampler(tiny, follows()[0], **SMALL), plain)


def test_nothing_changes_once_its_time_is_over(tiny, follows):
    later = {**SMALL, "denoise": 0.6}  # begins when 0.4 of the schedule is over
    plain = ksampler(tiny, tiny.model, **later)
    assert torch.equal(ksampler(tiny, follows()[0], **later), plain)
    assert not torch.equal(ksampler(tiny, follows(until=0.6)[0], **later), plain)


def watched(model, attention):
    """A list of what each site will be given and give: (q, k, v, out, options)."""
    calls = []
    patches = model.model_options["transformer_options"]["patches_replace"][attention]
    for key, patch in list(patches.items()):

        def look(q, k, v, options, patch=patch):
            out = patch(q, k, v, options)
            calls.append((q, k, v, out, options))
            return out

        model.set_model_patch_replace(look, attention, *key)
    return calls


def two_steps(tiny, model, attention):
    """The calls of the first two steps."""
    calls = watched(model, attention)
    ksampler(tiny, model, **SMALL)
    assert len({tuple(options["activations_shape"][-2:]) for *_, options in calls}) > 1
    return calls[: 2 * len(SITE_KEYS)]


def time_of(model, options):
    """t of the paper, by ComfyUI's time steps."""
    sigma = torch.tensor(float(options["sigmas"][0]))
    return float(model.get_model_object("model_sampling").timestep(sigma)) / 999


@pytest.mark.parametrize("attention", ["attn1", "attn2"])
@pytest.mark.parametrize("strength", [0.4, 1.0])
def test_a_site_computes_what_the_paper_says(strength, attention, tiny, follows):
    model = follows(strength=strength, self_attention=0.5, until=0.5)[0]
    for q, k, v, out, options in two_steps(tiny, model, attention):
        height, width = options["activations_shape"][-2:]
        t = time_of(model, options)  # 1 in the first step, then 2 / 3
        areas = [box_cells(box, height, width).reshape(-1) for box in (BOX, OTHER)]
        degree = strength * t**5
        if attention == "attn1":
            wanted, small = dense_oracle.cells(areas)
            degree *= 0.5
        else:
            wanted, small = dense_oracle.text(areas, list(PHRASES.values()), k.shape[1])
        row = options["cond_or_uncond"].index(0)
        heads = options["n_heads"]
        parts = (q[row], k[row], v[row], heads, wanted, degree, small)
        assert np.allclose(out[row], dense_oracle.attention(*parts), atol=1e-3)
        other = (q[1 - row], k[1 - row], v[1 - row], heads, wanted, 0.0, small)
        assert np.allclose(out[1 - row], dense_oracle.attention(*other), atol=1e-5)


class TestSelfAttention:
    def test_at_0_it_is_the_models(self, tiny, follows):
        model = follows(self_attention=0.0)[0]
        assert "attn1" not in model.model_options["transformer_options"]["patches_replace"]
        with_it = ksampler(tiny, follows()[0], **SMALL)
        assert not close(ksampler(tiny, model, **SMALL), with_it, 1e-3)

    def test_fine_grids_are_left_alone(self, tiny, follows, pack, monkeypatch):
        without = ksampler(tiny, follows(self_attention=0.0)[0], **SMALL)
        module = sys.modules[f"{pack.package}.comfy.self_patch"]
        monkeypatch.setattr(module, "MOST_CELLS", 1)
        assert torch.equal(ksampler(tiny, follows()[0], **SMALL), without)

    def test_that_of_another_node_is_refused(self, tiny, follows):
        theirs = tiny.model.clone()
        theirs.set_model_attn1_replace(lambda q, k, v, options: v, "middle", 0, 0)
        with pytest.raises(ValueError, match="self_attention: another node has replaced"):
            follows(theirs)
        follows(theirs, self_attention=0.0)

    def test_merged_cells_are_refused(self, tiny, follows):
        model = follows()[0].clone()

        def merged(q, k, v, options):  # as token merging does it
            return q[:, ::2], k, v

        model.set_model_attn1_patch(merged)
        with pytest.raises(ValueError, match="self_attention: another node changed"):
            ksampler(tiny, model, **SMALL)


class TestWithOthers:
    def test_before_or_behind_apply(self, tiny, patch, follows):
        behind = ksampler(tiny, follows(patch())[0], **SMALL)
        before = ksampler(tiny, patch(model=follows()[0]), **SMALL)
        assert close(behind, before)
        assert not close(behind, ksampler(tiny, patch(), **SMALL), 1e-3)
        assert not close(behind, ksampler(tiny, follows()[0], **SMALL), 1e-3)

    def test_before_or_behind_box_prompts(self, run, tiny, follows):
        times = {"start_percent": 0.0, "end_percent": 1.0}
        words = run("BoxPrompts", clip=tiny.clip, prompts="a mug\n", strength=0.7, **times)[0]
        layout = run("LayoutBoxes", boxes=str([list(BOX), list(OTHER)]), width=128, height=192)[0]

        def worded(model):
            return run("ApplyBoxPrompts", model=model, layout=layout, box_prompts=words)[0]

        behind = ksampler(tiny, follows(worded(tiny.model))[0], **SMALL)
        assert close(behind, ksampler(tiny, worded(follows()[0]), **SMALL))
        assert not close(behind, ksampler(tiny, worded(tiny.model), **SMALL), 1e-3)

    @pytest.mark.parametrize("first", ["theirs", "ours"])
    def test_what_a_pack_adds_stays(self, first, tiny, follows):
        always = {"strength": 0.5, "sigma_start": 1e9, "sigma_end": 0.0}
        theirs = add_itself(tiny.model, **always)
        model = follows(theirs)[0] if first == "theirs" else add_itself(follows()[0], **always)
        other = add_itself(follows()[0], **always)
        made = ksampler(tiny, model, **SMALL)
        assert close(made, ksampler(tiny, other, **SMALL), 1e-4)
        assert not close(made, ksampler(tiny, theirs, **SMALL), 1e-3)

    def test_a_control_net(self, tiny, follows):
        positive, negative = (text(tiny.clip, each) for each in (PROMPT, "blurry"))
        control = tiny_models.control_net()
        image = torch.rand(1, 192, 128, 3, generator=torch.Generator().manual_seed(0))
        node = nodes.ControlNetApplyAdvanced()
        held = node.apply_controlnet(positive, negative, control, image, 1.0, 0.0, 1.0)
        settings = {**SMALL, "positive": held[0], "negative": held[1]}
        made, plain = (ksampler(tiny, each, **settings) for each in (follows()[0], tiny.model))
        assert made.isfinite().all() and not close(made, plain, 1e-3)


def test_a_batch_with_a_layout_a_picture(run, tiny, follows):
    sizes = {"width": 128, "height": 192}
    layouts = [
        run("LayoutBoxes", boxes=str(boxes), **sizes)[0]
        for boxes in ([list(BOX), list(OTHER)], [list(OTHER), list(BOX)])
    ]
    batch = run("BatchLayouts", layout_1=layouts[0], layout_2=layouts[1])[0]
    settings = {**SMALL, "latent_image": empty_latent(128, 192, 2)}
    made = ksampler(tiny, follows(layout=batch)[0], **settings)
    for number, layout in enumerate(layouts):
        alone = ksampler(tiny, follows(layout=layout)[0], **settings)
        assert close(made[number], alone[number])
    assert not close(*made, 1e-2)


def test_an_area_of_the_picture_sees_its_part_of_the_layout(run, tiny, follows):
    """Only this part is sampled, so it is what the part's own layout gives, in an area as well."""
    positive = text(tiny.clip, PROMPT)
    part = {"x": 64, "y": 0, "width": 64, "height": 192}
    settings = {**SMALL, "positive": in_area(positive, **part)}
    own = follows(boxes=(OTHER,), phrases="cat")[0]
    whole = follows(boxes=((0.0, 0.2, 1.0, 1.0),), phrases="cat")[0]
    left = follows(boxes=(BOX,), phrases="cat")[0]
    made, same, other = (  # nothing is sampled beside the area
        ksampler(tiny, model, **settings)[..., 8:] for model in (own, whole, left)
    )
    assert close(made, same)
    assert not close(made, other, 1e-3)


def test_a_masked_condition(tiny, follows):
    settings = {**SMALL, "positive": in_mask(text(tiny.clip, PROMPT))}
    made = ksampler(tiny, follows()[0], **settings)
    assert made.isfinite().all() and not torch.equal(made, ksampler(tiny, tiny.model, **settings))


def test_subjects_name_the_boxes(tiny, follows, subjects):
    made = ksampler(tiny, follows(phrases="", subjects=subjects)[0], **SMALL)
    assert torch.equal(made, ksampler(tiny, follows()[0], **SMALL))


def test_a_box_without_a_phrase_is_left_to_the_prompt(tiny, follows):
    made = ksampler(tiny, follows(phrases="\ncat")[0], **SMALL)
    assert torch.equal(made, ksampler(tiny, follows(boxes=(OTHER,), phrases="cat")[0], **SMALL))


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"phrases": "dog"}, "phrases: 1 came for 2 boxes"),
        ({"phrases": "\n"}, "phrases: there are none"),
        ({"phrases": "dog\nhorse"}, 'phrases: "horse" is not in the prompt'),
        ({"prompt": " "}, "prompt: it is empty"),
        ({"boxes": (BOX, (0, 0, 0, 0))}, "phrases: box 2 has no area"),
        ({"strength": 1.5}, "strength: 1.5 came"),
    ],
)
def test_what_it_refuses(changes, said, follows):
    with pytest.raises(ValueError) as caught:
        follows(**changes)
    assert str(caught.value).startswith(said)


def test_it_needs_the_text_attention(tiny, follows, patch, auto):
    kept = patch(auto_layout=auto(areas=False, text_in_box=True))
    for model, said in (
        (halve(tiny.model), "another node has changed the text attention"),
        (kept, "text_in_box keeps the text in its boxes"),
        (follows()[0], "there is a Text Follows Layout on it already"),
    ):
        with pytest.raises(ValueError, match=said):
            follows(model)


def test_the_sampler_must_get_the_same_prompt(tiny, follows):
    with pytest.raises(ValueError, match="not the text that Text Follows Layout was given"):
        ksampler(tiny, follows()[0], **SMALL, positive=text(tiny.clip, "a dog"))


def test_in_a_crop_of_the_picture_nothing_is_composed_anew(tiny, follows, pack):
    """As Subject Detailer samples it, with any prompt."""
    layout = pack.layout.Layout((), 128, 192)
    crop = pack.relaying.with_layout(follows()[0], layout, pack.layout.Box(0.0, 0.0, 0.5, 0.5))
    settings = {**SMALL, "positive": text(tiny.clip, "a hat")}
    plain = ksampler(tiny, tiny.model, **settings)
    assert torch.equal(ksampler(tiny, crop, **settings), plain)
