"""Objects of detectors' own libraries: their arrays, by the names that the libraries give them."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from ..layout import Extent
from .lists import read_side_by_side
from .raw import Picture, plain

SCORES, LABELS = ("confidence", "conf", "scores"), ("class_name", "class_id", "cls", "labels")


def is_thing(value: object) -> bool:
    """Results of ultralytics, its Boxes, or Detections of supervision."""
    return not isinstance(value, type) and _boxes(value) is not None


def _boxes(value: object) -> Any:
    """What holds the four columns `xyxy`: the thing itself or its `boxes`."""
    if isinstance(value, dict | list | tuple | str):
        return None
    return next(
        (one for one in (value, getattr(value, "boxes", None)) if hasattr(one, "xyxy")), None
    )


def read_thing(value: Any) -> Picture:
    boxes = _boxes(value)
    columns = {"xyxy": plain(boxes.xyxy)}
    for kind, names in (("scores", SCORES), ("labels", LABELS)):
        found = (getattr(boxes, name, None) for name in names)
        columns[kind] = next((one for one in found if one is not None), None)
    more = getattr(value, "data", None)
    if isinstance(more, dict) and "class_name" in more:
        columns["labels"] = plain(more["class_name"])
    columns["names"] = getattr(value, "names", None)
    picture = read_side_by_side({key: one for key, one in columns.items() if one is not None})
    shape = getattr(value, "orig_shape", None)
    return replace(picture, size=Extent(*map(int, shape[:2])) if shape else None)
