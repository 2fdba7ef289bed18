"""Files of subjects: back come the same bits; anything else is refused with a way out."""

import json
import os
import pickle
import random
import threading
import time
from dataclasses import dataclass, fields
from pathlib import Path

import pytest
import torch
from safetensors.torch import save, save_file

from msdiffusion_nodes import subject_files
from msdiffusion_nodes.subject_files import holds_subjects, load_subjects, save_subjects
from msdiffusion_nodes.subjects import Subject

KEY = "msdiffusion_subjects"
FEATURES, PHRASE = "0.image_features", "0.phrase_embedding"
READABLE = 500  # characters; a message longer than this is a dump
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


def refusal(path: Path) -> str:
    """Why a file is refused: soon, naming the file and saying what to do."""
    began = time.thread_time()
    with pytest.raises(ValueError) as caught:
        load_subjects(path)
    assert time.thread_time() - began < 1
    message = str(caught.value)
    assert type(caught.value) is ValueError
    assert message.startswith(f"{path.name}: ")
    assert any(fix in message for fix in FIXES), message
    assert len(message) < READABLE and "\n" not in message
    message.encode()
    return message


@pytest.mark.parametrize("dtype", [torch.float32, torch.float16, torch.bfloat16])
@pytest.mark.parametrize("views", [1, 3])
def test_subjects_come_back_to_the_bit(tmp_path, dtype, views):
    subjects = [subject("dog", views, dtype=dtype), subject("a cat", dtype=dtype)]
    assert_same(round_trip(tmp_path / "a.safetensors", subjects), subjects)


def test_features_and_phrase_keep_dtypes_of_their_own(tmp_path):
    mixed = Subject("dog", torch.ones(1, 5, 8).half(), torch.ones(6))
    assert_same(round_trip(tmp_path / "a.safetensors", [mixed]), [mixed])


@pytest.mark.parametrize(
    "phrase",
    ["grüner Käfer", "柴犬　の子", "👩‍🚀 \U0001f680", 'a "quoted" \\ dog', "x" * 2000, "e\u0301"],
)
def test_any_phrase_comes_back(tmp_path, phrase):
    subjects = [subject(phrase), subject("dog")]
    assert_same(round_trip(tmp_path / "ä 犬.safetensors", subjects), subjects)


def test_more_than_ten_subjects_keep_their_order(tmp_path):
    subjects = [subject("x" * number) for number in range(1, 25)]
    assert_same(round_trip(tmp_path / "a.safetensors", subjects), subjects)


def test_shared_and_strided_tensors_are_saved(tmp_path):
    batch = torch.randn(8, 5, 4, 2).transpose(0, 3)[0]  # what safetensors itself refuses
    shared = Subject("dog", batch.movedim(0, 1), torch.randn(12)[::2])
    subjects = [shared, shared, Subject("cat", shared.image_features, shared.phrase_embedding)]
    assert not shared.image_features.is_contiguous()
    assert_same(round_trip(tmp_path / "a.safetensors", subjects), subjects)


def test_loaded_subjects_do_not_depend_on_the_file(tmp_path):
    path, subjects = tmp_path / "a.safetensors", [subject()]
    loaded = round_trip(path, subjects)
    path.write_bytes(bytes(path.stat().st_size))
    assert_same(loaded, subjects)


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


def good_tensors():
    good = subject()
    return {FEATURES: good.image_features, PHRASE: good.phrase_embedding}


def write(path, contents=None, entry=None, tensors=None, **changes):
    """A file with something changed: its JSON, the entry of its subject or its tensors."""
    contents = contents or json.dumps(
        {"version": 1, "subjects": [entry or {"phrase": "dog"}]} | changes
    )
    save_file(good_tensors() | (tensors or {}), path, {KEY: contents})


def test_the_good_file_of_these_tests_is_good(tmp_path):
    write(tmp_path / "a.safetensors")
    assert_same(load_subjects(tmp_path / "a.safetensors"), [subject()])


def full(value, *shape):
    return torch.full(shape, value)


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
    for length in range(len(whole)):
        path.write_bytes(whole[:length])
        message = refusal(path)
        assert ("0 bytes" if length == 0 else "cut short") in message
    path.write_bytes(whole + b"\0")
    refusal(path)


class Hostile(str):
    """Unpickling it creates a folder of this name."""

    def __reduce__(self):
        return os.mkdir, (str(self),)


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
    for _ in range(2000):
        data = bytearray(whole)
        for _ in range(rng.choice([1, 2, 5])):
            place = rng.randrange(rng.choice([len(data), 400]))
            data[place] = rng.choice([rng.randrange(256), *b'0{}[]",:'])
        path.write_bytes(data)
        assert holds_subjects(path) in (True, False)
        try:
            assert len(load_subjects(path)) == 2
        except ValueError:
            refused += 1
            refusal(path)
    assert refused > 500


UNSAVEABLE = {
    "none at all": ([], "no subjects"),
    "NaN": ([Subject("dog", full(torch.nan, 1, 5, 8), full(1.0, 6))], "subject 1: its image_f"),
    "no dimension": ([subject(), Subject("cat", full(1.0, 8), full(1.0, 6))], "subject 2: "),
    "different encoders": ([subject(), subject(width=9)], "different encoders"),
    "an empty phrase": ([subject(" ")], "phrase is empty"),
}


@pytest.mark.parametrize("what", UNSAVEABLE)
def test_what_could_not_be_loaded_is_not_saved(tmp_path, what):
    subjects, part = UNSAVEABLE[what]
    with pytest.raises(ValueError) as caught:
        save_subjects(tmp_path / "a.safetensors", subjects)
    assert part in str(caught.value)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("existing", [True, False])
def test_a_full_disk_leaves_all_as_it_was(tmp_path, monkeypatch, existing):
    path = tmp_path / "a.safetensors"
    if existing:
        save_subjects(path, [subject()])

    def half(self, data):
        with open(self, "wb") as file:
            file.write(data[: len(data) // 2])
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr(Path, "write_bytes", half)
        with pytest.raises(OSError, match="No space"):
            save_subjects(path, [subject("cat")])
    assert list(tmp_path.iterdir()) == [path] * existing
    if existing:
        assert_same(load_subjects(path), [subject()])


def test_a_reader_never_sees_half_a_file(tmp_path):
    path, errors, done = tmp_path / "a.safetensors", [], threading.Event()
    versions = [[subject("dog", tokens=200)], [subject("cat", tokens=100)]]
    save_subjects(path, versions[0])

    def read():
        while not done.is_set():
            try:
                assert load_subjects(path)[0].image_features.shape[1] in (100, 200)
            except Exception as error:
                errors.append(error)

    reader = threading.Thread(target=read)
    reader.start()
    for turn in range(200):
        save_subjects(path, versions[turn % 2])
    done.set()
    reader.join()
    assert errors == []


def test_a_name_of_full_length_can_be_saved(tmp_path):
    path = tmp_path / ("x" * 243 + ".safetensors")
    assert_same(round_trip(path, [subject()]), [subject()])
