"""A subject checks itself, whoever makes it: a node, a file or another pack."""

import pytest
import torch
from subject_cases import full, refusal, subject, write

from msdiffusion_nodes.errors import InputError
from msdiffusion_nodes.subjects import Subject, parse_weights

GOOD = {"phrase": "dog", "image_features": full(1.0, 2, 5, 8), "phrase_embedding": full(1.0, 6)}

WRONG_TENSORS = {
    "nan": {"image_features": full(torch.nan, 1, 5, 8)},
    "infinity": {"phrase_embedding": full(torch.inf, 6)},
    "no views": {"image_features": full(1.0, 5, 8)},
    "nothing in it": {"image_features": torch.zeros(0, 5, 8)},
    "two phrases": {"phrase_embedding": full(1.0, 1, 6)},
    "whole numbers": {"phrase_embedding": torch.ones(6, dtype=torch.int64)},
    "float64": {"image_features": full(1.0, 1, 5, 8).double()},
    "no values": {"phrase_embedding": torch.ones(6, device="meta")},
    "sparse": {"phrase_embedding": torch.ones(6).to_sparse()},
    "no tensor": {"image_features": [[[1.0]]]},
}

WRONG_VALUES = [
    {"phrase": 3},
    {"phrase": "\ud800"},
    {"weight": "1"},
    {"weight": True},
    {"weight": 10**400},
    {"start_percent": None},
    {"end_percent": "0"},
    {"enabled": 1},
    {"everywhere": None},
    {"view_weights": 1.0},
    {"view_weights": {"0": 1}},
    {"view_weights": [[1.0]]},
    {"view_weights": [1.0, "2"]},
]


@pytest.mark.parametrize("what", WRONG_TENSORS)
def test_a_tensor_that_no_encoder_gives_is_refused(what):
    name = next(iter(WRONG_TENSORS[what]))
    with pytest.raises(InputError, match=f"its {name} .*encode the subjects again"):
        Subject(**GOOD | WRONG_TENSORS[what])


@pytest.mark.parametrize("values", WRONG_VALUES)
def test_a_value_that_its_field_cannot_hold_is_refused(values):
    with pytest.raises(InputError, match=f"its {next(iter(values))} is .*; expected"):
        Subject(**GOOD | values)


@pytest.mark.parametrize("values", WRONG_VALUES[2:])
def test_such_a_value_is_refused_from_a_file_too(tmp_path, values):
    write(tmp_path / "a.safetensors", entry={"phrase": "dog", **values})
    assert f"subject 1: its {next(iter(values))} is " in refusal(tmp_path / "a.safetensors")


@pytest.mark.parametrize("number", ["NaN", "Infinity", "-Infinity", "1e999"])
def test_numbers_that_are_not_finite_are_refused(tmp_path, number):
    contents = '{"version": 1, "subjects": [{"phrase": "dog", "weight": NUMBER}]}'
    write(tmp_path / "a.safetensors", contents.replace("NUMBER", number))
    assert "its weight is" in refusal(tmp_path / "a.safetensors")


def test_an_empty_phrase_is_refused():
    with pytest.raises(InputError, match="phrase is empty"):
        subject(" ")


@pytest.mark.parametrize("weights", [(), (1.0,), (1.0, 1.0, 1.0)])
def test_weights_of_views_are_one_a_view(weights):
    with pytest.raises(InputError, match=f"{len(weights)} view_weights for 2 views"):
        Subject(**GOOD, view_weights=weights)


def test_what_fits_is_taken():
    made = Subject(**GOOD, weight=1, view_weights=(0.5, 2), enabled=False, everywhere=True)
    assert made.weight == 1 and made.view_weights == (0.5, 2)


WRONG_WEIGHTS = dict.fromkeys(("much", "0.6; 1", "0.6, ", "nan, 1", "1, inf"), "expected numbers")
WRONG_WEIGHTS |= {"0.6": "1 number.* 2 subjects", "1, 1, 1": "3 numbers.* 2 subjects"}


@pytest.mark.parametrize("text", WRONG_WEIGHTS)
def test_weights_that_are_none_or_too_few_or_too_many_are_shown(text):
    with pytest.raises(InputError, match=WRONG_WEIGHTS[text]) as caught:
        parse_weights(text, 0.6, 2)
    assert f'"{text}"' in str(caught.value)
