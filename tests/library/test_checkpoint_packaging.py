"""The same adapter in other packagings is read as the same."""

import pytest
import torch
from adapter_files import good_state, packed, packed_as_before_2020, refusal
from safetensors.torch import save

from msdiffusion_nodes.convert import convert
from msdiffusion_nodes.files.checkpoint import read_checkpoint, read_flat
from msdiffusion_nodes.files.listing import looks_like_adapter
from msdiffusion_nodes.method.adapter import Adapter

pytestmark = pytest.mark.filterwarnings("ignore::UserWarning")
WIDTHS = [16, 24, 32, 40, 48, 56]
# the places of six sites in diffusers' and in the original UNet, in the adapter's order
IN_DIFFUSERS = (
    *(
        "down_blocks.1.attentions.0.transformer_blocks.0",
        "down_blocks.2.attentions.1.transformer_blocks.0",
    ),
    *(f"up_blocks.0.attentions.0.transformer_blocks.{layer}" for layer in (0, 1)),
    *(
        "up_blocks.1.attentions.0.transformer_blocks.0",
        "mid_block.attentions.0.transformer_blocks.0",
    ),
)
ORIGINAL = (
    *("input_blocks.4.1.transformer_blocks.0", "input_blocks.10.1.transformer_blocks.0"),
    *(f"output_blocks.0.1.transformer_blocks.{layer}" for layer in (0, 1)),
    *("output_blocks.3.1.transformer_blocks.0", "middle_block.1.transformer_blocks.0"),
)


def flat(state=None) -> dict:
    state = state or good_state(WIDTHS)
    return {
        f"{group}.{name}" if name else group: tensor
        for group, entry in state.items()
        for name, tensor in (entry.items() if isinstance(entry, dict) else [("", entry)])
    }


def doubled(tensors: dict) -> dict:
    return {name: 2 * tensor for name, tensor in tensors.items()}


def prefixed(prefix: str, tensors: dict) -> dict:
    return {prefix + name: tensor for name, tensor in tensors.items()}


def renamed(tensors: dict, **groups: str) -> dict:
    """Other first words."""
    parts = ((name.partition("."), tensor) for name, tensor in tensors.items())
    return {groups.get(p[0], p[0]) + p[1] + p[2]: tensor for p, tensor in parts}


def placed(tensors: dict, places, name: str) -> dict:
    """Sites by their places, in a turned order."""
    named = {}
    for key, tensor in reversed(tensors.items()):
        group, _, rest = key.partition(".")
        if group == "ms_adapter":
            number, kind, _ = rest.split(".")
            rest = name.format(place=places[int(number) // 2], kind=kind)
            named[rest] = tensor
        else:
            named[key] = tensor
    return named


def with_wrapper_within(tensors: dict) -> dict:
    return {name.replace("layers.", "layers._orig_mod."): t for name, t in tensors.items()}


FLAT = flat()
TRAINING = renamed(FLAT, image_proj="image_proj_model", ms_adapter="adapter_modules")
PROCESSOR = "{place}.attn2.processor.{kind}.weight"
UNET = {f"unet.{place}.attn2.to_q.weight": torch.zeros(2, 2) for place in IN_DIFFUSERS}
PACKAGINGS = {
    **{f"{prefix} in front": prefixed(f"{prefix}.", FLAT) for prefix in ("module", "model")},
    "_orig_mod in front": prefixed("_orig_mod.", FLAT),
    "two wrappers in front": prefixed("_orig_mod.module.", FLAT),
    "a wrapper within": with_wrapper_within(FLAT),
    **{f"in {w}": {w: good_state(WIDTHS)} for w in ("state_dict", "model", "weights", "params")},
    "in two dicts": {"checkpoint": {"state_dict": good_state(WIDTHS)}, "step": 1000},
    "flat in a dict": {"state_dict": prefixed("module.", TRAINING), "lr": 0.1},
    "modules in groups": {
        group: prefixed("module.", entry) if isinstance(entry, dict) else entry
        for group, entry in good_state(WIDTHS).items()
    },
    "names of the training script": TRAINING,
    "groups of the training script": {
        "image_proj_model": good_state(WIDTHS)["image_proj"],
        "adapter_modules": good_state(WIDTHS)["ms_adapter"],
    },
    "a training state with its UNet": {**UNET, **prefixed("module.", TRAINING)},
    "groups of an IP-Adapter": renamed(FLAT, ms_adapter="ip_adapter"),
    "processors of a UNet": placed(FLAT, IN_DIFFUSERS, PROCESSOR),
    "processors of a model's UNet": placed(FLAT, IN_DIFFUSERS, "model.unet." + PROCESSOR),
    "processors in a list": placed(FLAT, IN_DIFFUSERS, "{place}.attn2.processor.{kind}.0.weight"),
    "processors with underscores": placed(
        FLAT,
        [place.replace(".", "_") for place in IN_DIFFUSERS],
        "{place}_attn2_processor_{kind}_weight",
    ),
    "a group of processors": placed(FLAT, IN_DIFFUSERS, "ms_adapter." + PROCESSOR),
    "places in the original UNet": placed(FLAT, ORIGINAL, "{place}.attn2.{kind}.weight"),
    "sites counted from zero": placed(FLAT, range(6), "sites.{place}.{kind}.weight"),
    "one list of keys and one of values": placed(FLAT, range(6), "{kind}.{place}.weight"),
    "the names of this library's adapter": placed(
        renamed(FLAT, image_proj="resampler"), range(6), "{kind}.{place}.weight"
    ),
    "EMA alone": {"ema": good_state(WIDTHS)},
    "EMA in the name": prefixed("model_ema.", FLAT),
    "EMA beside the weights": {"model": doubled(FLAT), "ema": FLAT},
    "EMA beside the official names": {**FLAT, "ema": doubled(FLAT)},
    "EMA of each group": {
        **doubled(TRAINING),
        **renamed(FLAT, image_proj="image_proj_model_ema", ms_adapter="adapter_modules_ema"),
    },
}


@pytest.mark.parametrize("form", [packed, packed_as_before_2020, save])
@pytest.mark.parametrize("what", PACKAGINGS)
def test_the_same_adapter_is_read_from_any_packaging(tmp_path, what, form):
    state, path = PACKAGINGS[what], tmp_path / ("a.safetensors" if form is save else "a.bin")
    if form is save and any(isinstance(entry, dict) for entry in state.values()):
        state = {name: t.clone() for name, t in flat_of(state).items()}
    path.write_bytes(form(state))
    assert looks_like_adapter(path)
    read = read_flat(path)
    expected = {
        name: tensor for name, tensor in FLAT.items() if name in read or "dummy" not in name
    }
    assert read.keys() == expected.keys()
    assert all(torch.equal(read[name], tensor) for name, tensor in expected.items())
    assert Adapter(read_checkpoint(path)).site_widths == WIDTHS


def flat_of(state: dict, front: str = "") -> dict:
    found = {}
    for name, entry in state.items():
        if isinstance(entry, dict):
            found |= flat_of(entry, f"{front}{name}.")
        elif isinstance(entry, torch.Tensor):
            found[front + name] = entry
    return found


def test_the_converter_writes_the_official_names(tmp_path):
    (tmp_path / "a.bin").write_bytes(packed({"state_dict": TRAINING}))
    convert(tmp_path / "a.bin", tmp_path / "b.safetensors")
    assert read_flat(tmp_path / "b.safetensors").keys() == FLAT.keys()


CUT = {
    "no values": (lambda name: "to_v" not in name, "1.to_v_ip.weight is missing, 6 of 12"),
    "the last sites": (lambda name: ".7." not in name and ".9." not in name, "7.to_k_ip.weight"),
    "a size": (lambda name: "proj_in.weight" not in name, "image_proj.proj_in.weight is missing"),
    "no latents": (lambda name: "grounding" not in name, "grounding_latents is missing"),
}


@pytest.mark.parametrize("wrapper", ["", "module.", "state_dict.model."])
@pytest.mark.parametrize("what", CUT)
def test_what_was_saved_in_part_is_told_from_what_is_wrapped(tmp_path, what, wrapper):
    keep, part = CUT[what]
    kept = {wrapper + name: tensor for name, tensor in FLAT.items() if keep(name)}
    (tmp_path / "a.safetensors").write_bytes(save(kept))
    message = refusal(tmp_path / "a.safetensors")
    assert part in message and "only a part of the adapter was saved" in message


def test_a_layer_that_is_missing_in_a_unet_leaves_its_number_free(tmp_path):
    names = placed(FLAT, IN_DIFFUSERS, PROCESSOR)
    names = {
        name: t
        for name, t in names.items()
        if "up_blocks.0.attentions.0.transformer_blocks.0" not in name
    }
    (tmp_path / "a.bin").write_bytes(packed(names))
    assert "5.to_k_ip.weight is missing" in refusal(tmp_path / "a.bin")


def test_a_download_that_broke_off_says_how_much_is_there(tmp_path):
    data = save(FLAT)
    (tmp_path / "a.safetensors").write_bytes(data[: len(data) // 2])
    message = refusal(tmp_path / "a.safetensors")
    assert f"cut short: {len(data) / 2e6:.1f} MB of {len(data) / 1e6:.1f} MB are there" in message
