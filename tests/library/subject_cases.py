"""Files of subjects for the tests: good ones, faulty ones, and how these are refused."""

import json
from dataclasses import fields
from pathlib import Path

import refusing
import torch
from safetensors.torch import save_file

from msdiffusion_nodes.files.subject_files import holds_subjects, load_subjects, save_subjects
from msdiffusion_nodes.subjects import Subject

KEY = "msdiffusion_subjects"
FEATURES, PHRASE = "0.image_features", "0.phrase_embedding"
FIXES = (
    "save the subjects again",
    "encode the subjects again",
    "choose",
    "update",
    "encode all",
    "from Encode Subjects",
)


def subject(phrase="dog", views=1, tokens=5, width=8, dtype=torch.float32, kind=Subject, **more):
    """A subject of random numbers, zeros of both signs and the smallest numbers there are."""
    generator = torch.Generator().manual_seed(len(phrase))
    features = torch.randn(views, tokens, width, generator=generator)
    features[0, 0, :3] = torch.tensor([-0.0, 1e-45, -6e-8])
    embedding = torch.randn(6, generator=generator)
    return kind(phrase, features.to(dtype), embedding.to(dtype), **more)


def assert_same(one, other):
    """Equal to the bit in every field."""
    assert [entry.phrase for entry in one] == [entry.phrase for entry in other]
    for mine, yours in zip(one, other, strict=True):
        for field in fields(mine):
            first, second = getattr(mine, field.name), getattr(yours, field.name)
            if isinstance(first, torch.Tensor):
                assert first.dtype == second.dtype and first.shape == second.shape
                first, second = (t.contiguous().view(torch.uint8) for t in (first, second))
                assert torch.equal(first, second)
            else:
                assert first == second and type(first) is type(second)


def round_trip(path, subjects):
    save_subjects(path, subjects)
    assert holds_subjects(path)
    return load_subjects(path)


def good_tensors():
    good = subject()
    return {FEATURES: good.image_features, PHRASE: good.phrase_embedding}


def write(path, contents=None, entry=None, tensors=None, **changes):
    """A file with something changed: its JSON, the entry of its subject or its tensors."""
    contents = contents or json.dumps(
        {"version": 1, "subjects": [entry or {"phrase": "dog"}]} | changes
    )
    save_file(good_tensors() | (tensors or {}), path, {KEY: contents})


def full(value, *shape):
    return torch.full(shape, value)


def refusal(path: Path) -> str:
    """Why a file is refused; see `refusing`."""
    message = refusing.refusal(load_subjects, path, FIXES)
    assert message.startswith(f"{path.name}: ")
    message.encode()
    return message
