"""MS-Diffusion once more: slow, obvious, numpy in float64, written from the design text alone.

Nothing here is shared with the code under test. Loops stand where the library has tensors, so
that each line can be compared with the sentence of DESIGN.md ("The method") it comes from.
"""

import math

import numpy as np

HEAD_WIDTH = 64  # "a resampler head is 64 wide"
FREQUENCIES = [100 ** (i / 8) for i in range(8)]

erf = np.vectorize(math.erf, otypes=[np.float64])


def box_cells(box, height: int, width: int) -> np.ndarray:
    """Cells of a grid that a box (x0, y0, x1, y1) covers: (height, width) bool.

    DESIGN.md, method 3: columns floor(x0·w) ≤ x < ceil(x1·w), rows the same with h; four zeros
    are no area. The official code multiplies in float32, and so does this.
    """
    x0, y0, x1, y1 = (np.float32(edge) for edge in box)
    left, right = np.floor(x0 * np.float32(width)), np.ceil(x1 * np.float32(width))
    top, bottom = np.floor(y0 * np.float32(height)), np.ceil(y1 * np.float32(height))
    cells = np.zeros((height, width), dtype=bool)
    for y in range(height):
        for x in range(width):
            cells[y, x] = left <= x < right and top <= y < bottom
    return cells


def softmax(scores: np.ndarray) -> np.ndarray:
    """Probabilities of one row of scores: (tokens,) -> (tokens,)."""
    powers = np.exp(scores - scores.max())
    return powers / powers.sum()


def masked_attention(query, keys, values, masks, heads: int, weights=None) -> np.ndarray:
    """The image attention over regions of any shape: (batch, cells, heads·dim).

    query (batch, cells, heads·dim); keys and values: one (tokens_i, heads·dim) a subject, values
    not yet weighted; masks: one bool array of `cells` entries a subject, row by row; weights: one
    float a subject (default 1). DESIGN.md, method 3 (who attends to what) and 4 (the weights).
    """
    query = np.asarray(query, dtype=np.float64)
    keys = [np.asarray(key, dtype=np.float64) for key in keys]
    values = [np.asarray(value, dtype=np.float64) for value in values]
    weights = [1.0] * len(keys) if weights is None else weights
    masks = [np.asarray(mask).reshape(-1) for mask in masks]
    batch, cells, inner = query.shape
    dim = inner // heads
    out = np.zeros_like(query)
    for cell in range(cells):
        covering = [subject for subject in range(len(keys)) if masks[subject][cell]]
        if not covering:
            continue  # "a query in no box gets nothing"
        key = np.concatenate([keys[s] for s in covering])  # (tokens, heads·dim)
        value = np.concatenate([values[s] for s in covering])
        weight = np.concatenate([np.full(len(keys[s]), weights[s]) for s in covering])  # (tokens,)
        for row in range(batch):
            for head in range(heads):
                part = slice(head * dim, (head + 1) * dim)
                scores = key[:, part] @ query[row, cell, part] / math.sqrt(dim)
                out[row, cell, part] = (softmax(scores) * weight) @ value[:, part]
    return out


def image_attention(
    query, keys, values, boxes, height: int, width: int, heads: int, weights=None
) -> np.ndarray:
    """The image attention over boxes: (batch, h·w, heads·dim).

    Arguments as in `masked_attention`, with one box (x0, y0, x1, y1) a subject in place of the
    masks. DESIGN.md, method 3 and 4.
    """
    masks = [box_cells(box, height, width) for box in boxes]
    return masked_attention(query, keys, values, masks, heads, weights)


def layer_norm(x: np.ndarray, state: dict, name: str) -> np.ndarray:
    """LayerNorm over the last axis, eps 1e-5: (…, width) -> (…, width)."""
    centred = x - x.mean(axis=-1, keepdims=True)
    variance = (centred**2).mean(axis=-1, keepdims=True)
    return centred / np.sqrt(variance + 1e-5) * state[f"{name}.weight"] + state[f"{name}.bias"]


def linear(x: np.ndarray, state: dict, name: str, bias: bool = False) -> np.ndarray:
    """Linear layer over the last axis: (…, in) -> (…, out)."""
    y = x @ state[f"{name}.weight"].T
    return y + state[f"{name}.bias"] if bias else y


def gelu(x: np.ndarray) -> np.ndarray:
    """The exact GELU, x · Φ(x), any shape."""
    return x * 0.5 * (1 + erf(x / math.sqrt(2)))


def fourier(box) -> np.ndarray:
    """Fourier features of a box: (4,) -> (64,), frequency × (sine, cosine) × coordinate.

    DESIGN.md, method 2.
    """
    features = []
    for frequency in FREQUENCIES:
        features += [math.sin(frequency * edge) for edge in box]
        features += [math.cos(frequency * edge) for edge in box]
    return np.array(features)


def resampler_attention(x: np.ndarray, latents: np.ndarray, state: dict, name: str) -> np.ndarray:
    """One perceiver attention of one picture, all heads: (latents, dim) -> (latents, dim).

    x (tokens, dim): projected picture features. DESIGN.md, method 2.
    """
    x, latents = layer_norm(x, state, f"{name}.norm1"), layer_norm(latents, state, f"{name}.norm2")
    query = linear(latents, state, f"{name}.to_q")  # (latents, heads·64)
    key_value = linear(np.concatenate([x, latents]), state, f"{name}.to_kv")
    inner = query.shape[-1]
    key, value = key_value[:, :inner], key_value[:, inner:]
    out = np.zeros_like(query)
    for start in range(0, inner, HEAD_WIDTH):
        part = slice(start, start + HEAD_WIDTH)
        for i in range(len(latents)):
            scores = key[:, part] @ query[i, part] / math.sqrt(HEAD_WIDTH)
            out[i, part] = softmax(scores) @ value[:, part]
    return linear(out, state, f"{name}.to_out")


def resample(features, phrases, boxes, state: dict, grounding: bool = True) -> np.ndarray:
    """The grounding resampler, one picture after the other: (n, latents, out).

    features (n, tokens, width), phrases (n, phrase width), boxes (n, 4); state: the checkpoint's
    `image_proj` arrays under their own names. DESIGN.md, method 2.
    """
    state = {name: np.asarray(array, dtype=np.float64) for name, array in state.items()}
    features, phrases, boxes = (np.asarray(a, dtype=np.float64) for a in (features, phrases, boxes))
    learned = state["grounding_latents"][0]  # (latents, dim)
    depth = len({name.split(".")[1] for name in state if name.startswith("layers.")})
    tokens = []
    for picture, phrase, box in zip(features, phrases, boxes, strict=True):
        latents = learned
        if grounding:
            hidden = np.concatenate([phrase, fourier(box)])
            hidden = gelu(linear(hidden, state, "latent_proj.0", bias=True))
            latents = linear(hidden, state, "latent_proj.2", bias=True).reshape(learned.shape)
            latents = layer_norm(latents, state, "latent_norm")
        x = linear(picture, state, "proj_in", bias=True)  # (tokens, dim)
        for i in range(depth):
            latents = latents + resampler_attention(x, latents, state, f"layers.{i}.0")
            hidden = layer_norm(latents, state, f"layers.{i}.1.0")
            hidden = gelu(linear(hidden, state, f"layers.{i}.1.1"))
            latents = latents + linear(hidden, state, f"layers.{i}.1.3")
        latents = layer_norm(latents, state, "attention_norm")
        latents = linear(latents, state, "proj_out", bias=True)  # (latents, out)
        tokens.append(layer_norm(latents, state, "norm_out"))
    return np.stack(tokens)
