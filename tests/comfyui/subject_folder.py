"""Files of subjects for the tests: an empty output folder, and the nodes that write and read it."""

from importlib import import_module

import folder_paths
import pytest
import torch

SAVED = "msdiffusion/subjects_00001_.safetensors"


@pytest.fixture(scope="module")
def file_nodes(pack):
    return import_module(f"{pack.package}.nodes.files")


@pytest.fixture
def output_folder(tmp_path, monkeypatch):
    """An output folder that is empty at the beginning."""
    folder = tmp_path / "output"
    folder.mkdir()
    monkeypatch.setattr(folder_paths, "output_directory", str(folder))
    return folder


@pytest.fixture
def save_subjects(file_nodes, output_folder, subjects):
    """SaveSubjects as ComfyUI runs it: gives the name in the output folder."""

    def node(prefix="msdiffusion/subjects", given=subjects):
        with torch.inference_mode():
            answer = file_nodes.SaveSubjects().save(given, prefix)
        assert answer["result"][0] is given
        return answer["ui"]["text"][0]

    return node


@pytest.fixture
def load_subjects(file_nodes, output_folder):
    def node(name=SAVED):
        assert file_nodes.LoadSubjects.VALIDATE_INPUTS(name) is True
        with torch.inference_mode():
            return file_nodes.LoadSubjects().load(name)[0]

    return node


def offered(file_nodes):
    return file_nodes.LoadSubjects.INPUT_TYPES()["required"]["file"][0]
