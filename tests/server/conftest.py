"""A real ComfyUI server with the pack and the tiny models, and a real browser."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

TESTS = Path(__file__).resolve().parent.parent
ROOT = TESTS.parent
sys.path[:0] = [str(ROOT / "tools"), str(TESTS)]

from comfy_server import ComfyServer  # noqa: E402
from demo_models import TINY_ADAPTER, use_tiny_models  # noqa: E402
from pages import ComfyPage  # noqa: E402
from photographs import save_photographs  # noqa: E402
from setup_env import prepare_base  # noqa: E402
from templates import FIRST, TEMPLATES, save_pictures  # noqa: E402
from tiny_world.workflows import WORLD, prepare_world  # noqa: E402
from workflow_to_prompt import to_prompt  # noqa: E402

if "PYTEST_XDIST_WORKER" in os.environ:  # two servers at once: threads would wait for each other
    os.environ.setdefault("OMP_NUM_THREADS", "1")

WORKFLOWS = sorted(TEMPLATES.glob("*.json"))
SERVERS = {"bundled": "server", "newest": "newest_server"}  # the fixtures of the front ends
LOOKS = [(front_end, renderer) for front_end in SERVERS for renderer in ("classic", "nodes2")]
NEWER = {"RemoveBackground", "LoadBackgroundRemovalModel"}  # ComfyUI's own, from 0.30 on
WITH_NEWEST = ("test_install.py", "japanese")  # what else runs beside these looks, with `-n2`
# what a page does with a whole workflow: each front end and each renderer once, to be quick
BOTH = pytest.mark.parametrize("opened_look", [LOOKS[0], LOOKS[-1]], indirect=True, ids="-".join)


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config, log):
    """With `-n2` each process has the server and the pages of one front end, whatever `--dist`."""
    from xdist.scheduler import LoadScopeScheduling

    class ByFrontEnd(LoadScopeScheduling):
        def _split_scope(self, nodeid):
            newest = "newest-" in nodeid or any(name in nodeid for name in WITH_NEWEST)
            return "newest" if newest else "bundled"

    return ByFrontEnd(config, log)


@pytest.fixture(scope="session")
def server(tmp_path_factory):
    """A server with the front end that ComfyUI brings."""
    with start_server(tmp_path_factory.mktemp("base")) as running:
        yield running


@pytest.fixture(scope="session")
def newest_server(tmp_path_factory):
    """A server with the newest front end."""
    path = os.environ.get("FRONT_END_ROOT")
    if not path:
        raise pytest.UsageError(
            "set FRONT_END_ROOT to the static folder of a comfyui-frontend-package, or run "
            "tools/test.py"
        )
    with start_server(tmp_path_factory.mktemp("newest"), "--front-end-root", path) as running:
        yield running


@pytest.fixture
def prompt(server):
    """The example with tiny models in API form, small and quick, to be changed by a test."""
    workflow = use_tiny_models(json.loads(FIRST.read_text()))
    made = to_prompt(workflow, server.get("/object_info"))
    node(made, "LayoutBoxes")["inputs"] |= {"width": 256, "height": 192}
    node(made, "KSampler")["inputs"]["steps"] = 2
    return made


@pytest.fixture(scope="session")
def browser():
    from playwright.sync_api import sync_playwright

    if os.environ.get("CHROMIUM_PATH") == "":
        pytest.skip("tools/test.py found no Chromium")
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(
            executable_path=os.environ.get("CHROMIUM_PATH"),
            args=["--no-sandbox", "--disable-gpu", "--disable-background-networking"],
        )
        yield chromium
        chromium.close()


@pytest.fixture(scope="session", params=LOOKS, ids="-".join)
def opened_look(request, browser):
    """The page of one look; pytest runs all tests of a look together, so it opens once."""
    front_end, renderer = request.param
    running = request.getfixturevalue(SERVERS[front_end])
    opened = ComfyPage(browser, running, nodes2=renderer == "nodes2")
    yield opened
    opened.close()


@pytest.fixture
def look(opened_look):
    """A page with an empty graph, once for each front end and renderer: see `pages.ComfyPage`."""
    opened_look.reset()
    yield opened_look
    assert opened_look.our_errors() == []


def known_nodes(workflow, server):
    """The server's nodes; skips a test whose workflow needs a newer ComfyUI than the server's."""
    known = server.get("/object_info")
    types = {entry["type"] for entry in workflow["nodes"]}
    if lacking := (types & NEWER) - known.keys():
        pytest.skip(f"this ComfyUI has no {', '.join(lacking)}")
    return known


def node(prompt, kind):
    """The node of a prompt with this class."""
    return next(entry for entry in prompt.values() if entry["class_type"] == kind)


def _comfyui():
    path = os.environ.get("COMFYUI_PATH")
    if not path:
        raise pytest.UsageError("set COMFYUI_PATH to a ComfyUI folder, or run tools/test.py")
    return Path(path)


def start_server(base, *arguments):
    """A server: pack, tiny nodes and the toy linked; adapters and pictures in its folders."""
    prepare_base(_comfyui(), [ROOT, TESTS / "tiny_models", WORLD], base=base)
    prepare_world(Path(sys.executable), base)
    adapter = base / "models" / "msdiffusion" / TINY_ADAPTER
    subprocess.run([sys.executable, TESTS / "tiny_models" / "adapter.py", adapter], check=True)
    save_photographs(Path(sys.executable), base / "input")
    save_pictures(base / "input")
    # attention as on a GPU: the CPU's default is slow
    arguments = ("--use-pytorch-cross-attention", *arguments)
    return ComfyServer(Path(sys.executable), _comfyui(), base, extra_args=arguments)
