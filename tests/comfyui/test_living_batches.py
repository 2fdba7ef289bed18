"""Packs that change the query batch or the text's keys and values: attention couple, NegPip."""

import pytest
import torch
from comfy_extras.nodes_perpneg import PerpNegGuider
from other_packs import NegPipClip, core, couple, guided, negpip, negpip_text
from sampling import PROMPT, empty_latent, ksampler, text

SETTINGS = {"steps": 2, "latent_image": empty_latent(128, 128)}
LEFT = "[[0, 0, 0.5, 1], [0, 0, 0, 0]]"


def stripes(regions):
    """Masks of equal upright stripes: (regions, 32, 32)."""
    edges = torch.arange(32) * regions // 32
    return torch.stack([(edges == n).float().expand(32, 32) for n in range(regions)])


def close(made, expected):
    return (made - expected).abs().max() <= 1e-3 * expected.abs().max()


@pytest.mark.parametrize(
    "regions, batch, cfg", [(2, 1, 7.0), (3, 1, 7.0), (3, 2, 7.0), (4, 1, 1.0)]
)
def test_couple_with_the_same_prompt_everywhere_changes_nothing(regions, batch, cfg, tiny, patch):
    # three rows of two conditions, four, eight, four of one: even or not, it must be seen
    positive = text(tiny.clip, PROMPT)
    settings = {**SETTINGS, "cfg": cfg, "latent_image": empty_latent(128, 128, batch)}
    settings |= {"steps": 1, "positive": positive}
    contexts = [positive[0][0]] * (regions - 1)
    expected = ksampler(tiny, patch(), **settings)
    both = ksampler(tiny, couple(patch(), contexts, stripes(regions)), **settings)
    assert close(both, expected)
    assert not close(ksampler(tiny, tiny.model, **settings), expected), "it must be able to fail"


def test_couple_and_a_layout_for_each_picture(run, tiny, patch):
    texts = [LEFT, "[[0.5, 0, 1, 1], [0, 0, 0.5, 1]]"]
    layouts = [run("LayoutBoxes", boxes=each, width=256, height=256)[0] for each in texts]
    layout = run("BatchLayouts", layout_1=layouts[0], layout_2=layouts[1])[0]
    positive = text(tiny.clip, PROMPT)
    settings = {"steps": 1, "positive": positive, "latent_image": empty_latent(128, 128, 2)}
    expected = ksampler(tiny, patch(layout=layout), **settings)
    model = couple(patch(layout=layout), [positive[0][0]] * 2, stripes(3))
    assert close(ksampler(tiny, model, **settings), expected)
    swapped = run("BatchLayouts", layout_1=layouts[1], layout_2=layouts[0])[0]
    assert not close(ksampler(tiny, patch(layout=swapped), **settings), expected)


def test_couple_with_prompts_of_their_own(tiny, patch):
    contexts = [text(tiny.clip, prompt)[0][0] for prompt in ("a red house", "snow")]
    theirs = couple(tiny.model, contexts, stripes(3))
    alone = ksampler(tiny, theirs, **SETTINGS)
    assert not close(alone, ksampler(tiny, tiny.model, **SETTINGS))
    before, after = patch(model=theirs), couple(patch(), contexts, stripes(3))
    both = ksampler(tiny, before, **SETTINGS)
    assert torch.equal(both, ksampler(tiny, after, **SETTINGS)), "the order does not matter"
    assert torch.equal(ksampler(tiny, patch(model=theirs, weight=0.0), **SETTINGS), alone)
    assert torch.equal(ksampler(tiny, theirs, **SETTINGS), alone), "ours bypassed"
    effect = ksampler(tiny, patch(model=theirs, boxes=LEFT), **SETTINGS, cfg=1.0)
    effect = (effect - ksampler(tiny, theirs, **SETTINGS, cfg=1.0)).abs().mean(1)[0]
    assert effect[:, :8].mean() > 1.15 * effect[:, 8:].mean()


def test_a_batch_that_cannot_be_told_apart_is_an_error(tiny, patch):
    def one_more(q, k, v, extra_options):
        return tuple(torch.cat([x, x[:1]]) for x in (q, k, v))

    model = patch()
    model.set_model_attn2_patch(one_more)
    latent = {"steps": 1, "latent_image": empty_latent(128, 128, 2)}
    with pytest.raises(ValueError, match="another node changed the batch: 5 rows .* 2 conditions"):
        ksampler(tiny, model, **latent)


def test_couple_with_three_kinds_of_conditions_is_an_error(tiny, patch):
    # some packs repeat PerpNeg's empty prompt as well, others do not
    conds = [text(tiny.clip, prompt) for prompt in (PROMPT, "blurry", "")]
    names = ("positive", "negative", "empty_conditioning")
    guidance = {**dict(zip(names, conds, strict=True)), "cfg": 7.0, "neg_scale": 1.0}
    model = couple(patch(), [conds[0][0][0]], stripes(2), chunks=(0, 2))
    with pytest.raises(ValueError, match="another node changed the batch"):
        guided(core(PerpNegGuider, model=model, **guidance))


@pytest.mark.parametrize("changes", [{}, {"areas": False, "text_in_box": True}])
def test_auto_layout_does_not_read_the_regions_prompts(changes, tiny, patch, auto):
    contexts = [text(tiny.clip, "a red house")[0][0]]
    model = couple(patch(auto_layout=auto(**changes)), contexts, stripes(2))
    settings = {**SETTINGS, "positive": text(tiny.clip, PROMPT)}
    with pytest.raises(ValueError, match="auto_layout: another node .* regions"):
        ksampler(tiny, model, **settings)
    # and the next run, without it, is as if nothing had been
    model = patch(auto_layout=auto(**changes))
    assert ksampler(tiny, model, **settings).isfinite().all()


@pytest.mark.parametrize("changes", [None, {}, {"areas": False, "text_in_box": True}])
def test_negpip(changes, tiny, patch, auto):
    def ours(turned=None, **more):
        if changes is not None:
            clip = tiny.clip if turned is None else NegPipClip(tiny.clip, turned)
            more["auto_layout"] = auto(clip=clip, **changes)
        return patch(**more)

    positive, negative = text(tiny.clip, PROMPT), text(tiny.clip, "blurry")
    doubled = {"positive": negpip_text(positive), "negative": negpip_text(negative)}
    settings = {**SETTINGS, "positive": positive, "negative": negative}
    expected = ksampler(tiny, ours(), **settings)
    # without a turned token it is the same prompt, in twice as many tokens
    assert close(ksampler(tiny, negpip(ours(())), **settings | doubled), expected)
    turned = {**doubled, "positive": negpip_text(positive, turned=(6, 7))}
    made = ksampler(tiny, negpip(ours((6, 7))), **settings | turned)
    theirs = ksampler(tiny, negpip(tiny.model), **settings | turned)
    assert not close(made, expected) and not close(made, theirs)
    if changes is None:
        nothing = ksampler(tiny, negpip(patch(weight=0.0)), **settings | turned)
        assert torch.equal(nothing, theirs)
