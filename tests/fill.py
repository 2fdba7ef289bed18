"""Made-up weights for the tests: a tensor's numbers follow from its name and its shape alone.

The rule is the one the golden files in `tests/golden/` were recorded with, so no weights have to be
stored: seed numpy's frozen RandomState with the CRC-32 of the name, draw a standard normal, then
scale it by what the name says the tensor is.
"""

import math
from zlib import crc32

import numpy as np

Shapes = dict[str, tuple[int, ...]]

BOX_FEATURES = 8 * 2 * 4  # frequencies × (sine, cosine) × coordinates
HEAD_WIDTH = 64
TINY_CONTEXT = 64  # width of the tiny resampler's output and of the tiny UNet's context


def fill(key: str, shape: tuple[int, ...]) -> np.ndarray:
    """The float32 array of `shape` that belongs to `key`.

    Biases stay near 0 (std 0.02), one-dimensional weights near 1 (std 0.1), matrices and kernels
    keep a signal's size (std 1/sqrt(fan-in)); learned tokens and embeddings have std 0.5.
    """
    noise = np.random.RandomState(crc32(key.encode())).standard_normal(shape).astype(np.float32)
    if key.endswith("bias"):
        return noise * np.float32(0.02)
    if key.endswith("weight") and len(shape) == 1:
        return noise * np.float32(0.1) + np.float32(1)
    if key.endswith("weight") and len(shape) > 1 and "embedding" not in key:
        return noise / np.float32(math.sqrt(math.prod(shape[1:])))
    return noise * np.float32(0.5)


def resampler_shapes(
    *,
    dim: int,
    depth: int,
    heads: int,
    latents: int,
    width: int,
    phrase: int,
    out: int,
    latent_hidden: int,
    ff_mult: int = 4,
) -> Shapes:
    """Names (as in a checkpoint's `image_proj`) and shapes of a grounding resampler."""
    inner = heads * HEAD_WIDTH
    shapes: Shapes = {"grounding_latents": (1, latents, dim)}

    def linear(name: str, rows: int, columns: int, bias: bool = True) -> None:
        shapes[f"{name}.weight"] = (rows, columns)
        if bias:
            shapes[f"{name}.bias"] = (rows,)

    def norm(name: str, size: int) -> None:
        shapes[f"{name}.weight"] = shapes[f"{name}.bias"] = (size,)

    linear("latent_proj.0", latent_hidden, phrase + BOX_FEATURES)
    linear("latent_proj.2", latents * dim, latent_hidden)
    norm("latent_norm", dim)
    linear("proj_in", dim, width)
    for i in range(depth):
        norm(f"layers.{i}.0.norm1", dim)
        norm(f"layers.{i}.0.norm2", dim)
        linear(f"layers.{i}.0.to_q", inner, dim, bias=False)
        linear(f"layers.{i}.0.to_kv", 2 * inner, dim, bias=False)
        linear(f"layers.{i}.0.to_out", dim, inner, bias=False)
        norm(f"layers.{i}.1.0", dim)
        linear(f"layers.{i}.1.1", ff_mult * dim, dim, bias=False)
        linear(f"layers.{i}.1.3", dim, ff_mult * dim, bias=False)
    norm("attention_norm", dim)
    linear("proj_out", out, dim)
    norm("norm_out", out)
    return shapes


def resampler_state(shapes: Shapes) -> dict[str, np.ndarray]:
    """Weights of a grounding resampler under its own names; the rule sees `image_proj.<name>`."""
    return {name: fill(f"image_proj.{name}", shape) for name, shape in shapes.items()}


def tiny_resampler_shapes() -> Shapes:
    """Names and shapes of the resampler behind the golden files.

    The hidden layer of `latent_proj` is twice as wide as its input, 2·(24 + 64).
    """
    return resampler_shapes(
        dim=48,
        depth=2,
        heads=2,
        latents=4,
        width=40,
        phrase=24,
        out=TINY_CONTEXT,
        latent_hidden=2 * (24 + BOX_FEATURES),
    )


def tiny_adapter_state(site_widths: list[int]) -> dict:
    """The checkpoint behind the golden files, as a file on disk has it, in numpy arrays.

    site_widths: one entry (rows of `to_k_ip`) a cross-attention, in the adapter's own order.
    """
    projections = {}
    for site, width in enumerate(site_widths):
        for part in ("to_k_ip", "to_v_ip"):
            name = f"{2 * site + 1}.{part}.weight"
            projections[name] = fill(f"ms_adapter.{name}", (width, TINY_CONTEXT))
    return {
        "image_proj": resampler_state(tiny_resampler_shapes()),
        "ms_adapter": projections,
        "dummy_image_tokens": fill("dummy_image_tokens", (1, 4, TINY_CONTEXT)),
    }
