"""Attention problems for the tests, and what the oracle and the library make of them."""

from dataclasses import dataclass

import numpy as np
import oracle
import torch
from hypothesis import strategies as st

from msdiffusion_nodes.layout import Box, Layout, Region
from msdiffusion_nodes.method.attention import add_image_attention, coverage_groups

EMPTY = (0.0, 0.0, 0.0, 0.0)
WHOLE = (0.0, 0.0, 1.0, 1.0)
LEFT = (0.0, 0.0, 0.5, 1.0)
RIGHT = (0.5, 0.0, 1.0, 1.0)
MIDDLE = (0.25, 0.25, 0.75, 0.75)
fractions = st.integers(1, 130).flatmap(lambda n: st.integers(0, n).map(lambda k: k / n))
nice_fractions = st.sampled_from([0.0, 0.125, 0.25, 1 / 3, 0.5, 2 / 3, 0.75, 0.9, 1.0])
floats = st.floats(0, 1, width=32)


def edge_pairs(edges):
    """Two different edges of a box along one axis, the lower one first."""
    return st.tuples(edges, edges).map(sorted).filter(lambda pair: pair[0] < pair[1])


def areas(*edges):
    """Boxes (x0, y0, x1, y1) with an area; each axis draws its two edges from one of `edges`."""
    pairs = st.one_of(*(edge_pairs(edge) for edge in edges))
    return st.tuples(pairs, pairs).map(lambda xy: (xy[0][0], xy[1][0], xy[0][1], xy[1][1]))


boxes = st.one_of(areas(floats, fractions, nice_fractions), st.sampled_from([EMPTY, WHOLE]))


@dataclass
class Case:
    """One attention problem in float64. Shapes as the oracle takes them."""

    height: int
    width: int
    heads: int
    out: np.ndarray  # (batch, h·w, heads·dim), what the text attention gave
    query: np.ndarray  # (batch, h·w, heads·dim)
    keys: list[np.ndarray]  # (tokens_i, heads·dim) a subject
    values: list[np.ndarray]
    weights: list[float]
    masks: np.ndarray  # (subjects, h, w) bool

    def expected(self) -> np.ndarray:
        return self.out + oracle.masked_attention(
            self.query, self.keys, self.values, self.masks, self.heads, self.weights
        )

    def computed(self, dtype=torch.float32) -> torch.Tensor:
        """What the library makes of it: (batch, h·w, heads·dim)."""

        def by_head(tokens: list[np.ndarray]) -> torch.Tensor:  # -> (heads, tokens, dim)
            joined = torch.from_numpy(np.concatenate(tokens)).to(dtype)
            return joined.unflatten(-1, (self.heads, -1)).transpose(0, 1).contiguous()

        weighted = [v * w for v, w in zip(self.values, self.weights, strict=True)]
        groups = coverage_groups(torch.from_numpy(self.masks), [len(key) for key in self.keys])
        out = torch.from_numpy(self.out).to(dtype)  # a copy: `self.out` is float64
        query = torch.from_numpy(self.query).to(dtype)
        add_image_attention(out, query, by_head(self.keys), by_head(weighted), groups)
        return out


def make_case(seed, height, width, masks, counts, weights=None, batch=1, heads=2, dim=4) -> Case:
    """A case of normal noise."""
    rng = np.random.default_rng(seed)
    shape = (batch, height * width, heads * dim)
    return Case(
        height=height,
        width=width,
        heads=heads,
        out=rng.standard_normal(shape),
        query=rng.standard_normal(shape),
        keys=[rng.standard_normal((count, heads * dim)) for count in counts],
        values=[rng.standard_normal((count, heads * dim)) for count in counts],
        weights=[1.0] * len(counts) if weights is None else weights,
        masks=masks,
    )


def box_case(boxes, height=8, width=8, counts=None, seed=0, **sizes) -> Case:
    """A case of one box a subject, three tokens each unless told."""
    masks = np.stack([oracle.box_cells(box, height, width) for box in boxes])
    counts = [3] * len(boxes) if counts is None else counts
    return make_case(seed, height, width, masks, counts, **sizes)


sides = st.integers(1, 12)
grids = st.one_of(
    sides.map(lambda side: (side, side)),
    sides.map(lambda side: (1, side)),
    sides.map(lambda side: (side, 1)),
    st.tuples(sides, sides),
)


@st.composite
def cases(draw, max_subjects=8) -> Case:
    """Problems of any grid, with regions from boxes or, now and then, of any shape."""
    height, width = draw(grids)
    subjects = draw(st.integers(1, max_subjects))
    seed = draw(st.integers(0, 2**32 - 1))
    if draw(st.integers(0, 3)):
        drawn = draw(st.lists(boxes, min_size=subjects, max_size=subjects))
        masks = np.stack([oracle.box_cells(box, height, width) for box in drawn])
    else:
        masks = np.random.default_rng(seed + 1).random((subjects, height, width)) < 0.5
    return make_case(
        seed,
        height,
        width,
        masks,
        counts=draw(st.lists(st.integers(1, 5), min_size=subjects, max_size=subjects)),
        weights=draw(st.lists(st.floats(0, 2), min_size=subjects, max_size=subjects)),
        batch=draw(st.integers(1, 3)),
        heads=draw(st.integers(1, 4)),
        dim=draw(st.integers(1, 8)),
    )


def layout_of(boxes) -> Layout:
    return Layout(regions=tuple(Region(Box(*box)) for box in boxes), width=1024, height=1024)
