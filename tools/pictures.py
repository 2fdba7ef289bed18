"""Remakes the pictures of the README and of the nodes' help pages, from a real page.

    .venv/bin/python tools/pictures.py

Needs what `tools/test.py` has set up, COMFYUI_PATH and CHROMIUM_PATH, and in FRONT_END_ROOT the
newest page, which has App Mode. Look at what it made.
"""

from __future__ import annotations

import io
import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

from comfy_server import ComfyServer
from packages import ROOT
from setup_env import prepare_base
from templates import FIRST, save_pictures

sys.path[:0] = [str(ROOT / "tests" / "server"), str(ROOT / "tests")]
TINY = ROOT / "tests" / "tiny_models"
WORLD = ROOT / "tests" / "tiny_world"
NODES = ROOT / "web" / "docs" / "images"
DOCS = ROOT / "docs"
SHARPNESS = 1.5  # pixels of the picture for each of the page's
MARGIN = 12  # of the page around a node
BADGE = 24  # above it stands the pack's name
SCREEN = {"width": 1200, "height": 1000}  # of the app


def main() -> None:
    from playwright.sync_api import sync_playwright

    comfyui = Path(os.environ["COMFYUI_PATH"])
    NODES.mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory() as folder:
        base = prepare_base(comfyui, [ROOT, TINY], base=Path(folder))
        adapter = base / "models" / "msdiffusion" / "ms_adapter.bin"
        subprocess.run([sys.executable, TINY / "adapter.py", adapter], check=True)
        save_pictures(base / "input")
        with ComfyServer(Path(sys.executable), comfyui, base) as server, sync_playwright() as play:
            browser = play.chromium.launch(
                executable_path=os.environ.get("CHROMIUM_PATH"), args=["--no-sandbox"]
            )
            Pictures(browser, server).take()
            browser.close()
    picture_of_the_app(comfyui)


def picture_of_the_app(comfyui: Path) -> None:
    """The first template as an app, after the toy has painted."""
    from apps import RESULT, App
    from pages import ComfyPage
    from playwright.sync_api import sync_playwright
    from tiny_world.workflows import prepare_world, use_tiny_world

    newest = ("--front-end-root", os.environ["FRONT_END_ROOT"])
    with tempfile.TemporaryDirectory() as folder, sync_playwright() as play:
        base = prepare_base(comfyui, [ROOT, WORLD], base=Path(folder))
        prepare_world(Path(sys.executable), base)
        with ComfyServer(Path(sys.executable), comfyui, base, extra_args=newest) as server:
            browser = play.chromium.launch(
                executable_path=os.environ.get("CHROMIUM_PATH"), args=["--no-sandbox"]
            )
            page = ComfyPage(browser, server, nodes2=True)
            page.page.set_viewport_size(SCREEN)
            app = App(page)
            app.open(use_tiny_world(json.loads(FIRST.read_text(encoding="utf-8"))))
            app.run()
            page.page.locator(RESULT).filter(visible=True).first.wait_for()
            page.page.wait_for_timeout(3000)
            write(page.page.screenshot(), DOCS / "app.jpg")
            browser.close()


class Sharp:
    """A browser whose pages have more pixels."""

    def __init__(self, browser: Any) -> None:
        self.browser = browser

    def new_page(self, **options: Any) -> Any:
        return self.browser.new_page(**options, device_scale_factor=SHARPNESS)


class Pictures:
    """Takes the pictures one after the other."""

    def __init__(self, browser: Any, server: ComfyServer) -> None:
        self.browser = browser
        self.server = server
        self.classic = self.open(False)

    def open(self, nodes2: bool) -> Any:
        """A page that does not ask for the models, which are missing here."""
        from pages import ComfyPage

        page = ComfyPage(Sharp(self.browser), self.server, nodes2)
        page.setting("Comfy.Workflow.ShowMissingModelsWarning", False)
        return page

    def take(self) -> None:
        page = self.classic
        info = page.server.get("/object_info")
        names = [name for name, node in info.items() if node["category"] == "MS-Diffusion"]
        for name in names:
            page.reset()
            page.add(name)
            self.save(page, "1", name)
        self.boxes(page)
        self.drag(page)
        self.behind(page)
        self.graph(page)
        self.text(self.open(True))

    def boxes(self, page: Any) -> None:
        """Two subjects, one box selected."""
        number = self.example(page, FIRST)
        page.page.click("[data-tool=select0]")
        self.save(page, number, "LayoutBoxes")

    def drag(self, page: Any) -> None:
        """In the middle of moving a box, on a grid."""
        number = self.example(page, FIRST)
        page.page.select_option("[data-tool=snap]", "eighths")
        canvas = page.rectangle(".msd-canvas")
        page.page.mouse.move(*canvas.at(0.7, 0.7))
        page.page.mouse.down()
        page.page.mouse.move(*canvas.at(0.7, 0.45), steps=6)
        self.save(page, number, "LayoutBoxes_drag")
        page.page.mouse.up()

    def behind(self, page: Any) -> None:
        """A photograph behind the box."""
        number = self.example(page, FIRST.with_name("inpainting.json"))
        self.save(page, number, "LayoutBoxes_picture")

    def text(self, page: Any) -> None:
        """Faulty text, in Nodes 2.0 and light colours."""
        page.reset()
        page.theme("light")
        page.page.set_viewport_size({"width": 1600, "height": 1400})  # nodes are higher there
        number = self.example(page, FIRST)
        page.page.click("[data-tool=asText]")
        page.page.fill(".msd-text", "[[0.05, 0.25, 0.5, 0.95], [0.55, 0.45, 0.95")
        self.save(page, number, "LayoutBoxes_text")

    def graph(self, page: Any) -> None:
        """The whole example."""
        page.reset()
        page.setting("LiteGraph.Canvas.MinFontSizeForLOD", 0)  # text, however small
        self.example(page, FIRST)
        page.command("Comfy.Canvas.FitView")
        page.page.wait_for_timeout(1500)
        nodes = [page.node_rectangle(str(node["id"])) for node in page.saved()["nodes"]]
        left, top = min(one.left for one in nodes), min(one.top for one in nodes)
        clip = {
            "x": left - MARGIN,
            "y": top - BADGE,
            "width": max(one.left + one.width for one in nodes) - left + 2 * MARGIN,
            "height": max(one.top + one.height for one in nodes) - top + BADGE + MARGIN,
        }
        write(page.page.screenshot(clip=clip), DOCS / "graph.jpg")

    def example(self, page: Any, path: Path) -> str:
        """Opens an example; the node Layout Boxes is then in view, its pictures loaded."""
        page.load(json.loads(path.read_text(encoding="utf-8")))
        nodes = page.saved()["nodes"]
        node = next(one for one in nodes if one["type"] == "LayoutBoxes")
        left, top = node["pos"]
        page.zoom(1, 420 - left, 160 - top)
        page.page.wait_for_timeout(1500)
        return str(node["id"])

    def save(self, page: Any, number: str, name: str) -> None:
        page.settle()
        page.page.wait_for_timeout(500)
        left, top, width, height = page.node_rectangle(number)
        clip = {
            "x": left - MARGIN,
            "y": top - BADGE,
            "width": width + 2 * MARGIN,
            "height": height + BADGE + MARGIN,
        }
        write(page.page.screenshot(clip=clip), NODES / f"{name}.jpg")


def write(screenshot: bytes, path: Path) -> None:
    from PIL import Image

    Image.open(io.BytesIO(screenshot)).convert("RGB").save(path, quality=70, optimize=True)
    print(path.relative_to(ROOT))


if __name__ == "__main__":
    main()
