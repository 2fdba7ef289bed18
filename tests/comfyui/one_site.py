"""One site by itself, called as ComfyUI calls it: what the tests of it share."""

from types import SimpleNamespace

import pytest
import torch
from comfy.ldm.modules.attention import optimized_attention

HEADS, DIM, GRID, LENGTH = 2, 4, (4, 6), 5
CELLS, WIDTH, COUNTS = GRID[0] * GRID[1], HEADS * DIM, [3, 2]
KEY = ("input", 4, 0)
HALVES = [(0, 0, 0.5, 1), (0.5, 0, 1, 1)]


def random(*shape, seed=0):
    return torch.randn(*shape, generator=torch.Generator().manual_seed(seed))


def qkv(rows, length=LENGTH):
    return random(rows, CELLS, WIDTH), *(random(rows, length, WIDTH, seed=n) for n in (1, 2))


def by_hand(q, k, v, mask=None):
    """Attention of q (rows, n, width) to k and v (rows or 1, t, width)."""
    q, k, v = (each.unflatten(-1, (HEADS, DIM)).transpose(1, 2) for each in (q, k, v))
    logits = q @ k.transpose(-1, -2) / DIM**0.5
    if mask is not None:
        logits = logits.masked_fill(~mask, -torch.inf)
    return (logits.softmax(-1) @ v).transpose(1, 2).flatten(2)


@pytest.fixture(scope="module", name="make")
def site_maker(pack):
    """`make(…)`: a patch for two subjects in two halves, and anything changed."""
    layout, method = pack.layout, pack.applied

    def site_tokens(seed):
        pair = (random(HEADS, 5, DIM, seed=seed), random(HEADS, 5, DIM, seed=seed + 1))
        return method.PlacedTokens(pack.adapter.SiteTokens(*pair))

    def made(earlier=None, layouts=(HALVES,), **changes):
        regions = [[layout.Region(layout.Box(*box)) for box in boxes] for boxes in layouts]
        applied = method.AppliedSubjects(
            layouts=[layout.Layout(tuple(each), 48, 32) for each in regions],
            tokens=[[site_tokens(10 * n)] for n in range(len(layouts))],
            token_counts=COUNTS,
            **changes,
        )
        bare = pack.run.SubjectsRun(applied, lambda percent: 10 * (1 - percent))
        return pack.site_patch.SitePatch(0, KEY, applied, earlier, bare)

    return made


def added(patch, query, boxes=HALVES, number=0):
    """What two subjects in halves that do not overlap add, cell by cell."""
    tokens, out = patch.applied.tokens[number][0].home, torch.zeros_like(query)
    key, value = (each.transpose(0, 1).flatten(1)[None] for each in (tokens.key, tokens.value))
    for (x0, _, x1, _), part in zip(boxes, (slice(0, 3), slice(3, 5)), strict=True):
        inside = torch.zeros(GRID, dtype=torch.bool)
        inside[:, round(x0 * GRID[1]) : round(x1 * GRID[1])] = True
        all_cells = by_hand(query, key[:, part], value[:, part])
        out += all_cells * inside.flatten()[None, :, None]
    return out


def options(rows, kinds=(0,), **more):
    shape = [rows, 320, *GRID]
    given = {"n_heads": HEADS, "activations_shape": shape, "cond_or_uncond": list(kinds)}
    return {**given, "sigmas": torch.full((rows,), 5.0), **more}


def halved(q, k, v, extra_options):
    return optimized_attention(q, k, v, extra_options["n_heads"]) / 2


def close(made, expected):
    return torch.allclose(made, expected, atol=1e-5)


@pytest.fixture
def announced(pack):
    """`announced(patch, kinds, pictures, …)`: options of a call within a run."""

    def given(patch, kinds=(0,), pictures=1, rows=None, size=GRID, called=(), **more):
        one = pack.calls.Condition
        conditions = [one(kind, kind == 0, tuple(size)) for kind in kinds]
        call = pack.calls.Call(conditions, list(kinds), pictures, **more)
        state = {patch.applied: patch.bare}.__getitem__
        run = SimpleNamespace(called=None if called is None else set(called), state_of=state)
        evaluation = SimpleNamespace(run=run, call=lambda options: call)
        rows = len(kinds) * pictures if rows is None else rows
        made = options(rows, kinds, original_shape=[rows, 4, *GRID])
        return {**made, pack.runs.EVALUATION: evaluation}

    return given


@pytest.fixture(scope="module")
def rule(pack):
    def made(**changes):
        given = {"positions": [[1], [2, 3]], "length": LENGTH, "threshold": 0.5, "start_step": 1}
        return pack.found.TextRule(**given | changes)

    return made
