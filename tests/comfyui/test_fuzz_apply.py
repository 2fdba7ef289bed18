"""Everything that shapes a patched model at once; a handful of such models sample."""

from fuzz import ODD_TEXTS, cases, numbers, texts
from hypothesis import given
from hypothesis import strategies as st
from made_up import changed
from promises import check_sentence, state_of
from sampling import empty_latent, ksampler
from test_fuzz_layouts import layouts

words = st.lists(st.sampled_from(["a", "dog", "cats", "house", "(dog:1.2)", "猫", ","]), max_size=9)
prompts = st.just("a dog and a cat") | words.map(" ".join) | st.sampled_from(ODD_TEXTS)
names = st.sampled_from(["dog", "cat", "dog house", "a", "猫", *ODD_TEXTS])
shares = st.floats(0, 1) | st.floats(0, 1) | numbers
two = st.sampled_from([2, 2, 2, 2, 1, 3])  # boxes for the two subjects, or too few or many


@st.composite
def autos(draw, fuzzed):
    """An Auto Layout of any prompt, or none."""
    settings = {"areas": draw(st.booleans()), "text_in_box": draw(st.booleans())}
    settings |= {"prompt": draw(prompts), "threshold": draw(shares)}
    settings["start_step"] = draw(st.integers(-1, 3))
    made = fuzzed("AutoLayout", tuple(settings), **settings)
    return made and made[0]


@st.composite
def inputs_of(draw, fuzzed, pack):
    """Inputs of Apply MS-Diffusion, each of its type."""
    named = draw(st.just(["dog", "cat"]) | st.lists(names, min_size=2, max_size=2))
    subjects = fuzzed.inputs["ApplyMSDiffusion"]["subjects"]
    inputs = {
        "subjects": [
            changed(subject, phrase=name) for subject, name in zip(subjects, named, strict=True)
        ],
        "layout": draw(layouts(fuzzed, two)),
        "weight": draw(st.floats(0, 3) | st.floats(0, 3) | numbers),
        "start_percent": draw(shares),
        "end_percent": draw(shares),
        "subject_weights": draw(st.sampled_from(["", "1, 0", "-1e3, 0.5", "1e38, 1e-300"]) | texts),
        "grounding": draw(st.booleans()),
        "auto_layout": draw(autos(fuzzed)),
        "overlap": draw(st.sampled_from(["joint", "topmost", "topmost "])),
    }
    sent = draw(st.sets(st.sampled_from(sorted(inputs)), min_size=1, max_size=3))
    return {name: value for name, value in inputs.items() if name in sent}


def test_any_combination_makes_a_model_or_is_explained(fuzzed, pack):
    @cases(120)
    @given(inputs_of(fuzzed, pack))
    def sent(inputs):
        fuzzed("ApplyMSDiffusion", (*inputs, "weight"), **inputs)

    with fuzzed.accepting("ApplyMSDiffusion", 0.2), fuzzed.accepting("AutoLayout", 0.1):
        sent()


def test_what_is_accepted_can_be_sampled_and_leaves_the_model_alone(fuzzed, pack, tiny):
    plain, done = tiny.model, []

    @cases(60)
    @given(inputs_of(fuzzed, pack))
    def sent(inputs):
        inputs.pop("subject_weights", None)  # may be so large that the picture overflows
        made = fuzzed("ApplyMSDiffusion", (*inputs, "weight"), **inputs)
        if made is None or len(done) == 8:
            return
        before = repr(state_of(plain))
        batch = len(getattr(inputs.get("layout"), "layouts", [1]))
        try:
            latent = ksampler(tiny, made[0], steps=1, latent_image=empty_latent(64, 64, batch))
        except ValueError as error:  # a prompt of another length than the sampler's
            return check_sentence(error, ["auto_layout"])
        assert latent.isfinite().all() and repr(state_of(plain)) == before
        done.append(fuzzed("ShowAreas", model=made[0], samples={"samples": latent}))

    sent()
    assert len(done) == 8 and all(done)
