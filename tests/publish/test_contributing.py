"""The map of the code in CONTRIBUTING.md is whole and up to date."""

import re

import pytest
from packages import ROOT

TEXT = (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8")
FILES = sorted(set(re.findall(r"`([\w./*]+\.(?:py|js|md|toml|txt|yml))`", TEXT)))
PLACES = ("", "msdiffusion_nodes/")


@pytest.mark.parametrize("name", FILES)
def test_a_file_that_is_named_is_there(name):
    assert any(list(ROOT.glob(place + name)) for place in PLACES)


def test_every_module_of_the_library_is_on_the_map():
    named = {path for name in FILES for path in (ROOT / "msdiffusion_nodes").glob(name)}
    modules = {path for path in (ROOT / "msdiffusion_nodes").rglob("*.py")}
    assert {path.name for path in modules - named} == {"__init__.py"}


def test_every_module_of_the_benchmark_is_on_the_map():
    modules = [path.stem for path in (ROOT / "msbench").glob("[!_]*.py")]
    assert [name for name in modules if f"`{name}`" not in TEXT] == []


def test_every_script_of_the_editor_is_on_the_map():
    scripts = (ROOT / "web" / "layout_editor").glob("*.js")
    assert [path.name for path in scripts if f"`{path.stem}`" not in TEXT] == []


def test_every_module_of_batches_is_on_the_map():
    modules = (ROOT / "tools" / "batching").glob("*.py")
    named = {path.stem for path in modules if f"`{path.stem}`" not in TEXT}
    assert named == {"__init__"}


@pytest.mark.parametrize(
    "folder",
    ["library", "page", "comfyui", "batch", "msbench", "server", "publish", "tiny_models"],
)
def test_every_folder_of_tests_is_on_the_map(folder):
    assert f"`tests/{folder}`" in TEXT
