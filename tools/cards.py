"""Remakes the cards of the templates: what the toy paints of each, its boxes and its pictures.

    .venv/bin/python tools/cards.py [name …]

Needs what `tools/test.py` has set up, and COMFYUI_PATH. Look at what it made. No background remover
knows emoji: where a template has one, they stand before a photograph, and masks are given.
"""

from __future__ import annotations

import io
import json
import os
import sys
import tempfile
from pathlib import Path
from typing import Any

from comfy_server import ComfyServer
from packages import ROOT
from setup_env import prepare_base
from templates import PICTURES, TEMPLATES
from workflow_to_prompt import to_prompt

sys.path.append(str(ROOT / "tests"))

from tiny_world.emoji import find  # noqa: E402
from tiny_world.workflows import WORLD, prepare_world, use_tiny_world  # noqa: E402

SIDE, STRIP, GAP, EDGE = 640, 136, 12, 4  # pixels: the card; below it the pictures; their frames
PAPER, INK = (250, 250, 248), (70, 70, 70)
COLOURS = ((230, 159, 0), (86, 180, 233), (0, 158, 115), (240, 228, 66))  # the editor's first
LABEL = "painted by\na toy that\nknows emoji"
MASKED = "masks given,\n"
BEHIND = PICTURES / "msdiffusion_rocket.jpg"
SCENE, SHARE = 512, 0.75  # pixels: an emoji before a photograph; its part of the sides
LATE = 12  # of its 20 steps: before that the toy does not show what it paints where


def main(*names: str) -> None:
    comfyui = Path(os.environ["COMFYUI_PATH"])
    with tempfile.TemporaryDirectory() as folder:
        base = prepare_base(comfyui, [ROOT, WORLD], base=Path(folder))
        prepare_world(Path(sys.executable), base)
        arguments = ("--use-pytorch-cross-attention",)
        with ComfyServer(Path(sys.executable), comfyui, base, extra_args=arguments) as server:
            for path in sorted(TEMPLATES.glob("*.json")):
                if not names or path.stem in names:
                    make(server, path)


def make(server: ComfyServer, path: Path) -> None:
    """Runs one template on the toy and saves its card."""
    workflow = use_tiny_world(json.loads(path.read_text(encoding="utf-8")))
    give_masks(workflow, server.base / "input")
    prompt = to_prompt(workflow, server.get("/object_info"))
    for node in prompt.values():
        if node["class_type"] == "AutoLayout":
            node["inputs"]["start_step"] = LATE
    outputs = server.wait(server.queue(prompt))["outputs"]
    saved, layout = number_of(prompt, "SaveImage"), number_of(prompt, "LayoutBoxes")
    result = server.image(outputs[saved]["images"][0])
    boxes = outputs[layout]["msd_layout"][0]["boxes"]
    encode = [one for one in prompt.values() if one["class_type"] == "EncodeSubjects"]
    given = encode[0]["inputs"] if encode else {}
    loaders = [given[name][0] for name in sorted(given) if name.startswith("image_")]
    files = [prompt[loader]["inputs"]["image"] for loader in loaders]
    views = [server.image({"filename": file, "subfolder": "", "type": "input"}) for file in files]
    card = draw(opened(result)[0], boxes, [opened(view) for view in views])
    card.save(path.with_suffix(".jpg"), quality=88, optimize=True)
    print(path.with_suffix(".jpg").relative_to(ROOT))


def give_masks(workflow: dict[str, Any], folder: Path) -> None:
    """Puts the pictures' own masks in the place of background removers."""
    nodes = {node["id"]: node for node in workflow["nodes"]}
    links = {link[0]: link for link in workflow["links"]}
    for node in nodes.values():
        if node["type"] == "RemoveBackground":
            number = next(one["link"] for one in node["inputs"] if one["name"] == "image")
            load = nodes[links[number][1]]
            load["widgets_values"][0] = put_before_photograph(load["widgets_values"][0], folder)
            links[number][2] = 1  # Load Image's MASK, which is white where the file is transparent
            node["type"] = "InvertMask"
            node["inputs"] = [{"name": "mask", "type": "MASK", "link": number}]
    remover = "TinyBackgroundRemoval"
    workflow["nodes"] = [node for node in nodes.values() if node["type"] != remover]


def put_before_photograph(file: str, folder: Path) -> str:
    """Saves that emoji before a photograph that is transparent to Load Image's MASK only."""
    from PIL import Image, ImageOps

    pixels = (find(Path(file).stem.replace("_", " ")).picture * 255).round().byte().numpy()
    side = round(SCENE * SHARE)
    emoji = Image.fromarray(pixels).resize((side, side), Image.Resampling.NEAREST)
    place = ((SCENE - side) // 2,) * 2
    scene = ImageOps.fit(Image.open(BEHIND).convert("RGB"), (SCENE, SCENE))
    scene.paste(emoji, place, emoji)
    mask = Image.new("L", scene.size)
    mask.paste(emoji.getchannel("A"), place)
    scene.putalpha(mask)
    scene.save(folder / f"scene_{file}")
    return f"scene_{file}"


def draw(result: Any, boxes: list[list[float]], views: list[list[Any]]) -> Any:
    """The card: the result with its boxes, below it the pictures in their boxes' colours."""
    from PIL import Image, ImageDraw, ImageFont, ImageOps

    card = Image.new("RGB", (SIDE, SIDE), PAPER)
    pen = ImageDraw.Draw(card)
    fitted = ImageOps.contain(result, (SIDE, SIDE - STRIP), Image.Resampling.LANCZOS)
    left = (SIDE - fitted.width) // 2
    card.paste(fitted, (left, 0))
    for (x0, y0, x1, y1), colour in zip(boxes, COLOURS, strict=False):
        edges = (left + x0 * fitted.width, y0 * fitted.height)
        edges += (left + x1 * fitted.width - 1, y1 * fitted.height - 1)
        pen.rectangle(edges, outline=colour, width=EDGE)
    side = STRIP - 2 * GAP
    coloured = zip(views, COLOURS, strict=False)
    shown = [(view, colour) for looks, colour in coloured for view in looks]
    for place, (view, colour) in enumerate(shown):
        thumbnail = ImageOps.fit(view, (side - 2 * EDGE, side - 2 * EDGE))
        framed = ImageOps.expand(thumbnail, EDGE, colour)
        card.paste(framed, (GAP + place * (side + GAP), SIDE - side - GAP))
    right = (SIDE - GAP, SIDE - STRIP // 2)
    label = LABEL if len(shown) == len(views) else MASKED + LABEL
    pen.text(right, label, INK, ImageFont.load_default(21), anchor="rm", align="right")
    return card


def opened(data: bytes) -> list[Any]:
    """The picture; behind it what its mask leaves of it, if it has one."""
    from PIL import Image

    picture = Image.open(io.BytesIO(data))
    whole = picture.convert("RGB")
    if picture.mode != "RGBA":
        return [whole]
    mask = picture.getchannel("A")
    cut = Image.composite(whole, Image.new("RGB", whole.size), mask)
    return [whole, cut.crop(mask.getbbox())]


def number_of(prompt: dict[str, Any], kind: str) -> str:
    return next(number for number, node in prompt.items() if node["class_type"] == kind)


if __name__ == "__main__":
    main(*sys.argv[1:])
