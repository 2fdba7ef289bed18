"""Load Image's MASK in Encode Subjects: it is white where the picture is transparent."""

import base64
import io
import logging

import folder_paths
import nodes
import numpy as np
import pytest
import torch
from PIL import Image

HEIGHT, WIDTH = 48, 64
ROWS, COLUMNS = slice(10, 40), slice(12, 40)  # of the subject
RED, GREEN = (220, 30, 30), (30, 160, 40)  # the subject, and what is hidden around it


@pytest.fixture(scope="module")
def loaded():
    """What core's Load Image gives of a red thing on hidden green: a picture and a mask."""
    pixels = np.zeros((HEIGHT, WIDTH, 4), dtype=np.uint8)
    pixels[..., :3] = GREEN
    pixels[ROWS, COLUMNS] = (*RED, 255)
    path = f"{folder_paths.get_input_directory()}/red_thing.png"
    Image.fromarray(pixels).save(path)
    with torch.inference_mode():
        return nodes.LoadImage().load_image("red_thing.png")


@pytest.fixture
def encode(pack, tiny):
    """Encode Subjects: the subject, and what the page is told of it."""

    def node(**inputs):
        encoders = {"clip": tiny.clip, "clip_vision": tiny.clip_vision}
        with torch.inference_mode():
            made = pack.nodes["EncodeSubjects"]().encode(phrases="red thing", **encoders, **inputs)
        return made["result"][0][0], made["ui"]["msd_subjects"][0]

    return node


def pixels(address):
    """The picture of a `data:` address: (height, width, 3), 0 to 255."""
    file = io.BytesIO(base64.b64decode(address.removeprefix("data:image/jpeg;base64,")))
    return np.array(Image.open(file)).astype(int)


def test_inverted_the_subject_alone_is_encoded(encode, loaded):
    picture, mask = loaded
    subject, told = encode(image_1=picture, mask_1=mask, invert_masks=True)
    alone, _ = encode(image_1=picture[:, ROWS, COLUMNS])
    assert torch.equal(subject.image_features, alone.image_features)
    seen = pixels(told["picture"])
    assert seen.shape == (30, 28, 3)
    assert abs(seen - RED).max() < 12
    assert told["name"] == "red thing" and told["inside_out"] is False


def test_as_it_comes_the_subject_is_black_and_that_is_said(encode, loaded, caplog):
    picture, mask = loaded
    with caplog.at_level(logging.WARNING):
        subject, told = encode(image_1=picture, mask_1=mask)
    hole = picture.clone()
    hole[:, ROWS, COLUMNS] = 0
    expected, _ = encode(image_1=hole)
    assert torch.equal(subject.image_features, expected.image_features)
    seen = pixels(told["picture"])
    assert seen.shape == (HEIGHT, WIDTH, 3)
    assert seen[25, 25].max() < 12 and abs(seen[4, 4] - GREEN).max() < 12
    assert told["inside_out"] is True
    (message,) = [each.message for each in caplog.records if "MS-Diffusion" in each.message]
    assert "mask_1" in message and "red thing" in message and "turn on invert_masks" in message


def test_a_mask_that_was_inverted_wrongly_says_to_turn_it_off(encode, loaded, caplog):
    picture, mask = loaded
    with caplog.at_level(logging.WARNING):
        _, told = encode(image_1=picture, mask_1=1 - mask, invert_masks=True)
    assert told["inside_out"] and "turn invert_masks off" in caplog.text


def test_what_is_right_is_said_without_a_warning(encode, loaded, caplog):
    picture, mask = loaded
    with caplog.at_level(logging.WARNING):
        encode(image_1=picture)
        encode(image_1=picture, mask_1=1 - mask)
        encode(image_1=picture, mask_1=mask, invert_masks=True)
    assert "MS-Diffusion" not in caplog.text


def test_large_pictures_are_shown_small(encode):
    _, told = encode(image_1=torch.rand(1, 900, 1200, 3))
    assert pixels(told["picture"]).shape == (72, 96, 3)
