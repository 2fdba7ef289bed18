"""The tiny world in an example workflow: emoji for the photographs, a toy for SDXL.

Plain Python, for programs that have `tools/` on `sys.path`.
"""

from __future__ import annotations

import copy
import json
import shutil
from pathlib import Path
from typing import Any

from console import run
from demo_models import WORLD_ADAPTER, use_loaders

WORLD = Path(__file__).resolve().parent
NODES = {
    "CheckpointLoaderSimple": "TinyWorldCheckpoint",
    "CLIPVisionLoader": "TinyWorldCLIPVision",
    "ControlNetLoader": "TinyWorldControlNet",
    "LoadBackgroundRemovalModel": "TinyBackgroundRemoval",
}
# no training has seen these emoji
PICTURES = {
    "msdiffusion_cat.jpg": "raccoon",
    "msdiffusion_coffee.jpg": "beer mug",
    "msdiffusion_astronaut.jpg": "mage",
    "msdiffusion_rocket.jpg": "rocket",
}
PHRASES = {
    "cat": "raccoon",
    "cup of coffee": "beer mug",
    "woman": "mage",
    "orange space suit": "mage",
    "launch pad": "rocket",
}
BACKGROUND = "a teal background"
WORDS = {"apple": "a red apple on a pink background", "car": "a car on a green background"}
SHARE, CELLS = 3 / 8, 32  # of the sides: the toy was trained on pictures of some 384²
SIZED = {"LayoutBoxes": (1, 2), "ImageScale": (1, 2)}  # places of width and height in the widgets
SAMPLERS = ("KSampler", "SamplerCustom")
CFG = 3.0
STEPS = 20

SAVE = """
import pathlib, sys
sys.path.insert(0, sys.argv[1])
from emoji import find
from PIL import Image
for name, file in zip(sys.argv[3::2], sys.argv[4::2]):
    pixels = (find(name).on_black() * 255).round().byte().numpy()
    picture = Image.fromarray(pixels).resize((512, 512), Image.Resampling.NEAREST)
    picture.save(pathlib.Path(sys.argv[2], file))
"""


def prepare_world(python: Path, base: Path) -> None:
    """Puts the emoji and the toy's adapter where the server looks for pictures and adapters."""
    named = (word for name in PICTURES.values() for word in (name, picture_file(name)))
    run([python, "-c", SAVE, WORLD, base / "input", *named], "There are no emoji.")
    folder = base / "models" / "msdiffusion"
    folder.mkdir(parents=True, exist_ok=True)
    shutil.copyfile(WORLD / "weights" / WORLD_ADAPTER, folder / WORLD_ADAPTER)


def picture_file(name: str) -> str:
    """The file of an emoji in ComfyUI's input folder."""
    return name.replace(" ", "_") + ".png"


def use_tiny_world(workflow: dict[str, Any]) -> dict[str, Any]:
    """The workflow with the toy's loaders, emoji, prompts it understands, and its size."""
    workflow = use_loaders(workflow, NODES, WORLD_ADAPTER)
    nodes = workflow["nodes"]
    phrases = [
        PHRASES.get(phrase, phrase)
        for node in nodes
        if node["type"] == "EncodeSubjects"
        for phrase in node["widgets_values"][0].splitlines()
    ]
    prompt = " and ".join(f"a {phrase}" for phrase in phrases or WORDS) + f" on {BACKGROUND}"
    negative = _negative_prompts(workflow)
    for node in nodes:
        values = node.get("widgets_values")
        if node["type"] == "LoadImage":
            values[0] = picture_file(PICTURES[values[0]])
        elif node["type"] == "EncodeSubjects":
            values[0] = "\n".join(phrases)
        elif node["type"] == "BoxPrompts":
            values[0] = "\n".join(WORDS.values())
        elif node["type"] == "AutoLayout":
            values[0] = prompt
        elif node["type"] == "CLIPTextEncode":
            values[0] = "" if node["id"] in negative else prompt
        elif node["type"] == "KSampler":
            values[2:4] = [STEPS, CFG]
        elif node["type"] == "SamplerCustom":
            values[3] = CFG
        elif node["type"] == "AuthorsSchedule":
            values[0] = STEPS
        for place in SIZED.get(node["type"], ()):
            values[place] = round(values[place] * SHARE / CELLS) * CELLS
    return workflow


def swap_boxes(prompt: dict[str, Any]) -> dict[str, Any]:
    """The prompt with the first two boxes exchanged."""
    prompt = copy.deepcopy(prompt)
    for node in prompt.values():
        if node["class_type"] == "LayoutBoxes":
            first, second, *others = json.loads(node["inputs"]["boxes"])
            node["inputs"]["boxes"] = json.dumps([second, first, *others])
    return prompt


def _negative_prompts(workflow: dict[str, Any]) -> set[int]:
    """The ids of all nodes that the sampler's negative input gets its value from, near and far."""
    links = {link[0]: link[1] for link in workflow["links"]}
    nodes = {node["id"]: node for node in workflow["nodes"]}
    sampler = next(node for node in workflow["nodes"] if node["type"] in SAMPLERS)
    found: set[int] = set()
    waiting = [sampler]
    while waiting:
        # a ControlNet passes both prompts through, each on its own way
        inputs = [one for one in waiting.pop().get("inputs", []) if one["name"] == "negative"]
        sources = {links[one["link"]] for one in inputs}
        found |= sources
        waiting += [nodes[source] for source in sources]
    return found
