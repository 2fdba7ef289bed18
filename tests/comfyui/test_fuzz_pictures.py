"""Pictures, masks and latents of any shape, dtype and content on every socket that takes them."""

import pytest
import torch
from fuzz import cases, some_shapes, tensors
from hypothesis import given
from hypothesis import strategies as st

FRAME = st.tuples(st.integers(1, 3), st.sampled_from([1, 2, 9, 64]), st.sampled_from([1, 48, 700]))


@st.composite
def cut_outs(draw):
    """A picture and a mask that is often of its shape, in another size."""
    views, height, width = draw(FRAME)
    picture = [views, height, width, draw(st.sampled_from([1, 3, 3, 3, 4]))]
    scale = draw(st.sampled_from([1, 1, 2, 3]))
    mask = [draw(st.sampled_from([1, views, views + 1])), height * scale, width * scale]
    pictures, masks = tensors(some_shapes(picture)), tensors(some_shapes(mask))
    return draw(pictures), draw(st.none() | masks)


def test_a_subject_from_any_picture_and_mask(fuzzed):
    @cases(150)
    @given(cut_outs())
    def sent(came):
        made = fuzzed("EncodeSubjects", ("image_1", "mask_1"), image_1=came[0], mask_1=came[1])
        if made is not None:
            (subject,) = made[0]
            assert subject.image_features.shape == (len(came[0]), 17, 40)
            assert subject.image_features.dtype is torch.float32

    with fuzzed.accepting("EncodeSubjects", 0.2):
        sent()


def test_a_second_picture_or_mask_is_named_by_its_number(fuzzed):
    pictures = st.none() | tensors(some_shapes([1, 8, 8, 3]))
    masks = st.none() | tensors(some_shapes([1, 8, 8]))

    @cases(80)
    @given(st.fixed_dictionaries({"image_3": pictures, "mask_3": masks, "image_4": pictures}))
    def sent(sockets):
        made = fuzzed("EncodeSubjects", ("phrases", *sockets), phrases="dog\ncat", **sockets)
        if made is not None:
            assert [subject.phrase for subject in made[0]] == ["dog", "cat"]

    with fuzzed.accepting("EncodeSubjects", 0.1):
        sent()


@pytest.mark.parametrize("with_picture", [False, True])
def test_areas_of_any_shape(with_picture, fuzzed):
    masks = tensors(some_shapes([2, 8, 8], [1, 1, 1], [3, 1, 300], [7, 7]))
    pictures = tensors(some_shapes([1, 8, 8, 3], [2, 1, 300, 1], [1, 300, 1, 4]))
    kept = {"masks": masks, "picture": pictures} if with_picture else {"masks": masks}

    @cases(80)
    @given(st.fixed_dictionaries(kept), st.integers(64, 130), st.integers(64, 130))
    def sent(sockets, width, height):
        made = fuzzed("LayoutBoxes", tuple(sockets), width=width, height=height, **sockets)
        if made is not None:
            assert made[1].shape == (1, height, width, 3)
            assert made[2].shape[1:] == (height, width) and made[6].shape == (1, height, width)

    with fuzzed.accepting("LayoutBoxes", 0.2):
        sent()


def test_any_latent_can_be_behind_the_areas(fuzzed):
    latents = tensors(some_shapes([1, 4, 8, 8], [2, 16, 1, 8, 8], [1, 4, 1, 1]))

    @cases(60)
    @given(st.dictionaries(st.sampled_from(["samples", "noise_mask"]), latents))
    def sent(samples):
        made = fuzzed("ShowAreas", samples=samples)
        if made is not None:
            assert made[1].shape == (2, *samples["samples"].shape[-2:])

    with fuzzed.accepting("ShowAreas", 0.2):
        sent()
