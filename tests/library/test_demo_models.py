"""The demo chooses models by what is in them, says how far it is, and what does not fit."""

import json
import struct
import sys
from math import prod
from pathlib import Path

import pytest
import torch
from adapter_files import good_state, packed
from safetensors.torch import save

sys.path.append(str(Path(__file__).resolve().parents[2] / "tools"))

import demo_models  # noqa: E402
from console import SetupError  # noqa: E402
from memory import WORKING, free_memory, require_memory  # noqa: E402
from model_files import ModelFiles  # noqa: E402
from sampler_progress import SamplerProgress, latest  # noqa: E402

UNET = {"model.diffusion_model.input_blocks.0.0.weight": (320, 4, 3, 3)}
CLIPS = {
    "conditioner.embedders.0.transformer.text_model.embeddings.token_embedding.weight": (
        49408,
        768,
    ),
    "conditioner.embedders.1.model.token_embedding.weight": (49408, 1280),
}
SDXL = UNET | CLIPS
INPAINT = {name: (320, 9, 3, 3) for name in UNET} | CLIPS
REFINER = UNET | {"conditioner.embedders.0.model.token_embedding.weight": (49408, 1280)}
SD15 = UNET | {"cond_stage_model.transformer.text_model.embeddings.token_embedding.weight": (4, 4)}
BIG_G = {"vision_model.encoder.layers.47.layer_norm1.weight": (1664,)}
VIT_H = {"vision_model.encoder.layers.31.layer_norm1.weight": (1280,)}
IP_ADAPTER = {
    "image_proj": {"latents": torch.zeros(1, 2, 2)},
    "ip_adapter": {"1.to_k_ip.weight": torch.zeros(2, 2)},
}
WORKFLOW = {
    "nodes": [
        {"type": "CheckpointLoaderSimple", "widgets_values": ["sd_xl_base_1.0.safetensors"]},
        {"type": "CLIPVisionLoader", "widgets_values": ["clip_vision_g.safetensors"]},
        {"type": "LoadMSDModel", "widgets_values": ["ms_adapter.bin"]},
    ]
}


def header(shapes: dict) -> bytes:
    """A .safetensors file whose weights are missing."""
    entries = {
        name: {"dtype": "F16", "shape": shape, "data_offsets": [0, 2 * prod(shape)]}
        for name, shape in shapes.items()
    }
    encoded = json.dumps(entries).encode()
    return struct.pack("<Q", len(encoded)) + encoded


class Server:
    """Answers as ComfyUI does, for the files in a folder of models."""

    def __init__(self, models: Path) -> None:
        self.models = models

    def get(self, path):
        own = ("checkpoints", "clip_vision", "msdiffusion")
        if path == "/experiment/models":
            return [{"name": name, "folders": [str(self.models / name)]} for name in own]
        if path == "/object_info/LoadMSDModel":
            names = self.names("msdiffusion") + self.names("ipadapter")
            return {"LoadMSDModel": {"input": {"required": {"model_name": [names, {}]}}}}
        if path == "/system_stats":
            return {"system": {"ram_free": 10**11}}
        return self.names(path.removeprefix("/models/"))

    def names(self, folder):
        return sorted(one.name for one in (self.models / folder).glob("*"))


@pytest.fixture
def server(tmp_path):
    def write(files: dict[str, bytes]) -> Server:
        for name, content in files.items():
            (tmp_path / name).parent.mkdir(exist_ok=True)
            (tmp_path / name).write_bytes(content)
        return Server(tmp_path)

    return write


def found(server: Server) -> list:
    return [choice.found for choice in demo_models.search(server, WORKFLOW)]


@pytest.mark.parametrize("name", ["juggernautXL_v9", "RealVisXL_V4.0", "animagine-xl-3.1", "x"])
def test_any_sdxl_checkpoint_is_found_by_what_is_in_it(server, name):
    files = {
        f"checkpoints/{name}.safetensors": header(SDXL),
        "checkpoints/a_sdxl_refiner.safetensors": header(REFINER),
        "checkpoints/sdxl_inpainting.safetensors": header(INPAINT),
        "checkpoints/my_sdxl.safetensors": header(SD15),
        "checkpoints/sd_xl_turbo.safetensors": b"<html>",
        "clip_vision/a.safetensors": header(VIT_H),
        "clip_vision/CLIP-ViT.safetensors": header(BIG_G),
        "msdiffusion/a.bin": packed(IP_ADAPTER),
        "msdiffusion/tiny_ms_adapter.bin": packed(good_state()),
        "ipadapter/wrapped.bin": packed({"state_dict": good_state()}),
    }
    assert found(server(files)) == [f"{name}.safetensors", "CLIP-ViT.safetensors", "wrapped.bin"]


def test_the_file_of_the_workflow_comes_first_if_it_is_one(server):
    files = {
        "checkpoints/a.safetensors": header(SDXL),
        "checkpoints/sd_xl_base_1.0.safetensors": header(SDXL),
        "clip_vision/clip_vision_g.safetensors": header(VIT_H),
        "msdiffusion/a.bin": packed(good_state()),
        "msdiffusion/ms_adapter.bin": packed(good_state()),
    }
    assert found(server(files)) == ["sd_xl_base_1.0.safetensors", None, "ms_adapter.bin"]
    (server({}).models / "msdiffusion" / "ms_adapter.bin").write_bytes(packed(IP_ADAPTER))
    assert found(server({}))[2] == "a.bin"


def test_memory_counts_a_unet_in_float32_and_the_rest_in_float16(server):
    files = ModelFiles(server({"checkpoints/a.safetensors": header(SDXL)}))
    assert files.memory("checkpoints", "a.safetensors") == 320 * 36 * 4 + 49408 * 2048 * 2
    adapter = save({"ms_adapter.1.to_k_ip.weight": torch.zeros(4, 4)})
    files = ModelFiles(server({"msdiffusion/a.safetensors": adapter}))
    assert files.memory("msdiffusion", "a.safetensors") == len(adapter)


def test_what_does_not_fit_is_named_before_it_is_loaded(capsys):
    models = [("sdxl", 12 * 10**9), ("vision", 4 * 10**9), ("adapter", 10**9)]
    require_memory(models, 17 * 10**9 + WORKING)
    assert "take 19.0 GB of memory; 19.0 GB are free" in capsys.readouterr().out
    with pytest.raises(SetupError) as caught:
        require_memory(models, 16 * 10**9 + WORKING)
    lines = str(caught.value).splitlines()
    assert [line.strip() for line in lines[1:4]] == [
        *("sdxl: 12.0 GB", "vision: 4.0 GB", "adapter: 1.0 GB  does not fit")
    ]
    assert "COMFYUI_PATH" in lines[-1]


def test_a_container_with_less_memory_counts(tmp_path):
    server = Server(tmp_path)
    assert free_memory(server, tmp_path) == 10**11
    (tmp_path / "memory.max").write_text("max\n")
    (tmp_path / "memory.current").write_text("3000\n")
    (tmp_path / "memory.stat").write_text("anon 1\ninactive_file 1000\n")
    assert free_memory(server, tmp_path) == 10**11
    (tmp_path / "memory.max").write_text("9000\n")
    assert free_memory(server, tmp_path) == 7000


BAR = "\r {0}%|██▌       | {1}/20 [00:10<00:30,  2.00s/it]"


def test_the_newest_of_a_log_is_told():
    assert latest("nothing yet") is None
    assert latest("Requested to load SDXL\nloaded completely") == "loading SDXL"
    log = "Requested to load SDXL\n" + BAR.format(20, 4) + BAR.format(25, 5)
    assert latest(log) == "step 5 of 20, 00:10 gone, 00:30 to go"
    assert latest("  0%|          | 0/20 [00:00<?, ?it/s]") == "step 0 of 20, 00:00 gone"


def test_progress_is_shown_while_it_paints(tmp_path, capsys, monkeypatch):
    log = tmp_path / "server.log"
    log.write_text("  5%|▌ | 1/20 [00:01<00:20, 1s/it]\n")  # of an earlier run
    progress = SamplerProgress(log)
    progress.look()
    assert capsys.readouterr().out == ""
    with log.open("a") as file:
        file.write("Requested to load SDXL\n")
    progress.look()
    with log.open("a") as file:
        file.write(BAR.format(25, 5))
    progress.look()
    progress.look()
    assert capsys.readouterr().out.splitlines() == [
        *("      loading SDXL", "      step 5 of 20, 00:10 gone, 00:30 to go")
    ]
    monkeypatch.setattr("sys.stdout.isatty", lambda: True)
    with log.open("a") as file:
        file.write(BAR.format(30, 6))
    progress.look()
    progress.end()
    assert capsys.readouterr().out.startswith("\r      step 6 of 20")
