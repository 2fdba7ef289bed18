"""SaveSubjects and LoadSubjects: the same picture without CLIP vision; every bad file or name."""

import asyncio
import os
from importlib import import_module
from pathlib import Path

import execution
import folder_paths
import nodes
import pytest
import torch
from comfy import model_management
from safetensors.torch import save_file
from sampling import ksampler, two_pictures

IDS = ("SaveSubjects", "LoadSubjects")
SAVED = "msdiffusion/subjects_00001_.safetensors"


@pytest.fixture(scope="module")
def module(pack):
    return import_module(f"{pack.layout.__package__}.comfy.nodes_subject_files")


@pytest.fixture
def output(tmp_path, monkeypatch):
    """An output folder that is empty at the beginning."""
    folder = tmp_path / "output"
    folder.mkdir()
    monkeypatch.setattr(folder_paths, "output_directory", str(folder))
    return folder


@pytest.fixture
def save(module, output, subjects):
    """SaveSubjects as ComfyUI runs it: gives the name in the output folder."""

    def node(prefix="msdiffusion/subjects", given=subjects):
        with torch.inference_mode():
            answer = module.SaveSubjects().save(given, prefix)
        assert answer["result"][0] is given
        return answer["ui"]["text"][0]

    return node


@pytest.fixture
def load(module, output):
    def node(name=SAVED):
        assert module.LoadSubjects.VALIDATE_INPUTS(name) is True
        with torch.inference_mode():
            return module.LoadSubjects().load(name)[0]

    return node


def offered(module):
    return module.LoadSubjects.INPUT_TYPES()["required"]["file"][0]


def assert_same(one, other):
    assert [subject.phrase for subject in one] == [subject.phrase for subject in other]
    for mine, yours in zip(one, other, strict=True):
        for name in ("image_features", "phrase_embedding"):
            first, second = getattr(mine, name), getattr(yours, name)
            assert first.dtype == second.dtype and torch.equal(first, second)


def test_a_picture_from_loaded_subjects_is_the_same_without_clip_vision(
    save, load, tiny, patch, subjects, monkeypatch
):
    expected = ksampler(tiny, patch())
    assert not torch.equal(expected, ksampler(tiny, tiny.model))
    model_management.unload_all_models()
    calls = []
    monkeypatch.setattr(tiny.clip_vision, "encode_image", lambda *a, **k: calls.append(a))
    hook = tiny.clip_vision.model.register_forward_pre_hook(lambda *a: calls.append(a))
    save()
    assert torch.equal(ksampler(tiny, patch(subjects=load())), expected)
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


def test_views_chains_and_phrases_come_back_to_the_bit(save, load, run, tiny, subjects):
    encoders = {"clip": tiny.clip, "clip_vision": tiny.clip_vision}
    views = torch.cat(two_pictures())
    phrases = "grüner Käfer\n柴犬"
    pictures = {"image_1": views, "image_2": views[:1]}
    chained = run("EncodeSubjects", phrases=phrases, subjects=subjects, **pictures, **encoders)[0]
    assert [len(subject.image_features) for subject in chained] == [1, 1, 2, 1]
    loaded = load(save("四", chained))
    assert_same(loaded, chained)
    again = run("EncodeSubjects", phrases="hat", subjects=loaded, image_1=views, **encoders)[0]
    assert_same(load(save("five", again))[:4], chained)


def test_subjects_of_another_encoder_are_refused_where_they_are_applied(
    save, load, run, tiny, patch
):
    wide = tiny.models.clip_vision(config="clip_vision_wide.json")
    first, second = two_pictures()
    pictures = {"image_1": first, "image_2": second, "phrases": "dog\ncat"}
    save(given=run("EncodeSubjects", clip=tiny.clip, clip_vision=wide, **pictures)[0])
    with pytest.raises(ValueError) as caught:
        patch(subjects=load())
    message = str(caught.value)
    assert message.startswith("subjects: clip_vision gives 48-wide features")
    assert "this adapter needs" in message and "(40)" in message


@pytest.mark.parametrize(
    "prefix", ["msdiffusion/subjects", "dog", "a/b/c/dog", "dogs/", "50 % dog"]
)
def test_every_save_is_a_file_of_its_own(prefix, save, load, output, module, subjects):
    names = [save(prefix, subjects[:count]) for count in (1, 2, 1)]
    assert len(set(names)) == 3 and set(offered(module)) == set(names)
    assert [len(load(name)) for name in names] == [1, 2, 1]
    start = os.path.normpath(prefix)
    assert names == [f"{start}_{number:05}_.safetensors" for number in (1, 2, 3)]
    files = [path for path in output.rglob("*") if path.is_file()]
    assert len(files) == 3, "and nothing else is left behind"


def test_dates_in_a_prefix_are_filled_in(save):
    name = save("%year%/dog-%month%")
    assert "%" not in name and name.endswith("_00001_.safetensors")


def test_a_file_that_comfyui_does_not_count_is_not_overwritten(save, output, monkeypatch, subjects):
    first = save()
    before = (output / first).read_bytes()
    folder, name = output / "msdiffusion", "subjects"
    answer = (str(folder), name, 1, "msdiffusion", "msdiffusion/subjects")
    monkeypatch.setattr(folder_paths, "get_save_image_path", lambda *given: answer)
    assert save(given=subjects[:1]) == "msdiffusion/subjects_00002_.safetensors"
    assert (output / first).read_bytes() == before


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
    "dog\0/cat": "null",
    "dog\ud800": "names no file",
    "x" * 300: "too long",
    "in_the_way.txt/dog": "irectory",
}


@pytest.mark.parametrize("prefix", BAD_PREFIXES, ids=range(len(BAD_PREFIXES)))
def test_bad_prefixes(prefix, save, output):
    (output / "in_the_way.txt").touch()
    with pytest.raises(ValueError) as caught:
        save(prefix)
    message = str(caught.value)
    assert message.startswith("filename_prefix: ") and BAD_PREFIXES[prefix] in message
    assert "\n" not in message and len(message) < 600 and message.encode()
    assert "expected" in message or "choose another name" in message
    assert list(output.parent.rglob("*.safetensors")) == []


def test_a_full_disk(save, output, monkeypatch):
    def full(self, data):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(Path, "write_bytes", full)
    with pytest.raises(ValueError) as caught:
        save()
    parts = ["filename_prefix: ", "subjects_00001_", "No space left on device", "make room"]
    assert all(part in str(caught.value) for part in parts)
    assert [path for path in output.rglob("*") if path.is_file()] == []


def test_bad_subjects_are_not_saved(save, output, pack):
    broken = pack.subjects.Subject("dog", torch.full((1, 17, 40), torch.nan), torch.ones(24))
    for given, part in (
        ([], "no subjects"),
        ([broken], "subject 1: its image_features is not fin"),
    ):
        with pytest.raises(ValueError) as caught:
            save(given=given)
        assert str(caught.value).startswith("subjects: ") and part in str(caught.value)
    assert [path for path in output.rglob("*") if path.is_file()] == []


def test_the_newest_file_is_offered_first(save, module, output):
    assert offered(module) == []
    names = [save("b"), save("a/z"), save("c")]
    for age, name in enumerate(names):
        os.utime(output / name, (1e9 - age, 1e9 - age))
    assert offered(module) == names
    os.utime(output / names[2], (2e9, 2e9))
    assert offered(module) == [names[2], *names[:2]]


def make_folder(path):
    path.mkdir()


OTHERS = {
    "empty": lambda path: path.touch(),
    "page": lambda path: path.write_text("<!doctype html>" * 99),
    "zeros": lambda path: path.write_bytes(bytes(99)),
    "lora": lambda path: save_file({"a": torch.ones(2)}, path),
    "lora with metadata": lambda path: save_file({"a": torch.ones(2)}, path, {"format": "pt"}),
    "claims much": lambda path: path.write_bytes((2**62).to_bytes(8, "little")),
    "deep": lambda path: path.write_bytes((9**6).to_bytes(8, "little") + b"[" * 9**6),
    "gone": lambda path: path.symlink_to("/gone"),
    "loop": lambda path: path.symlink_to(path),
    "folder": make_folder,
    "pipe": lambda path: os.mkfifo(path),
}


def test_other_files_are_not_offered_and_break_nothing(save, load, module, output):
    for name, write in OTHERS.items():
        write(output / f"{name}.safetensors")
    (output / "round").symlink_to(output)
    (output / "picture.png").touch()
    save("dog")
    assert offered(module) == ["dog_00001_.safetensors"]
    for name in OTHERS:
        answer = module.LoadSubjects.VALIDATE_INPUTS(f"{name}.safetensors")
        assert answer.startswith("file: ")
        with pytest.raises(ValueError, match="^file: .* choose another file"):
            module.LoadSubjects().load(f"{name}.safetensors")


def test_a_missing_output_folder_breaks_nothing(module, output):
    output.rmdir()
    assert offered(module) == []
    assert "none at all" in module.LoadSubjects.VALIDATE_INPUTS(SAVED)


def test_each_version_of_a_file_is_read_once(save, module, output, monkeypatch):
    calls, original = [], module.holds_subjects
    monkeypatch.setattr(module, "holds_subjects", lambda path: calls.append(path) or original(path))
    names = [save("dog"), save("cat")]
    save_file({"a": torch.ones(2)}, output / "lora.safetensors")
    for _ in range(3):
        assert set(offered(module)) == set(names)
    assert len(calls) == 3
    os.utime(output / names[0], (1e9, 1e9))
    assert offered(module) == names[::-1] and len(calls) == 4
    save_file({"a": torch.ones(3)}, output / names[1])
    assert offered(module) == names[:1] and len(calls) == 5


def test_a_changed_file_is_loaded_again(save, module, output, subjects):
    name, is_changed = save(), module.LoadSubjects.IS_CHANGED
    first = is_changed(name)
    assert is_changed(name) == first
    os.utime(output / name, (1e9, 1e9))
    second = is_changed(name)
    (output / name).unlink()
    assert save(given=subjects[:1]) == name
    os.utime(output / name, (1e9, 1e9))
    third = is_changed(name)
    (output / name).unlink()
    assert len({first, second, third, is_changed(name)}) == 4


def cut(data):
    return data[: len(data) * 2 // 3]


def other_version(data):
    return data.replace(rb"\"version\": 1", rb"\"version\": 7")


def not_a_number(data):
    return data[:-4] + b"\xff" * 4


@pytest.mark.parametrize(
    "change, part",
    [(cut, "cut short"), (other_version, "version 7; expected 1"), (not_a_number, "not finite")],
)
def test_a_broken_file_of_ours_says_so_under_the_input(change, part, save, load, output):
    path = output / save()
    path.write_bytes(change(path.read_bytes()))
    with pytest.raises(ValueError) as caught:
        load()
    assert str(caught.value).startswith(f"file: {path.name}: ") and part in str(caught.value)


def validate(name):
    """ComfyUI's own check of a prompt that loads subjects and saves them again."""
    prompt = {
        "1": {"class_type": "LoadSubjects", "inputs": {"file": name}},
        "2": {
            "class_type": "SaveSubjects",
            "inputs": {"subjects": ["1", 0], "filename_prefix": "again"},
        },
    }
    valid, _, _, errors = asyncio.run(execution.validate_prompt("id", prompt, None))
    return valid, [error["details"] for error in errors.get("1", {}).get("errors", [])]


@pytest.fixture
def registered(module, monkeypatch):
    for name in IDS:
        monkeypatch.setitem(nodes.NODE_CLASS_MAPPINGS, name, getattr(module, name))


@pytest.mark.parametrize(
    "name",
    [
        "../secret_00001_.safetensors",
        "{base}/secret_00001_.safetensors",
        "{base}/output/" + SAVED,
        "msdiffusion/../" + SAVED,
        "./" + SAVED,
        SAVED.replace("/", "//"),
        SAVED.replace("/", "\\"),
        SAVED + "\0",
        SAVED + " [output]",
        "msdiffusion",
        "",
        "x" * 9999,
        None,
        7,
        {"a": 1},
    ],
    ids=range(15),
)
def test_only_listed_names_are_accepted(name, save, module, output, registered):
    save()
    secret = output.parent / "secret_00001_.safetensors"
    secret.write_bytes((output / SAVED).read_bytes())
    assert validate(SAVED) == (True, [])
    name = name.replace("{base}", str(output.parent)) if isinstance(name, str) else name
    valid, details = validate(name)
    assert not valid and details
    if isinstance(name, str):
        parts = ["file - file: ", SAVED, "Choose another one", "Save Subjects"]
        assert all(part in details[0] for part in parts) and len(details[0]) < 600
        with pytest.raises(ValueError, match="^file: "):
            module.LoadSubjects().load(name)


def test_a_file_deleted_after_the_check(save, module, output):
    name = save()
    (output / name).unlink()
    with pytest.raises(ValueError, match="^file: .* is no longer there; choose another file"):
        module.LoadSubjects().load(name)


@pytest.mark.parametrize("node", IDS)
def test_the_page_finds_all_it_shows(node, module, output):
    shown = getattr(module, node)
    assert shown.CATEGORY == "MS-Diffusion" and shown.DESCRIPTION and shown.SEARCH_ALIASES
    assert shown.RETURN_TYPES == ("MSD_SUBJECTS",) and len(shown.OUTPUT_TOOLTIPS) == 1
    for group in shown.INPUT_TYPES().values():
        assert all(options["tooltip"] for _, options in group.values())
