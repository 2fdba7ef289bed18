"""A latent of another aspect than the layout's is said in the log, once."""

import logging

import pytest
from sampling import BOXES, empty_latent, ksampler

SAID = (
    "the layout is 512 × 256 and the latent's picture {}, another aspect: the boxes are stretched"
)


@pytest.fixture
def told(run, tiny, patch, caplog):
    """Samples at a size; gives what is said of stretched boxes."""
    model = patch(layout=run("LayoutBoxes", boxes=BOXES, width=512, height=256)[0])

    def told(width, height):
        caplog.clear()
        with caplog.at_level(logging.WARNING):
            ksampler(tiny, model, steps=1, latent_image=empty_latent(width, height))
        return [each.message for each in caplog.records if "stretched" in each.message]

    return told


def test_stretched_boxes_are_said_once(told):
    for width, height in ((128, 128), (64, 128)):
        (message,) = told(width, height)
        assert SAID.format(f"{width} × {height}") in message
        assert told(width, height) == []


@pytest.mark.parametrize("width, height", [(512, 256), (128, 64), (136, 64), (200, 104)])
def test_another_size_of_the_same_aspect_is_no_matter(width, height, told):
    assert told(width, height) == []
