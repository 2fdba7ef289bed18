"""Runs the example workflow on a real ComfyUI, from nothing to a picture.

    python tools/demo.py [--serve] [--seed N] [--steps N]

With COMFYUI_PATH set to a ComfyUI that holds SDXL, CLIP-ViT-bigG and the adapter the picture is a
real one; otherwise a toy that knows emoji paints, and a sheet shows what it was asked for.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
import time
from pathlib import Path
from typing import Any

from accelerator import CPU_ARGUMENTS, has_accelerator
from comfy_server import ComfyServer
from console import Progress, SetupError, command_line, note, run
from demo_models import memory_needed, search, table, use_models
from memory import free_memory, require_memory
from packages import ROOT, write_whole
from sampler_progress import SamplerProgress
from setup_env import prepare_base, setup
from templates import FIRST, save_pictures
from workflow_to_prompt import to_prompt

sys.path.append(str(ROOT / "tests"))

from tiny_world.workflows import (  # noqa: E402
    PICTURES,
    WORLD,
    picture_file,
    prepare_world,
    swap_boxes,
    use_tiny_world,
)

NAME = "two_subjects"  # of what it saves
LAYOUT = "layout"  # the id of the node that draws the boxes
OUTPUT = ROOT / "demo_output"
TINY = ROOT / "tests" / "tiny_models"
SHEET = WORLD / "side_by_side.py"
LONGEST = 4 * 3600  # seconds: SDXL on a slow CPU


def main() -> int:
    parser = argparse.ArgumentParser(description="Run the example workflow on a real ComfyUI.")
    parser.add_argument("--serve", action="store_true", help="leave the page open afterwards")
    parser.add_argument("--seed", type=int, help="the sampler's seed; default: the workflow's")
    parser.add_argument("--steps", type=int, help="the sampler's steps; default: the workflow's")
    args = parser.parse_args()
    if not FIRST.exists():
        raise SetupError(f"{FIRST} does not exist: is the checkout complete?")
    workflow = json.loads(FIRST.read_text(encoding="utf-8"))

    progress = Progress(7)
    python, comfyui = setup(progress)
    progress.step("Laying out the example pictures and the custom nodes")
    base = prepare_base(comfyui, [ROOT, TINY, WORLD])
    save_pictures(base / "input")

    own = bool(os.environ.get("COMFYUI_PATH"))
    cpu = not (own and has_accelerator(python))
    progress.step("Starting ComfyUI" + (" on the CPU" if cpu else ""))
    arguments = CPU_ARGUMENTS if cpu else ()
    with ComfyServer(python, comfyui, base, extra_args=arguments, cpu=cpu) as server:
        workflow, tiny = choose_models(server, workflow, python, base, own, cpu)
        prompt = make_prompt(server, workflow)
        set_sampler(prompt, seed=args.seed, steps=args.steps)
        if cpu and not tiny:
            note("PyTorch finds no GPU here: SDXL on the CPU may take an hour.")
        progress.step("Painting")
        paint(server, prompt, NAME)
        if tiny:
            paint(server, swap_boxes(prompt), f"{NAME}_swapped")
            make_sheet(python, base / "input")
        say_what_painted(server, prompt)
        if args.serve:
            serve(server, workflow, base)
    return 0


def choose_models(
    server: ComfyServer, workflow: dict[str, Any], python: Path, base: Path, own: bool, cpu: bool
) -> tuple[dict[str, Any], bool]:
    """Puts models into the workflow and says on screen which.

    Args:
        own: whether the user has named a ComfyUI, the only one that may hold real models.
        cpu: whether they would have to fit into the memory.

    Returns:
        The workflow, and whether its model is the toy.
    """
    choices = search(server, workflow)
    if own:
        for line in table(choices):
            note(line)
    if own and all(choice.found for choice in choices):
        if cpu:
            require_memory(memory_needed(server, choices), free_memory(server))
        return use_models(workflow, choices), False

    note("No real models: a TOY of 5 million weights paints, which knows emoji only. It shows")
    place = "add to your ComfyUI" if own else "set COMFYUI_PATH to a ComfyUI with"
    note(f"the mechanism, not what SDXL would paint. For a real picture {place}:")
    for choice in choices:
        if not (own and choice.found):
            note(f"    models/{choice.folder}/{choice.wanted}")
    prepare_world(python, base)
    return use_tiny_world(workflow), True


def make_prompt(server: ComfyServer, workflow: dict[str, Any]) -> dict[str, Any]:
    """Converts the workflow and has its layout drawn; a node that the server lacks is reported."""
    try:
        prompt = to_prompt(workflow, server.get("/object_info"))
    except ValueError as error:
        raise SetupError(f"{error}\n{server.last_lines(40)}") from error
    layout = next(key for key, node in prompt.items() if node["class_type"] == "LayoutBoxes")
    return prompt | {LAYOUT: {"class_type": "PreviewImage", "inputs": {"images": [layout, 1]}}}


def set_sampler(prompt: dict[str, Any], **changes: int | None) -> None:
    """Changes the KSampler's inputs; None leaves what the workflow says."""
    wanted = {name: value for name, value in changes.items() if value is not None}
    for node in prompt.values():
        if node["class_type"] == "KSampler":
            node["inputs"] |= wanted


def paint(server: ComfyServer, prompt: dict[str, Any], name: str) -> None:
    """Runs the prompt and saves its pictures."""
    began = time.monotonic()
    progress = SamplerProgress(server.log)
    try:
        outputs = server.wait(server.queue(prompt), LONGEST, progress.look)["outputs"]
    finally:
        progress.end()
    seconds = time.monotonic() - began
    OUTPUT.mkdir(exist_ok=True)
    names = {"SaveImage": name, "PreviewImage": f"{name}_layout"}
    for node_id, node in prompt.items():
        for picture in outputs.get(node_id, {}).get("images", [])[:1]:
            if node["class_type"] in names:
                path = OUTPUT / f"{names[node['class_type']]}.png"
                path.write_bytes(server.image(picture))
                note(f"saved {path}")
    note(f"It took {seconds:.1f} seconds.")


def say_what_painted(server: ComfyServer, prompt: dict[str, Any]) -> None:
    """The device, the versions and the models."""
    stats = server.get("/system_stats")
    system, device = stats["system"], stats["devices"][0]["name"]
    note(f"on {device}, ComfyUI {system['comfyui_version']}, PyTorch {system['pytorch_version']}")
    note(f"models: {', '.join(models_of(prompt))}")


def make_sheet(python: Path, pictures: Path) -> None:
    """Saves references, boxes and both results side by side."""
    subjects = [PICTURES[file] for file in ("msdiffusion_cat.jpg", "msdiffusion_coffee.jpg")]
    shown = {subject: pictures / picture_file(subject) for subject in subjects}
    shown |= {
        "boxes": OUTPUT / f"{NAME}_layout.png",
        "result": OUTPUT / f"{NAME}.png",
        "boxes, swapped": OUTPUT / f"{NAME}_swapped_layout.png",
        "result, swapped": OUTPUT / f"{NAME}_swapped.png",
    }
    sheet = OUTPUT / f"{NAME}_sheet.png"
    run(
        [python, SHEET, sheet, *(f"{label}={path}" for label, path in shown.items())],
        "The sheet could not be made.",
    )
    note(f"saved {sheet}")


def models_of(prompt: dict[str, Any]) -> list[str]:
    """What the prompt's loaders load."""
    keys = {"ckpt_name", "clip_name", "model_name"}
    models = []
    for node in prompt.values():
        if node["class_type"].startswith("Tiny"):
            models.append(node["class_type"])
        models += [value for key, value in node["inputs"].items() if key in keys]
    return models


def serve(server: ComfyServer, workflow: dict[str, Any], base: Path) -> None:
    """Leaves the page open until Ctrl-C, at an address that opens what has just run."""
    saved = base / "user" / "default" / "workflows" / "two_subjects_demo.json"
    saved.parent.mkdir(parents=True, exist_ok=True)
    write_whole(saved, json.dumps(workflow))
    server.post("/settings/Comfy.TutorialCompleted", True)  # else the templates cover it
    print(f"\nComfyUI with the workflow is open at {server.address}/?open={saved.stem}")
    print("Ctrl-C ends it.", flush=True)
    try:
        while server.running:
            time.sleep(0.5)
    except KeyboardInterrupt:
        print("\nClosed.")
        return
    raise SetupError(f"ComfyUI has stopped. {server.last_lines()}")


if __name__ == "__main__":
    command_line(main)
