"""What stands around the boxes: dicts of other things, sizes, class names, COCO files."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from ..errors import InputError, is_finite, shown
from ..layout import Extent
from .keys import CLASS_MAPS, flat
from .names import ClassMap, class_map
from .raw import Picture, are_numbers, plain
from .rows import read_rows

BOXED = r"[\[{(<][^\[{(<]{0,200}\d"
# keys that hold the boxes, in the order in which they are tried
WRAPPERS = (
    *("objects", "detections", "predictions", "instances", "predinstances", "annotations"),
    *("localizedobjectannotations", "objectsresult", "values", "detectedobjects", "bboxes"),
    *("boxes", "boundingboxes", "regions", "shapes", "rectangles", "elements", "entities"),
    *("subjects", "labels", "items", "results", "result", "outputs", "output", "response"),
    *("responses", "answer", "data", "content", "layout", "object", "annotation", "layers"),
)
SIZES = (
    *("image", "size", "imagesize", "imgsize", "metadata", "picture", "info", "images", "canvas"),
    *("originalsize", "origsize", "resolution"),
)


def wrapped(value: Mapping[str, Any]) -> object | None:
    """What of a dict holds the boxes: under a usual key, else under the only one that may."""
    fields = flat(value)
    held = {key: plain(inside) for key, inside in fields.items() if _may_hold(plain(inside))}
    usual = [held[key] for key in WRAPPERS if key in held]
    if usual:
        return next(filter(len, usual), usual[0])  # an empty one only where all are
    others = [inside for key, inside in held.items() if key not in (*SIZES, *CLASS_MAPS)]
    if len(others) == 1:
        return others[0]
    if fields and all(plain(inside) in ([], (), None) for inside in fields.values()):
        return []
    return None if fields else []


def text_in(value: Mapping[str, Any]) -> str:
    """The only text in a dict that may hold boxes: a language model's answer in its envelope."""
    texts = [text for text in value.values() if isinstance(text, str) and re.search(BOXED, text)]
    return texts[0] if len(texts) == 1 else ""


def _may_hold(inside: object) -> bool:
    """A dict, a box, or a list of things."""
    if isinstance(inside, Mapping):
        return bool(inside)
    if not isinstance(inside, list | tuple):
        return False
    return all(
        isinstance(plain(one), dict | list | tuple) or hasattr(one, "bbox") for one in inside
    )


def size_in(value: Mapping[str, Any]) -> Extent | None:
    """The picture's size that a dict tells beside the boxes."""
    fields = flat(value)
    for width, height in (("width", "height"), ("imagewidth", "imageheight"), ("w", "h")):
        if width in fields and height in fields:
            return _size(fields[height], fields[width])
    for key in SIZES:
        inside = plain(fields.get(key))
        if isinstance(inside, list | tuple) and len(inside) == 1 and isinstance(inside[0], dict):
            inside = inside[0]
        if isinstance(inside, Mapping):
            size = size_in({k: v for k, v in inside.items() if not isinstance(v, dict | list)})
            if size:
                return size
    return None


def _size(height: object, width: object) -> Extent | None:
    sides = plain(height), plain(width)
    if all(is_finite(side) and side >= 1 for side in sides):
        return Extent(*(int(side) for side in sides))
    return None


def classes_in(value: Mapping[str, Any]) -> ClassMap:
    """Names of class numbers that stand beside the boxes."""
    fields = flat(value)
    maps = (class_map(fields[key]) for key in CLASS_MAPS if key in fields)
    return next(filter(None, maps), {})


def is_coco(value: object) -> bool:
    """{"images": […], "annotations": [{"bbox": [x, y, width, height], …}], "categories": …}."""
    return (
        isinstance(value, dict)
        and isinstance(value.get("annotations"), list | tuple)
        and bool({"images", "categories", "info"} & value.keys())
    )


def read_coco(value: dict) -> Picture:
    annotations = list(value["annotations"])
    pictures = {str(one.get("image_id")) for one in annotations if isinstance(one, dict)}
    if len(pictures) > 1:
        raise InputError(
            f"boxes of {len(pictures)} pictures came; the boxes of one are needed: keep the"
            " annotations of one image_id"
        )
    rows = []
    for one in annotations:
        numbers = plain(one.get("bbox")) if isinstance(one, dict) else None
        if not are_numbers(numbers, 4):
            raise InputError(
                f"an annotation without bbox came: {shown(one)}; expected [x, y, width, height]"
            )
        rows.append({**one, "bbox_xywh": numbers, "bbox": None, "segmentation": None})
    images = plain(value.get("images"))
    images = [one for one in images if isinstance(one, dict)] if isinstance(images, list) else []
    own = [one for one in images if str(one.get("id")) in pictures] or images
    size = size_in(own[0]) if len(own) == 1 else None
    return replace(read_rows(rows, classes_in(value)), size=size)
