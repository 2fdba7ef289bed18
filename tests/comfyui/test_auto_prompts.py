"""Auto Layout reads the prompt that is sampled, or says that it is another one."""

import nodes
import pytest
import torch
from other_packs import NegPipClip, negpip, negpip_text
from sampling import PROMPT, empty_latent, ksampler, text

SETTINGS = {"steps": 2, "latent_image": empty_latent(64, 64)}
LONG = PROMPT + ", in the soft light of a late summer evening" * 12


@pytest.fixture
def read(run, tiny):
    """`read(prompt)`: what Auto Layout gives, its settings and its positive conditioning."""

    def make(prompt=PROMPT, **changes):
        inputs = {"clip": tiny.clip, "prompt": prompt, "threshold": 0.5, "start_step": 1}
        return run("AutoLayout", **inputs | changes)

    return make


@pytest.fixture
def sample(tiny, patch):
    """`sample(settings, positive)`: the latent with the areas of these settings."""

    def make(settings, positive, calls=None, **changes):
        model = patch(auto_layout=settings)
        if calls is not None:
            model.set_model_unet_function_wrapper(lambda *_: calls.append(1))
        return ksampler(tiny, model, **{**SETTINGS, "positive": positive} | changes)

    return make


@pytest.mark.parametrize("prompt", [PROMPT, LONG], ids=["one chunk", "several"])
def test_its_own_conditioning_is_the_prompts(prompt, read, sample, tiny):
    settings, positive = read(prompt)
    elsewhere = text(tiny.clip, prompt)
    assert torch.equal(positive[0][0], elsewhere[0][0])
    assert torch.equal(positive[0][1]["pooled_output"], elsewhere[0][1]["pooled_output"])
    assert torch.equal(sample(settings, positive), sample(settings, elsewhere))


KEPT = {
    "area": lambda it: nodes.ConditioningSetArea().append(it, 32, 64, 0, 0, 1.0)[0],
    "share of the picture": lambda it: nodes.ConditioningSetAreaPercentage().append(
        it, 0.5, 1.0, 0.0, 0.0, 1.0
    )[0],
    "strength": lambda it: nodes.ConditioningSetAreaStrength().append(it, 0.7)[0],
    "mask": lambda it: nodes.ConditioningSetMask().append(
        it, torch.ones(1, 64, 64), "default", 1.0
    )[0],
    "times": lambda it: nodes.ConditioningSetTimestepRange().set_range(it, 0.0, 0.9)[0],
    "twice": lambda it: nodes.ConditioningCombine().combine(
        it, nodes.ConditioningSetArea().append(it, 32, 64, 0, 0, 1.0)[0]
    )[0],
}


@pytest.mark.parametrize("node", KEPT)
def test_cores_nodes_that_keep_the_text_may_stand_between(node, read, sample):
    settings, positive = read()
    assert sample(settings, KEPT[node](positive)).isfinite().all()


OTHERS = {
    "words in front": lambda own, clip: text(clip, "a beautiful drawing of " + PROMPT),
    "in the other order": lambda own, clip: text(clip, "a cat and a dog on the beach"),
    "the last word alone": lambda own, clip: text(clip, PROMPT.replace("beach", "moon")),
    "resolved wildcards": lambda own, clip: text(clip, "a big dog and a cat on the beach"),
    "another length": lambda own, clip: text(clip, LONG),
    "joined behind": lambda own, clip: nodes.ConditioningConcat().concat(own, text(clip, "snow"))[
        0
    ],
    "joined in front": lambda own, clip: nodes.ConditioningConcat().concat(text(clip, "snow"), own)[
        0
    ],
    "mixed": lambda own, clip: nodes.ConditioningAverage().addWeighted(
        own, text(clip, "snow"), 0.5
    )[0],
    "nothing": lambda own, clip: nodes.ConditioningZeroOut().zero_out(own)[0],
}


@pytest.mark.parametrize("other", OTHERS)
def test_another_text_is_refused_before_the_first_step(other, read, sample, tiny):
    settings, positive = read()
    calls = []
    with pytest.raises(ValueError) as caught:
        sample(settings, OTHERS[other](positive, tiny.clip), calls)
    said = str(caught.value)
    assert said.startswith("auto_layout: the sampler's positive prompt")
    for part in (PROMPT, "`positive` output of Auto Layout", "BREAK", "wildcards"):
        assert part in said
    assert calls == []


def test_a_second_prompt_without_the_phrases_is_refused_by_its_number(read, sample, tiny):
    settings, positive = read()
    both = nodes.ConditioningCombine().combine(positive, text(tiny.clip, "snow"))[0]
    with pytest.raises(ValueError, match=r"positive prompt 2 of 2 \(combined\) is not the text"):
        sample(settings, both)


def test_of_another_auto_layout_the_text_is_said(read, sample):
    settings, other = read()[0], read("a cat and a dog on the moon")[1]
    with pytest.raises(ValueError, match='an Auto Layout with "a cat and a dog on the moon"'):
        sample(settings, other)


def test_the_negative_prompt_is_none_of_its_business(read, sample, tiny):
    settings, positive = read()
    assert sample(settings, positive, negative=text(tiny.clip, LONG)).isfinite().all()


def test_a_text_encoder_of_another_pack_counts_as_it_is(read, sample, tiny, patch):
    # as NegPip does it: the encoder gives each token twice, a patch of the model takes them apart
    settings, doubled = read(clip=NegPipClip(tiny.clip))
    twice = {**SETTINGS, "positive": doubled, "negative": negpip_text(text(tiny.clip, "blurry"))}
    made = ksampler(tiny, negpip(patch(auto_layout=settings)), **twice)
    assert torch.allclose(made, sample(*read()), atol=1e-3)
    with pytest.raises(ValueError, match="is not the text"):
        sample(read()[0], doubled)


def test_a_share_of_the_schedule_comes_at_few_steps_too(read, tiny, patch):
    nowhere = {"boxes": "[[0, 0, 0, 0], [0, 0, 0, 0]]", "weight": 3.0}

    def made(**changes):
        # start_step never comes: there are four steps
        settings, positive = read(start_step=5, **changes)
        model = patch(auto_layout=settings, **nowhere)
        return ksampler(tiny, model, **{**SETTINGS, "steps": 4, "positive": positive})

    never, at_once, later = made(), made(start_percent=0.001), made(start_percent=0.5)
    assert not torch.equal(at_once, never) and not torch.equal(later, never)
    assert not torch.equal(at_once, later)
