"""Packs that change rows, queries or which blocks run, written anew from how they behave.

The regions of Krita's AI plugin; packs that evaluate tiles of the latent (Tiled Diffusion), append
rows to the text (NAG), merge queries (ToMe), double the batch, or skip blocks (DeepCache, first
block cache).
"""

import torch
from comfy.ldm.modules.diffusionmodules.openaimodel import (
    forward_timestep_embed,
    timestep_embedding,
)
from comfy.patcher_extension import WrappersMP


def regions(model, contexts, masks):
    """Krita's regions: as attention couple, but the list of conditions has an entry for each copy.

    The list is ComfyUI's own, which all patches share; the names of the conditions stay as many
    as they were.

    Args:
        contexts: (1, tokens, width) for each region: the prompt itself is read nowhere.
        masks: (regions, h, w), 1 together in each place.
    """

    def spread(q, k, v, extra_options):
        kinds, made = extra_options["cond_or_uncond"], []
        pictures = len(q) // len(kinds)
        parts = list(zip(kinds, q.split(pictures), k.split(pictures), strict=True))
        kinds.clear()
        for kind, query, text in parts:
            texts = [each.expand(pictures, -1, -1) for each in contexts] if kind != 1 else [text]
            kinds += [kind if kind == 1 else 0] * len(texts)
            made += [(query, each) for each in texts]
        queries, texts = (torch.cat(each) for each in zip(*made, strict=True))
        return queries, texts, texts

    def merge(out, extra_options):
        kinds, shape = extra_options["cond_or_uncond"], extra_options["activations_shape"]
        parts, own, merged = list(out.chunk(len(kinds))), [], []
        shares = torch.nn.functional.interpolate(masks[:, None], size=shape[-2:], mode="area")
        while parts:
            own.append(kinds[0])
            if kinds[0] == 1:
                merged.append(parts[0])
                del parts[:1], kinds[:1]
            else:
                some = torch.stack(parts[: len(contexts)])
                merged.append((some * shares.flatten(1)[:, None, :, None]).sum(0))
                del parts[: len(contexts)], kinds[: len(contexts)]
        kinds += own
        return torch.cat(merged)

    clone = model.clone()
    clone.set_model_attn2_patch(spread)
    clone.set_model_attn2_output_patch(merge)
    return clone


def wrapped(model, wrapper):
    clone = model.clone()
    clone.set_model_unet_function_wrapper(wrapper)
    return clone


def repeated(c, count):
    """The inputs of a call for a batch that comes several times."""
    return {
        name: value.repeat(count, *[1] * (value.ndim - 1)) if torch.is_tensor(value) else value
        for name, value in c.items()
    }


def tiled(model, per_call, side=8):
    """Tiled Diffusion: square tiles of the latent, some of them in each call."""

    def wrapper(apply, args):
        x, sigma = args["input"], args["timestep"]
        out = torch.zeros_like(x)
        starts = [(y, i) for y in range(0, x.shape[2], side) for i in range(0, x.shape[3], side)]
        for number in range(0, len(starts), per_call):
            some = starts[number : number + per_call]
            tiles = torch.cat([x[..., y : y + side, i : i + side] for y, i in some])
            made = apply(tiles, sigma.repeat(len(some)), **repeated(args["c"], len(some)))
            for (y, i), tile in zip(some, made.split(len(x)), strict=True):
                out[..., y : y + side, i : i + side] = tile
        return out

    return wrapped(model, wrapper)


def doubled(model):
    """Each picture twice in the batch, as packs do that compare two versions of it."""

    def wrapper(apply, args):
        x, sigma = args["input"].repeat(2, 1, 1, 1), args["timestep"].repeat(2)
        return apply(x, sigma, **repeated(args["c"], 2)).chunk(2)[0]

    return wrapped(model, wrapper)


def nag(model, context):
    """NAG: its negative text stands behind the others, and the picture has no row for it."""

    def wrapper(executor, x, timesteps, text, *rest, **named):
        return executor(x, timesteps, torch.cat([text, context.to(text)]), *rest, **named)

    clone = model.clone()
    clone.add_wrapper_with_key(WrappersMP.DIFFUSION_MODEL, "nag", wrapper)
    return clone


def merged_queries(model, where):
    """ToMe at "attn1" (self-attention) or "attn2" (the text's): neighbours share a query."""

    def merge(q, k, v, extra_options):
        return (q[:, 0::2] + q[:, 1::2]) / 2, k, v

    clone = model.clone()
    clone.set_model_patch(merge, f"{where}_patch")
    clone.set_model_patch(lambda out, _: out.repeat_interleave(2, dim=1), f"{where}_output_patch")
    return clone


def skipping(model, deep):
    """DeepCache: every second time the blocks from `deep` on are not run, but as they were.

    With `deep` 1 only the first and the last block run, as with a first block cache. It runs the
    UNet's blocks by itself and does not call what ComfyUI would call.
    """
    kept, calls = {}, []

    def wrapper(apply, args):
        base, c = apply.__self__, args["c"]
        unet, options = base.diffusion_model, c["transformer_options"]
        x, sigma, context = args["input"], args["timestep"], c["c_crossattn"]
        h = base.model_sampling.calculate_input(sigma, x)
        options |= {"original_shape": list(h.shape), "transformer_index": 0}
        times = timestep_embedding(base.model_sampling.timestep(sigma).float(), unet.model_channels)
        emb = unet.time_embed(times.to(h.dtype)) + unet.label_emb(c["y"])
        whole = len(calls) % 2 == 0
        calls.append(whole)

        def run(name, number, block, h, shape=None):
            options["block"] = (name, number)
            return forward_timestep_embed(block, h, emb, context, options, shape)

        skips = []
        for number, block in enumerate(unet.input_blocks[: None if whole else deep]):
            h = run("input", number, block, h)
            skips.append(h)
        first = len(unet.output_blocks) - deep
        if whole:
            h = run("middle", 0, unet.middle_block, h)
        for number, block in enumerate(unet.output_blocks):
            if number == first:
                kept["h"] = h = h if whole else kept["h"]
            if whole or number >= first:
                h = torch.cat([h, skips.pop()], dim=1)
                h = run("output", number, block, h, skips[-1].shape if skips else None)
        return base.model_sampling.calculate_denoised(sigma, unet.out(h).float(), x)

    return wrapped(model, wrapper)
