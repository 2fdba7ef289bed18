"""The same adapter in other packagings is read as the same; other models' files are named."""

import json
import struct
import subprocess
import sys
from pathlib import Path

import pytest
import torch
from adapter_files import good_state, packed, packed_as_before_2020, refusal
from safetensors.torch import save

from msdiffusion_nodes.convert import convert
from msdiffusion_nodes.files.checkpoint import read_checkpoint, read_flat
from msdiffusion_nodes.files.listing import looks_like_adapter
from msdiffusion_nodes.method.adapter import Adapter

pytestmark = pytest.mark.filterwarnings("ignore::UserWarning")
ROOT = Path(__file__).resolve().parents[2]
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


one = torch.zeros(2, 2)
SDXL = (
    "model.diffusion_model.input_blocks.0.0.weight",
    "model.diffusion_model.label_emb.0.0.weight",
)
SDXL += ("conditioner.embedders.0.transformer.text_model.embeddings.token_embedding.weight",)
SDXL += (
    "conditioner.embedders.1.model.token_embedding.weight",
    "first_stage_model.decoder.conv_in.weight",
)
SITES = {f"ip_adapter.{number}.to_{kind}_ip.weight": one for number in (1, 3) for kind in "kv"}
OTHERS = {
    "an IP-Adapter": {"image_proj.proj.weight": one, "image_proj.norm.weight": one, **SITES},
    "an InstantID adapter": {
        "image_proj.latents": one,
        "image_proj.proj_in.weight": torch.zeros(2, 512),
        **SITES,
    },
    "a PuLID adapter": {"image_proj.mapping_0.0.weight": one, "ip_adapter.1.id_to_k.weight": one},
    "a PhotoMaker": {
        "id_encoder.fuse_module.mlp1.fc1.weight": one,
        "lora_weights.unet.down_blocks.1.attn1.processor.to_q_lora.down.weight": one,
    },
    "a MUSE adapter": {
        "image_proj_model.latents": one,
        **{
            f"adapter_modules.1.to_{part}.weight": one
            for part in ("k_text", "v_text", "k_image", "v_image")
        },
    },
    "a LoRA": {
        "lora_unet_down_blocks_1_attn2_to_k.lora_down.weight": one,
        "lora_unet_x.alpha": one,
    },
    "a ControlNet": {
        "controlnet_cond_embedding.conv_in.weight": one,
        "down_blocks.0.attn2.to_k.weight": one,
    },
    "an SDXL checkpoint": dict.fromkeys(SDXL, one),
    "an SDXL refiner": {
        name.replace(".1.model", ".0.model"): one for name in SDXL if "embedders.0" not in name
    },
    "an SDXL checkpoint for inpainting": dict.fromkeys(SDXL, one)
    | {SDXL[0]: torch.zeros(2, 9, 3, 3)},
    "a UNet of SDXL": {
        "down_blocks.1.attn2.to_k.weight": one,
        "add_embedding.linear_1.weight": one,
    },
    "a VAE": {"encoder.conv_in.weight": one, "decoder.conv_in.weight": one},
    "a CLIP-ViT-bigG vision model": {"vision_model.encoder.layers.47.layer_norm1.weight": one},
    "a CLIP vision model": {"vision_model.encoder.layers.3.layer_norm1.weight": one},
    "a text encoder": {"text_model.embeddings.token_embedding.weight": one},
}


def nested(tensors: dict) -> dict:
    groups = {}
    for name, tensor in tensors.items():
        groups.setdefault(name.partition(".")[0], {})[name.partition(".")[2]] = tensor
    return groups


@pytest.mark.parametrize("form", [save, lambda state: packed(nested(state)), packed])
@pytest.mark.parametrize("kind", OTHERS)
def test_another_models_file_is_named(tmp_path, kind, form):
    path = tmp_path / ("a.safetensors" if form is save else "a.bin")
    path.write_bytes(form({name: tensor.clone() for name, tensor in OTHERS[kind].items()}))
    message = refusal(path)
    assert f"is {kind}, not MS-Diffusion's adapter" in message
    assert "broken" not in message and "again" not in message
    assert not looks_like_adapter(path)


def test_the_found_list_shows_different_groups(tmp_path):
    parts = {f"image_proj.layers.{n}.weight": one.clone() for n in range(9)}
    (tmp_path / "a.safetensors").write_bytes(
        save({**parts, **{k: v.clone() for k, v in SITES.items()}})
    )
    assert "found 'image_proj', 'ip_adapter';" in refusal(tmp_path / "a.safetensors")


def test_a_checkpoint_of_full_size_is_named_by_its_long_header(tmp_path):
    """SDXL's 2,515 tensors: 330,000 bytes of names; the weights are a hole in the file."""
    names = [
        *SDXL,
        *(f"model.diffusion_model.output_blocks.{n}.{'x' * 60}.weight" for n in range(2500)),
    ]
    size = 2_700_000
    entries = {
        name: {"dtype": "F16", "shape": [size // 2], "data_offsets": [size * n, size * (n + 1)]}
        for n, name in enumerate(names)
    }
    header = json.dumps(entries).encode()
    assert len(header) > 300_000
    with open(tmp_path / "sdxl.safetensors", "wb") as file:
        file.write(struct.pack("<Q", len(header)) + header)
        file.truncate(8 + len(header) + size * len(names))
    message = refusal(tmp_path / "sdxl.safetensors")
    assert "is an SDXL checkpoint" in message and "models/checkpoints" in message


def test_another_models_torch_file_is_named_though_it_holds_code(tmp_path):
    class Callback:
        def __reduce__(self):
            return print, ("called",)

    state = {"state_dict": OTHERS["an SDXL checkpoint"], "callbacks": Callback()}
    (tmp_path / "sdxl.ckpt").write_bytes(packed(state))
    assert "is an SDXL checkpoint" in refusal(tmp_path / "sdxl.ckpt")


@pytest.mark.parametrize("form", [packed, packed_as_before_2020])
def test_a_torch_file_under_the_other_name_is_only_renamed(tmp_path, form):
    (tmp_path / "a.safetensors").write_bytes(form(good_state()))
    message = refusal(tmp_path / "a.safetensors")
    assert "rename it to .bin" in message and "again" not in message and "broken" not in message
    (tmp_path / "a.safetensors").rename(tmp_path / "a.bin")
    assert read_checkpoint(tmp_path / "a.bin")


WRITE_OVER = """
import sys
from pathlib import Path
from msdiffusion_nodes.files.checkpoint import read_checkpoint
from msdiffusion_nodes.method.adapter import Adapter

path, other = map(Path, sys.argv[1:])
adapter = Adapter(read_checkpoint(path))
before = float(sum(tensor.double().sum() for tensor in adapter.state_dict().values()))
with open(path, "r+b") as file:  # as cp and many downloads do
    file.truncate(0)
    file.write(other.read_bytes())
after = float(sum(tensor.double().sum() for tensor in adapter.state_dict().values()))
assert before == after
path.write_bytes(b"")
assert before == float(sum(tensor.double().sum() for tensor in adapter.state_dict().values()))
print("alive")
"""


@pytest.mark.parametrize("form", [packed, save])
def test_a_file_may_be_written_over_while_its_adapter_lives(tmp_path, form):
    suffix = "safetensors" if form is save else "bin"
    path, other = tmp_path / f"a.{suffix}", tmp_path / f"b.{suffix}"
    path.write_bytes(form(FLAT))
    other.write_bytes(form(doubled(FLAT)))
    command = [sys.executable, "-c", WRITE_OVER, str(path), str(other)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True)
    assert (done.returncode, done.stdout) == (0, "alive\n"), done.stderr
