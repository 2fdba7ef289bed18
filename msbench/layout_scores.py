"""Whether the subjects stand where their boxes are: a detector's boxes against the layouts.

AP is COCO's, over IoU from 0.5 to 0.95. mIoU is the mean over the layouts' boxes of the IoU with
the box that was found for each; of a subject that was not found it is 0. The paper has neither.
"""

from __future__ import annotations

import json
from contextlib import redirect_stdout
from io import StringIO
from math import isfinite
from pathlib import Path
from typing import Any

import numpy as np
from console import SetupError
from pycocotools.coco import COCO
from pycocotools.cocoeval import COCOeval
from scipy.optimize import linear_sum_assignment

NEEDED = ("image_id", "category_id", "bbox", "score")


def layout_scores(layouts: dict[str, Any], detections: list[dict[str, Any]]) -> dict[str, float]:
    """mIoU, AP and AP at an IoU of 0.5.

    Args:
        layouts: a COCO data set, see `layouts.layouts`.
        detections: COCO results, see `read_detections`.
    """
    with redirect_stdout(StringIO()):  # it tells what it does
        truth = COCO()
        truth.dataset = layouts
        truth.createIndex()
        evaluation = COCOeval(truth, truth.loadRes(detections), "bbox")
        evaluation.evaluate()
        evaluation.accumulate()
        evaluation.summarize()
    precision, at_half = evaluation.stats[:2]
    return {"mIoU": _mean_overlap(truth, evaluation), "AP": precision, "AP50": at_half}


def read_detections(file: Path, layouts: dict[str, Any]) -> list[dict[str, Any]]:
    """The entries of a file of COCO results.

    Raises:
        SetupError: names the first entry that is not one, or is of no picture or category here.
    """
    try:
        entries = json.loads(file.read_text(encoding="utf-8"))
    except ValueError as error:
        raise SetupError(f"{file} is no JSON: {error}") from error
    if not isinstance(entries, list) or not entries:
        raise SetupError(f"{file} has to be a list of COCO results: {{{', '.join(NEEDED)}}}.")
    images = {image["id"] for image in layouts["images"]}
    categories = {category["id"] for category in layouts["categories"]}
    for number, entry in enumerate(entries):
        if fault := _fault(entry, images, categories):
            raise SetupError(f"{file}, entry {number}: {fault}")
    return entries


def _fault(entry: Any, images: set[int], categories: set[int]) -> str | None:
    if not isinstance(entry, dict):
        return f"{entry!r} is no object"
    if lacking := [one for one in NEEDED if one not in entry]:
        return f"it has no {', '.join(lacking)}"
    for name, known in (("image_id", images), ("category_id", categories)):
        if not isinstance(entry[name], int) or entry[name] not in known:
            return f"{name} {entry[name]!r} is not in the file of the layouts"
    box, score = entry["bbox"], entry["score"]
    numbers = [*box, score] if isinstance(box, list) and len(box) == 4 else [None]
    if not all(isinstance(one, int | float) and isfinite(one) for one in numbers):
        return f"bbox {box!r} and score {score!r} are not four numbers and one"
    return None


def _mean_overlap(truth: COCO, evaluation: COCOeval) -> float:
    """Of each category as many boxes of a picture, the surest, as the layout has, best paired."""
    total = 0.0
    for overlaps in evaluation.ious.values():  # (found, surest first; of the layout)
        if len(overlaps):
            surest = np.asarray(overlaps)[: overlaps.shape[1]]
            total += surest[linear_sum_assignment(surest, maximize=True)].sum()
    return float(total / len(truth.anns))
