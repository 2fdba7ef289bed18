"""Many boxes at once: lists, lists side by side, boxes by name, SEGS."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from numbers import Real
from typing import Any

from ..errors import InputError, shown
from ..layout import Extent
from .keys import CLASS_MAPS, NAME_LISTS, SCORES, flat
from .names import class_map, has_name
from .places import are_points
from .raw import Picture, are_numbers, limited, plain, read_number
from .records import WRAPPERS, size_in
from .rows import is_box, read_rows

# lists of boxes beside lists of names, and what one box is called there
SIDES = {
    "bboxes": "bbox_2d",
    "quadboxes": "quad_box",
    "predboxes": "cxcywh",
    "detectionboxes": "yxyx",
    "xyxy": "xyxy",
    "xyxyn": "xyxy",
    "xywh": "xywh",
    "cxcywh": "cxcywh",
    "boxes": "box",
    "boundingboxes": "box",
    "rects": "box",
    "rois": "box",
    "bbox": "bbox",
    "box": "box",
}


def is_rows(value: object) -> bool:
    """A list in which some things are boxes: of one picture then."""
    if not isinstance(value, list | tuple):
        return False
    return not value or any(is_box(plain(row)) for row in limited(value))


def is_grouped(value: object) -> bool:
    """[{"Name": "Dog", "Instances": [box, …]}, …]: the names stand around the boxes."""
    if not isinstance(value, list | tuple) or not value:
        return False
    groups = [flat(one) if isinstance(one, dict) else {} for one in limited(value)]
    return all(isinstance(group.get("instances"), list | tuple) for group in groups)


def read_grouped(value: list[dict]) -> Picture:
    rows = []
    for group in map(flat, value):
        name = {key: group[key] for key in ("name", "label", "class") if key in group}
        rows += [{**name, **box} for box in group["instances"] if isinstance(box, dict)]
    return read_rows(rows)


def is_split(value: object) -> bool:
    """(boxes, scores, names), as Grounding DINO's own code gives it."""
    if not isinstance(value, list | tuple) or not 2 <= len(value) <= 3:
        return False
    boxes, *others = map(plain, value)
    if not isinstance(boxes, list | tuple) or not boxes:
        return False
    if not all(are_numbers(plain(box), 4) for box in boxes):
        return False
    count = len(boxes)
    lists = all(isinstance(other, list | tuple) and len(other) == count for other in others)
    return lists and any(_are_texts(other, count) for other in others)


def read_split(value: tuple[Any, ...]) -> Picture:
    boxes, *others = map(plain, value)
    kinds = {"label" if _are_texts(other, len(boxes)) else "score": other for other in others}
    rows = [{"bbox": box} for box in boxes]
    for kind, entries in kinds.items():
        for row, entry in zip(rows, entries, strict=True):
            row[kind] = entry
    return read_rows(rows)


def is_side_by_side(value: object) -> bool:
    """{"bboxes": [[…], …], "labels": [...]}, as Florence2 and Transformers give it."""
    return isinstance(value, dict) and _side(flat(value)) is not None


def _side(fields: Mapping[str, Any]) -> str | None:
    for key in SIDES:
        rows = plain(fields.get(key))
        if key == "bboxes" and key in fields and not isinstance(rows, list | tuple | dict):
            return key  # to be refused
        if not isinstance(rows, list | tuple) or are_points(rows):
            continue
        if all(isinstance(plain(row), list | tuple) and not hasattr(row, "bbox") for row in rows):
            return key
        if key == "bboxes" and not any(isinstance(row, dict) for row in rows):
            return key
    return None


def read_side_by_side(value: Mapping[str, Any]) -> Picture:
    fields = flat(value)
    side = _side(fields)
    called = SIDES[side]
    if side == "boxes" and "size" in fields:  # Grounding DINO's own: shares, by their centres
        called = "cxcywh"
    rows = [{called: corners} for corners in limited(plain(fields[side]))]
    maps = [class_map(fields[key]) for key in CLASS_MAPS if key in fields]
    classes = next((names for names in maps if names), None)
    for kind, keys in (("label", NAME_LISTS), ("score", SCORES)):
        _spread(rows, kind, {key: fields[key] for key in keys if key in fields and key != side})
    unknown = {
        key: values
        for key, values in fields.items()
        if key not in (*SIDES, *NAME_LISTS, *SCORES) and _are_texts(values, len(rows))
    }
    for key, values in unknown.items():
        for row, text in zip(rows, values, strict=True):
            row[key] = text
    return replace(read_rows(rows, classes), size=size_in(value))


def _spread(rows: list[dict[str, Any]], kind: str, columns: Mapping[str, Any]) -> None:
    """Give each box its entry of a list; of lists of names one of texts counts before others."""
    fitting: dict[str, list[Any]] = {}
    for key, values in columns.items():
        values = plain(values)
        if values is None or isinstance(values, Mapping) and kind == "label":
            continue
        if isinstance(values, str | Real) and not isinstance(values, bool):
            parts = str(values).split(",")
            values = parts if len(parts) == len(rows) else [values] * len(rows)  # one for all
        if not isinstance(values, list | tuple) or len(values) != len(rows):
            if key in ("labels", "bboxeslabels", "scores"):
                counted = f"{shown(values)} came for {len(rows)} bboxes; give one each"
                raise InputError(f"{key} {counted}")
            continue
        fitting[key] = list(values)
    texts = {key for key, values in fitting.items() if _are_texts(values, len(rows))}
    if len(texts) < len(fitting):  # class numbers came: these are their names, not one a box
        maps = texts.intersection(CLASS_MAPS[-3:])
        texts, fitting = texts - maps, {key: fitting[key] for key in fitting if key not in maps}
    for values in [fitting[key] for key in fitting if key in texts or not texts][:1]:
        for row, entry in zip(rows, values, strict=True):
            row[kind] = entry


def _are_texts(values: object, count: int) -> bool:
    if not isinstance(values, list | tuple) or len(values) != count or not values:
        return False
    return all(isinstance(text, str) for text in values)


def is_by_name(value: object) -> bool:
    """{"cat": [x0, y0, x1, y1], "dog": [[…], …]}: the keys are the names."""
    if not isinstance(value, dict) or not value:
        return False
    if any(flat_name in WRAPPERS for flat_name in flat(value)):
        return False
    return all(map(_boxes_of, value.values()))


def _boxes_of(value: object) -> list[Any]:
    """The box or boxes under a name; none where something else stands there."""
    value = plain(value)
    if are_numbers(value, 4) or isinstance(value, dict) and is_box(value):
        return [value]
    if not isinstance(value, list | tuple) or not value or len(value) > 100:
        return []
    rows = [plain(row) for row in value]
    good = all(are_numbers(row, 4) or isinstance(row, dict) and is_box(row) for row in rows)
    return rows if good else []


def read_by_name(value: dict) -> Picture:
    rows = []
    for name, boxes in value.items():
        for box in _boxes_of(boxes):
            row = box if isinstance(box, dict) else {"bbox": box}
            rows.append(row if has_name(row) else {**row, "label": str(name)})
    return read_rows(rows)


def is_segs(value: object) -> bool:
    """Whether this is a pair of (height, width) and a list of SEG, as Impact Pack gives it."""
    if not isinstance(value, list | tuple) or len(value) != 2:
        return False
    if not all(isinstance(part, list | tuple) for part in value):
        return False
    return len(value[0]) == 2 and all(isinstance(side, Real) for side in value[0])


def read_segs(value: tuple[Any, Any]) -> Picture:
    picture = read_rows(value[1])
    size = Extent(*(int(read_number(side)) for side in value[0]))
    if picture.boxes and min(size) < 1:
        raise InputError(f"SEGS of a picture of {size} came; detect again")
    return replace(picture, size=size)
