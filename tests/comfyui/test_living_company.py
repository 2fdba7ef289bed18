"""ComfyUI's own guidance, conditions and models, each beside ours.

In each company the result is that of straightforward patches in the same company (so the subjects
act where they should and nowhere else), weight 0 is the company alone bit for bit, and it does not
matter which node comes first.
"""

import json
from dataclasses import dataclass

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
    nodes_model_advanced,
    nodes_pag,
    nodes_perpneg,
    nodes_sag,
)
from loras import hooked, lora
from other_packs import core, guided
from rows import ByText
from sampling import BOXES, PROMPT, empty_latent, ksampler, text
from straightforward import straightforward
from tiny_models.adapter import tiny_adapter

SETTINGS = {"steps": 1, "latent_image": empty_latent(128, 128)}


@pytest.fixture(scope="module")
def texts(tiny):
    return {prompt: text(tiny.clip, prompt) for prompt in (PROMPT, "blurry", "", "snow")}


@dataclass(frozen=True)
class Company:
    """The pictures of one company: `ours` beside it, and what they are compared with."""

    plain: torch.Tensor  # without subjects
    straightforward: torch.Tensor
    ours: torch.Tensor
    ours_first: torch.Tensor
    at_weight_0: torch.Tensor

    def has_the_subjects_where_they_belong(self, near=1e-4):
        """As the straightforward patches have them, and the plain picture is far from it."""
        near = near * self.straightforward.abs().max()
        off = (self.ours - self.straightforward).abs().max()
        return off <= near and (self.plain - self.straightforward).abs().max() > 10 * near

    def is_the_same_in_either_order(self):
        return torch.equal(self.ours, self.ours_first)

    def is_alone_at_weight_0(self):
        return torch.equal(self.at_weight_0, self.plain)


@pytest.fixture(scope="module")
def company(tiny, patch, subjects, texts):
    """`company(sample, join)`: `join` is what the others do to a model, `sample` how it samples."""

    def pictures(sample, join=lambda model: model, model=None):
        model = tiny.model if model is None else model
        slow = straightforward(model, tiny_adapter(), subjects, json.loads(BOXES), 0.6)
        slow = ByText(texts[PROMPT], texts["snow"]).on(slow)
        return Company(
            plain=sample(join(model)),
            straightforward=sample(join(slow)),
            ours=sample(join(patch(model=model))),
            ours_first=sample(patch(model=join(model))),
            at_weight_0=sample(join(patch(model=model, weight=0.0))),
        )

    return pictures


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
def test_beside_nodes_on_the_model(name, tiny, patch, company):
    beside = company(lambda model: ksampler(tiny, model, **SETTINGS), GUIDANCE[name])
    # at the first noise level of zero-SNR v-prediction rounding is multiplied
    near = 1e-3 if name == "v-prediction" else 1e-4
    assert beside.has_the_subjects_where_they_belong(near)
    assert beside.is_the_same_in_either_order() and beside.is_alone_at_weight_0()
    assert not torch.equal(beside.ours, ksampler(tiny, patch(), **SETTINGS)), "it does something"


def test_beside_lcm(tiny, company):
    node = nodes_model_advanced.ModelSamplingDiscrete
    settings = {**SETTINGS, "sampler_name": "lcm", "scheduler": "sgm_uniform", "cfg": 1.5}
    beside = company(
        lambda model: ksampler(tiny, model, **settings),
        lambda model: core(node, model=model, sampling="lcm", zsnr=False),
    )
    assert beside.has_the_subjects_where_they_belong()
    assert beside.is_the_same_in_either_order() and beside.is_alone_at_weight_0()


def test_beside_perpneg(texts, company):
    names = ("positive", "negative", "empty_conditioning")
    conds = dict(zip(names, (texts[PROMPT], texts["blurry"], texts[""]), strict=True))
    node = nodes_perpneg.PerpNegGuider

    def sample(model):
        return guided(core(node, model=model, **conds, cfg=7.0, neg_scale=1.0), steps=1, size=128)

    beside = company(sample)
    assert beside.has_the_subjects_where_they_belong()
    assert beside.is_the_same_in_either_order() and beside.is_alone_at_weight_0()


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
def test_beside_several_positive_prompts(name, tiny, patch, texts, company):
    settings = {**SETTINGS, "steps": 2, "positive": PROMPTS[name](texts)}
    beside = company(lambda model: ksampler(tiny, model, **settings))
    assert beside.has_the_subjects_where_they_belong()
    assert beside.is_the_same_in_either_order() and beside.is_alone_at_weight_0()
    one = {**settings, "positive": texts[PROMPT]}
    assert not torch.equal(beside.ours, ksampler(tiny, patch(), **one)), "they do something"


LAYERS = ("attn2_to_q", "attn1_to_v", "attn2_to_out_0")


def test_beside_a_lora(tiny, patch, company):
    def join(model):
        return comfy.sd.load_lora_for_models(model, None, lora(*LAYERS), 0.5, 0.0)[0]

    beside = company(lambda model: ksampler(tiny, model, **SETTINGS), join)
    assert beside.has_the_subjects_where_they_belong()
    assert beside.is_the_same_in_either_order() and beside.is_alone_at_weight_0()
    assert not torch.equal(beside.ours, ksampler(tiny, patch(), **SETTINGS)), "it does something"


def test_beside_hooks_with_keyframes(tiny, patch, texts, company):
    # a LoRA for the positive prompt alone, which starts in the middle of the run
    positive = hooked(texts[PROMPT], lora(*LAYERS))
    settings = {**SETTINGS, "steps": 2, "positive": positive}
    beside = company(lambda model: ksampler(tiny, model, **settings))
    assert beside.has_the_subjects_where_they_belong()
    assert beside.is_the_same_in_either_order() and beside.is_alone_at_weight_0()
    without = {**settings, "positive": texts[PROMPT]}
    assert not torch.equal(beside.ours, ksampler(tiny, patch(), **without)), "it does something"


def t2i_adapter(tiny):
    """A T2I adapter of the tiny UNet's widths."""
    widths = [32, 64, 128, 128]
    made = comfy.t2i_adapter.adapter.Adapter(widths, 2, 3 * 256, 1, True, False, True)
    tiny.models.fill_module(made, "t2i.")
    return comfy.controlnet.T2IAdapter(made.eval().requires_grad_(False), 3, 8, "nearest-exact")


@pytest.mark.parametrize("kind", ["ControlNet", "T2I adapter"])
def test_beside_a_control(kind, tiny, patch, texts, company):
    control = tiny.models.control_net() if kind == "ControlNet" else t2i_adapter(tiny)
    picture = torch.rand(1, 256, 256, 3, generator=torch.Generator().manual_seed(0))
    positive, negative = nodes.ControlNetApplyAdvanced().apply_controlnet(
        texts[PROMPT], texts["blurry"], control, picture, 0.5, 0.0, 1.0
    )
    settings = {**SETTINGS, "positive": positive, "negative": negative}
    beside = company(lambda model: ksampler(tiny, model, **settings))
    assert beside.has_the_subjects_where_they_belong()
    assert beside.is_the_same_in_either_order() and beside.is_alone_at_weight_0()
    without = {**settings, "positive": texts[PROMPT], "negative": texts["blurry"]}
    assert not torch.equal(beside.ours, ksampler(tiny, patch(), **without)), "it does something"


def test_an_inpaint_model_with_nine_channels(tiny, texts, company):
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

    beside = company(sample, model=model)
    assert beside.has_the_subjects_where_they_belong()
    assert beside.is_the_same_in_either_order() and beside.is_alone_at_weight_0()
    kept = (beside.ours - beside.plain).abs()[0].mean(0)
    assert kept[:7].max() == 0 and kept[8:24, 4:28].max() > 0, "outside its mask the picture stays"
