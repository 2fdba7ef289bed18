"""Strategies for the fuzz tests: values that the API or another pack can send."""

import math

import torch
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st

# the API's JSON may hold halves of characters, NaN and infinity; a page's may not
CHARACTERS = st.characters(exclude_categories=())
ODD_TEXTS = [
    "",
    " \t\r\n",
    "\x00",
    "\ud800",
    "dog\udfffcat",
    "\u202edog\u200b",
    "e" + "\u0301" * 500,
    "dog" + " " * 5000 + "cat",
    "a dog and a cat " * 300,
    "x" * 5000,
    "(" * 2000 + "dog" + ")" * 2000,
    "[" * 2000,
    "(dog:nan)",
    "(dog:1e999)",
    "embedding:../../dog",
    "nan, nan",
    "1e300, 1e300",
    "../../dog",
    "dog\n" * 500,
]
texts = st.sampled_from(ODD_TEXTS) | st.text(CHARACTERS, max_size=30)
whole_numbers = st.integers() | st.sampled_from([-1, 0, 1, 2, 64, 65, 2**31, 2**63, 10**400])
numbers = st.floats() | whole_numbers
plain_values = st.none() | st.booleans() | numbers | texts
json_values = st.recursive(
    plain_values,
    lambda inside: st.lists(inside, max_size=4) | st.dictionaries(texts, inside, max_size=3),
    max_leaves=5,
)

ODD_NUMBERS = [math.nan, math.inf, -math.inf, -1.0, 0.0, 0.25, 1.0, 255.0, 1e30]
DTYPES = [torch.float32] * 12 + [torch.float16, torch.bfloat16, torch.float64]
DTYPES += [torch.uint8, torch.int64, torch.bool, torch.complex64, torch.float8_e4m3fn]


def cases(count):
    """The same cases in every run, none of them measured by its time."""
    checks = [HealthCheck.too_slow, HealthCheck.data_too_large]
    return settings(
        max_examples=count,
        derandomize=True,
        deadline=None,
        database=None,
        suppress_health_check=checks,
    )


@st.composite
def tensors(draw, shapes):
    """A tensor of one of some shapes, of any dtype, perhaps with numbers that spoil it."""
    shape = draw(shapes)
    seed = torch.Generator().manual_seed(draw(st.integers(0, 9)))
    tensor = torch.rand(shape, generator=seed)
    if tensor.numel() and tensor.ndim and draw(st.integers(0, 7)) == 5:
        tensor[..., : draw(st.integers(1, 3))] = draw(st.sampled_from(ODD_NUMBERS))
    tensor = tensor.to(draw(st.sampled_from(DTYPES)))
    kind = draw(st.integers(0, 30))
    if kind == 9:
        return tensor.to("meta")
    if kind in (3, 4) and tensor.ndim > 1:
        return tensor.transpose(0, 1)
    if kind == 7 and tensor.dtype is torch.float32:
        return tensor.to_sparse()
    return tensor


def mostly(good, odd):
    """One in eight is odd."""
    return st.integers(0, 7).flatmap(lambda n: odd if n == 5 else good)


def some_shapes(*good):
    """Good shapes, and now and then an arbitrary one."""
    side = st.sampled_from([0, 1, 1, 2, 3, 4, 7, 32, 300])
    any_shape = st.lists(side, max_size=5).filter(lambda shape: math.prod(shape) < 300_000)
    return mostly(st.sampled_from(good), any_shape)
