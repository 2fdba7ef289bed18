"""Files of subjects between versions: fields that a subject gets later, and their values."""

from dataclasses import dataclass

import pytest
from subject_cases import assert_same, refusal, round_trip, subject, write

from msdiffusion_nodes import subject_files
from msdiffusion_nodes.subject_files import load_subjects, save_subjects
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


WRONG_LATER = [
    {"later_float": "1"},
    {"later_float": None},
    {"later_float": True},
    {"later_float": 10**400},
    {"later_bool": 1},
    {"later_int": 1.5},
    {"later_str": 0},
    {"later_tuple": [1.0, "2"]},
    {"later_tuple": 1.0},
    {"later_tuple": [[1.0]]},
    {"later_pair": [1, 2, 3]},
    {"later_pair": {"0": 1}},
]


@pytest.mark.parametrize("values", WRONG_LATER)
def test_a_value_that_its_field_cannot_hold_is_refused(tmp_path, later, values):
    write(tmp_path / "a.safetensors", entry={"phrase": "dog", **values})
    assert f"subject 1: its {next(iter(values))} is " in refusal(tmp_path / "a.safetensors")


@pytest.mark.parametrize("number", ["NaN", "Infinity", "-Infinity", "1e999"])
def test_numbers_that_are_not_finite_are_refused(tmp_path, later, number):
    contents = '{"version": 1, "subjects": [{"phrase": "dog", "later_float": NUMBER}]}'
    contents = contents.replace("NUMBER", number)
    write(tmp_path / "a.safetensors", contents)
    assert "its later_float is" in refusal(tmp_path / "a.safetensors")
