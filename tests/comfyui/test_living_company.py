"""ComfyUI's own guidance, conditions and models, each beside ours.

In each company the result is that of straightforward patches in the same company (so the subjects
act where they should and nowhere else), weight 0 is the company alone bit for bit, and it does not
matter which node comes first.
"""

import json

import comfy.controlnet
import comfy.hooks
import comfy.model_base
import comfy.sd
import comfy.t2i_adapter.adapter
import nodes
import pytest
import torch
from comfy_extras import (
    nodes_freelunch,
    nodes_hooks,
    nodes_model_advanced,
    nodes_pag,
    nodes_perpneg,
    nodes_sag,
)
from other_packs import core, guided
from rows import ByText
from sampling import BOXES, PROMPT, empty_latent, ksampler, text
from straightforward import straightforward
from tiny_models.adapter import tiny_adapter

SETTINGS = {"steps": 1, "latent_image": empty_latent(128, 128)}


@pytest.fixture(scope="module")
def texts(tiny):
    return {prompt: text(tiny.clip, prompt) for prompt in (PROMPT, "blurry", "", "snow")}


@pytest.fixture(scope="module")
def in_company(tiny, patch, subjects, texts):
    """Check ours in a company: `join` is what it does to a model, `sample` how it samples."""

    def check(join, sample, model=None, near=1e-3):
        model = tiny.model if model is None else model
        slow = straightforward(model, tiny_adapter(), subjects, json.loads(BOXES), 0.6)
        slow = ByText(texts[PROMPT], texts["snow"]).on(slow)
        expected, plain = sample(join(slow)), sample(join(model))
        ours, scale = sample(join(patch(model=model))), expected.abs().max()
        assert ours.isfinite().all()
        assert (ours - expected).abs().max() <= near * scale
        assert (plain - expected).abs().max() > 10 * near * scale, "the test must be able to fail"
        assert torch.equal(sample(patch(model=join(model))), ours)
        assert torch.equal(sample(join(patch(model=model, weight=0.0))), plain)
        return ours

    return check


GUIDANCE = {
    "PAG": lambda model: core(nodes_pag.PerturbedAttentionGuidance, model=model, scale=3.0),
    "SAG": lambda model: core(
        nodes_sag.SelfAttentionGuidance, model=model, scale=0.5, blur_sigma=2.0
    ),
    "FreeU": lambda model: core(nodes_freelunch.FreeU, model=model, b1=1.1, b2=1.2, s1=0.9, s2=0.2),
    "FreeU V2": lambda model: core(
        nodes_freelunch.FreeU_V2, model=model, b1=1.3, b2=1.4, s1=0.9, s2=0.2
    ),
    "RescaleCFG": lambda model: core(nodes_model_advanced.RescaleCFG, model=model, multiplier=0.7),
    "v-prediction": lambda model: core(
        nodes_model_advanced.ModelSamplingDiscrete,
        model=model,
        sampling="v_prediction",
        zsnr=True,
    ),
}


@pytest.mark.parametrize("name", GUIDANCE)
def test_beside_nodes_on_the_model(name, tiny, patch, in_company):
    made = in_company(GUIDANCE[name], lambda model: ksampler(tiny, model, **SETTINGS))
    assert not torch.equal(made, ksampler(tiny, patch(), **SETTINGS)), "the node does something"


def test_beside_lcm(tiny, in_company):
    node = nodes_model_advanced.ModelSamplingDiscrete
    settings = {**SETTINGS, "sampler_name": "lcm", "scheduler": "sgm_uniform", "cfg": 1.5}
    in_company(
        lambda model: core(node, model=model, sampling="lcm", zsnr=False),
        lambda model: ksampler(tiny, model, **settings),
    )


def test_beside_perpneg(texts, in_company):
    names = ("positive", "negative", "empty_conditioning")
    conds = dict(zip(names, (texts[PROMPT], texts["blurry"], texts[""]), strict=True))
    node = nodes_perpneg.PerpNegGuider

    def sample(model):
        return guided(core(node, model=model, **conds, cfg=7.0, neg_scale=1.0), steps=1, size=128)

    in_company(lambda model: model, sample)


def half(texts):
    mask = torch.zeros(1, 32, 32)
    mask[:, :, :16] = 1
    return core(
        nodes.ConditioningSetMask,
        conditioning=texts["snow"],
        mask=mask,
        set_cond_area="default",
        strength=0.8,
    )


def early_and_late(texts):
    node, change = nodes.ConditioningSetTimestepRange, 0.5
    early = core(node, conditioning=texts[PROMPT], start=0.0, end=change)
    return early + core(node, conditioning=texts["snow"], start=change, end=1.0)


PROMPTS = {
    "combine": lambda texts: texts[PROMPT] + texts["snow"],
    "set mask": lambda texts: texts[PROMPT] + half(texts),
    "timestep range": early_and_late,
}


@pytest.mark.parametrize("name", PROMPTS)
def test_beside_several_positive_prompts(name, tiny, texts, in_company):
    settings = {**SETTINGS, "steps": 2, "positive": PROMPTS[name](texts)}
    made = in_company(lambda model: model, lambda model: ksampler(tiny, model, **settings))
    assert not torch.equal(made, ksampler(tiny, tiny.model, **settings))


def lora(rank=2):
    made = {}
    for layer in ("attn2_to_q", "attn1_to_v", "attn2_to_out_0"):
        name = f"lora_unet_input_blocks_4_1_transformer_blocks_0_{layer}"
        generator = torch.Generator().manual_seed(0)
        made[f"{name}.lora_up.weight"] = torch.randn(64, rank, generator=generator)
        made[f"{name}.lora_down.weight"] = torch.randn(rank, 64, generator=generator)
    return made


def test_beside_a_lora(tiny, patch, in_company):
    def join(model):
        return comfy.sd.load_lora_for_models(model, None, lora(), 0.5, 0.0)[0]

    made = in_company(join, lambda model: ksampler(tiny, model, **SETTINGS))
    assert not torch.equal(made, ksampler(tiny, patch(), **SETTINGS))


def test_beside_hooks_with_keyframes(tiny, patch, texts, in_company):
    # a LoRA for the positive prompt alone, which starts in the middle of the run
    hooks = comfy.hooks.create_hook_lora(lora=lora(), strength_model=0.5, strength_clip=0.0)
    frame = core(nodes_hooks.CreateHookKeyframe, strength_mult=0.2, start_percent=0.0)
    later = {"strength_mult": 1.0, "start_percent": 0.5, "prev_hook_kf": frame}
    frames = core(nodes_hooks.CreateHookKeyframe, **later)
    hooks = core(nodes_hooks.SetHookKeyframes, hooks=hooks, hook_kf=frames)
    properties = {"strength": 1.0, "set_cond_area": "default", "hooks": hooks}
    positive = core(nodes_hooks.ConditioningSetProperties, cond_NEW=texts[PROMPT], **properties)
    settings = {**SETTINGS, "steps": 2, "positive": positive}
    made = in_company(lambda model: model, lambda model: ksampler(tiny, model, **settings))
    without = {**settings, "positive": texts[PROMPT]}
    assert not torch.equal(made, ksampler(tiny, patch(), **without))


def t2i_adapter(tiny):
    """A T2I adapter of the tiny UNet's widths."""
    widths = [32, 64, 128, 128]
    made = comfy.t2i_adapter.adapter.Adapter(widths, 2, 3 * 256, 1, True, False, True)
    tiny.models.fill_module(made, "t2i.")
    return comfy.controlnet.T2IAdapter(made.eval().requires_grad_(False), 3, 8, "nearest-exact")


@pytest.mark.parametrize("kind", ["ControlNet", "T2I adapter"])
def test_beside_a_control(kind, tiny, patch, texts, in_company):
    control = tiny.models.control_net() if kind == "ControlNet" else t2i_adapter(tiny)
    picture = torch.rand(1, 256, 256, 3, generator=torch.Generator().manual_seed(0))
    positive, negative = nodes.ControlNetApplyAdvanced().apply_controlnet(
        texts[PROMPT], texts["blurry"], control, picture, 0.5, 0.0, 1.0
    )
    settings = {**SETTINGS, "positive": positive, "negative": negative}
    made = in_company(lambda model: model, lambda model: ksampler(tiny, model, **settings))
    without = {**settings, "positive": texts[PROMPT], "negative": texts["blurry"]}
    assert not torch.equal(made, ksampler(tiny, patch(), **without))


def test_an_inpaint_model_with_nine_channels(tiny, texts, in_company):
    class Inpaint(comfy.model_base.SDXL):
        """What ComfyUI makes of an SDXL checkpoint whose UNet takes 9 channels."""

        def __init__(self, *arguments, **named):
            super().__init__(*arguments, **named)
            self.set_inpaint()

    model = tiny.models.unet_model(kind=Inpaint, in_channels=9)
    mask = torch.zeros(1, 256, 256)
    mask[:, 64:192, 32:224] = 1
    picture = torch.rand(1, 256, 256, 3, generator=torch.Generator().manual_seed(0))
    with torch.inference_mode():
        positive, negative, latent = nodes.InpaintModelConditioning().encode(
            texts[PROMPT], texts["blurry"], picture, tiny.vae, mask
        )
    settings = {"positive": positive, "negative": negative, "latent_image": latent, "steps": 1}

    def sample(model):
        return ksampler(tiny, model, **settings)

    made = in_company(lambda model: model, sample, model)
    kept = (made - sample(model)).abs()[0].mean(0)
    assert kept[:7].max() == 0 and kept[8:24, 4:28].max() > 0, "outside its mask the picture stays"
