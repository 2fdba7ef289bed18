"""One box in the shapes of detectors, and how the tests read it."""

from collections import namedtuple

import pytest
from refusing import READABLE

from msdiffusion_nodes.boxes.detections import read_detections
from msdiffusion_nodes.boxes.raw import BoxFormat
from msdiffusion_nodes.errors import InputError
from msdiffusion_nodes.layout import Extent

SEG = namedtuple("SEG", "cropped_image cropped_mask confidence crop_region bbox label")
SIZE = Extent(height=400, width=800)
# the same box in every shape: 80..240 of 800 across, 40..360 of 400 down
XYXY, XYWH = [80, 40, 240, 360], [80, 40, 160, 320]
SHARES = (0.1, 0.1, 0.3, 0.9)
DICT = dict(zip(("x", "y", "width", "height"), XYWH, strict=True))
CORNERS = dict(zip(("startX", "startY", "endX", "endY"), XYXY, strict=True))


def read(output, size=SIZE, told=None, bare="auto"):
    return read_detections(output, size, told, BoxFormat(bare))


def corners(output, **how):
    return [detection.box.as_tuple() for detection in read(output, **how).found]


def error_of(output, **how) -> str:
    with pytest.raises(InputError) as caught:
        read(output, **how)
    assert type(caught.value) is InputError
    message = str(caught.value)
    assert len(message) < READABLE and "\n" not in message
    return message


def seg(bbox, label="dog", confidence=0.5):
    return SEG(None, None, confidence, None, bbox, label)
