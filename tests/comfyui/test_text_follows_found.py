"""Text that follows the areas which Auto Layout finds.

What is found is computed anew in numpy, from queries and keys of each site's calls.
"""

import dense_oracle
import numpy as np
import pytest
import torch
from oracle import box_cells
from sampling import ksampler
from straightforward import SITE_KEYS
from test_text_follows import (
    BOX,
    OTHER,
    PHRASES,
    SMALL,
    close,
    follows,  # noqa: F401  (fixture)
    time_of,
    watched,
)

THRESHOLD = 0.5


def looked_at(tiny, model):
    """What each site was given and gave in the first two steps: by attention, step, site."""
    calls = {attention: watched(model, attention) for attention in ("attn1", "attn2")}
    ksampler(tiny, model, **SMALL)
    sites = len(SITE_KEYS)
    return {name: [seen[:sites], seen[sites : 2 * sites]] for name, seen in calls.items()}


def maps_of(call):
    """(phrases, cells): how much each cell of the positive row looks at each phrase, by hand."""
    q, k, _, _, options = call
    row, heads = options["cond_or_uncond"].index(0), options["n_heads"]
    q, k = (x[row].double().numpy().reshape(x.shape[1], heads, -1) for x in (q, k))
    scores = np.einsum("nhd,thd->hnt", q, k) / np.sqrt(q.shape[-1])
    powers = np.exp(scores - scores.max(-1, keepdims=True))
    looks = (powers / powers.sum(-1, keepdims=True)).mean(0)  # (n, t)
    return np.stack([looks[:, tokens].mean(1) for tokens in PHRASES.values()])


def found(maps):
    low, high = maps.min(1, keepdims=True), maps.max(1, keepdims=True)
    normalised = (maps - low) / (high - low + 1e-5)
    assert (abs(normalised - THRESHOLD) > 1e-5).all(), "no cell on the edge"
    return list((normalised > THRESHOLD).astype(float))


def is_papers(call, model, wanted, small, share=1.0):
    q, k, v, out, options = call
    row, degree = options["cond_or_uncond"].index(0), share * time_of(model, options) ** 5
    parts = (q[row], k[row], v[row], options["n_heads"], wanted, degree, small)
    return np.allclose(out[row], dense_oracle.attention(*parts), atol=1e-3)


def boxes_on(call):
    return [box_cells(box, *call[-1]["activations_shape"][-2:]).reshape(-1) for box in (BOX, OTHER)]


@pytest.mark.parametrize("start", [1, 2])
def test_from_its_start_on_the_found_areas_take_the_boxes_place(start, tiny, follows, auto):  # noqa: F811
    finds = auto(threshold=THRESHOLD, start_step=start)
    model = follows(auto_layout=finds, self_attention=0.5, until=0.5)[0]
    calls, others = looked_at(tiny, model), 0
    for site in range(len(SITE_KEYS)):
        maps, before = [], boxes_on(calls["attn2"][0][site])
        for step in (0, 1):
            cells, words = (calls[name][step][site] for name in ("attn1", "attn2"))
            assert is_papers(cells, model, *dense_oracle.cells(before), share=0.5)
            maps.append(maps_of(words))
            areas = found(np.mean(maps, 0)) if step + 1 >= start else boxes_on(words)
            targets = dense_oracle.text(areas, list(PHRASES.values()), words[1].shape[1])
            assert is_papers(words, model, *targets)
            others += any((a != b).any() for a, b in zip(areas, boxes_on(words), strict=True))
            before = areas
    assert others == len(SITE_KEYS) * (3 - start), "what is found is not the boxes"


def test_nothing_is_sought_once_its_time_is_over(tiny, follows, auto):  # noqa: F811
    later = {**SMALL, "denoise": 0.6}  # begins when 0.4 of the schedule is over
    plain = ksampler(tiny, tiny.model, **later)
    assert torch.equal(ksampler(tiny, follows(auto_layout=auto())[0], **later), plain)


def test_a_start_by_the_schedule(tiny, follows, auto):  # noqa: F811
    def painted(**finds):
        return ksampler(tiny, follows(until=0.9, auto_layout=auto(**finds))[0], **SMALL)

    early = painted(start_percent=0.1)  # steps begin at 0, 0.33, 0.67 of the schedule
    assert torch.equal(early, painted(start_step=2))
    late = painted(start_percent=0.5)
    assert torch.equal(late, painted(start_step=3)) and not torch.equal(late, early)
    assert not close(early, ksampler(tiny, follows(until=0.9)[0], **SMALL), 1e-3)


def test_beside_subjects_whose_areas_are_found_too(tiny, follows, auto, patch):  # noqa: F811
    finds = auto(threshold=0.3, start_step=1)
    alone = follows(auto_layout=finds)[0]
    model = patch(model=alone, auto_layout=finds)
    made = ksampler(tiny, model, **SMALL)
    assert not close(made, ksampler(tiny, alone, **SMALL), 1e-3)
    other = follows(model=patch(auto_layout=finds), auto_layout=finds)[0]
    assert close(made, ksampler(tiny, other, **SMALL), 1e-4)


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"prompt": "a dog"}, 'it was given another prompt, "a dog"'),
        ({"areas": False, "text_in_box": True}, "its `areas` is off"),
        ({"text_in_box": True}, "its text_in_box keeps the text in its boxes already"),
        ({"start_percent": 0.3}, "its areas take over at start_percent 0.3"),
    ],
)
def test_what_it_refuses(changes, said, follows, auto):  # noqa: F811
    with pytest.raises(ValueError) as caught:
        follows(auto_layout=auto(**changes))
    assert str(caught.value).startswith(f"auto_layout: {said}")
