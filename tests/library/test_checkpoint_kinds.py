"""Files of other models are named for what they are."""

import json
import struct

import pytest
import torch
from adapter_files import good_state, packed, packed_as_before_2020, refusal
from safetensors.torch import save

from msdiffusion_nodes.files.checkpoint import read_checkpoint
from msdiffusion_nodes.files.listing import looks_like_adapter

pytestmark = pytest.mark.filterwarnings("ignore::UserWarning")
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
