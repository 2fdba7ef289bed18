"""The grounding resampler against the official implementation's tokens and against the oracle."""

import json
from pathlib import Path

import fill
import numpy as np
import oracle
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from safetensors import safe_open

from msdiffusion_nodes.method.resampler import GroundingResampler, fourier_features

GOLDEN = Path(__file__).resolve().parents[1] / "golden"
CASES = [
    "auto_layout",
    "batch_of_two",
    "empty_box",
    "fractional_edges",
    "no_grounding",
    "one_subject",
    "partial_overlap",
    "same_box",
    "subject_and_scene",
    "subject_scales",
    "three_subjects",
    "two_subjects",
]


def read_case(name: str) -> tuple[dict[str, np.ndarray], dict]:
    """Tensors and settings of one golden file."""
    with safe_open(GOLDEN / f"{name}.safetensors", "np") as file:
        tensors = {key: file.get_tensor(key) for key in file.keys()}  # noqa: SIM118
        return tensors, json.loads(file.metadata()["case"])


def build(state: dict[str, np.ndarray]) -> GroundingResampler:
    return GroundingResampler.from_state({name: torch.from_numpy(a) for name, a in state.items()})


def run(module, features, phrases, boxes, grounding: bool = True) -> np.ndarray:
    """Call the module on arrays: (n, latents, out)."""
    inputs = (torch.as_tensor(a, dtype=torch.float32) for a in (features, phrases, boxes))
    with torch.no_grad():
        return module(*inputs, grounding=grounding).numpy()


@pytest.fixture(scope="module")
def tiny():
    """The resampler behind the golden files."""
    return build(fill.resampler_state(fill.tiny_resampler_shapes()))


@pytest.fixture(scope="module")
def pictures():
    """Features and phrase embeddings of two subjects."""
    tensors, _ = read_case("two_subjects")
    return tensors["image_features"], tensors["phrase_embeds"]


HALVES = [[0.0, 0.25, 0.5, 0.75], [0.5, 0.25, 1.0, 0.75]]
MOVED = [[0.0, 0.25, 0.5, 0.75], [0.4, 0.25, 0.9, 0.75]]


@pytest.mark.parametrize("name", CASES)
def test_tokens_are_the_official_ones(tiny, name):
    tensors, case = read_case(name)
    grounding = not case["drop_grounding_tokens"]
    inputs = (tensors["image_features"], tensors["phrase_embeds"], case["boxes"])
    tokens = run(tiny, *inputs, grounding=grounding)
    assert tokens.shape == tensors["tokens"].shape
    np.testing.assert_allclose(tokens, tensors["tokens"], atol=1e-5, rtol=0)


@pytest.mark.parametrize("name", CASES)
def test_the_oracle_gives_the_official_tokens(name):
    tensors, case = read_case(name)
    tokens = oracle.resample(
        tensors["image_features"],
        tensors["phrase_embeds"],
        case["boxes"],
        fill.resampler_state(fill.tiny_resampler_shapes()),
        grounding=not case["drop_grounding_tokens"],
    )
    np.testing.assert_allclose(tokens, tensors["tokens"], atol=1e-5, rtol=0)


def test_every_golden_case_is_tested():
    unet_cases = {path.stem for path in GOLDEN.glob("*.safetensors")}
    assert unet_cases - {"phrase_embeds", "preprocess"} == set(CASES)


@st.composite
def problems(draw):
    """Resamplers of any size with their inputs: state, features, phrases, boxes, grounding."""
    sizes = {
        "dim": draw(st.integers(8, 40)),
        "depth": draw(st.integers(1, 3)),
        "heads": draw(st.integers(1, 3)),
        "latents": draw(st.integers(1, 4)),
        "width": draw(st.integers(4, 40)),
        "phrase": draw(st.integers(1, 30)),
        "out": draw(st.integers(8, 40)),
        "latent_hidden": draw(st.integers(1, 80)),
        "ff_mult": draw(st.integers(1, 4)),
    }
    state = fill.resampler_state(fill.resampler_shapes(**sizes))
    rng = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    n, tokens = draw(st.integers(1, 3)), draw(st.integers(1, 9))
    features = rng.standard_normal((n, tokens, sizes["width"])).astype(np.float32)
    phrases = rng.standard_normal((n, sizes["phrase"])).astype(np.float32)
    x, y = np.sort(rng.random((2, n, 2), dtype=np.float32))  # (n, 2) each, low edge first
    boxes = np.stack([x[:, 0], y[:, 0], x[:, 1], y[:, 1]], axis=1)
    return state, features, phrases, boxes, draw(st.booleans())


@settings(max_examples=20, derandomize=True, deadline=None, database=None)
@given(problems())
def test_any_size_is_read_from_the_shapes(problem):
    state, features, phrases, boxes, grounding = problem
    tokens = run(build(state), features, phrases, boxes, grounding)
    expected = oracle.resample(features, phrases, boxes, state, grounding)
    assert tokens.shape == expected.shape
    assert np.abs(tokens - expected).max() <= 1e-4 * np.abs(expected).max()


def test_without_grounding_phrase_and_box_do_not_matter(tiny, pictures):
    features, phrases = pictures
    tokens = run(tiny, features, phrases, HALVES, grounding=False)
    others = run(tiny, features, -2 * phrases + 1, MOVED, grounding=False)
    np.testing.assert_array_equal(tokens, others)


def test_with_grounding_a_moved_box_moves_only_its_own_tokens(tiny, pictures):
    features, phrases = pictures
    tokens, moved = (run(tiny, features, phrases, boxes) for boxes in (HALVES, MOVED))
    np.testing.assert_allclose(moved[0], tokens[0], atol=1e-6)
    assert np.abs(moved[1] - tokens[1]).max() > 0.01


def test_with_grounding_another_phrase_changes_only_its_own_tokens(tiny, pictures):
    features, phrases = pictures
    others = phrases.copy()
    others[1] *= -1
    tokens, changed = (run(tiny, features, p, HALVES) for p in (phrases, others))
    np.testing.assert_allclose(changed[0], tokens[0], atol=1e-6)
    assert np.abs(changed[1] - tokens[1]).max() > 0.01


def test_grounding_is_on_unless_it_is_switched_off(tiny, pictures):
    features, phrases = (torch.from_numpy(each) for each in pictures)
    with torch.no_grad():
        tokens = tiny(features, phrases, torch.tensor(HALVES)).numpy()
    np.testing.assert_array_equal(tokens, run(tiny, *pictures, HALVES))


@pytest.mark.parametrize("dtype", [torch.float16, torch.float32, torch.float64])
@pytest.mark.parametrize("device", ["cpu", "meta"])
def test_the_features_of_a_box_are_in_its_type_and_where_it_is(dtype, device):
    made = fourier_features(torch.tensor(HALVES, dtype=dtype, device=device))
    assert (made.dtype, made.device.type, made.shape) == (dtype, device, (2, 64))


def test_learned_latents_take_the_pictures_type(pictures):
    module = build(fill.resampler_state(fill.tiny_resampler_shapes()))
    features, phrases = (torch.from_numpy(each).bfloat16() for each in pictures)
    kept = module.grounding_latents.data
    module = module.to(torch.bfloat16)
    module.grounding_latents.data = kept  # ComfyUI casts layers only
    boxes = torch.tensor(HALVES, dtype=torch.bfloat16)
    assert module(features, phrases, boxes, grounding=False).dtype == torch.bfloat16


def test_loading_leaves_the_checkpoint_alone(pictures):
    state = fill.resampler_state(fill.tiny_resampler_shapes())
    kept = {name: array.copy() for name, array in state.items()}
    run(build(state), *pictures, HALVES)
    assert state.keys() == kept.keys()
    for name, array in kept.items():
        np.testing.assert_array_equal(state[name], array)
