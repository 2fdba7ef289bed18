"""What other packs do to a model, written anew from how they behave: the tests' neighbours.

Attention couple (cgem156, ppm, prompt-control, SwarmUI), NegPip (ppm), and packs that put an
attention of their own at a site or `add` themselves to the one they find (IPAdapter plus, PuLID,
InstantID); the regions of Krita's AI plugin; packs that evaluate tiles of the latent (Tiled
Diffusion), append rows to the text (NAG), merge queries (ToMe) or skip blocks (DeepCache, first
block cache).
"""

import comfy.samplers
import torch
from comfy.ldm.modules.attention import optimized_attention
from comfy.ldm.modules.diffusionmodules.openaimodel import (
    forward_timestep_embed,
    timestep_embedding,
)
from comfy.patcher_extension import WrappersMP
from comfy_extras import nodes_custom_sampler
from straightforward import SITE_KEYS


def core(node, **inputs):
    """The first output of one of ComfyUI's own nodes, of the old kind or the new."""
    if hasattr(node, "execute"):
        return node.execute(**inputs).result[0]
    return getattr(node(), node.FUNCTION)(**inputs)[0]


def guided(guider, steps=2, size=256, seed=3):
    """The latent that SamplerCustomAdvanced makes with a guider."""
    sigmas = comfy.samplers.calculate_sigmas(
        guider.model_patcher.get_model_object("model_sampling"), "normal", steps
    )
    latent = {"samples": torch.zeros(1, 4, size // 8, size // 8)}
    inputs = {"noise": core(nodes_custom_sampler.RandomNoise, noise_seed=seed)}
    inputs |= {"sampler": comfy.samplers.sampler_object("euler"), "sigmas": sigmas}
    with torch.inference_mode():
        node = nodes_custom_sampler.SamplerCustomAdvanced
        return core(node, guider=guider, latent_image=latent, **inputs)["samples"]


def attn2_patches(model):
    return model.model_options["transformer_options"]["patches_replace"]["attn2"]


class Halved:
    """Half of the text attention, or of what was there before; counts what ComfyUI calls on it."""

    def __init__(self, earlier=None, needed=()):
        self.earlier, self.needed = earlier, list(needed)
        self.calls, self.targets, self.cleaned = 0, [], 0

    def __call__(self, q, k, v, extra_options):
        self.calls += 1
        if self.earlier is not None:
            return self.earlier(q, k, v, extra_options) / 2
        return optimized_attention(q, k, v, extra_options["n_heads"]) / 2

    def to(self, target):
        self.targets.append(target)
        return self

    def models(self):
        return self.needed

    def cleanup(self):
        self.cleaned += 1

    def __deepcopy__(self, memo):
        return self


def halve(model, wrap=lambda patch: patch):
    """Another pack's node: its patch at each site, called for what was there before."""
    clone = model.clone()
    before = clone.model_options["transformer_options"].get("patches_replace", {})
    before = dict(before.get("attn2", {}))
    for key in SITE_KEYS:
        clone.set_model_attn2_replace(wrap(Halved(before.get(key))), *key)
    return clone


class Adding:
    """The object of a pack that lets others add themselves, as IPAdapter plus has it."""

    def __init__(self, callback, **arguments):
        self.added = [(callback, arguments)]

    def add(self, callback, **arguments):
        self.added.append((callback, arguments))

    def __call__(self, q, k, v, extra_options):
        out = optimized_attention(q, k, v, extra_options["n_heads"])
        for callback, arguments in self.added:
            out = out + callback(out, q, k, v, extra_options, **arguments)
        return out.to(q.dtype)


def shifted(out, q, k, v, extra_options, strength, dtype=torch.float32, **_):
    """What such a pack adds: here something made of the queries."""
    return strength * q.to(dtype)


def add_itself(model, **arguments):
    """IPAdapter's way: its own object where a site is free, else `add` on what is there."""
    clone = model.clone()
    for key in SITE_KEYS:
        replaced = clone.model_options["transformer_options"].get("patches_replace", {})
        found = replaced.get("attn2", {}).get(key)
        if hasattr(found, "add"):
            found.add(shifted, **arguments)
        else:
            clone.set_model_attn2_replace(Adding(shifted, **arguments), *key)
    return clone


def couple(model, contexts, masks, chunks=(0,)):
    """Attention couple: regions of the picture with prompts of their own.

    Each positive condition's pictures come once with its own prompt and once with each context;
    an output patch puts them together again.

    Args:
        contexts: (1, tokens, width) for each region but the first.
        masks: (regions, h, w), 1 together in each place.
        chunks: the kinds of condition that are repeated.
    """

    def spread(q, k, v, extra_options):
        kinds = extra_options["cond_or_uncond"]
        parts = [x.chunk(len(kinds)) for x in (q, k, v)]
        made = [[], [], []]
        for kind, *own in zip(kinds, *parts, strict=True):
            again = len(contexts) if kind in chunks else 0
            others = [context.expand(len(own[0]), -1, -1) for context in contexts[:again]]
            made[0] += [own[0]] * (again + 1)
            made[1] += [own[1], *others]
            made[2] += [own[2], *others]
        return tuple(torch.cat(each) for each in made)

    def merge(out, extra_options):
        kinds, shape = extra_options["cond_or_uncond"], extra_options["activations_shape"]
        images, start, merged = shape[0] // len(kinds), 0, []
        shares = torch.nn.functional.interpolate(masks[:, None], size=shape[-2:], mode="area")
        for kind in kinds:
            again = len(contexts) + 1 if kind in chunks else 1
            part = out[start : start + images * again].unflatten(0, (again, images))
            start += images * again
            if again > 1:
                part = part * shares.flatten(1)[:, None, :, None]
            merged.append(part.sum(0))
        return torch.cat(merged)

    clone = model.clone()
    clone.set_model_attn2_patch(spread)
    clone.set_model_attn2_output_patch(merge)
    return clone


def negpip(model):
    """NegPip's model patch: even tokens are the keys, odd ones the values."""
    clone = model.clone()
    clone.set_model_attn2_patch(lambda q, k, v, extra_options: (q, k[:, 0::2], v[:, 1::2]))
    return clone


class NegPipClip:
    """NegPip's text encoder: what it encodes has each token twice."""

    def __init__(self, clip, turned=()):
        self.clip, self.turned = clip, turned

    def __getattr__(self, name):
        return getattr(self.clip, name)

    def encode_from_tokens_scheduled(self, tokens):
        return negpip_text(self.clip.encode_from_tokens_scheduled(tokens), self.turned)


def negpip_text(conditioning, turned=()):
    """NegPip's text: each token twice, the value's turned round where its weight is below 0."""
    context, options = conditioning[0]
    values = context.clone()
    values[:, list(turned)] *= -1
    return [[torch.stack([context, values], dim=2).flatten(1, 2), options]]


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
