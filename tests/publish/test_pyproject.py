"""What the registry and ComfyUI-Manager show is true, and agrees with itself."""

import ast
import json
import re
import sys

import pytest
from packages import ROOT
from published import published_files

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib  # pytest brings it

VERSION = re.compile(r"\d+\.\d+\.\d+")
COMES_WITH_COMFYUI = {"comfy", "folder_paths", "latent_preview", "nodes", "torch"}
PACKAGES = {"PIL": "pillow"}  # others are called as they are imported


@pytest.fixture(scope="module")
def pyproject():
    return tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))


@pytest.fixture(scope="module")
def entry():
    """The entry for ComfyUI-Manager's list, out of the page that tells of it."""
    page = (ROOT / "docs/manager-list.md").read_text(encoding="utf-8")
    return json.loads(re.search(r"```json\n(.*?)```", page, re.DOTALL)[1])


def lines(name):
    return (ROOT / name).read_text(encoding="utf-8").splitlines()


def test_the_name_is_one_that_the_registry_takes(pyproject):
    name = pyproject["project"]["name"]
    assert re.fullmatch(r"[a-z][a-z0-9]*([-_.][a-z0-9]+)*", name) and len(name) < 100


def test_the_changelog_begins_with_this_version(pyproject):
    version = pyproject["project"]["version"]
    headings = [line for line in lines("CHANGELOG.md") if line.startswith("## [")]
    assert VERSION.fullmatch(version)
    assert next(one for one in headings if VERSION.search(one)).startswith(f"## [{version}]")


def test_the_dependencies_are_the_requirements(pyproject):
    assert pyproject["project"]["dependencies"] == lines("requirements.txt")
    assert all(re.fullmatch(r"[a-z]+>=[\d.]+", line) for line in lines("requirements.txt"))


def test_every_package_that_is_imported_is_required():
    required = {re.match(r"[a-z]+", line)[0] for line in lines("requirements.txt")}
    imported = set()
    for name in (name for name in published_files() if name.endswith(".py")):
        for node in ast.walk(ast.parse((ROOT / name).read_text(encoding="utf-8"))):
            if isinstance(node, ast.Import):
                imported |= {one.name.split(".")[0] for one in node.names}
            elif isinstance(node, ast.ImportFrom) and not node.level:
                imported.add(node.module.split(".")[0])
    others = imported - set(sys.stdlib_module_names) - COMES_WITH_COMFYUI
    assert {PACKAGES.get(name, name) for name in others} == required


def test_the_icon_is_a_small_square_in_the_repository(pyproject):
    repository = pyproject["project"]["urls"]["Repository"].removeprefix("https://github.com/")
    address = pyproject["tool"]["comfy"]["Icon"]
    start = f"https://raw.githubusercontent.com/{repository}/main/"
    icon = (ROOT / address.removeprefix(start)).read_bytes()
    assert address.startswith(start)
    assert icon.startswith(b"\x89PNG")
    size = [int.from_bytes(icon[at : at + 4], "big") for at in (16, 20)]
    assert size == [400, 400]


def test_the_scripts_are_not_named_a_second_time(pyproject):
    """`web` besides WEB_DIRECTORY has the page load every script twice."""
    assert "web" not in pyproject["tool"]["comfy"]


def test_the_readme_tells_the_oldest_comfyui(pyproject):
    oldest = pyproject["tool"]["comfy"]["requires-comfyui"].removeprefix(">=")
    assert f"ComfyUI {oldest} or newer" in " ".join(lines("README.md"))


def test_the_managers_entry_agrees_with_the_pyproject(pyproject, entry):
    project, comfy = pyproject["project"], pyproject["tool"]["comfy"]
    repository = project["urls"]["Repository"]
    assert entry == {
        "author": comfy["PublisherId"],
        "title": comfy["DisplayName"],
        "id": project["name"],
        "reference": repository,
        "files": [repository],
        "install_type": "git-clone",
        "description": project["description"],
    }
