"""A real ComfyUI in this process, with the pack loaded by ComfyUI's own loader."""

import os
import sys
import tempfile
from pathlib import Path
from types import SimpleNamespace

import pytest

TESTS = Path(__file__).resolve().parent.parent
ROOT = TESTS.parent
BASE = tempfile.TemporaryDirectory(prefix="msd-comfyui-")


def _start_comfyui() -> None:
    comfyui = os.environ.get("COMFYUI_PATH")
    if not comfyui or not (Path(comfyui) / "comfy").is_dir():
        raise pytest.UsageError("set COMFYUI_PATH to a ComfyUI folder, or run tools/test.py")
    sys.path.insert(0, comfyui)
    sys.path += [str(TESTS), str(ROOT)]  # last: ComfyUI has a module `nodes` too
    import torch
    from comfy.cli_args import args

    if "PYTEST_XDIST_WORKER" in os.environ:
        torch.set_num_threads(1)  # the other processes have the other cores

    args.cpu = True
    args.use_pytorch_cross_attention = True  # as on a GPU; the default for a CPU is slow
    args.base_directory = BASE.name


_start_comfyui()

from pack_modules import load_pack  # noqa: E402
from promises import fuzzed  # noqa: E402, F401
from refusals import good, next_run_works, refused, results  # noqa: E402, F401
from subject_folder import (  # noqa: E402, F401
    file_nodes,
    load_subjects,
    output_folder,
    save_subjects,
)


@pytest.fixture(scope="session")
def pack():
    """The pack's parts: `nodes` (classes by id) and the library's modules by their last name."""
    return load_pack()


@pytest.fixture(scope="session")
def run(pack):
    """Run a node as ComfyUI does: `run("LayoutBoxes", boxes=…, …)` gives its outputs."""

    def run_node(node_id, **inputs):
        import torch

        node = pack.nodes[node_id]
        with torch.inference_mode():
            made = getattr(node(), node.FUNCTION)(**inputs)
        # a node that tells its page something gives a dict
        return made["result"] if isinstance(made, dict) else made

    return run_node


@pytest.fixture(scope="session")
def adapter_folder(pack):
    """`models/msdiffusion` of the running ComfyUI, with the tiny adapter in it."""
    import folder_paths
    import torch
    from tiny_models.adapter import tiny_adapter

    folder = Path(folder_paths.get_folder_paths("msdiffusion")[0])
    folder.mkdir(parents=True, exist_ok=True)
    torch.save(tiny_adapter(), folder / "tiny_ms_adapter.bin")
    return folder


@pytest.fixture(scope="session")
def msd_model(run, adapter_folder):
    return run("LoadMSDModel", model_name="tiny_ms_adapter.bin")[0]


@pytest.fixture(scope="session")
def tiny(pack):
    """The tiny models' module, and one of each: `model`, `clip`, `vae`, `clip_vision`."""
    from tiny_models import models

    model, clip, vae = models.sdxl()
    vision = models.clip_vision()
    return SimpleNamespace(models=models, model=model, clip=clip, vae=vae, clip_vision=vision)


@pytest.fixture(scope="session")
def subjects(run, tiny):
    from sampling import two_pictures

    first, second = two_pictures()
    return run(
        "EncodeSubjects",
        clip=tiny.clip,
        clip_vision=tiny.clip_vision,
        phrases="dog\ncat",
        image_1=first,
        image_2=second,
    )[0]


@pytest.fixture(scope="session")
def patch(run, tiny, msd_model, subjects):
    """`patch(…)`: ApplyMSDiffusion with two subjects side by side and anything changed."""
    from sampling import BOXES

    def apply(boxes=BOXES, **changes):
        inputs = {
            "model": tiny.model,
            "msd_model": msd_model,
            "subjects": subjects,
            "layout": run("LayoutBoxes", boxes=boxes, width=512, height=512)[0],
            "weight": 0.6,
            "start_percent": 0.0,
            "end_percent": 1.0,
            **changes,
        }
        return run("ApplyMSDiffusion", **inputs)[0]

    return apply


@pytest.fixture(scope="session")
def options(run, subjects):
    """`options(number, …)`: SubjectOptions for one of the two subjects and anything changed."""

    def change(number, **changes):
        inputs = {"subjects": subjects, "number": number, "weight": 0.6, "enabled": True}
        inputs |= {"start_percent": 0.0, "end_percent": 1.0, **changes}
        return run("SubjectOptions", **inputs)[0]

    return change


@pytest.fixture(scope="session")
def auto(run, tiny):
    """`auto(…)`: AutoLayout for the prompt of `sampling.ksampler` and anything changed."""
    from sampling import PROMPT

    def make(**changes):
        inputs = {"clip": tiny.clip, "prompt": PROMPT, "threshold": 0.5, "start_step": 2}
        return run("AutoLayout", **inputs | changes)[0]

    return make
