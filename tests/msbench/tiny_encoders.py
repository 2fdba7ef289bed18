"""The four encoders with random weights: `transformers`' own classes, small, in their own files."""

import json

import torch
from transformers import (
    BitImageProcessor,
    CLIPConfig,
    CLIPImageProcessor,
    CLIPModel,
    CLIPTokenizer,
    Dinov2Config,
    Dinov2Model,
    ViTConfig,
    ViTImageProcessor,
    ViTModel,
)

SIDE = 32
LAYERS = {"hidden_size": 16, "num_hidden_layers": 2, "num_attention_heads": 2}
SMALL = {**LAYERS, "intermediate_size": 32}
EYES = {"image_size": SIDE, "patch_size": 8}


def save_encoders(folder):
    """A folder for each, as `--models` takes them."""
    torch.manual_seed(0)
    for name in ("clip-vit-base-patch32", "clip-vit-large-patch14"):
        _save_clip(folder / name)
    ViTModel(ViTConfig(**SMALL, **EYES), add_pooling_layer=False).save_pretrained(
        folder / "dino-vits16"
    )
    ViTImageProcessor(size={"height": SIDE, "width": SIDE}).save_pretrained(folder / "dino-vits16")
    Dinov2Model(Dinov2Config(**LAYERS, **EYES)).save_pretrained(folder / "dinov2-base")
    BitImageProcessor(size={"shortest_edge": SIDE}, crop_size=SIDE).save_pretrained(
        folder / "dinov2-base"
    )
    return folder


def _save_clip(folder):
    letters = "abcdefghijklmnopqrstuvwxyz,"
    vocabulary = [*letters, *(f"{letter}</w>" for letter in letters)]
    vocabulary += ["<|startoftext|>", "<|endoftext|>"]
    ids = {token: number for number, token in enumerate(vocabulary)}
    text = {**SMALL, "vocab_size": len(ids), "max_position_embeddings": 77}
    text |= {"bos_token_id": ids["<|startoftext|>"], "eos_token_id": ids["<|endoftext|>"]}
    config = CLIPConfig(text_config=text, vision_config={**SMALL, **EYES}, projection_dim=12)
    CLIPModel(config).save_pretrained(folder)
    CLIPImageProcessor(size={"shortest_edge": SIDE}, crop_size=SIDE).save_pretrained(folder)
    (folder / "vocab.json").write_text(json.dumps(ids))
    (folder / "merges.txt").write_text("#version: 0.2\n")
    CLIPTokenizer.from_pretrained(folder).save_pretrained(folder)
