"""What the tests of words in boxes share."""

import pytest
from sampling import PROMPT, empty_latent, ksampler, text

WORDS = "a (red:1.3) mug, glossy"
SMALL = {"steps": 2, "latent_image": empty_latent(128, 192)}
WHOLE = "[[0, 0, 1, 1]]"
HALVES = "[[0, 0, 0.5, 1], [0.5, 0, 1, 1]]"


def close(made, expected, near=1e-5):
    return (made - expected).abs().max() <= near * expected.abs().max()


@pytest.fixture(scope="module")
def words(run, tiny):
    def made(prompts=WORDS, **changes):
        times = {"start_percent": 0.0, "end_percent": 1.0}
        return run(
            "BoxPrompts",
            **{"clip": tiny.clip, "prompts": prompts, "strength": 1.0} | times | changes,
        )[0]

    return made


@pytest.fixture(scope="module")
def placed(run, tiny, words):
    """`placed(boxes, prompts, …)`: a model with words alone."""

    def made(boxes=WHOLE, prompts=WORDS, model=None, size=(128, 192), **changes):
        layout = run("LayoutBoxes", boxes=boxes, width=size[0], height=size[1])[0]
        model = tiny.model if model is None else model
        given = words(prompts, **changes)
        return run("ApplyBoxPrompts", model=model, layout=layout, box_prompts=given)[0]

    return made


@pytest.fixture(scope="module")
def swapped(tiny):
    """The positive conditioning with other words and the same rest."""

    def made(positive, prompt=WORDS):
        other = text(tiny.clip, prompt)[0][0]
        return [[other, options] for _, options in positive]

    return made


@pytest.fixture(scope="module")
def main(tiny):
    return text(tiny.clip, PROMPT)


def layer_outputs(tiny, model, **settings):
    """What each text cross-attention gave in the first call: (rows, h·w, width) a site."""
    seen = {}
    clone = model.clone()

    def look(out, extra_options):
        key = (*extra_options["block"], extra_options["block_index"])
        seen.setdefault(key, (out.clone(), extra_options["activations_shape"][-2:]))
        return out

    clone.set_model_attn2_output_patch(look)
    ksampler(tiny, clone, **{**SMALL, "steps": 1, **settings})
    return seen
