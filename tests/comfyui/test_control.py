"""What a user can set for each subject, measured at one site and on the real sampler."""

import json
from dataclasses import replace

import pytest
import torch
from other_packs import attn2_patches
from sampling import empty_latent, ksampler

SETTINGS = {"steps": 2, "latent_image": empty_latent(128, 128)}
WHOLE = "[[0, 0, 1, 1], [0, 0, 1, 1]]"
KEY = ("input", 4, 0)
HEIGHT, WIDTH, CHANNELS, HEADS = 12, 20, 64, 2


@pytest.fixture(scope="module")
def influence(tiny):
    """What a patched model adds at its first site: (images, h, w, channels)."""

    def measure(model, images=1, sigma=5.0, kinds=(0,), **more):
        generator = torch.Generator().manual_seed(0)
        rows = images * len(kinds)
        q = torch.randn(1, HEIGHT * WIDTH, CHANNELS, generator=generator).expand(rows, -1, -1)
        k = torch.randn(1, 77, CHANNELS, generator=generator).expand(rows, -1, -1)
        options = {
            "n_heads": HEADS,
            "activations_shape": [rows, CHANNELS, HEIGHT, WIDTH],
            "cond_or_uncond": list(kinds),
            "sigmas": torch.full((images,), sigma),
            **more,
        }
        from comfy.ldm.modules.attention import optimized_attention

        plain = optimized_attention(q, k, k, HEADS)
        added = attn2_patches(model)[KEY](q, k, k, options) - plain
        return added.reshape(rows, HEIGHT, WIDTH, CHANNELS)

    return measure


def mask(*cells):
    """A mask of the site's own size with values in (rows, columns, value)."""
    made = torch.zeros(HEIGHT, WIDTH)
    for rows, columns, value in cells:
        made[rows, columns] = value
    return made


ALL = slice(None)


def test_an_all_one_mask_is_the_whole_canvas(run, patch, influence):
    layout = run("LayoutBoxes", boxes="", width=64, height=64, masks=torch.ones(2, 30, 40))[0]
    by_mask, by_box = influence(patch(layout=layout)), influence(patch(boxes=WHOLE))
    assert torch.equal(by_mask, by_box)


def test_a_mask_acts_in_its_shape_only_and_softly(run, patch, influence):
    shape = mask((slice(2, 6), slice(3, 8), 1.0), (slice(8, 10), slice(3, 8), 0.25))
    masks = torch.stack([shape, mask((ALL, slice(15, 20), 1.0))])
    added = influence(
        patch(layout=run("LayoutBoxes", boxes="", width=64, height=64, masks=masks)[0])
    )
    assert (added[0][(masks.amax(0) == 0)] == 0).all()
    assert (added[0][masks[0] == 1] != 0).any(-1).all()
    full = torch.stack([(shape > 0).float(), masks[1]])
    hard = influence(patch(layout=run("LayoutBoxes", boxes="", width=64, height=64, masks=full)[0]))
    assert torch.allclose(added[0][masks[0] == 0.25], hard[0][masks[0] == 0.25] * 0.25, atol=1e-6)


def test_a_grey_value_is_a_share_of_the_effect(run, patch, influence):
    def both(first, second):
        masks = torch.stack([mask((ALL, ALL, first)), mask((ALL, ALL, second))])
        return influence(
            patch(layout=run("LayoutBoxes", boxes="", width=64, height=64, masks=masks)[0])
        )

    together = both(1.0, 1.0)
    assert torch.allclose(both(0.5, 0.5), together * 0.5, atol=1e-5)
    steps = [both(1.0, share) for share in (0.25, 0.5, 0.75, 1.0)]
    distances = [float((step - together).norm()) for step in steps]
    assert distances == sorted(distances, reverse=True) and distances[-1] == 0
    # a share that nobody sees does what none does, and each step on the way is a small one
    moves = [(b - a).norm() for a, b in zip(steps, steps[1:], strict=False)]
    assert max(moves) < 0.6 * (together - steps[0]).norm()


def test_the_box_of_a_mask_is_its_bounds(run):
    masks = mask((slice(3, 9), slice(5, 10), 1.0))[None]
    layout = run("LayoutBoxes", boxes="", width=64, height=64, masks=masks)[0]
    assert layout.regions[0].box.as_tuple() == (5 / 20, 3 / 12, 10 / 20, 9 / 12)


def test_the_topmost_subject_hides_the_others(patch, influence):
    boxes = "[[0, 0, 0.75, 1], [0.5, 0, 1, 1]]"
    top = influence(patch(boxes=boxes, overlap="topmost"))
    apart = influence(patch(boxes="[[0, 0, 0.5, 1], [0.5, 0, 1, 1]]", grounding=False))
    ungrounded = influence(patch(boxes=boxes, overlap="topmost", grounding=False))
    assert torch.allclose(ungrounded, apart, atol=1e-6)
    assert not torch.allclose(top, influence(patch(boxes=boxes)), atol=1e-3)


@pytest.mark.parametrize("number", [1, 2])
def test_every_subject_hides_the_scene(number, run, subjects, patch, influence):
    boxes = ["[[0, 0, 1, 1], [0, 0, 0.5, 1]]", "[[0, 0, 0.5, 1], [0, 0, 1, 1]]"][number - 1]
    scene = run("BackgroundSubject", subjects=subjects, number=number, weight=0.4)[0]
    top = influence(patch(boxes=boxes, subjects=scene, overlap="topmost", grounding=False))
    other = ["[[0, 0, 0, 0], [0, 0, 0.5, 1]]", "[[0, 0, 0.5, 1], [0, 0, 0, 0]]"][number - 1]
    alone = influence(patch(boxes=other, grounding=False))
    assert torch.allclose(halves(top)[0], halves(alone)[0], atol=1e-6)
    assert not torch.allclose(halves(top)[1], halves(alone)[1], atol=1e-3)


def halves(added):
    return added[:, :, : WIDTH // 2], added[:, :, WIDTH // 2 :]


HALVES = "[[0, 0, 0.5, 1], [0.5, 0, 1, 1]]"


def test_each_subject_has_its_own_weight(patch, influence, options):
    left, right = halves(influence(patch(boxes=HALVES)))
    changed = halves(influence(patch(boxes=HALVES, subjects=options(2, weight=0.3))))
    assert torch.equal(changed[0], left)
    assert torch.allclose(changed[1], right * 0.5, atol=1e-6)
    text_wins = patch(boxes=HALVES, subjects=options(2, weight=0.3), subject_weights="0.6, 0.6")
    assert torch.equal(influence(text_wins), torch.cat([left, right], dim=2))


def test_each_subject_has_its_own_time(tiny, patch, influence, options):
    model = patch(boxes=HALVES, subjects=options(1, start_percent=0.5))
    to_sigma = tiny.model.get_model_object("model_sampling").percent_to_sigma
    early = halves(influence(model, sigma=to_sigma(0.25)))
    late = halves(influence(model, sigma=to_sigma(0.75)))
    left, right = halves(influence(patch(boxes=HALVES)))
    assert (early[0] == 0).all() and torch.allclose(early[1], right, atol=1e-6)
    assert torch.allclose(late[0], left, atol=1e-6) and torch.allclose(late[1], right, atol=1e-6)


def test_a_subject_out_of_its_time_takes_nothing_from_the_others(tiny, patch, influence, options):
    to_sigma = tiny.model.get_model_object("model_sampling").percent_to_sigma
    model = patch(boxes=WHOLE, subjects=options(1, start_percent=0.5))
    alone = patch(boxes=WHOLE, subjects=options(1, enabled=False))
    early = influence(model, sigma=to_sigma(0.25))
    assert torch.allclose(early, influence(alone), atol=1e-5)


def test_a_subject_that_is_off_acts_nowhere(patch, influence, options):
    left, right = halves(influence(patch(boxes=HALVES, subjects=options(1, enabled=False))))
    assert (left == 0).all()
    assert torch.allclose(right, halves(influence(patch(boxes=HALVES)))[1], atol=1e-5)


def test_views_have_weights(run, tiny, patch, influence, options):
    views = torch.rand(2, 48, 64, 3, generator=torch.Generator().manual_seed(0))
    encoders = {"clip": tiny.clip, "clip_vision": tiny.clip_vision, "phrases": "dog"}
    subjects = run("EncodeSubjects", **encoders, image_1=views)[0]

    def weighted(text):
        changed = options(1, subjects=subjects, view_weights=text)
        return influence(patch(boxes="[[0, 0, 1, 1]]", subjects=changed))

    both, first, second = weighted("1, 1"), weighted("1, 0"), weighted("0, 1")
    assert torch.allclose(first + second, both, atol=1e-6)
    assert torch.allclose(weighted("0.5, 1"), first * 0.5 + second, atol=1e-6)


@pytest.mark.parametrize("count", [8, 16])
def test_any_number_of_subjects(count, tiny, patch, subjects, influence):
    many = [replace(subjects[n % 2], phrase=f"thing {n}") for n in range(count)]
    boxes = json.dumps([[n / count, 0, (n + 1) / count, 1] for n in range(count)])
    model = patch(subjects=many, boxes=boxes)
    assert (influence(model) != 0).any(-1).all()
    assert ksampler(tiny, model, **SETTINGS).isfinite().all()


def test_a_background_subject_covers_the_picture_at_the_authors_weight(
    run, subjects, patch, influence
):
    scene = run("BackgroundSubject", subjects=subjects, number=2, weight=0.4)[0]
    ours = influence(patch(boxes="[[0, 0, 0.5, 1], [0, 0, 0, 0]]", subjects=scene))
    by_hand = patch(boxes="[[0, 0, 0.5, 1], [0, 0, 1, 1]]", subject_weights="0.6, 0.4")
    assert torch.equal(ours, influence(by_hand))


def test_text_stays_in_its_box(pack, tiny, patch, influence, auto):
    kept = auto(text_in_box=True, areas=False)
    model = patch(boxes=HALVES, auto_layout=kept, weight=0.0)
    added = influence(model)
    assert (added != 0).any(), "each half misses the other subject's phrase"
    site = attn2_patches(model)[KEY]
    positions = pack.phrases.phrase_positions(kept.prompt, ["dog"], kept.tokenize)
    k = torch.zeros(1, 77, CHANNELS)
    v = torch.zeros(1, 77, CHANNELS)
    v[:, positions[0]] = 1
    options = {
        "n_heads": HEADS,
        "activations_shape": [1, CHANNELS, HEIGHT, WIDTH],
        "cond_or_uncond": [0],
        "sigmas": torch.ones(1),
    }
    q = torch.randn(1, HEIGHT * WIDTH, CHANNELS)
    left, right = halves(site(q, k, v, options).reshape(1, HEIGHT, WIDTH, CHANNELS))
    assert (left > 0).all() and (right == 0).all()
    assert ksampler(tiny, model, **SETTINGS).isfinite().all()


@pytest.mark.parametrize("kind", ["basic", "sub_quad", "split", "pytorch"])
def test_text_stays_in_its_box_with_each_of_comfyuis_attentions(kind, patch, influence, auto):
    import comfy.ldm.modules.attention as attention

    def override(function, *arguments, **named):
        named = {key: value for key, value in named.items() if key != "transformer_options"}
        return getattr(attention, f"attention_{kind}")(*arguments, **named)

    model = patch(boxes=HALVES, auto_layout=auto(text_in_box=True, areas=False))
    expected = influence(model)
    made = influence(model, optimized_attention_override=override)
    assert torch.allclose(made, expected, atol=1e-5)


def test_text_in_box_refuses_what_it_cannot_do(tiny, patch, auto):
    model = tiny.model.clone()
    model.set_model_attn2_replace(lambda q, k, v, options: q, "middle", 0, 0)
    with pytest.raises(ValueError, match="text_in_box"):
        patch(model=model, auto_layout=auto(text_in_box=True))
