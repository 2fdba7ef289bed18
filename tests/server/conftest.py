"""A real ComfyUI server with the pack and the tiny models, and a real browser."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

TESTS = Path(__file__).resolve().parent.parent
ROOT = TESTS.parent
sys.path.insert(0, str(ROOT / "tools"))

from comfy_server import ComfyServer  # noqa: E402
from demo_models import TINY_ADAPTER, use_tiny_models  # noqa: E402
from setup_env import prepare_base  # noqa: E402
from workflow_to_prompt import to_prompt  # noqa: E402

WORKFLOWS = sorted((ROOT / "example_workflows").glob("*.json"))


@pytest.fixture(scope="session")
def base(tmp_path_factory):
    """The server's base directory: pack and tiny nodes linked, tiny adapter and photographs in."""
    from PIL import Image
    from skimage import data

    folder = tmp_path_factory.mktemp("base")
    prepare_base(_comfyui(), [ROOT, TESTS / "tiny_models"], base=folder)
    adapter = folder / "models" / "msdiffusion" / TINY_ADAPTER
    subprocess.run([sys.executable, TESTS / "tiny_models" / "adapter.py", adapter], check=True)
    for name in ("chelsea", "coffee"):
        Image.fromarray(getattr(data, name)()).save(folder / "input" / f"{name}.png")
    return folder


@pytest.fixture(scope="session")
def server(base):
    # attention as on a GPU: the CPU's default is slow
    arguments = ["--use-pytorch-cross-attention"]
    with ComfyServer(Path(sys.executable), _comfyui(), base, extra_args=arguments) as running:
        yield running


@pytest.fixture
def prompt(server):
    """The example with tiny models in API form, small and quick, to be changed by a test."""
    workflow = use_tiny_models(
        json.loads((ROOT / "example_workflows/two_subjects.json").read_text())
    )
    made = to_prompt(workflow, server.get("/object_info"))
    node(made, "LayoutBoxes")["inputs"] |= {"width": 256, "height": 192}
    node(made, "KSampler")["inputs"]["steps"] = 2
    return made


@pytest.fixture(scope="session")
def browser():
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(
            executable_path=os.environ.get("CHROMIUM_PATH"),
            args=["--no-sandbox", "--disable-gpu", "--disable-background-networking"],
        )
        yield chromium
        chromium.close()


@pytest.fixture
def page(browser, server):
    """ComfyUI's page, ready, with no dialog in front."""
    server.post("/settings", {"Comfy.TutorialCompleted": True})
    opened = browser.new_page(viewport={"width": 1600, "height": 1000})
    opened.goto(server.address)
    opened.wait_for_function(
        "() => window.app?.graph && window.LiteGraph?.registered_node_types.ApplyMSDiffusion",
        timeout=120_000,
    )
    yield opened
    opened.close()


def node(prompt, kind):
    """The node of a prompt with this class."""
    return next(entry for entry in prompt.values() if entry["class_type"] == kind)


def _comfyui():
    path = os.environ.get("COMFYUI_PATH")
    if not path:
        raise pytest.UsageError("set COMFYUI_PATH to a ComfyUI folder, or run tools/test.py")
    return Path(path)
