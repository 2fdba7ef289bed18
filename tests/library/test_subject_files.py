"""Files of subjects: back come the same bits, and a file is there whole or not at all."""

import threading
from pathlib import Path

import pytest
import torch
from subject_cases import assert_same, round_trip, subject

from msdiffusion_nodes.errors import InputError
from msdiffusion_nodes.files.subject_files import load_subjects, save_subjects
from msdiffusion_nodes.subjects import Subject


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


UNSAVEABLE = {
    "none at all": ([], "no subjects"),
    "different encoders": ([subject(), subject(width=9)], "different encoders"),
}


@pytest.mark.parametrize("what", UNSAVEABLE)
def test_what_could_not_be_loaded_is_not_saved(tmp_path, what):
    subjects, part = UNSAVEABLE[what]
    with pytest.raises(InputError) as caught:
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
