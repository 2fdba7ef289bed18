"""Inputs for the tests that no encoder has to make."""

from dataclasses import replace

import torch

PICTURE = torch.rand(1, 48, 64, 3, generator=torch.Generator().manual_seed(0))


def two_subjects(pack, features=40, phrase=24):
    make = pack.subjects.Subject
    return [make(name, torch.ones(1, 17, features), torch.ones(phrase)) for name in ("dog", "cat")]


def changed(subject, **fields):
    """A subject with other fields where they fit; no other one can be made."""
    try:
        return replace(subject, **fields)
    except ValueError:
        return subject
