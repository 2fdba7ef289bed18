"""What the registry's zip holds."""

import ast
import re
import shutil
import subprocess
import zipfile

import pytest
from checkers import run_checker
from packages import ROOT
from published import is_named, published_files, tracked_files, write_zip

AT_THE_TOP = {
    "CHANGELOG.md",
    "LICENSE",
    "README.md",
    "__init__.py",
    "docs",
    "example_workflows",
    "locales",
    "msdiffusion_nodes",
    "nodes.py",
    "pyproject.toml",
    "requirements.txt",
    "subgraphs",
    "web",
}
MB = 1024**2
PICTURE = re.compile(r"!\[[^]]*\]\(([^)]+)\)")


def test_the_zip_holds_what_users_need_and_no_more():
    assert {name.split("/")[0] for name in published_files()} <= AT_THE_TOP


def test_the_zip_is_small(tmp_path):
    path = write_zip(tmp_path / "node.zip")
    assert path.stat().st_size < 3 * MB
    with zipfile.ZipFile(path) as archive:
        assert max(entry.file_size for entry in archive.infolist()) < 200_000


def test_the_registrys_own_packer_takes_the_same_files(tmp_path, checkers):
    checkout = tmp_path / "checkout"
    copy_everything(checkout)
    if git := shutil.which("git"):  # else it takes all files, as we do
        subprocess.run([git, "init", "-q"], cwd=checkout, check=True)
        subprocess.run([git, "add", "--all"], cwd=checkout, check=True)
    arguments = ("--skip-prompt", "--no-enable-telemetry", "node", "pack")
    code, said = run_checker("comfy", *arguments, cwd=checkout, home=tmp_path)
    assert code == 0, said
    with zipfile.ZipFile(checkout / "node.zip") as archive:
        packed = sorted(archive.namelist())
    assert packed == published_files()


def test_without_git_the_same_files_are_published(tmp_path):
    """As in a checkout unpacked from a ZIP file, with the folders that tests and demo make."""
    copy_everything(tmp_path)
    for name in (".venv/lib/nodes.py", ".comfyui/ComfyUI/main.py", "web/__pycache__/a.pyc"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).touch()
    assert published_files(tmp_path) == published_files()


def test_a_file_that_is_gone_is_not_published(tmp_path, monkeypatch):
    (tmp_path / "here.py").touch()
    monkeypatch.setattr("published._git_files", lambda root: ["gone.py", "here.py"])
    assert published_files(tmp_path) == ["here.py"]


@pytest.mark.parametrize(
    ("pattern", "named", "others"),
    [
        ("/tests/", ["tests/a.py", "tests/b/c.py"], ["web/tests/a.py", "tests.py"]),
        ("cache/", ["cache/a", "b/cache/a"], ["cached/a"]),
        ("/docs/*.md", ["docs/a.md"], ["docs/a.png", "web/docs/a.md"]),
        ("node.zip", ["node.zip", "a/node.zip"], ["node.zip.txt"]),
    ],
)
def test_patterns_of_ignore_files(pattern, named, others):
    assert [name for name in named + others if is_named(name, [pattern])] == named


def test_no_python_file_imports_what_is_left_out():
    files = [name for name in published_files() if name.endswith(".py")]
    modules = {name.removesuffix(".py").removesuffix("/__init__") for name in files}
    for name in files:
        folder = name.split("/")[:-1]
        for node in ast.walk(ast.parse((ROOT / name).read_text(encoding="utf-8"))):
            if isinstance(node, ast.ImportFrom) and node.level:
                above = folder[: len(folder) - node.level + 1]
                start = "/".join([*above, *(node.module or "").split(".")]).strip("/")
                targets = [f"{start}/{one.name}".strip("/") for one in node.names]
                assert start in modules or set(targets) <= modules, f"{name}: {start}"


def test_the_pictures_of_published_pages_are_published_too():
    published = set(published_files())
    for page in (name for name in published if name.endswith(".md")):
        folder = page.rpartition("/")[0]
        for link in PICTURE.findall((ROOT / page).read_text(encoding="utf-8")):
            assert f"{folder}/{link}".strip("/") in published, f"{page}: {link}"


def copy_everything(target):
    """Copies every tracked file, also those that are not published."""
    for name in tracked_files():
        (target / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(ROOT / name, target / name)
