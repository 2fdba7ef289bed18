"""The method once more, the slow and obvious way, as patches on ComfyUI's UNet.

Independent of the pack: tokens from the numpy oracle, keys and values projected in every call, all
rows and all cells, boxes as a mask over materialised probabilities.
"""

import numpy as np
import oracle
import torch
from comfy.ldm.modules.attention import optimized_attention

# the official order: down blocks, up blocks, middle block
SITE_KEYS = [("input", 4, 0), ("input", 7, 0), ("output", 0, 0), ("output", 3, 0)]
SITE_KEYS += [("middle", 0, 0), ("middle", 0, 1)]
SDXL_KEYS = (
    [("input", number, index) for number in (4, 5) for index in range(2)]
    + [("input", number, index) for number in (7, 8) for index in range(10)]
    + [("output", number, index) for number in (0, 1, 2) for index in range(10)]
    + [("output", number, index) for number in (3, 4, 5) for index in range(2)]
    + [("middle", 0, index) for index in range(10)]
)


def straightforward(model, state, subjects, boxes, weight, keys=SITE_KEYS):
    """A clone of `model` with the subjects (one view each) in their boxes.

    Args:
        state: the tiny checkpoint: `image_proj` and `ms_adapter` tensors by name.
        boxes: [x0, y0, x1, y1] a subject.
        keys: the model's text cross-attentions, as ComfyUI names them.
    """
    tokens = oracle.resample(
        np.stack([subject.image_features[0].numpy() for subject in subjects]),
        np.stack([subject.phrase_embedding.numpy() for subject in subjects]),
        np.array(boxes, dtype=np.float32),
        {name: tensor.numpy() for name, tensor in state["image_proj"].items()},
    )
    count = tokens.shape[1]
    tokens = torch.from_numpy(tokens).float().flatten(0, 1)
    patched = model.clone()
    for site, key in enumerate(keys):
        to_k = state["ms_adapter"][f"{2 * site + 1}.to_k_ip.weight"]
        to_v = state["ms_adapter"][f"{2 * site + 1}.to_v_ip.weight"]
        patch = _patch(tokens, count, boxes, to_k, to_v, weight)
        patched.set_model_attn2_replace(patch, *key)
    return patched


def _patch(tokens, count, boxes, to_k, to_v, weight):
    def attention(q, k, v, extra_options):
        heads = extra_options["n_heads"]
        out = optimized_attention(q, k, v, heads)
        height, width = extra_options["activations_shape"][-2:]
        cells = np.stack([oracle.box_cells(box, height, width).reshape(-1) for box in boxes])
        seen = torch.from_numpy(np.repeat(cells, count, axis=0)).T  # (h·w, tokens)
        query = q.unflatten(-1, (heads, -1)).transpose(1, 2)
        key = (tokens @ to_k.T).unflatten(-1, (heads, -1)).transpose(0, 1)
        value = (tokens @ to_v.T).unflatten(-1, (heads, -1)).transpose(0, 1)
        logits = query @ key.transpose(1, 2) / query.shape[-1] ** 0.5
        logits = logits.masked_fill(~seen, float("-inf"))
        # a cell that sees nothing has no softmax: it gets zero
        probabilities = logits.softmax(dim=-1).nan_to_num(0.0)
        image = (probabilities @ value).transpose(1, 2).flatten(-2)
        kinds = extra_options["cond_or_uncond"]
        positive = torch.tensor([1.0 if kind == 0 else 0.0 for kind in kinds])
        rows = positive.repeat_interleave(len(q) // len(kinds))
        return out + weight * rows[:, None, None] * image

    return attention
