"""Pictures with alpha in Encode Subjects."""

import pytest
import torch

PICTURE = torch.rand(1, 48, 64, 3, generator=torch.Generator().manual_seed(0))


@pytest.fixture(scope="module")
def features(run, tiny):
    def encoded(image, **sockets):
        inputs = {"clip": tiny.clip, "clip_vision": tiny.clip_vision, "phrases": "dog"}
        (subjects,) = run("EncodeSubjects", image_1=image, **inputs, **sockets)
        return subjects[0].image_features

    return encoded


def with_alpha(alpha):
    return torch.cat([PICTURE, alpha[..., None]], dim=-1)


def test_an_rgba_picture_is_encoded_as_with_its_alpha_for_a_mask(features):
    alpha = torch.zeros(1, 48, 64)
    alpha[:, 8:40, 8:40] = 1
    alpha[:, 8, 8] = 0.5
    masked = features(PICTURE, mask_1=alpha)
    assert torch.equal(features(with_alpha(alpha)), masked)
    assert not torch.equal(features(PICTURE), masked)
    whole = torch.ones(1, 48, 64)
    assert torch.equal(features(with_alpha(alpha), mask_1=whole), masked)
    assert torch.equal(features(with_alpha(whole)), features(PICTURE))


def test_an_rgba_picture_that_shows_nothing_is_refused(features):
    with pytest.raises(ValueError, match="image_1: its alpha is 0 everywhere"):
        features(with_alpha(torch.zeros(1, 48, 64)))
