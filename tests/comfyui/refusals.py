"""Fixtures for the tests of bad input: every refusal leaves all as it was."""

import pytest
import torch

PICTURE = torch.rand(1, 48, 64, 3, generator=torch.Generator().manual_seed(0))


def two_subjects(pack, features=40, phrase=24):
    make = pack.subjects.Subject
    return [make(name, torch.ones(1, 17, features), torch.ones(phrase)) for name in ("dog", "cat")]


@pytest.fixture(scope="module")
def good(pack, run, tiny, msd_model):
    """Inputs that are accepted, by node."""
    boxes = {"boxes": "[[0, 0, 0.5, 1], [0.5, 0, 1, 1]]", "width": 64, "height": 64}
    apply = {"model": tiny.model, "msd_model": msd_model, "layout": run("LayoutBoxes", **boxes)[0]}
    apply |= {"subjects": two_subjects(pack), "weight": 0.6, "start_percent": 0, "end_percent": 1}
    encode = {"clip": tiny.clip, "clip_vision": tiny.clip_vision, "phrases": "dog"}
    encode["image_1"] = PICTURE
    return {"EncodeSubjects": encode, "LayoutBoxes": boxes, "ApplyMSDiffusion": apply}


@pytest.fixture(scope="module")
def refused(run, good):
    """The error of a node with some inputs changed: it starts with the culprit's name."""

    def message(node, culprit, *parts, **changes):
        model = changes.get("model", good["ApplyMSDiffusion"]["model"])
        options, patches = repr(model.model_options), dict(model.patches)
        with pytest.raises(ValueError) as caught:
            run(node, **good.get(node, {}) | changes)
        text = str(caught.value)
        assert text.startswith(f"{culprit}: ")
        assert [part for part in parts if part not in text] == [], text
        assert len(text) < 600, "a message, not a dump"
        assert repr(model.model_options) == options and model.patches == patches
        return text

    return message


@pytest.fixture(scope="module")
def results(run, good):
    """What the nodes give for good input, before bad input and now."""

    def compute():
        subject = run("EncodeSubjects", **good["EncodeSubjects"])[0][0]
        patched = run("ApplyMSDiffusion", **good["ApplyMSDiffusion"])[0]
        patches = patched.model_options["transformer_options"]["patches_replace"]["attn2"]
        value = patches["middle", 0, 9].tokens[0].home.value
        return [subject.image_features, subject.phrase_embedding, value]

    before = compute()
    return lambda: zip(before, compute(), strict=True)


@pytest.fixture
def next_run_works(results):
    yield
    assert all(torch.equal(before, now) for before, now in results())
