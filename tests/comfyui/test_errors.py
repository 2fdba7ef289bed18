"""What bad input gets: an error before sampling that names the input, what came and the fix."""

import os

import folder_paths
import nodes
import pytest
import torch
from comfy import model_base, model_patcher, sd, sdxl_clip, supported_models, supported_models_base
from comfy.ldm.flux.model import FluxParams
from made_up import PICTURE, two_subjects
from PIL import Image

pytestmark = pytest.mark.usefixtures("next_run_works")

FOUR_LEVELS = {"num_res_blocks": [2] * 4, "channel_mult": [1, 2, 4, 4]}
SD15 = FOUR_LEVELS | {
    "transformer_depth": [1] * 6 + [0] * 2,
    "transformer_depth_output": [1] * 9 + [0] * 3,
    "transformer_depth_middle": 1,
    "use_linear_in_transformer": False,
    "num_classes": None,
    "adm_in_channels": None,
}
REFINER = FOUR_LEVELS | {
    "transformer_depth": [0, 0, 4, 4, 4, 4, 0, 0],
    "transformer_depth_output": [0] * 3 + [4] * 6 + [0] * 3,
    "transformer_depth_middle": 4,
}
FLUX = {"axes_dim": [4, 6, 6], "theta": 10000, "qkv_bias": True, "guidance_embed": False}
FLUX |= dict.fromkeys(("mlp_ratio", "num_heads", "depth", "depth_single_blocks", "patch_size"), 1)
FLUX |= dict.fromkeys(("in_channels", "out_channels", "hidden_size"), 16)
FLUX |= dict.fromkeys(("context_in_dim", "vec_in_dim"), 16)

# what the library refuses is in tests/library; one of each kind shows that its words come through
ENCODE = [
    ("phrases", {"phrases": "a\nb"}, ["2 came (a, b)", "for 1 picture", "one line for each"]),
    ("phrases", {"phrases": "a dog " * 60}, ["too long", "few words"]),
    ("mask_3", {"mask_3": torch.ones(1, 48, 64)}, ["no picture image_3"]),
    # what core's checkpoint loaders give for a file without this part
    ("clip", {"clip": None}, ["text encoder"]),
    ("clip_vision", {"clip_vision": None}, ["clip_vision_g.safetensors"]),
]
LAYOUT = [
    ("boxes", {"boxes": "[[0, 0, 512, 1024]]"}, ["box 1", "512", "1024", "from 0 to 1", "pixels"]),
]
APPLY = [
    ("subject_weights", {"subject_weights": "0.6, x"}, ['"0.6, x"', "expected numbers"]),
    ("subjects", {"subjects": []}, ["none", "EncodeSubjects"]),
    ("start_percent", {"start_percent": 0.8, "end_percent": 0.2}, ["0.8", "end_percent 0.2"]),
]
# ComfyUI's own range check lets NaN pass, and a client's JSON may hold it
NUMBERS = ("weight", "start_percent", "end_percent")
APPLY += [(name, {name: float("nan")}, ["nan"]) for name in NUMBERS]
CASES = [("EncodeSubjects", *case) for case in ENCODE]
CASES += [("LayoutBoxes", *case) for case in LAYOUT]
CASES += [("ApplyMSDiffusion", *case) for case in APPLY]


@pytest.mark.parametrize(
    "node, culprit, changes, parts", CASES, ids=[f"{case[1]}: {case[3][0]}" for case in CASES]
)
def test_bad_input(node, culprit, changes, parts, refused):
    refused(node, culprit, *parts, **changes)


@pytest.mark.parametrize("mode, size", [("RGB", (64, 64)), ("RGBA", (60, 90))])
def test_the_empty_mask_of_load_image(mode, size, refused):
    os.makedirs(folder_paths.get_input_directory(), exist_ok=True)
    file = os.path.join(folder_paths.get_input_directory(), "msd_error.png")
    Image.new(mode, (90, 60), "red").save(file)  # opaque everywhere
    picture, mask = nodes.LoadImage().load_image("msd_error.png")
    os.remove(file)
    assert mask.shape[1:] == size
    parts = ["empty", "LoadImage", "64×64", "without transparency", "disconnect", "1 - alpha"]
    refused("EncodeSubjects", "mask_1", *parts, image_1=picture, mask_1=mask)


@pytest.mark.parametrize("count", [1, 3])
def test_fewer_or_more_boxes_than_subjects(count, refused, run, pack):
    inputs = {"boxes": str([[0, 0, 1, 1]] * count), "width": 64, "height": 64}
    parts = [f"{count} box", "2 subjects", "dog, cat", "one box a subject"]
    refused("LayoutBoxes", "boxes", *parts, subjects=two_subjects(pack), **inputs)
    layout = run("LayoutBoxes", **inputs)[0]
    refused("ApplyMSDiffusion", "layout", *parts, layout=layout)


def test_the_wrong_clip_vision_model(refused, run, good, tiny, pack):
    wide = tiny.models.clip_vision(config="clip_vision_wide.json")
    inputs = {"clip_vision": wide, "phrases": "a\nb", "image_2": PICTURE}
    subjects = run("EncodeSubjects", **good["EncodeSubjects"] | inputs)[0]
    parts = ["clip_vision", "48-wide", "(40)", "load", "EncodeSubjects"]
    refused("ApplyMSDiffusion", "subjects", *parts, subjects=subjects)
    parts = ["different encoders", "40", "48", "the same CLIP vision model"]
    chained = {"clip_vision": wide, "subjects": two_subjects(pack)}
    refused("EncodeSubjects", "subjects", *parts, **chained)


def test_the_wrong_clip(refused, tiny, pack):
    parts = ["clip", "32-wide", "24", "CLIP of your SDXL checkpoint"]
    refused("ApplyMSDiffusion", "subjects", *parts, subjects=two_subjects(pack, phrase=32))
    parts = sdxl_clip.SDXLTokenizer, sdxl_clip.SDXLRefinerClipModel
    options = {"clip_g_model_config": tiny.models.CLIP_G, "dtype": torch.float32}
    refiner = sd.CLIP(supported_models_base.ClipTarget(*parts), model_options=options)
    parts = ["SDXLRefinerClipModel", "CLIP-L", "SDXL checkpoint"]
    refused("EncodeSubjects", "clip", *parts, clip=refiner)


def flux(tiny):
    config = supported_models.Flux({})
    newer = {"txt_ids_dims": []} if "txt_ids_dims" in FluxParams.__annotations__ else {}
    config.unet_config = FLUX | newer | {"dtype": torch.float32}
    device = torch.device("cpu")
    return model_patcher.ModelPatcher(model_base.Flux(config), device, device)


def family(name, **plan):
    kind = getattr(model_base, name, model_base.BaseModel)
    config = getattr(supported_models, name)
    return lambda tiny: tiny.models.unet_model(kind=kind, config=config, **plan)


@pytest.mark.parametrize(
    "build, parts",
    [
        (family("SD15", **SD15), ["SD15", "16 text cross-attentions"]),
        (family("SDXLRefiner", **REFINER), ["SDXLRefiner", "44 text cross-attentions"]),
        (family("SDXL", model_channels=64), ["SDXL", "128 wide instead of 64"]),
        (flux, ["Flux", "no text cross-attentions"]),
    ],
    ids=["SD 1.5", "refiner", "another width", "Flux"],
)
def test_the_wrong_base_model(build, parts, refused, tiny):
    parts = [*parts, "needs 6", "Load an SDXL checkpoint"]
    text = refused("ApplyMSDiffusion", "model", *parts, model=build(tiny))
    assert "BaseModel" not in text, "a class of ComfyUI's that says nothing"
