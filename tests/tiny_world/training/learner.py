"""What is trained, and one forward pass through ComfyUI's UNet with the pack's attention."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache, partial
from typing import Any

import comfy.clip_model
import torch
from comfy.clip_vision import clip_preprocess
from torch import Tensor, nn
from torch.nn import functional as F

from msdiffusion_nodes.comfy.sites import Site, find_sites
from msdiffusion_nodes.layout import Box, Layout, Region
from msdiffusion_nodes.method.adapter import Adapter
from msdiffusion_nodes.method.phrases import END

from .. import models
from ..painting import WEIGHT
from ..pixels import CELL
from .batch_attention import Areas, attend, short_attention
from .scenes import Scene
from .start import first_adapter, initialise, initialise_vision

CHUNK = 77


class Learner:
    """The world's models and the adapter, to be trained together."""

    def __init__(self, words: Sequence[str], seed: int) -> None:
        """
        Args:
            words: every text of the training; tokens that are in none share one embedding.
        """
        torch.manual_seed(seed)
        self.world = models.build()
        parts = models.modules(self.world)
        self.sites: list[Site] = find_sites(self.world.model)
        self._find_vocabulary(words)
        for name, module in parts.items():
            module.float()
            if name in ("clip_l", "clip_g"):
                width = models.TEXT_WIDTH
                module.set_input_embeddings(nn.Embedding(len(self.vocabulary) + 1, width))
            (initialise_vision if name == "clip_vision" else initialise)(module)
        checkpoint = first_adapter(models.TEXT_WIDTH, [site.width for site in self.sites])
        self.modules = nn.ModuleDict({**parts, "adapter": Adapter(checkpoint)})
        self.modules.train().requires_grad_(True)
        # ComfyUI's layer adds in place, which autograd cannot go back through
        comfy.clip_model.CLIPLayer.forward = _clip_layer

    def denoise(
        self,
        noisy: Tensor,
        sigmas: Tensor,
        scenes: Sequence[Scene],
        text: Sequence[bool],
        image: Sequence[bool],
        grounding: bool,
        unknown: float = 0.0,
    ) -> Tensor:
        """The pictures that the model believes to be behind the noise: (batch, 4, h, w).

        Args:
            text, image: whether a scene's caption and its references are told.
            unknown: share of words that are made unknown.
        """
        captions = [scene.caption if told else "" for scene, told in zip(scenes, text, strict=True)]
        context, pooled = self._context(captions, unknown)
        height, width = noisy.shape[-2:]
        model = self.world.model.model
        sizes = model.encode_adm(pooled_output=pooled, width=CELL * width, height=CELL * height)
        told = [scene if one else None for scene, one in zip(scenes, image, strict=True)]
        patches = self._patches(told, grounding) if any(image) else {}
        options = {
            "patches_replace": {"attn2": patches},
            "optimized_attention_override": short_attention,
        }
        return model._apply_model(
            noisy, sigmas, c_crossattn=context, y=sizes, transformer_options=options
        )

    def _patches(self, scenes: Sequence[Scene | None], grounding: bool) -> dict[tuple, Any]:
        """ComfyUI's attention patches: each picture with its own subjects."""
        adapter: Adapter = self.modules["adapter"]
        told = [scene for scene in scenes if scene is not None]
        pictures = torch.cat([scene.references for scene in told]).permute(0, 2, 3, 1)
        size = self.world.clip_vision.image_size
        features = self.modules["clip_vision"](
            pixel_values=clip_preprocess(pictures, size=size, crop=False), intermediate_output=-2
        )[1]
        phrases = self._phrases([phrase for scene in told for phrase in scene.phrases])
        boxes = torch.tensor([box for scene in told for box in scene.boxes])
        tokens = adapter.resampler(features, phrases, boxes, grounding)
        heads = [site.heads for site in self.sites]
        flat = tokens.flatten(0, 1)
        keys_values = adapter.project(flat, flat.new_full((len(flat),), WEIGHT), heads)
        counts = [len(scene.boxes) if scene else 0 for scene in scenes]
        areas = Areas([_layout(scene) if scene else None for scene in scenes], adapter.num_latents)
        return {
            site.key: partial(attend, _rows(own.key, counts), _rows(own.value, counts), areas)
            for site, own in zip(self.sites, keys_values, strict=True)
        }

    def _context(self, captions: Sequence[str], unknown: float) -> tuple[Tensor, Tensor]:
        """Text context (batch, 77, 64) and pooled CLIP-G (batch, 32)."""
        hidden, pooled = [], None
        for name, key in (("clip_l", "l"), ("clip_g", "g")):
            tokens = self._tokens(captions, key)
            if unknown:
                lost = torch.rand(tokens.shape) < unknown
                tokens = torch.where(lost, len(self.vocabulary), tokens)
            _, penultimate, pooled, _ = self._encode(name, key, captions, tokens)
            hidden.append(penultimate)
        return torch.cat(hidden, dim=-1), pooled

    def _phrases(self, phrases: Sequence[str]) -> Tensor:
        """Pooled, unprojected CLIP-L."""
        return self._encode("clip_l", "l", phrases, self._tokens(phrases, "l"))[3]

    def _encode(self, name: str, key: str, texts: Sequence[str], tokens: Tensor) -> tuple:
        transformer = self.modules[name]
        embeds = transformer.get_input_embeddings()(tokens)
        ends = [self._numbers(text, key).index(END) + 1 for text in texts]
        return transformer(
            None,
            embeds=embeds,
            num_tokens=ends,
            intermediate_output=-2,
            final_layer_norm_intermediate=False,
        )

    def _tokens(self, texts: Sequence[str], key: str) -> Tensor:
        return self._known[torch.tensor([self._numbers(text, key) for text in texts])]

    @lru_cache(maxsize=4096)  # noqa: B019
    def _numbers(self, text: str, key: str) -> list[int]:
        """The first chunk of a text in CLIP's own token numbers."""
        return [token for token, _ in self.world.clip.tokenize(text)[key][0]][:CHUNK]

    def _find_vocabulary(self, words: Sequence[str]) -> None:
        found = {number for text in words for key in "lg" for number in self._numbers(text, key)}
        self.vocabulary = torch.tensor(sorted(found))
        self._known = torch.full((models.VOCABULARY,), len(found))
        self._known[self.vocabulary] = torch.arange(len(found))


def _layout(scene: Scene) -> Layout:
    height, width = scene.picture.shape[-2:]
    return Layout(tuple(Region(Box(*box)) for box in scene.boxes), CELL * width, CELL * height)


def _rows(tokens: Tensor, counts: Sequence[int]) -> Tensor:
    """Tokens of all pictures in a row (heads, tokens, dim) as (batch, heads, most tokens, dim)."""
    each = tokens.shape[1] // sum(counts)
    rows = tokens.split([each * count for count in counts], dim=1)
    most = each * max(counts)
    return torch.stack([F.pad(row, (0, 0, 0, most - row.shape[1])) for row in rows])


def _clip_layer(
    self: nn.Module, x: Tensor, mask: Tensor | None = None, optimized_attention: Any = None
) -> Tensor:
    x = x + self.self_attn(self.layer_norm1(x), mask, optimized_attention)
    return x + self.mlp(self.layer_norm2(x))
