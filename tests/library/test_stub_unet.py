"""The library from end to end without ComfyUI: adapter, layout and attention in a stub UNet."""

from collections import Counter

import fill
import numpy as np
import oracle
import pytest
import torch
from stub_unet import CONTEXT, LayoutAreas, StubUNet

from msdiffusion_nodes.errors import InputError
from msdiffusion_nodes.files.checkpoint import Checkpoint
from msdiffusion_nodes.layout import Box, Layout, Region
from msdiffusion_nodes.method.adapter import Adapter, SiteTokens
from msdiffusion_nodes.method.fitting import check_layout, check_sites, check_subjects
from msdiffusion_nodes.subjects import Subject, parse_weights

EMPTY, WHOLE = (0.0, 0.0, 0.0, 0.0), (0.0, 0.0, 1.0, 1.0)
LEFT, RIGHT = (0.0, 0.1, 0.5, 0.9), (0.5, 0.1, 1.0, 0.9)
HEIGHT, WIDTH = 11, 14  # odd on the way down: 11×14, 6×7, 3×4
RESAMPLER = fill.tiny_resampler_shapes()


def adapter_for(unet: StubUNet, shapes: fill.Shapes = RESAMPLER) -> Adapter:
    """An adapter of the UNet's sites, with a resampler of these shapes."""
    tokens_width = shapes["proj_out.weight"][0]
    pairs = [
        [fill.fill(f"{n}.{kind}.weight", (width, tokens_width)) for kind in ("to_k", "to_v")]
        for n, width in enumerate(unet.widths)
    ]
    image_proj = {k: torch.from_numpy(a) for k, a in fill.resampler_state(shapes).items()}
    sites = tuple((torch.from_numpy(key), torch.from_numpy(value)) for key, value in pairs)
    return Adapter(Checkpoint(image_proj, sites))


def subject(name: str, views: int = 1, width: int = 40, phrase: int = 24) -> Subject:
    """Made-up encodings that follow from the name; all views are different."""
    features = torch.from_numpy(fill.fill(f"{name} picture", (views, 9, width)))
    return Subject(name, 2 * features, torch.from_numpy(fill.fill(f"{name} phrase", (phrase,))))


def layout_of(*boxes) -> Layout:
    return Layout(tuple(Region(Box(*box)) for box in boxes), 8 * WIDTH, 8 * HEIGHT)


class Painter:
    """What a node does with the library, for some subjects in their boxes."""

    def __init__(self, unet, adapter, subjects, boxes, weights="", grounding=True) -> None:
        layout = layout_of(*boxes)
        counts = adapter.token_counts(subjects)
        weights = torch.tensor(parse_weights(weights, 1.0, len(subjects)))
        tokens = adapter.tokens(subjects, layout.boxes()[None], grounding)[0]
        self.unet = unet
        self.tokens = adapter.project(
            tokens, weights.repeat_interleave(torch.tensor(counts)), unet.heads
        )
        self.areas = LayoutAreas(layout, counts)

    def paint(self) -> torch.Tensor:
        return self.unet(*inputs(), self.tokens, self.areas)

    def at_site(self, number: int = 0) -> torch.Tensor:
        """What one site adds to the text attention: (batch, h, w, width)."""
        site, (latent, text) = self.unet.sites[number], inputs()
        x = latent[:, :1].repeat(1, site.width, 1, 1)
        added = site.attention(x, text, self.tokens[number], self.areas)
        return (added - site.attention(x, text)).unflatten(1, (HEIGHT, WIDTH))


def inputs(batch: int = 2) -> tuple[torch.Tensor, torch.Tensor]:
    latent = torch.from_numpy(fill.fill("latent", (batch, 4, HEIGHT, WIDTH)))
    return 2 * latent, torch.from_numpy(fill.fill("text", (batch, 7, CONTEXT)))


def close(actual, expected) -> None:
    torch.testing.assert_close(actual, expected, atol=1e-5, rtol=0)


@pytest.fixture(scope="module")
def unet() -> StubUNet:
    return StubUNet()


@pytest.fixture(scope="module")
def adapter(unet) -> Adapter:
    return adapter_for(unet)


DOG, CAT = subject("dog"), subject("cat")


def test_subjects_change_the_picture(unet, adapter):
    painted = Painter(unet, adapter, [DOG, CAT], [LEFT, RIGHT]).paint()
    assert (painted - unet(*inputs())).abs().max() > 0.1


@pytest.mark.parametrize(
    "boxes, weights", [((LEFT, RIGHT), "0, 0"), ((WHOLE, EMPTY), "0, 1"), ((EMPTY, EMPTY), "1, 1")]
)
def test_no_weight_or_no_area_is_the_plain_unet_exactly(unet, adapter, boxes, weights):
    painter = Painter(unet, adapter, [DOG, CAT], boxes, weights)
    assert torch.equal(painter.paint(), unet(*inputs()))


@pytest.mark.parametrize("site", range(5))
def test_a_site_changes_in_the_cells_of_the_boxes_only(unet, adapter, site):
    boxes = [LEFT, (0.6, 0.2, 0.8, 0.5)]
    painter = Painter(unet, adapter, [DOG, CAT], boxes)
    added = painter.at_site(site)
    inside = layout_of(*boxes).masks(HEIGHT, WIDTH).any(dim=0)
    assert 0 < inside.sum() < inside.numel()
    assert (added[:, ~inside] == 0).all()
    assert (added[:, inside] != 0).any(dim=-1).all()
    groups = painter.areas.on_grid(HEIGHT, WIDTH, added.device).groups
    assert sum(len(group.cells) for group in groups) == inside.sum()  # the rest costs nothing


def test_moving_one_box_changes_only_the_cells_that_it_left_and_entered(unet, adapter):
    moved = (0.75, 0.1, 1.0, 0.9)
    before, after = (
        Painter(unet, adapter, [DOG, CAT], [LEFT, box], grounding=False).at_site()
        for box in (RIGHT, moved)
    )
    old, new = layout_of(RIGHT, moved).masks(HEIGHT, WIDTH)
    changed = (before != after).any(dim=-1).any(dim=0)
    assert torch.equal(changed, old ^ new)


@pytest.mark.parametrize("grounding", [True, False])
def test_the_order_of_subjects_does_not_matter_when_their_boxes_follow(unet, adapter, grounding):
    boxes = [(0, 0, 0.7, 0.8), (0.3, 0.2, 1, 1)]
    one = Painter(unet, adapter, [DOG, CAT], boxes, "0.5, 0.9", grounding)
    other = Painter(unet, adapter, [CAT, DOG], boxes[::-1], "0.9, 0.5", grounding)
    close(one.paint(), other.paint())


@pytest.mark.parametrize("grounding", [True, False])
def test_two_subjects_swap_when_their_boxes_swap(unet, adapter, grounding):
    here, swapped, alone = (
        Painter(unet, adapter, [DOG, CAT], boxes, grounding=grounding).at_site()
        for boxes in ((LEFT, RIGHT), (RIGHT, LEFT), (LEFT, EMPTY))
    )
    cat_dog = Painter(unet, adapter, [CAT, DOG], (LEFT, RIGHT), grounding=grounding).at_site()
    close(swapped, cat_dog)
    assert (swapped - here).abs().max() > 0.1
    left = layout_of(LEFT).masks(HEIGHT, WIDTH)[0]
    close(here[:, left], alone[:, left])


def test_half_the_weight_of_a_subject_is_half_its_difference(unet, adapter):
    whole, half = (
        Painter(unet, adapter, [DOG, CAT], [LEFT, RIGHT], weights).at_site()
        for weights in ("1, 1", "0.5, 1")
    )
    left, right = layout_of(LEFT, RIGHT).masks(HEIGHT, WIDTH)
    close(half[:, left], 0.5 * whole[:, left])
    close(half[:, right], whole[:, right])


def test_two_equal_views_of_a_subject_are_as_one(unet, adapter):
    twice = Subject("dog", DOG.image_features.repeat(2, 1, 1), DOG.phrase_embedding)
    assert adapter.token_counts([twice, CAT]) == [8, 4]
    apart = [(0.0, 0.1, 0.4, 0.9), (0.6, 0.1, 1.0, 0.9)]  # on every grid
    one, two = (Painter(unet, adapter, [dog, CAT], apart) for dog in (DOG, twice))
    close(two.paint(), one.paint())


def test_a_second_view_counts_for_its_own_subject_only(unet, adapter):
    one, two = (
        Painter(unet, adapter, [subject("dog", views), CAT], [LEFT, RIGHT]).at_site()
        for views in (1, 2)
    )
    left, right = layout_of(LEFT, RIGHT).masks(HEIGHT, WIDTH)
    assert (one[:, left] - two[:, left]).abs().max() > 0.01
    close(two[:, right], one[:, right])


def test_keys_and_values_are_projected_once_for_all_steps(unet, monkeypatch):
    adapter, calls = adapter_for(unet), Counter()
    for module in (adapter.resampler, *adapter.to_k_ip, *adapter.to_v_ip):
        module.register_forward_hook(lambda module, *_: calls.update([module]))
    rasterise = Layout.coverage

    def counted(*arguments):
        calls.update(["coverage"])
        return rasterise(*arguments)

    monkeypatch.setattr(Layout, "coverage", counted)
    painter = Painter(unet, adapter, [DOG, CAT], [LEFT, RIGHT])
    first = painter.paint()
    for _ in range(5):
        assert torch.equal(painter.paint(), first)
    assert calls.pop("coverage") == 3  # one a grid
    assert len(calls) == 11 and set(calls.values()) == {1}


def test_what_is_kept_for_sampling_is_keys_and_values_alone(unet, adapter):
    for site in Painter(unet, adapter, [DOG, CAT], [LEFT, RIGHT]).tokens:
        for tensor in (site.key, site.value):
            assert tensor.shape[1] == 8 and tensor.is_contiguous() and not tensor.requires_grad
            assert tensor.untyped_storage().nbytes() == tensor.numel() * tensor.itemsize


def test_the_attention_asks_for_no_value_of_a_tensor(unet, adapter):
    # on "meta" a tensor has a shape and no values: what reads one, a sync on a GPU, raises here
    meta = torch.device("meta")
    painter = Painter(unet, adapter, [DOG, CAT], [LEFT, (0.3, 0, 1, 1)])
    tokens = [site.to(meta) for site in painter.tokens]
    latent, text = (tensor.to(meta) for tensor in inputs())
    painted = StubUNet().to(meta)(latent, text, tokens, painter.areas)
    assert painted.device == meta and painted.shape == latent.shape
    groups = painter.areas.on_grid(HEIGHT, WIDTH, meta).groups
    assert {group.cells.device for group in groups} == {meta}


@pytest.mark.parametrize("dim, latents, out, width, heads", [(24, 3, 20, 24, 3), (56, 6, 72, 8, 1)])
def test_sizes_come_from_the_shapes_and_the_whole_is_the_oracles(dim, latents, out, width, heads):
    sizes = {"dim": dim, "latents": latents, "out": out, "width": 30, "phrase": 10}
    shapes = fill.resampler_shapes(depth=3, heads=1, latent_hidden=50, **sizes)
    unet = StubUNet(width, heads)
    adapter = adapter_for(unet, shapes)
    assert (adapter.feature_width, adapter.phrase_width) == (30, 10)
    assert adapter.site_widths == unet.widths
    subjects = [subject(name, width=30, phrase=10) for name in ("dog", "cat", "hat")]
    boxes = [(0.0, 0.1, 0.6, 0.9), (0.4, 0.0, 1.0, 0.55), EMPTY]
    painter = Painter(unet, adapter, subjects, boxes, weights="0.6, 0.9, 1.2")
    assert adapter.token_counts(subjects) == [latents] * 3
    tokens = oracle.resample(
        torch.cat([s.image_features for s in subjects]),
        torch.stack([s.phrase_embedding for s in subjects]),
        boxes,
        fill.resampler_state(shapes),
    )
    for number in (0, 1):
        site = unet.sites[number]
        keys, values = (
            tokens @ fill.fill(f"{number}.{kind}.weight", (site.width, out)).T
            for kind in ("to_k", "to_v")
        )
        latent = inputs()[0][:, :1].repeat(1, site.width, 1, 1)
        query = site.to_q(latent.flatten(2).transpose(1, 2))
        expected = oracle.image_attention(
            query, keys, values, boxes, HEIGHT, WIDTH, site.heads, [0.6, 0.9, 1.2]
        )
        added = painter.at_site(number).flatten(1, 2).numpy()
        np.testing.assert_allclose(added, expected, atol=1e-4)


def test_the_adapter_computes_in_the_type_and_place_of_the_boxes(unet, adapter):
    half, cat = (
        Subject(one.phrase, one.image_features.half(), one.phrase_embedding.half())
        for one in (DOG, CAT)
    )
    boxes = layout_of(LEFT, RIGHT).boxes()[None]
    made, grounded = adapter.tokens([half, cat], boxes), adapter.tokens([half, cat], boxes, True)
    assert made.dtype == torch.float32 and torch.equal(made, grounded), "grounding is the default"
    assert not torch.equal(made, adapter.tokens([half, cat], boxes, False))
    assert torch.allclose(made, adapter.tokens([DOG, CAT], boxes), atol=1e-2)


def test_tokens_of_a_layout_have_memory_of_their_own_and_tell_what_is_not_finite(unet, adapter):
    boxes = torch.stack([layout_of(*each).boxes() for each in ((LEFT, RIGHT), (RIGHT, LEFT))])
    tokens = adapter.tokens([DOG, CAT], boxes)
    (site, *_), whole = adapter.project(tokens, torch.ones(tokens.shape[1]), unet.heads), 0
    for number, part in enumerate(site.apart()):
        assert torch.equal(part.key, site.key[number])
        assert torch.equal(part.value, site.value[number])
        sizes = [each.untyped_storage().nbytes() for each in (part.key, part.value)]
        assert sizes == [4 * part.key.numel()] * 2
        whole += sum(sizes)
    assert whole == 4 * 2 * site.key.numel() and site.is_finite()
    broken = site.key.clone()
    broken[0, 0, 0, 0] = float("inf")
    assert not SiteTokens(broken, site.value).is_finite()
    assert not SiteTokens(site.key, broken).is_finite()


def test_what_does_not_fit_together_is_said_before_sampling(unet, adapter):
    check_sites(unet.widths, adapter, "StubUNet")
    check_subjects([DOG, CAT], adapter)
    check_layout(layout_of(LEFT, RIGHT), [DOG, CAT])
    for widths, came in (([], "no text"), ([16], "1 text"), ([16, 32, 32, 16, 48], "48 wide")):
        with pytest.raises(InputError, match=came):
            check_sites(widths, adapter, "StubUNet")
    for stranger, came in ((subject("dog", width=39), "39-"), (subject("dog", phrase=23), "23-")):
        with pytest.raises(InputError, match=f"{came}wide"):
            check_subjects([stranger], adapter)
    with pytest.raises(InputError, match=r"1 box.*2 subjects \(dog, cat\)"):
        check_layout(layout_of(LEFT), [DOG, CAT])
