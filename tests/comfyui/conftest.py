"""A real ComfyUI in this process, with the pack loaded by ComfyUI's own loader."""

import os
import sys
import tempfile
from importlib import import_module
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

import folder_paths  # noqa: E402
import torch  # noqa: E402
from box_words import main, placed, swapped, words  # noqa: E402, F401  (fixtures)
from error_lines import first_sentence  # noqa: E402
from made_up import PICTURE, two_subjects  # noqa: E402
from one_site import announced, rule, site_maker  # noqa: E402, F401  (fixtures)
from pack_modules import load_pack  # noqa: E402
from promises import HALVES, Fuzzed, weights_of  # noqa: E402
from sampling import BOXES, PROMPT, empty_latent, ksampler, two_pictures  # noqa: E402
from subject_folder import SAVED  # noqa: E402
from tiny_models import models  # noqa: E402
from tiny_models.adapter import SDXL_SITE_WIDTHS, tiny_adapter  # noqa: E402


@pytest.fixture(scope="session")
def pack():
    """The pack's parts: `nodes` (classes by id) and the library's modules by their last name."""
    return load_pack()


@pytest.fixture(scope="session")
def run(pack):
    """Run a node as ComfyUI does: `run("LayoutBoxes", boxes=…, …)` gives its outputs."""

    def run_node(node_id, **inputs):
        node = pack.nodes[node_id]
        with torch.inference_mode():
            made = getattr(node(), node.FUNCTION)(**inputs)
        # a node that tells its page something gives a dict
        return made["result"] if isinstance(made, dict) else made

    return run_node


@pytest.fixture(scope="session")
def adapter_folder(pack):
    """`models/msdiffusion` of the running ComfyUI, with the tiny adapter in it."""
    folder = Path(folder_paths.get_folder_paths("msdiffusion")[0])
    folder.mkdir(parents=True, exist_ok=True)
    torch.save(tiny_adapter(), folder / "tiny_ms_adapter.bin")
    return folder


@pytest.fixture(scope="session")
def sdxl_adapter(run, adapter_folder):
    """The tiny adapter for all of SDXL's 70 sites."""
    torch.save(tiny_adapter(SDXL_SITE_WIDTHS), adapter_folder / "tiny_sdxl_adapter.bin")
    return run("LoadMSDModel", model_name="tiny_sdxl_adapter.bin")[0]


@pytest.fixture(scope="session")
def msd_model(run, adapter_folder):
    return run("LoadMSDModel", model_name="tiny_ms_adapter.bin")[0]


@pytest.fixture(scope="session")
def tiny(pack):
    """The tiny models' module, and one of each: `model`, `clip`, `vae`, `clip_vision`."""
    model, clip, vae = models.sdxl()
    vision = models.clip_vision()
    return SimpleNamespace(models=models, model=model, clip=clip, vae=vae, clip_vision=vision)


@pytest.fixture(scope="session")
def subjects(run, tiny):
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

    def make(**changes):
        inputs = {"clip": tiny.clip, "prompt": PROMPT, "threshold": 0.5, "start_step": 2}
        return run("AutoLayout", **inputs | changes)[0]

    return make


# --- bad input -----------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def good(pack, run, tiny, msd_model):
    """Inputs that are accepted, by node."""
    boxes = {"boxes": "[[0, 0, 0.5, 1], [0.5, 0, 1, 1]]", "width": 64, "height": 64}
    apply = {"model": tiny.model, "msd_model": msd_model, "layout": run("LayoutBoxes", **boxes)[0]}
    apply |= {"subjects": two_subjects(pack), "weight": 0.6, "start_percent": 0, "end_percent": 1}
    encode = {"clip": tiny.clip, "clip_vision": tiny.clip_vision, "phrases": "dog"}
    encode["image_1"] = PICTURE
    return {"EncodeSubjects": encode, "LayoutBoxes": boxes, "ApplyMSDiffusion": apply}


@pytest.fixture(scope="module")
def refused(run, good):
    """The error of a node with some inputs changed: it starts with the culprit's name."""

    def message(node, culprit, *parts, **changes):
        model = changes.get("model", good["ApplyMSDiffusion"]["model"])
        options, patches = repr(model.model_options), dict(model.patches)
        with pytest.raises(ValueError) as caught:
            run(node, **good.get(node, {}) | changes)
        text = str(caught.value)
        assert type(caught.value).__name__ == "InputError" and text.startswith(f"{culprit}: ")
        assert [part for part in parts if part not in text] == [], text
        assert len(text) < 600, "a message, not a dump"
        assert first_sentence(text)
        assert repr(model.model_options) == options and model.patches == patches
        return text

    return message


@pytest.fixture(scope="module")
def results(run, tiny, good):
    """What the nodes give for good input, before bad input and now."""

    def compute():
        subject = run("EncodeSubjects", **good["EncodeSubjects"])[0][0]
        patched = run("ApplyMSDiffusion", **good["ApplyMSDiffusion"])[0]
        picture = ksampler(tiny, patched, steps=1, cfg=1.0, latent_image=empty_latent(64, 64))
        return [subject.image_features, subject.phrase_embedding, picture]

    before = compute()
    return lambda: zip(before, compute(), strict=True)


@pytest.fixture
def next_run_works(results):
    yield
    assert all(torch.equal(before, now) for before, now in results())


# --- any input -----------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def fuzzed(pack, run, tiny, msd_model, tmp_path_factory):
    """`Fuzzed`, with inputs that every node accepts; the model's weights stay what they are."""
    folder = tmp_path_factory.mktemp("fuzz")
    before, output = weights_of(tiny.model), folder_paths.get_output_directory()
    folder_paths.set_output_directory(str(folder))
    subjects, layout = two_subjects(pack), run("LayoutBoxes", **HALVES)[0]
    auto = {"clip": tiny.clip, "prompt": "a dog and a cat", "threshold": 0.5, "start_step": 5}
    percents = {"start_percent": 0.0, "end_percent": 1.0}
    two = {"subjects": subjects, "layout": layout, "weight": 0.6, **percents}
    apply = {"model": tiny.model, "msd_model": msd_model, **two}
    box_prompts = {"clip": tiny.clip, "prompts": "a mug\n", "strength": 1.0, **percents}
    encode = {"clip": tiny.clip, "clip_vision": tiny.clip_vision, "phrases": "dog"}
    latent = {"samples": torch.zeros(1, 4, 8, 8)}
    tile = {"x": 0, "y": 32, "width": 32, "height": 16}
    prompt = run("AutoLayout", **auto)[1]
    detail = {"image": PICTURE, "vae": tiny.vae, "positive": prompt, "negative": prompt}
    detail |= {"seed": 0, "steps": 1, "cfg": 1.0, "sampler_name": "euler", "scheduler": "normal"}
    detail |= {"denoise": 0.5, "size": 64, "padding": 0.25, "feather": 4, "subjects": "1"}
    run("SaveSubjects", subjects=subjects, filename_prefix="fuzz/good")
    inputs = {
        "LoadMSDModel": {"model_name": "tiny_ms_adapter.bin"},
        "EncodeSubjects": {**encode, "image_1": PICTURE},
        "LayoutBoxes": HALVES,
        "AutoLayout": auto,
        "ApplyMSDiffusion": apply,
        "SubjectOptions": {"subjects": subjects, "number": 1, "weight": 0.6, **percents}
        | {"enabled": True},
        "BackgroundSubject": {"subjects": subjects, "number": 1, "weight": 0.4},
        "BatchLayouts": {"layout_1": layout},
        "SweepLayout": {"first": layout, "last": layout, "pictures": 3},
        "CropLayout": {"layout": layout, **tile},
        "ShowAreas": {"model": run("ApplyMSDiffusion", **apply)[0], "samples": latent},
        "SaveSubjects": {"subjects": subjects, "filename_prefix": "fuzz/subjects"},
        "LoadSubjects": {"file": "fuzz/good_00001_.safetensors"},
        "SubjectDetailer": {**detail, "model": run("ApplyMSDiffusion", **apply)[0]}
        | {"layout": layout},
        "AuthorsSchedule": {"model": tiny.model, "steps": 30, "denoise": 1.0},
        "BoxPrompts": box_prompts,
        "ApplyBoxPrompts": {"model": tiny.model, "layout": layout}
        | {"box_prompts": run("BoxPrompts", **box_prompts)[0]},
        "TextFollowsLayout": {"model": tiny.model, "clip": tiny.clip, "layout": layout}
        | {"prompt": "a dog and a cat", "phrases": "dog\n", "strength": 1.0, "until": 0.3},
    }
    yield Fuzzed(pack, run, inputs)
    folder_paths.set_output_directory(output)
    assert weights_of(tiny.model) == before, "the model's weights were changed"


# --- files of subjects ---------------------------------------------------------------------------


@pytest.fixture(scope="module")
def file_nodes(pack):
    return import_module(f"{pack.package}.nodes.files")


@pytest.fixture
def output_folder(tmp_path, monkeypatch):
    """An output folder that is empty at the beginning."""
    folder = tmp_path / "output"
    folder.mkdir()
    monkeypatch.setattr(folder_paths, "output_directory", str(folder))
    return folder


@pytest.fixture
def save_subjects(file_nodes, output_folder, subjects):
    """SaveSubjects as ComfyUI runs it: gives the name in the output folder."""

    def node(prefix="msdiffusion/subjects", given=subjects):
        with torch.inference_mode():
            answer = file_nodes.SaveSubjects().save(given, prefix)
        assert answer["result"][0] is given
        return answer["ui"]["text"][0]

    return node


@pytest.fixture
def load_subjects(file_nodes, output_folder):
    def node(name=SAVED):
        assert file_nodes.LoadSubjects.VALIDATE_INPUTS(name) is True
        with torch.inference_mode():
            return file_nodes.LoadSubjects().load(name)[0]

    return node
