"""SaveSubjects, and LoadSubjects behind it: the same picture without CLIP vision; bad names."""

import os
from pathlib import Path

import folder_paths
import pytest
import torch
from comfy import model_management
from sampling import ksampler, two_pictures
from subject_folder import offered


def assert_same(one, other):
    assert [subject.phrase for subject in one] == [subject.phrase for subject in other]
    for mine, yours in zip(one, other, strict=True):
        for name in ("image_features", "phrase_embedding"):
            first, second = getattr(mine, name), getattr(yours, name)
            assert first.dtype == second.dtype and torch.equal(first, second)


def test_a_picture_from_loaded_subjects_is_the_same_without_clip_vision(
    save_subjects, load_subjects, tiny, patch, subjects, monkeypatch
):
    expected = ksampler(tiny, patch())
    assert not torch.equal(expected, ksampler(tiny, tiny.model))
    model_management.unload_all_models()
    calls = []
    monkeypatch.setattr(tiny.clip_vision, "encode_image", lambda *a, **k: calls.append(a))
    hook = tiny.clip_vision.model.register_forward_pre_hook(lambda *a: calls.append(a))
    save_subjects()
    assert torch.equal(ksampler(tiny, patch(subjects=load_subjects())), expected)
    hook.remove()
    loaded = [entry.model for entry in model_management.current_loaded_models]
    assert calls == [] and loaded and tiny.clip_vision.patcher not in loaded


def test_the_encoder_is_seen_where_it_is_used(run, tiny):
    # the test above must not pass because nobody ever sees it
    model_management.unload_all_models()
    run(
        "EncodeSubjects",
        clip=tiny.clip,
        clip_vision=tiny.clip_vision,
        phrases="dog",
        image_1=two_pictures()[0],
    )
    loaded = [entry.model for entry in model_management.current_loaded_models]
    assert tiny.clip_vision.patcher in loaded


def test_views_chains_and_phrases_come_back_to_the_bit(
    save_subjects, load_subjects, run, tiny, subjects
):
    encoders = {"clip": tiny.clip, "clip_vision": tiny.clip_vision}
    views = torch.cat(two_pictures())
    phrases = "grüner Käfer\n柴犬"
    pictures = {"image_1": views, "image_2": views[:1]}
    chained = run("EncodeSubjects", phrases=phrases, subjects=subjects, **pictures, **encoders)[0]
    assert [len(subject.image_features) for subject in chained] == [1, 1, 2, 1]
    loaded = load_subjects(save_subjects("四", chained))
    assert_same(loaded, chained)
    again = run("EncodeSubjects", phrases="hat", subjects=loaded, image_1=views, **encoders)[0]
    assert_same(load_subjects(save_subjects("five", again))[:4], chained)


def test_subjects_of_another_encoder_are_refused_where_they_are_applied(
    save_subjects, load_subjects, run, tiny, patch
):
    wide = tiny.models.clip_vision(config="clip_vision_wide.json")
    first, second = two_pictures()
    pictures = {"image_1": first, "image_2": second, "phrases": "dog\ncat"}
    save_subjects(given=run("EncodeSubjects", clip=tiny.clip, clip_vision=wide, **pictures)[0])
    with pytest.raises(ValueError) as caught:
        patch(subjects=load_subjects())
    message = str(caught.value)
    assert message.startswith("subjects: clip_vision gives 48-wide features")
    assert "this adapter needs" in message and "(40)" in message


@pytest.mark.parametrize(
    "prefix", ["msdiffusion/subjects", "dog", "a/b/c/dog", "dogs/", "50 % dog"]
)
def test_every_save_is_a_file_of_its_own(
    prefix, save_subjects, load_subjects, output_folder, file_nodes, subjects
):
    names = [save_subjects(prefix, subjects[:count]) for count in (1, 2, 1)]
    assert len(set(names)) == 3 and set(offered(file_nodes)) == set(names)
    assert [len(load_subjects(name)) for name in names] == [1, 2, 1]
    start = os.path.normpath(prefix)
    assert names == [f"{start}_{number:05}_.safetensors" for number in (1, 2, 3)]
    files = [path for path in output_folder.rglob("*") if path.is_file()]
    assert len(files) == 3, "and nothing else is left behind"


def test_dates_in_a_prefix_are_filled_in(save_subjects):
    name = save_subjects("%year%/dog-%month%")
    assert "%" not in name and name.endswith("_00001_.safetensors")


def test_a_file_that_comfyui_does_not_count_is_not_overwritten(
    save_subjects, output_folder, monkeypatch, subjects
):
    first = save_subjects()
    before = (output_folder / first).read_bytes()
    folder, name = output_folder / "msdiffusion", "subjects"
    answer = (str(folder), name, 1, "msdiffusion", "msdiffusion/subjects")
    monkeypatch.setattr(folder_paths, "get_save_image_path", lambda *given: answer)
    assert save_subjects(given=subjects[:1]) == "msdiffusion/subjects_00002_.safetensors"
    assert (output_folder / first).read_bytes() == before


BAD_PREFIXES = {
    "": "names no file",
    "  ": "names no file",
    ".": "names no file",
    "/": "names no file",
    "dog/..": "names no file",
    "..": "names no file",
    "../dog": "leaves ComfyUI's output folder",
    "dog/../../cat": "leaves ComfyUI's output folder",
    "/tmp/dog": "leaves ComfyUI's output folder",
    "../output2/dog": "leaves ComfyUI's output folder",
    "dog\0": "null",
    "dog\0/cat": "x00/cat",  # newer ComfyUIs say it in other words
    "dog\ud800": "names no file",
    "x" * 300: "too long",
    "in_the_way.txt/dog": "irectory",
}


@pytest.mark.parametrize("prefix", BAD_PREFIXES, ids=range(len(BAD_PREFIXES)))
def test_bad_prefixes(prefix, save_subjects, output_folder):
    (output_folder / "in_the_way.txt").touch()
    with pytest.raises(ValueError) as caught:
        save_subjects(prefix)
    message = str(caught.value)
    assert message.startswith("filename_prefix: ") and BAD_PREFIXES[prefix] in message
    assert "\n" not in message and len(message) < 600 and message.encode()
    assert "expected" in message or "choose another name" in message
    assert list(output_folder.parent.rglob("*.safetensors")) == []


def test_a_full_disk(save_subjects, output_folder, monkeypatch):
    def full(self, data):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(Path, "write_bytes", full)
    with pytest.raises(ValueError) as caught:
        save_subjects()
    parts = ["filename_prefix: ", "subjects_00001_", "No space left on device", "make room"]
    assert all(part in str(caught.value) for part in parts)
    assert [path for path in output_folder.rglob("*") if path.is_file()] == []


def test_an_empty_list_is_not_saved(save_subjects, output_folder):
    with pytest.raises(ValueError, match="^subjects: .*no subjects"):
        save_subjects(given=[])
    assert [path for path in output_folder.rglob("*") if path.is_file()] == []
