"""Words in boxes through the nodes and ComfyUI's sampler.

What is expected comes from ComfyUI alone: words over the whole picture are what the sampler makes
of their embedding, with the main prompt's pooled output.
"""

import json

import nodes
import pytest
import torch
from box_words import HALVES, SMALL, WHOLE, WORDS, close, layer_outputs
from loras import hooked, lora
from other_packs import attn2_patches, core
from sampling import BOXES, empty_latent, ksampler, text
from test_rows_conditions import POSITIVE, at


def test_over_the_whole_picture_they_are_the_prompt(tiny, placed, swapped, main):
    for prompt in (WORDS, "mug, " * 90):  # one chunk of tokens, and several
        made = ksampler(tiny, placed(prompts=prompt), **SMALL)
        expected = ksampler(tiny, tiny.model, **SMALL, positive=swapped(main, prompt))
        assert close(made, expected)
        assert not close(made, ksampler(tiny, tiny.model, **SMALL), 1e-2)


@pytest.mark.parametrize("name", POSITIVE)
def test_whatever_the_positive_prompt_is_made_of(name, tiny, placed, swapped, main):
    positive = POSITIVE[name](main, text(tiny.clip, "snow"))
    settings = {"steps": 3, "cfg": 2.0, "latent_image": empty_latent(128, 128)}
    made = ksampler(tiny, placed(size=(128, 128)), **settings, positive=positive)
    expected = ksampler(tiny, tiny.model, **settings, positive=swapped(positive))
    assert close(made, expected)
    assert not close(made, ksampler(tiny, tiny.model, **settings, positive=positive), 1e-3)


def test_their_time(tiny, placed, swapped, main):
    settings = {**SMALL, "steps": 4}
    for start, end in ((0.0, 0.5), (0.5, 1.0)):
        made = ksampler(tiny, placed(start_percent=start, end_percent=end), **settings)
        early, late = (swapped(main), main) if start == 0 else (main, swapped(main))
        parts = at(early, 0.0, 0.5) + at(late, 0.5, 1.0)
        assert close(made, ksampler(tiny, tiny.model, **settings, positive=parts))


def test_strength_0_and_empty_lines_leave_the_model_as_it_is(tiny, placed, patch, words):
    plain = ksampler(tiny, tiny.model, **SMALL)
    model = placed(strength=0.0)
    assert model is not tiny.model and model.model_options == tiny.model.model_options
    assert torch.equal(ksampler(tiny, model, **SMALL), plain)
    ours = ksampler(tiny, patch(), **SMALL)
    assert torch.equal(
        ksampler(tiny, patch(box_prompts=words("a\nb", strength=0.0)), **SMALL), ours
    )


def test_at_the_first_site_nothing_changes_outside_the_boxes_or_in_other_rows(tiny, placed):
    boxes = "[[0, 0, 0.5, 0.5]]"
    made, grid = layer_outputs(tiny, placed(boxes))["input", 4, 0]
    plain, _ = layer_outputs(tiny, tiny.model)["input", 4, 0]
    height, width = grid
    inside = torch.zeros(height, width, dtype=torch.bool)
    inside[: height // 2, : width // 2] = True
    changed = (made != plain).any(-1).unflatten(1, (height, width))  # (rows, h, w)
    kinds = sorted(bool(row.any()) for row in changed)
    assert kinds == [False, True], "the positive row, and it alone"
    assert torch.equal(changed[changed.flatten(1).any(1)][0], inside)


def test_a_batch_with_a_layout_a_picture(run, tiny, words, swapped, main):
    first, second = (
        run("LayoutBoxes", boxes=boxes, width=128, height=192)[0]
        for boxes in (WHOLE, "[[0, 0, 0.0001, 0.0001]]")
    )
    batch = run("BatchLayouts", layout_1=first, layout_2=second)[0]
    model = run("ApplyBoxPrompts", model=tiny.model, layout=batch, box_prompts=words())[0]
    settings = {**SMALL, "latent_image": empty_latent(128, 192, 2)}
    made = ksampler(tiny, model, **settings)
    expected = ksampler(tiny, tiny.model, **settings, positive=swapped(main))
    plain = ksampler(tiny, tiny.model, **settings)
    assert close(made[0], expected[0]) and not close(made[1], expected[1], 1e-2)
    assert (made[1] - plain[1]).abs().mean() < (expected[1] - plain[1]).abs().mean() / 3


TEXT = ("attn2_to_k", "attn2_to_v")


def test_a_lora_on_keys_and_values_counts(tiny, placed, swapped, main):
    import comfy.sd

    model, _ = comfy.sd.load_lora_for_models(tiny.model, None, lora(*TEXT), 0.7, 0)
    expected = ksampler(tiny, model, **SMALL, positive=swapped(main))
    assert close(ksampler(tiny, placed(model=model), **SMALL), expected)
    later, _ = comfy.sd.load_lora_for_models(placed(), None, lora(*TEXT), 0.7, 0)
    assert close(ksampler(tiny, later, **SMALL), expected)
    assert not close(ksampler(tiny, placed(), **SMALL), expected, 1e-3)


def test_a_lora_that_changes_in_the_middle_of_the_run_counts(tiny, placed, swapped, main):
    late = hooked(main, lora(*TEXT), strength=1.0, early=0.0)
    settings = {**SMALL, "steps": 4}
    made = ksampler(tiny, placed(), **settings, positive=late)
    expected = ksampler(tiny, tiny.model, **settings, positive=swapped(late))
    assert close(made, expected)
    still = ksampler(tiny, tiny.model, **settings, positive=swapped(main))
    assert not close(expected, still, 1e-3)


def test_they_are_projected_once_a_run(tiny, placed):
    attention = tiny.model.model.diffusion_model.input_blocks[4][1].transformer_blocks[0].attn2
    texts = []
    handle = attention.to_k.register_forward_hook(lambda _, given, out: texts.append(given[0]))
    try:
        model = placed(HALVES, "a mug\na hat")
        for _ in range(2):
            texts.clear()
            ksampler(tiny, model, **{**SMALL, "steps": 3})
            assert [len(each) for each in texts].count(2) == 3, "the prompts, in each step"
            assert len(texts) == 3 + 2, "the words of two boxes, once"
    finally:
        handle.remove()


class TestRows:
    """What the layout says of a box."""

    def test_a_box_that_is_off_has_no_words(self, run, tiny, placed, words):
        layout = run(
            "LayoutBoxes", boxes=HALVES, width=128, height=192, options='[{}, {"enabled": false}]'
        )[0]
        given = words("a mug\na hat")
        model = run("ApplyBoxPrompts", model=tiny.model, layout=layout, box_prompts=given)[0]
        expected = ksampler(tiny, placed(HALVES, "a mug\n"), **SMALL)
        assert close(ksampler(tiny, model, **SMALL), expected)

    def test_a_scenes_words_are_the_whole_pictures(self, run, tiny, words, swapped, main):
        options = '[{"everywhere": true}]'
        size = {"width": 128, "height": 192, "options": options}
        layout = run("LayoutBoxes", boxes="[[0, 0, 0, 0]]", **size)[0]
        model = run("ApplyBoxPrompts", model=tiny.model, layout=layout, box_prompts=words())[0]
        made = ksampler(tiny, model, **SMALL)
        assert close(made, ksampler(tiny, tiny.model, **SMALL, positive=swapped(main)))


class TestWithSubjects:
    def test_in_one_node_or_in_two_in_either_order(self, run, tiny, patch, words):
        given = words("a mug\n")
        layout = run("LayoutBoxes", boxes=BOXES, width=512, height=512)[0]

        def on(model):
            return run("ApplyBoxPrompts", model=model, layout=layout, box_prompts=given)[0]

        one = ksampler(tiny, patch(box_prompts=given), **SMALL)
        assert close(ksampler(tiny, on(patch()), **SMALL), one)
        assert close(ksampler(tiny, patch(model=on(tiny.model)), **SMALL), one)
        assert not close(one, ksampler(tiny, patch(), **SMALL), 1e-3)
        assert not close(one, ksampler(tiny, on(tiny.model), **SMALL), 1e-3)

    def test_the_picture_of_a_whole_box_stays_under_its_words(
        self, tiny, patch, words, swapped, main
    ):
        both = "[[0, 0, 1, 1], [0, 0, 0, 0]]"
        made = ksampler(tiny, patch(both, box_prompts=words(f"{WORDS}\n")), **SMALL)
        expected = ksampler(tiny, patch(both), **SMALL, positive=swapped(main))
        assert close(made, expected)

    def test_a_subject_of_weight_0_leaves_its_words(self, tiny, patch, words, placed):
        boxes = json.dumps([[0, 0, 0.5, 1], [0.5, 0, 1, 1]])
        made = ksampler(tiny, patch(boxes, weight=0.0, box_prompts=words("mug\nhat")), **SMALL)
        assert close(made, ksampler(tiny, placed(boxes, "mug\nhat"), **SMALL))

    def test_found_areas_are_theirs_as_well(self, tiny, patch, auto, words, main):
        settings = {**SMALL, "steps": 3, "positive": main}
        found = auto(threshold=0.0, start_step=1)  # all but the least clear cell: whole pictures
        nowhere = "[[0, 0, 0, 0], [0, 0, 0, 0]]"
        model = patch(nowhere, auto_layout=found, weight=0.0, box_prompts=words("mug\n"))
        made = ksampler(tiny, model, **settings)
        assert not close(made, ksampler(tiny, tiny.model, **settings), 1e-2)

    def test_beside_text_in_box(self, tiny, patch, auto, words, swapped, main):
        boxes = "[[0, 0, 1, 1], [0, 0, 0.5, 1]]"
        kept = auto(areas=False, text_in_box=True)
        model = patch(boxes, auto_layout=kept, box_prompts=words(f"{WORDS}\n"))
        made = ksampler(tiny, model, **SMALL, positive=main)
        assert close(made, ksampler(tiny, patch(boxes), **SMALL, positive=swapped(main)))


def test_nothing_is_kept_on_the_model(tiny, placed):
    model = placed(HALVES, "a mug\na hat")
    made = ksampler(tiny, model, **SMALL)
    for patch in attn2_patches(model).values():
        assert not patch.bare._made, "keys and values live as long as the run"
    assert torch.equal(ksampler(tiny, model, **SMALL), made)


def test_the_area_of_a_tile(run, tiny, placed, words, swapped, main):
    """An area of the picture that lies wholly in the box, and one wholly outside it."""
    left = "[[0, 0, 0.5, 1]]"
    area = nodes.ConditioningSetArea
    sizes = {"width": 64, "height": 192, "y": 0, "strength": 1.0}
    inside = core(area, conditioning=main, x=0, **sizes)
    outside = core(area, conditioning=main, x=64, **sizes)
    made = ksampler(tiny, placed(left), **SMALL, positive=inside + outside)
    expected = ksampler(tiny, tiny.model, **SMALL, positive=swapped(inside) + outside)
    assert close(made, expected)
