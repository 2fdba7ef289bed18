"""What other packs do to a model, written anew from how they behave: the tests' neighbours.

Attention couple (cgem156, ppm, prompt-control, SwarmUI), NegPip (ppm), and packs that put an
attention of their own at a site or `add` themselves to the one they find (IPAdapter plus, PuLID,
InstantID).
"""

import comfy.samplers
import torch
from comfy.ldm.modules.attention import optimized_attention
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
