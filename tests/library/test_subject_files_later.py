"""Files of subjects between versions: fields that a subject gets later, and their values."""

from dataclasses import dataclass

import pytest
from subject_cases import assert_same, refusal, round_trip, subject

from msdiffusion_nodes.files import subject_files
from msdiffusion_nodes.files.subject_files import load_subjects, save_subjects
from msdiffusion_nodes.subjects import Subject


@dataclass(frozen=True)
class Later(Subject):
    """A subject as a later version may have it."""

    later_float: float = 1.0
    later_bool: bool = True
    later_int: int = 3
    later_str: str = ""
    later_tuple: tuple[float, ...] | None = None
    later_pair: tuple[int, float] = (0, 1.0)


LATER = [
    {},
    {
        "later_float": 0.1 + 0.2,
        "later_bool": False,
        "later_int": -7,
        "later_str": "ö",
        "later_pair": (2, 0.5),
    },
    {"later_tuple": (0.25, 1.0, 1 / 3)},
    {"later_tuple": ()},
    {"later_float": 2},  # a whole number in a field of fractions
]


@pytest.fixture
def later(monkeypatch):
    monkeypatch.setattr(subject_files, "Subject", Later)


@pytest.mark.parametrize("values", LATER)
def test_fields_that_a_subject_gets_later_are_saved_by_themselves(tmp_path, later, values):
    subjects = [subject(kind=Later, **values), subject("cat", kind=Later)]
    assert_same(round_trip(tmp_path / "a.safetensors", subjects), subjects)


def test_a_file_from_before_a_field_takes_its_default(tmp_path, monkeypatch):
    save_subjects(tmp_path / "a.safetensors", [subject()])
    monkeypatch.setattr(subject_files, "Subject", Later)
    assert_same(load_subjects(tmp_path / "a.safetensors"), [subject(kind=Later)])


def test_a_file_of_a_later_version_asks_for_an_update(tmp_path):
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(subject_files, "Subject", Later)
        save_subjects(tmp_path / "a.safetensors", [subject(kind=Later)])
    message = refusal(tmp_path / "a.safetensors")
    assert "'later_" in message and "update ComfyUI-MSDiffusion" in message
