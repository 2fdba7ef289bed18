"""Files that hold no good subjects: each is refused with a way out, and nothing in it runs."""

import json
import pickle
import random

import pytest
import torch
from refusing import Hostile
from safetensors.torch import save, save_file
from subject_cases import (
    FEATURES,
    KEY,
    PHRASE,
    assert_same,
    full,
    good_tensors,
    refusal,
    subject,
    write,
)

from msdiffusion_nodes.errors import InputError
from msdiffusion_nodes.files.subject_files import holds_subjects, load_subjects, save_subjects


def test_the_good_file_of_these_tests_is_good(tmp_path):
    write(tmp_path / "a.safetensors")
    assert_same(load_subjects(tmp_path / "a.safetensors"), [subject()])


BAD_TENSORS = {
    "two dimensions": ({FEATURES: full(1.0, 5, 8)}, "[5, 8]; expected [views, tokens, width]"),
    "four dimensions": ({FEATURES: full(1.0, 1, 1, 5, 8)}, "[1, 1, 5, 8]; expected [views"),
    "no dimension": ({PHRASE: torch.tensor(1.0)}, "[]; expected [width]"),
    "no views": ({FEATURES: full(1.0, 0, 5, 8)}, "[0, 5, 8]"),
    "no width": ({PHRASE: full(1.0, 0)}, "[0]"),
    "a phrase with rows": ({PHRASE: full(1.0, 1, 6)}, "[1, 6]; expected [width]"),
    "integers": ({FEATURES: full(1, 1, 5, 8)}, "torch.int64"),
    "bools": ({PHRASE: full(True, 6)}, "torch.bool"),
    "doubles": ({FEATURES: full(1.0, 1, 5, 8).double()}, "torch.float64"),
    "eight bits": ({FEATURES: full(1.0, 1, 5, 8).to(torch.float8_e4m3fn)}, "float8_e4m3fn"),
    "complex numbers": ({PHRASE: full(1j, 6)}, "torch.complex64"),
    "NaN": ({FEATURES: full(torch.nan, 1, 5, 8)}, "not finite"),
    "infinity": ({PHRASE: full(torch.inf, 6).half()}, "not finite"),
    "a tensor too many": ({"extra": full(1.0, 2)}, "'extra' is too many"),
    "a subject too many": ({"1.image_features": full(1.0, 1, 5, 8)}, "'1.image_features' is too"),
    "a name of a page": ({"x\n" * 999: full(1.0, 2)}, "is too many"),
}


@pytest.mark.parametrize("what", BAD_TENSORS)
def test_wrong_tensors_are_refused(tmp_path, what):
    tensors, part = BAD_TENSORS[what]
    write(tmp_path / "a.safetensors", tensors=tensors)
    assert part in refusal(tmp_path / "a.safetensors")


@pytest.mark.parametrize("name", [FEATURES, PHRASE])
def test_a_missing_tensor_is_refused(tmp_path, name):
    tensors = good_tensors()
    del tensors[name]
    contents = json.dumps({"version": 1, "subjects": [{"phrase": "dog"}]})
    save_file(tensors, tmp_path / "a.safetensors", {KEY: contents})
    assert f"{name!r} is missing" in refusal(tmp_path / "a.safetensors")


def test_subjects_of_different_encoders_are_refused(tmp_path):
    subjects = [{"phrase": "dog"}, {"phrase": "cat"}]
    wide = {"1.image_features": full(1.0, 1, 5, 9), "1.phrase_embedding": full(1.0, 6)}
    write(tmp_path / "a.safetensors", tensors=wide, subjects=subjects)
    assert "different encoders" in refusal(tmp_path / "a.safetensors")


BAD_CONTENTS = {
    "no JSON": ("dog", "not as Save Subjects writes"),
    "a list": ("[1]", "not as Save Subjects writes"),
    "nothing in it": ("{}", "not as Save Subjects writes"),
    "no version": ('{"subjects": [{"phrase": "dog"}]}', "not as Save Subjects writes"),
    "no subjects": ('{"version": 1}', "not as Save Subjects writes"),
    "brackets without end": ("[" * 100_000, "not as Save Subjects writes"),
    "a number without end": ('{"version": %s}' % ("9" * 100_000), "not as Save Subjects writes"),
    "an empty list": ('{"version": 1, "subjects": []}', "too many for 0 subjects"),
    "one subject, no list": ('{"version": 1, "subjects": {"phrase": "dog"}}', "no list"),
    "names alone": ('{"version": 1, "subjects": ["dog"]}', "no list"),
    "two subjects": ('{"version": 1, "subjects": [{}, {}]}', "'1.image_features' is missing"),
    "another version": ('{"version": 2, "subjects": [{"phrase": "dog"}]}', "version 2; expected 1"),
    "a version in words": ('{"version": "one", "subjects": []}', "version 'one'; expected 1"),
    "a long version": ('{"version": "%s", "subjects": []}' % ("x" * 9999), "expected 1"),
}
BAD_ENTRIES = {
    "no phrase": ({"weight_": 1}, "'weight_'"),
    "nothing": ({}, "phrase is missing"),
    "a number": ({"phrase": 5}, "its phrase is 5; expected str"),
    "null": ({"phrase": None}, "its phrase is None"),
    "a list": ({"phrase": ["dog"]}, "its phrase is ('dog',)"),
    "an empty one": ({"phrase": ""}, "phrase is empty"),
    "blanks": ({"phrase": " \t"}, "phrase is empty"),
    "half a character": ({"phrase": "dog\ud83d"}, "its phrase is 'dog\\ud83d'"),
    "a field of a later version": ({"phrase": "dog", "depth": 1}, "'depth'"),
    "weights for more views": (
        {"phrase": "dog", "view_weights": [1, 0.5]},
        "2 view_weights for 1 v",
    ),
    "a tensor's name": ({"phrase": "dog", "image_features": [1]}, "'image_features'"),
    "a long field": ({"phrase": "dog", "x\n" * 9999: 1}, "does not know"),
}
BAD_CONTENTS |= {
    f"phrase: {what}": (json.dumps({"version": 1, "subjects": [entry]}), part)
    for what, (entry, part) in BAD_ENTRIES.items()
}


@pytest.mark.parametrize("what", BAD_CONTENTS)
def test_bad_contents_are_refused(tmp_path, what):
    contents, part = BAD_CONTENTS[what]
    write(tmp_path / "a.safetensors", contents)
    assert part in refusal(tmp_path / "a.safetensors")


def test_an_empty_list_without_tensors_is_refused(tmp_path):
    save_file({}, tmp_path / "a.safetensors", {KEY: '{"version": 1, "subjects": []}'})
    assert "no subjects" in refusal(tmp_path / "a.safetensors")


def with_header(header: str, data: bytes = b"") -> bytes:
    return len(header.encode()).to_bytes(8, "little") + header.encode() + data


BAD_BYTES = {
    "nothing": (b"", "0 bytes"),
    "text": (b"<!DOCTYPE html><html>404 Not Found</html>", "none of ours"),
    "zeros": (bytes(1000), "none of ours"),
    "a pickle": (pickle.dumps([1, 2, 3]), "none of ours"),
    "another safetensors file": (save({"a": torch.ones(2)}), "holds no subjects"),
    "another one's metadata": (save({"a": torch.ones(2)}, {"format": "pt"}), "holds no subjects"),
    "a header that claims terabytes": ((2**43).to_bytes(8, "little") + b"{}", "claims"),
    "a header of a megabyte": (with_header(" " * 10**6 + "{}"), "claims"),
    "a header that is a list": (with_header("[]"), "none of ours"),
    "a header of brackets": (with_header("[" * 900_000), "none of ours"),
    "metadata that is null": (with_header('{"__metadata__": null}'), "none of ours"),
    "metadata that is no text": (
        with_header('{"__metadata__": {"' + KEY + '": 1}}'),
        "none of ours",
    ),
    "a tensor outside the file": (
        with_header(
            '{"__metadata__": {"' + KEY + '": "{}"}, "a": {"dtype": "F32",'
            ' "shape": [999999999999], "data_offsets": [0, 3999999999996]}}'
        ),
        "none of ours",
    ),
}


@pytest.mark.parametrize("what", BAD_BYTES)
def test_bytes_that_are_no_subjects_are_refused(tmp_path, what):
    data, part = BAD_BYTES[what]
    (tmp_path / "a.safetensors").write_bytes(data)
    assert part in refusal(tmp_path / "a.safetensors")
    assert holds_subjects(tmp_path / "a.safetensors") in (True, False)


def test_only_our_files_hold_subjects(tmp_path):
    for what in ("nothing", "text", "another safetensors file", "another one's metadata"):
        (tmp_path / "a.safetensors").write_bytes(BAD_BYTES[what][0])
        assert not holds_subjects(tmp_path / "a.safetensors")
    assert not holds_subjects(tmp_path / "none.safetensors")
    assert not holds_subjects(tmp_path)


def test_a_missing_file_and_a_folder_are_refused(tmp_path):
    assert "is not there" in refusal(tmp_path / "none.safetensors")
    (tmp_path / "a.safetensors").mkdir()
    assert "not a file" in refusal(tmp_path / "a.safetensors")


def test_a_file_that_was_cut_short_anywhere_is_refused(tmp_path):
    path = tmp_path / "a.safetensors"
    save_subjects(path, [subject()])
    whole = path.read_bytes()
    for length in [*range(0, len(whole), 5), len(whole) - 1]:
        path.write_bytes(whole[:length])
        message = refusal(path)
        assert ("0 bytes" if length == 0 else "cut short") in message
    path.write_bytes(whole + b"\0")
    refusal(path)


@pytest.mark.parametrize("protocol", [0, 2, 5])
def test_nothing_in_a_file_is_executed(tmp_path, protocol):
    path, marker = tmp_path / "a.safetensors", tmp_path / "executed"
    for form in (pickle.dumps, lambda trap, protocol: zipped(tmp_path, trap)):
        path.write_bytes(form(Hostile(marker), protocol))
        refusal(path)
        assert not holds_subjects(path) and not marker.exists()
    contents = pickle.dumps(Hostile(marker), 0).decode()
    write(path, contents)
    refusal(path)
    assert not marker.exists()
    pickle.loads(contents.encode())
    assert marker.exists(), "the trap must work"


def zipped(folder, trap) -> bytes:
    torch.save(trap, folder / "trap.pt")
    return (folder / "trap.pt").read_bytes()


def test_damage_anywhere_never_ends_in_another_error(tmp_path):
    rng, path = random.Random(0), tmp_path / "a.safetensors"
    save_subjects(path, [subject(), subject("cat")])
    whole, refused = path.read_bytes(), 0
    for _ in range(600):
        data = bytearray(whole)
        for _ in range(rng.choice([1, 2, 5])):
            place = rng.randrange(rng.choice([len(data), 400]))
            data[place] = rng.choice([rng.randrange(256), *b'0{}[]",:'])
        path.write_bytes(data)
        assert holds_subjects(path) in (True, False)
        try:
            assert len(load_subjects(path)) == 2
        except InputError:
            refused += 1
            refusal(path)
    assert 150 < refused < 600
