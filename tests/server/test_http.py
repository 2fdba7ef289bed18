"""The nodes over a real server's HTTP API."""

import io
import itertools
import json
import re

import numpy as np
import pytest
from comfy_server import PromptError
from conftest import ROOT, node
from PIL import Image

SALTS = itertools.count(1)
CONTRACT = {
    "LoadMSDModel": (["model_name"], []),
    "EncodeSubjects": (
        ["clip", "clip_vision", "phrases", "image_1"],
        ["mask_1", "image_2", "mask_2", "image_3", "mask_3", "image_4", "mask_4", "subjects"]
        + ["invert_masks"],
    ),
    "LayoutBoxes": (
        ["boxes", "width", "height"],
        [
            "subjects",
            "masks",
            "bboxes",
            "bbox_format",
            "picture",
            "picture_width",
            "picture_height",
            "options",
            "areas",
        ],
    ),
    "AutoLayout": (
        ["clip", "prompt", "threshold", "start_step"],
        ["text_in_box", "areas", "start_percent"],
    ),
    "SubjectOptions": (
        ["subjects", "number", "weight", "start_percent", "end_percent", "enabled"],
        ["view_weights"],
    ),
    "BackgroundSubject": (["subjects", "number", "weight"], []),
    "BatchLayouts": (["layout_1"], [f"layout_{number}" for number in range(2, 9)]),
    "SweepLayout": (["first", "last", "pictures"], []),
    "CropLayout": (["layout", "x", "y", "width", "height"], []),
    "ShowAreas": (["model", "samples"], []),
    "SaveSubjects": (["subjects", "filename_prefix"], []),
    "LoadSubjects": (["file"], []),
    "SubjectDetailer": (
        ["model", "image", "vae", "positive", "negative", "layout", "seed", "steps", "cfg"]
        + ["sampler_name", "scheduler", "denoise", "size", "padding", "feather"],
        ["subjects"],
    ),
    "AuthorsSchedule": (["model", "steps", "denoise"], []),
    "ApplyMSDiffusion": (
        ["model", "msd_model", "subjects", "layout", "weight", "start_percent", "end_percent"],
        ["subject_weights", "grounding", "auto_layout", "overlap", "box_prompts"],
    ),
    "BoxPrompts": (["clip", "prompts", "strength", "start_percent", "end_percent"], []),
    "ApplyBoxPrompts": (["model", "layout", "box_prompts"], []),
    "TextFollowsLayout": (
        ["model", "clip", "prompt", "layout", "phrases", "strength", "until"],
        ["self_attention", "subjects", "auto_layout"],
    ),
}
OUTPUTS = {
    "LoadMSDModel": ["MSD_MODEL"],
    "EncodeSubjects": ["MSD_SUBJECTS"],
    "LayoutBoxes": ["MSD_LAYOUT", "IMAGE", "MASK", "INT", "INT", "BOUNDING_BOX", "MASK"],
    "ApplyMSDiffusion": ["MODEL"],
    "AutoLayout": ["MSD_AUTO_LAYOUT", "CONDITIONING"],
    "SubjectOptions": ["MSD_SUBJECTS"],
    "BackgroundSubject": ["MSD_SUBJECTS"],
    "BatchLayouts": ["MSD_LAYOUT"],
    "SweepLayout": ["MSD_LAYOUT"],
    "CropLayout": ["MSD_LAYOUT"],
    "ShowAreas": ["IMAGE", "MASK"],
    "SaveSubjects": ["MSD_SUBJECTS"],
    "LoadSubjects": ["MSD_SUBJECTS"],
    "SubjectDetailer": ["IMAGE", "MASK"],
    "AuthorsSchedule": ["SIGMAS"],
    "BoxPrompts": ["MSD_BOX_PROMPTS"],
    "ApplyBoxPrompts": ["MODEL"],
    "TextFollowsLayout": ["MODEL", "CONDITIONING"],
}


def paint(server, prompt):
    """Run a prompt; the saved picture as an array, and the ids of the nodes that were cached."""
    prompt_id = server.queue(prompt)
    entry = server.wait(prompt_id)
    saved = next(key for key, value in prompt.items() if value["class_type"] == "SaveImage")
    cached = [
        number
        for kind, data in entry["status"]["messages"]
        if kind == "execution_cached"
        for number in data["nodes"]
    ]
    picture = painted(server, prompt, entry) if saved in entry["outputs"] else None
    return picture, {prompt[number]["class_type"] for number in cached}


def painted(server, prompt, entry):
    """The first picture that a run saved."""
    saved = next(key for key, value in prompt.items() if value["class_type"] == "SaveImage")
    return np.array(Image.open(io.BytesIO(server.image(entry["outputs"][saved]["images"][0]))))


def afresh(prompt):
    """The prompt with models that ComfyUI has not built yet: nothing after them is cached."""
    for kind in ("TinySDXL", "TinyCLIPVision"):
        node(prompt, kind)["inputs"]["salt"] = next(SALTS)
    return prompt


def error_of(server, prompt):
    """What a user reads when the prompt fails."""
    with pytest.raises(PromptError) as error:
        server.wait(server.queue(prompt))
    return str(error.value)


@pytest.mark.parametrize("node_id", CONTRACT)
def test_ids_inputs_and_outputs_are_the_contract(node_id, server):
    info = server.get(f"/object_info/{node_id}")[node_id]
    required, optional = CONTRACT[node_id]
    assert info["input_order"]["required"] == required
    assert info["input_order"].get("optional", []) == optional
    assert info["output"] == OUTPUTS[node_id]
    assert info["category"] == "MS-Diffusion"
    for group in info["input"].values():
        assert all(spec[1].get("tooltip") for spec in group.values())
    assert len(info["output_tooltips"]) == len(OUTPUTS[node_id])


def test_the_example_paints_a_picture_of_the_layouts_size(server, prompt):
    picture, _ = paint(server, afresh(prompt))
    assert picture.shape == (192, 256, 3)
    assert picture.std() > 0


def test_same_seed_same_picture_also_after_everything_was_unloaded(server, prompt):
    first, _ = paint(server, afresh(prompt))
    server.post("/free", {"unload_models": True, "free_memory": True})
    again, cached = paint(server, afresh(prompt))
    assert not cached & {"KSampler", "EncodeSubjects", "ApplyMSDiffusion"}
    assert np.array_equal(first, again)


def test_moving_a_box_runs_no_encoder_again(server, prompt):
    before, _ = paint(server, afresh(prompt))
    node(prompt, "LayoutBoxes")["inputs"]["boxes"] = "[[0, 0, 0.5, 1], [0.5, 0, 1, 1]]"
    after, cached = paint(server, prompt)
    assert {"LoadMSDModel", "EncodeSubjects", "TinySDXL", "TinyCLIPVision"} <= cached
    assert not cached & {"LayoutBoxes", "ApplyMSDiffusion", "KSampler"}
    assert not np.array_equal(before, after)


def test_bypassing_the_node_leaves_no_trace(server, prompt):
    sampler, apply = node(prompt, "KSampler")["inputs"], node(prompt, "ApplyMSDiffusion")["inputs"]
    patched, unpatched = sampler["model"], apply["model"]
    sampler["model"] = unpatched
    plain, _ = paint(server, afresh(prompt))
    sampler["model"] = patched
    ours, _ = paint(server, afresh(prompt))
    # the same loaded model from here on: only what hangs on it changes
    sampler["model"] = unpatched
    bypassed, cached = paint(server, prompt)
    assert "TinySDXL" in cached and "KSampler" not in cached
    sampler["model"] = patched
    apply["weight"] = 0.0
    weight_0, _ = paint(server, prompt)
    assert not np.array_equal(ours, plain)
    assert np.array_equal(bypassed, plain)
    assert np.array_equal(weight_0, plain)


def test_bad_input_is_explained_and_the_next_run_is_undisturbed(server, prompt):
    """Whether a node refuses it in a run, or ComfyUI before one; `tests/comfyui` has them all."""
    good, _ = paint(server, afresh(prompt))
    layout = node(prompt, "LayoutBoxes")["inputs"]
    apply = node(prompt, "ApplyMSDiffusion")["inputs"]
    boxes, layout["boxes"] = layout["boxes"], "here"
    message = error_of(server, prompt)
    assert all(part in message for part in ("LayoutBoxes", "boxes", "JSON")), message
    layout["boxes"] = boxes
    weight, apply["weight"] = apply["weight"], -1
    message = error_of(server, prompt)
    assert all(part in message for part in ("ApplyMSDiffusion", "weight", "-1", "0.0")), message
    apply["weight"] = weight
    again, _ = paint(server, afresh(prompt))
    assert np.array_equal(good, again)


def test_the_template_is_listed(server):
    templates = server.get("/workflow_templates")
    names = {path.stem for path in (ROOT / "example_workflows").glob("*.json")}
    assert any(set(found) == names for found in templates.values())


def test_every_node_runs_over_http_and_saved_subjects_come_back(server, prompt):
    prompt = afresh(prompt)
    clip = node(prompt, "EncodeSubjects")["inputs"]["clip"]
    apply = node(prompt, "ApplyMSDiffusion")["inputs"]
    sampler_id = next(key for key, value in prompt.items() if value["class_type"] == "KSampler")
    decode_id = next(key for key, value in prompt.items() if value["class_type"] == "VAEDecode")
    positive = node(prompt, "CLIPTextEncode")["inputs"]["text"]
    options = {"weight": 0.5, "start_percent": 0.0, "end_percent": 0.8, "enabled": True}
    layout = apply["layout"]
    detail = {"image": [decode_id, 0], "vae": prompt[decode_id]["inputs"]["vae"]}
    detail |= prompt[sampler_id]["inputs"]
    del detail["latent_image"]
    detail |= {"steps": 2, "denoise": 0.5, "size": 128, "padding": 0.25, "feather": 4}
    added = {
        "options": ("SubjectOptions", {"subjects": apply["subjects"], "number": 1, **options}),
        "scene": ("BackgroundSubject", {"subjects": ["options", 0], "number": 2, "weight": 0.4}),
        "save": ("SaveSubjects", {"subjects": ["scene", 0], "filename_prefix": "kept/pair"}),
        "auto": (
            "AutoLayout",
            {"clip": clip, "prompt": positive, "threshold": 0.5, "start_step": 1},
        ),
        "sweep": ("SweepLayout", {"first": layout, "last": layout, "pictures": 2}),
        "tile": (
            "CropLayout",
            {"layout": ["sweep", 0], "x": 0, "y": 0, "width": 256, "height": 192},
        ),
        "batch": ("BatchLayouts", {"layout_1": ["tile", 0]}),
        "areas": (
            "ShowAreas",
            {"model": node(prompt, "KSampler")["inputs"]["model"], "samples": [sampler_id, 0]},
        ),
        "shown": ("PreviewImage", {"images": ["areas", 0]}),
        "detail": ("SubjectDetailer", detail | {"layout": ["batch", 0]}),
        "detailed": ("PreviewImage", {"images": ["detail", 0]}),
    }
    for number, (kind, inputs) in added.items():
        prompt[number] = {"class_type": kind, "inputs": inputs}
    apply |= {"subjects": ["save", 0], "layout": ["batch", 0], "auto_layout": ["auto", 0]}
    apply["overlap"] = "topmost"
    node(prompt, "EmptyLatentImage")["inputs"]["batch_size"] = 2
    entry = server.wait(server.queue(prompt))
    assert len(entry["outputs"]["shown"]["images"]) == 2, "one picture a step"
    assert len(entry["outputs"]["detailed"]["images"]) == 2, "one of each of the batch"
    first = painted(server, prompt, entry)
    file = entry["outputs"]["save"]["text"][0]
    prompt["load"] = {"class_type": "LoadSubjects", "inputs": {"file": file}}
    apply["subjects"] = ["load", 0]
    node(prompt, "LayoutBoxes")["inputs"].pop("subjects")
    for number in ("options", "scene", "save"):
        del prompt[number]
    encoders = ("EncodeSubjects", "TinyCLIPVision", "LoadImage")
    for number in [key for key, value in prompt.items() if value["class_type"] in encoders]:
        del prompt[number]
    entry = server.wait(server.queue(prompt))
    assert np.array_equal(painted(server, prompt, entry), first)


def test_a_detectors_text_is_linked_into_the_layout(server, prompt):
    phrases = node(prompt, "EncodeSubjects")["inputs"]["phrases"].splitlines()
    boxes = {"bboxes": [[500, 0, 1000, 1000], [0, 500, 250, 1000]], "labels": phrases}
    text = {"class_type": "PrimitiveStringMultiline", "inputs": {"value": json.dumps(boxes)}}
    layout = node(prompt, "LayoutBoxes")["inputs"]
    # the side comes over a link too
    side = {"class_type": "PrimitiveInt", "inputs": {"value": 1000}}
    prompt = afresh(prompt) | {"text": text, "side": side}
    layout |= {"bboxes": ["text", 0], "bbox_format": "auto"}
    layout |= {"picture_width": ["side", 0], "picture_height": ["side", 0]}
    entry = server.wait(server.queue(prompt))
    assert painted(server, prompt, entry).shape == (192, 256, 3)
    (told,) = next(out["msd_layout"] for out in entry["outputs"].values() if "msd_layout" in out)
    assert told == {
        "width": 256,
        "height": 192,
        "boxes": [[0.5, 0, 1, 1], [0, 0.5, 0.25, 1]],
        "names": phrases,
        "unused": [],
        "note": "read as xyxy, pixels of 1000 × 1000",
        "source": "bboxes",
    }


def test_a_mask_is_no_list_of_boxes(server, prompt):
    masks = {"class_type": "SolidMask", "inputs": {"value": 1.0, "width": 64, "height": 64}}
    node(prompt, "LayoutBoxes")["inputs"]["bboxes"] = ["masks", 0]
    message = error_of(server, prompt | {"masks": masks})
    assert "bboxes" in message and "mismatch" in message


@pytest.mark.parametrize("node_id", CONTRACT)
def test_the_help_page_tells_of_every_input(node_id, server):
    page = server.text(f"/extensions/ComfyUI-MSDiffusion/docs/{node_id}.md")
    names = [name for group in CONTRACT[node_id] for name in group]
    numbered = re.compile(r"(image|mask|layout)_[2-9]$")  # told of as a range
    untold = [name for name in names if name not in page and not numbered.search(name)]
    assert untold == []


@pytest.mark.parametrize("node_id", CONTRACT)
def test_the_help_page_shows_the_node(node_id, server):
    page = server.text(f"/extensions/ComfyUI-MSDiffusion/docs/{node_id}.md")
    pictures = re.findall(r"!\[.+?\]\((.+?)\)", page)
    assert f"images/{node_id}.jpg" in pictures
    for name in pictures:
        with Image.open(ROOT / "web" / "docs" / name) as picture:
            assert picture.format == "JPEG" and min(picture.size) > 100
