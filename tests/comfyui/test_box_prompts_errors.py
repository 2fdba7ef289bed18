"""What Box Prompts and Apply Box Prompts refuse, and in which words."""

import pytest
import torch
from other_packs import NegPipClip
from sampling import ksampler
from small_sdxl import PLAN, unet_model

GIVEN = {"strength": 1.0, "start_percent": 0.0, "end_percent": 1.0}
HALVES = "[[0, 0, 0.5, 1], [0.5, 0, 1, 1]]"


@pytest.fixture(scope="module")
def make(run, tiny):
    def made(prompts="mug\nhat", clip=tiny.clip, **changes):
        return run("BoxPrompts", clip=clip, prompts=prompts, **GIVEN | changes)[0]

    return made


@pytest.fixture(scope="module")
def apply(run, tiny):
    def made(words, boxes=HALVES, model=tiny.model):
        layout = run("LayoutBoxes", boxes=boxes, width=512, height=512)[0]
        return run("ApplyBoxPrompts", model=model, layout=layout, box_prompts=words)[0]

    return made


class Scheduled:
    """A text encoder whose weights change over the schedule, as hooks make it."""

    def __init__(self, clip):
        self.clip = clip

    def __getattr__(self, name):
        return getattr(self.clip, name)

    def encode_from_tokens_scheduled(self, tokens):
        return self.clip.encode_from_tokens_scheduled(tokens) * 2


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"prompts": " \n\n"}, "prompts: there are no words"),
        (
            {"prompts": "mug\n" + "(" * 5000 + ")" * 5000},
            "prompts: line 2: its brackets are nested too deeply",
        ),
        ({"prompts": "mug\n\n\ud800"}, "prompts: line 3: '\\ud800' has half of a character"),
        ({"start_percent": 0.6, "end_percent": 0.5}, "start_percent: 0.6 comes after end_percent"),
        ({"strength": 1.5}, "strength: 1.5 came; expected a number from 0.0 to 1.0"),
    ],
)
def test_what_box_prompts_refuse(changes, said, make):
    with pytest.raises(ValueError) as caught:
        make(**changes)
    assert str(caught.value).startswith(said)


@pytest.mark.parametrize(
    ("kind", "said"),
    [(NegPipClip, "NegPip does so"), (Scheduled, "its weights change over the schedule (hooks)")],
)
def test_a_text_encoder_that_another_node_has_changed(kind, said, make, tiny):
    with pytest.raises(ValueError, match="connect the CLIP from before that node") as caught:
        make(clip=kind(tiny.clip))
    assert str(caught.value).startswith("prompts: line 1: ") and said in str(caught.value)


@pytest.mark.parametrize(
    ("prompts", "boxes", "said"),
    [
        ("mug", HALVES, "box_prompts: 1 line came for 2 boxes; line 2 is missing"),
        ("mug\nhat\ncat", HALVES, 'box_prompts: 3 lines came for 2 boxes; line 3 ("cat") has no'),
        ("mug\nhat", "[[0, 0, 1, 1], [0, 0, 0, 0]]", 'box_prompts: line 2 says "hat", but box 2'),
    ],
)
def test_words_that_have_no_box(prompts, boxes, said, make, apply, patch):
    words = make(prompts)
    for do in (lambda: apply(words, boxes), lambda: patch(boxes, box_prompts=words)):
        with pytest.raises(ValueError) as caught:
            do()
        assert str(caught.value).startswith(said)


def test_words_of_another_text_encoder(pack, make, apply, patch):
    words = make()
    narrow = [each[..., :32] for each in words.embeddings]
    other = pack.words.BoxPrompts(words.lines, tuple(narrow), 1.0, words.times)
    said = "takes texts 64 wide, and the CLIP of Box Prompts makes them 32 wide"
    with pytest.raises(ValueError, match=f"^model: .*{said}"):
        apply(other)
    with pytest.raises(ValueError, match=f"^box_prompts: .*{said}"):
        patch(box_prompts=other)


def test_a_model_without_text_cross_attentions(apply, make):
    none = {"transformer_depth": [0] * 6, "transformer_depth_output": [0] * 9}
    plan = {**PLAN, "channel_mult": [1, 2, 4], "adm_in_channels": 1600, **none}
    model = unet_model({**plan, "transformer_depth_middle": -2})
    with pytest.raises(ValueError, match="^model: .*no text cross-attentions of SDXL's kind"):
        apply(make(), model=model)


def test_an_error_leaves_the_model_as_it_was(apply, make, tiny):
    before = ksampler(tiny, tiny.model, steps=1)
    with pytest.raises(ValueError):
        apply(make("mug"))
    assert torch.equal(ksampler(tiny, tiny.model, steps=1), before)
