"""A VAE without weights: a latent is the picture, eight times smaller."""

import comfy.model_patcher
import comfy.sd
import torch
from einops import reduce, repeat
from torch import Tensor, nn

CELL = 8  # pixels along the side of a latent's cell, as with SDXL's VAE
SCALE = 0.13025  # SDXL's: its models see latents multiplied by this, so here -1 to 1
LATENT_CHANNELS = 4  # red, green, blue and an empty one


class Pixels(nn.Module):
    """Shrinks pictures to latents and enlarges latents to pictures."""

    def encode(self, pixels: Tensor) -> Tensor:
        """(batch, 3, 8·h, 8·w) in -1..1 to (batch, 4, h, w)."""
        cells = reduce(pixels, "b c (h y) (w x) -> b c h w", "mean", y=CELL, x=CELL)
        return torch.cat([cells, torch.zeros_like(cells[:, :1])], dim=1) / SCALE

    def decode(self, latents: Tensor) -> Tensor:
        """(batch, 4, h, w) to (batch, 3, 8·h, 8·w)."""
        return repeat(latents[:, :3] * SCALE, "b c h w -> b c (h y) (w x)", y=CELL, x=CELL)


def pixel_vae() -> comfy.sd.VAE:
    """ComfyUI's VAE around `Pixels`."""
    # ComfyUI knows its VAEs by their tensors: let it build the smallest, then put ours into it
    vae = comfy.sd.VAE(sd={"pixel_space_vae": torch.tensor(1.0)})
    vae.downscale_ratio = vae.upscale_ratio = CELL
    vae.latent_channels = LATENT_CHANNELS
    vae.first_stage_model = Pixels()
    vae.patcher = comfy.model_patcher.ModelPatcher(
        vae.first_stage_model,
        load_device=vae.device,
        offload_device=vae.patcher.offload_device,
    )
    return vae
