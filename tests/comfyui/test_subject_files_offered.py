"""Which files LoadSubjects offers and takes; every bad file and name."""

import asyncio
import os

import execution
import folder_paths
import nodes
import pytest
import torch
from safetensors.torch import save_file
from subject_folder import SAVED, offered

IDS = ("SaveSubjects", "LoadSubjects")


def test_the_newest_file_is_offered_first(save_subjects, file_nodes, output_folder):
    assert offered(file_nodes) == []
    names = [save_subjects("b"), save_subjects("a/z"), save_subjects("c")]
    for age, name in enumerate(names):
        os.utime(output_folder / name, (1e9 - age, 1e9 - age))
    assert offered(file_nodes) == names
    os.utime(output_folder / names[2], (2e9, 2e9))
    assert offered(file_nodes) == [names[2], *names[:2]]


def test_files_in_the_input_folder_are_offered_too(
    save_subjects, load_subjects, file_nodes, output_folder, tmp_path, monkeypatch
):
    # what shares work among servers brings the input folder along, never the output
    inputs = tmp_path / "input"
    monkeypatch.setattr(folder_paths, "input_directory", str(inputs))
    name, twin = save_subjects("dog"), inputs / "from" / "there.safetensors"
    twin.parent.mkdir(parents=True)
    twin.write_bytes((output_folder / name).read_bytes())
    os.utime(twin, (1e9, 1e9))
    assert offered(file_nodes) == [name, "from/there.safetensors [input]"]
    here, there = load_subjects(name), load_subjects("from/there.safetensors [input]")
    assert torch.equal(here[0].image_features, there[0].image_features)
    before = file_nodes.LoadSubjects.IS_CHANGED("from/there.safetensors [input]")
    os.utime(twin, (2e9, 2e9))
    assert file_nodes.LoadSubjects.IS_CHANGED("from/there.safetensors [input]") != before


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


def test_other_files_are_not_offered_and_break_nothing(
    save_subjects, load_subjects, file_nodes, output_folder
):
    for name, write in OTHERS.items():
        write(output_folder / f"{name}.safetensors")
    (output_folder / "round").symlink_to(output_folder)
    (output_folder / "picture.png").touch()
    save_subjects("dog")
    assert offered(file_nodes) == ["dog_00001_.safetensors"]
    for name in OTHERS:
        answer = file_nodes.LoadSubjects.VALIDATE_INPUTS(f"{name}.safetensors")
        assert answer.startswith("file: ")
        with pytest.raises(ValueError, match="^file: .* choose another file"):
            file_nodes.LoadSubjects().load(f"{name}.safetensors")


def test_a_missing_output_folder_breaks_nothing(file_nodes, output_folder):
    output_folder.rmdir()
    assert offered(file_nodes) == []
    assert "none at all" in file_nodes.LoadSubjects.VALIDATE_INPUTS(SAVED)


def test_each_version_of_a_file_is_read_once(save_subjects, file_nodes, output_folder, monkeypatch):
    calls, original = [], file_nodes.holds_subjects
    monkeypatch.setattr(
        file_nodes, "holds_subjects", lambda path: calls.append(path) or original(path)
    )
    names = [save_subjects("dog"), save_subjects("cat")]
    save_file({"a": torch.ones(2)}, output_folder / "lora.safetensors")
    for _ in range(3):
        assert set(offered(file_nodes)) == set(names)
    assert len(calls) == 3
    os.utime(output_folder / names[0], (1e9, 1e9))
    assert offered(file_nodes) == names[::-1] and len(calls) == 4
    save_file({"a": torch.ones(3)}, output_folder / names[1])
    assert offered(file_nodes) == names[:1] and len(calls) == 5


def test_a_changed_file_is_loaded_again(save_subjects, file_nodes, output_folder, subjects):
    name, is_changed = save_subjects(), file_nodes.LoadSubjects.IS_CHANGED
    first = is_changed(name)
    assert is_changed(name) == first
    os.utime(output_folder / name, (1e9, 1e9))
    second = is_changed(name)
    (output_folder / name).unlink()
    assert save_subjects(given=subjects[:1]) == name
    os.utime(output_folder / name, (1e9, 1e9))
    third = is_changed(name)
    (output_folder / name).unlink()
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
def test_a_broken_file_of_ours_says_so_under_the_input(
    change, part, save_subjects, load_subjects, output_folder
):
    path = output_folder / save_subjects()
    path.write_bytes(change(path.read_bytes()))
    with pytest.raises(ValueError) as caught:
        load_subjects()
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
def registered(file_nodes, monkeypatch):
    for name in IDS:
        monkeypatch.setitem(nodes.NODE_CLASS_MAPPINGS, name, getattr(file_nodes, name))


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
def test_only_listed_names_are_accepted(name, save_subjects, file_nodes, output_folder, registered):
    save_subjects()
    secret = output_folder.parent / "secret_00001_.safetensors"
    secret.write_bytes((output_folder / SAVED).read_bytes())
    assert validate(SAVED) == (True, [])
    name = name.replace("{base}", str(output_folder.parent)) if isinstance(name, str) else name
    valid, details = validate(name)
    assert not valid and details
    if isinstance(name, str):
        parts = ["file - file: ", SAVED, "Choose another one", "Save Subjects"]
        assert all(part in details[0] for part in parts) and len(details[0]) < 600
        with pytest.raises(ValueError, match="^file: "):
            file_nodes.LoadSubjects().load(name)


def test_a_file_deleted_after_the_check(save_subjects, file_nodes, output_folder):
    name = save_subjects()
    (output_folder / name).unlink()
    with pytest.raises(ValueError, match="^file: .* is no longer there; choose another file"):
        file_nodes.LoadSubjects().load(name)


@pytest.mark.parametrize("node", IDS)
def test_the_page_finds_all_it_shows(node, file_nodes, output_folder):
    shown = getattr(file_nodes, node)
    assert shown.CATEGORY == "MS-Diffusion" and shown.DESCRIPTION and shown.SEARCH_ALIASES
    assert shown.RETURN_TYPES == ("MSD_SUBJECTS",) and len(shown.OUTPUT_TOOLTIPS) == 1
    for group in shown.INPUT_TYPES().values():
        assert all(options["tooltip"] for _, options in group.values())
