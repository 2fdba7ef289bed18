"""Subjects of any content, and every setting of them, up to the file that keeps them."""

import pytest
from fuzz import CHARACTERS, ODD_TEXTS, cases, numbers, tensors, texts, whole_numbers
from hypothesis import given
from hypothesis import strategies as st
from made_up import changed, two_subjects

phrases = st.sampled_from(["dog", "cat", "a dog", "dogs", *ODD_TEXTS]) | st.text(CHARACTERS)
weights = st.sampled_from([None, 0.0, 1.0, -1.0, 1e30, 1e300]) | numbers
shares = st.sampled_from([0.0, 0.25, 0.5, 1.0]) | numbers
fields = {
    "phrase": phrases,
    "image_features": tensors(
        st.sampled_from([[1, 17, 40], [0, 17, 40], [17, 40], [1, 17, 48], []])
    ),
    "phrase_embedding": tensors(st.sampled_from([[24], [0], [32], [1, 24], []])),
    "weight": weights,
    "start_percent": shares,
    "end_percent": shares,
    "enabled": st.booleans() | st.none(),
    "everywhere": st.booleans(),
    "view_weights": st.none() | st.lists(weights, max_size=3).map(tuple) | texts,
}


@st.composite
def odd_subjects(draw, pack):
    """Subjects as another pack might make them: unusual ones, of different encoders, or none."""
    good, subjects = two_subjects(pack), []
    for number in draw(st.sampled_from([[0, 1]] * 6 + [[], [0], [0, 0, 1]])):
        names = draw(st.sets(st.sampled_from(sorted(fields)), max_size=2))
        subjects.append(changed(good[number], **{name: draw(fields[name]) for name in names}))
    return subjects


@st.composite
def settings_of(draw, pack):
    """A few steps of Subject Options and Background Subject."""
    steps = []
    for _ in range(draw(st.integers(1, 4))):
        inputs = {"number": draw(st.integers(1, 2) | whole_numbers)}
        inputs["weight"] = draw(st.floats(0, 3) | numbers)
        if draw(st.booleans()):
            steps.append(("BackgroundSubject", inputs))
            continue
        ends = [draw(st.floats(0, 1) | st.floats(0, 1) | numbers) for _ in range(2)]
        inputs |= {"start_percent": ends[0], "end_percent": ends[1]}
        inputs["view_weights"] = draw(st.sampled_from(["", "", "0.5", "1, 1", "1e300"]) | texts)
        steps.append(("SubjectOptions", inputs))
    return steps


def test_subjects_keep_their_settings_through_every_node_and_file(fuzzed, pack):
    @cases(60)
    @given(settings_of(pack))
    def sent(steps):
        subjects = fuzzed.inputs["ApplyMSDiffusion"]["subjects"]
        for node, inputs in steps:
            made = fuzzed(node, tuple(inputs), subjects=subjects, **inputs)
            subjects = made[0] if made else subjects
        saved = fuzzed("SaveSubjects", subjects=subjects)
        assert saved, "what our nodes make can be saved"
        fuzzed("ApplyMSDiffusion", ("weight",), subjects=subjects)

    with fuzzed.accepting("SubjectOptions", 0.1), fuzzed.accepting("BackgroundSubject", 0.1):
        with fuzzed.accepting("ApplyMSDiffusion", 0.5):
            sent()


@pytest.mark.parametrize("node", ["EncodeSubjects", "LayoutBoxes", "SaveSubjects"])
def test_odd_subjects_work_or_are_explained(node, fuzzed, pack):
    @cases(80)
    @given(odd_subjects(pack))
    def sent(subjects):
        fuzzed(node, ("subjects", "boxes"), subjects=subjects)

    with fuzzed.accepting(node, 0.2):
        sent()


def test_odd_subjects_never_get_into_a_model(fuzzed, pack):
    @cases(80)
    @given(odd_subjects(pack), st.booleans())
    def sent(subjects, grounding):
        fuzzed(
            "ApplyMSDiffusion",
            ("subjects", "layout", "weight"),
            subjects=subjects,
            grounding=grounding,
        )

    with fuzzed.accepting("ApplyMSDiffusion", 0.2):
        sent()
