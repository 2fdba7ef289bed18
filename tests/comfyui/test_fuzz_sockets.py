"""Another pack's objects on our sockets: a type's name is all that ComfyUI checks of a link."""

import nodes
import numpy as np
import pytest
from promises import everything

INPUTS = {
    "LoadMSDModel": ["model_name"],
    "EncodeSubjects": ["clip", "clip_vision", "phrases", "image_1", "mask_1", "subjects"],
    "LayoutBoxes": ["boxes", "width", "height", "subjects", "masks", "bboxes", "bbox_format"]
    + ["picture", "picture_width", "picture_height"],
    "AutoLayout": ["clip", "prompt", "threshold", "start_step"],
    "ApplyMSDiffusion": ["model", "msd_model", "subjects", "layout", "weight", "start_percent"]
    + ["end_percent", "subject_weights", "auto_layout", "overlap", "box_prompts"],
    "SubjectOptions": ["subjects", "number", "weight", "start_percent", "end_percent"]
    + ["view_weights"],
    "BackgroundSubject": ["subjects", "number", "weight"],
    "BatchLayouts": ["layout_1", "layout_2", "layout_8"],
    "SweepLayout": ["first", "last", "pictures"],
    "CropLayout": ["layout", "x", "y", "width", "height"],
    "ShowAreas": ["model", "samples"],
    "SaveSubjects": ["subjects", "filename_prefix"],
    "LoadSubjects": ["file"],
    "SubjectDetailer": ["model", "image", "vae", "positive", "negative", "layout", "seed", "steps"]
    + ["cfg", "sampler_name", "scheduler", "denoise", "size", "padding", "feather", "subjects"],
    "AuthorsSchedule": ["model", "steps", "denoise"],
    "BoxPrompts": ["clip", "prompts", "strength", "start_percent", "end_percent"],
    "ApplyBoxPrompts": ["model", "layout", "box_prompts"],
    "TextFollowsLayout": ["model", "clip", "prompt", "layout", "phrases", "strength", "until"]
    + ["self_attention", "subjects", "auto_layout"],
}
ALSO = {  # a good object of the right kind that does not fit the other inputs
    ("LayoutBoxes", "subjects"): ["boxes"],
    ("LayoutBoxes", "picture_height"): ["picture_width"],
    ("SubjectOptions", "subjects"): ["number"],
    ("BackgroundSubject", "subjects"): ["number"],
    ("SubjectDetailer", "model"): ["layout"],
    ("ApplyBoxPrompts", "layout"): ["box_prompts"],
    ("TextFollowsLayout", "layout"): ["phrases"],
    ("TextFollowsLayout", "prompt"): ["phrases"],
    ("TextFollowsLayout", "subjects"): ["phrases"],
    ("ApplyBoxPrompts", "box_prompts"): ["model"],
}
PAIRS = [(node, name) for node, names in INPUTS.items() for name in names]


def default(node, name):
    """What an input is where nothing is set: None for a socket that may stay empty."""
    kind, options = nodes.NODE_CLASS_MAPPINGS[node].INPUT_TYPES()["optional"][name]
    return kind[0] if isinstance(kind, list) else options.get("default")


@pytest.mark.parametrize("node, name", PAIRS)
def test_anything_on_a_socket_works_or_is_explained(node, name, fuzzed):
    good = fuzzed.inputs[node][name] if name in fuzzed.inputs[node] else default(node, name)
    for value in [*everything(fuzzed), good]:
        fuzzed(node, (name, *ALSO.get((node, name), ())), **{name: value})
    accepted = fuzzed.accepted.pop(node)
    assert accepted[-1] and not all(accepted), "the good value is accepted, not everything is"


@pytest.mark.parametrize("yes", [True, 1, np.bool_(True), np.int64(1)], ids=repr)
def test_a_yes_of_another_pack_is_a_yes(yes, run, tiny):
    settings = {"clip": tiny.clip, "prompt": "a dog", "threshold": 0.5, "start_step": 5}
    assert run("AutoLayout", **settings, text_in_box=yes)[0].text_in_box
