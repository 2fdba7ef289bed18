"""The pack as a user gets it: the registry's zip, unpacked into a fresh ComfyUI under any name."""

import io
import subprocess
import sys
import zipfile
from pathlib import Path
from urllib.parse import quote

import pytest
from comfy_server import ComfyServer
from conftest import ROOT, TESTS, WORKFLOWS, _comfyui, node
from demo_models import TINY_ADAPTER, use_tiny_models
from PIL import Image
from published import forgotten_files, published_files, tracked_files, write_zip
from setup_env import prepare_base
from templates import FIRST, save_pictures
from test_http import CONTRACT
from workflow_to_prompt import to_prompt

NAME = "some.other-name"
LANGUAGES = ("en", "zh", "ja", "ko")


@pytest.fixture(scope="module")
def installed(tmp_path_factory):
    """A base directory with the zip's content in `custom_nodes`, beside the tiny models."""
    base = tmp_path_factory.mktemp("fresh")
    prepare_base(_comfyui(), [TESTS / "tiny_models"], base=base)
    with zipfile.ZipFile(write_zip(base / "node.zip")) as archive:
        archive.extractall(base / "custom_nodes" / NAME)
    adapter = base / "models" / "msdiffusion" / TINY_ADAPTER
    subprocess.run([sys.executable, TESTS / "tiny_models" / "adapter.py", adapter], check=True)
    save_pictures(base / "input")
    return base


@pytest.fixture(scope="module")
def fresh(installed):
    """The server that runs on it."""
    arguments = ("--use-pytorch-cross-attention",)
    with ComfyServer(Path(sys.executable), _comfyui(), installed, extra_args=arguments) as running:
        yield running


def test_every_node_comes_from_the_unpacked_folder(fresh):
    known = fresh.get("/object_info")
    ours = {name for name, info in known.items() if info["python_module"].endswith(NAME)}
    assert ours == set(CONTRACT), f"git does not track {forgotten_files()}"
    log = fresh.log.read_text(encoding="utf-8", errors="replace").splitlines()
    said = [line for line in log if NAME in line]
    assert said and not [line for line in said if "FAILED" in line or "Cannot import" in line]


def test_the_page_gets_the_editor_and_the_help(fresh):
    scripts = {path for path in fresh.get("/extensions") if path.startswith(f"/extensions/{NAME}/")}
    files = [name for name in tracked_files() if name.startswith("web/")]
    served = {name: f"/extensions/{NAME}/{name.removeprefix('web/')}" for name in files}
    assert scripts == {path for name, path in served.items() if name.endswith(".js")}
    assert f"/extensions/{NAME}/layout_boxes.js" in scripts
    assert {f"/extensions/{NAME}/docs/{name}.md" for name in CONTRACT} <= set(served.values())
    for name, path in served.items():
        assert fresh._call(path) == (ROOT / name).read_bytes()


def test_the_page_gets_the_translations(fresh):
    texts = fresh.get("/i18n")
    for language in LANGUAGES:
        assert set(CONTRACT) <= set(texts[language]["nodeDefs"])


def test_the_page_gets_the_templates_with_their_pictures(fresh):
    names = {path.stem for path in WORKFLOWS}
    assert set(fresh.get("/workflow_templates")[NAME]) == names
    for name in names:
        path = f"/api/workflow_templates/{NAME}/{quote(name)}"
        assert fresh.get(f"{path}.json")["nodes"]
        with Image.open(io.BytesIO(fresh._call(f"{path}.jpg"))) as picture:
            assert picture.format == "JPEG"


def test_the_first_template_makes_a_picture(fresh):
    template = fresh.get(f"/api/workflow_templates/{NAME}/{quote(FIRST.name)}")
    prompt = to_prompt(use_tiny_models(template), fresh.get("/object_info"))
    node(prompt, "LayoutBoxes")["inputs"] |= {"width": 256, "height": 192}
    node(prompt, "KSampler")["inputs"]["steps"] = 2
    outputs = fresh.wait(fresh.queue(prompt))["outputs"]
    saved = next(key for key, entry in prompt.items() if entry["class_type"] == "SaveImage")
    with Image.open(io.BytesIO(fresh.image(outputs[saved]["images"][0]))) as picture:
        assert picture.size == (256, 192)


def test_running_changes_nothing_in_the_unpacked_folder(fresh, installed):
    """Last of all: whatever the tests before have run."""
    folder = installed / "custom_nodes" / NAME
    found = (path for path in folder.rglob("*") if path.is_file())
    names = {path.relative_to(folder).as_posix(): path for path in found}
    ours = {name for name in names if "__pycache__" not in name}
    assert ours == set(published_files())
    assert all(names[name].read_bytes() == (ROOT / name).read_bytes() for name in ours)
