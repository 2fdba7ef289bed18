"""The layouts of painted pictures as a COCO data set, for any detector and `pycocotools`."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from PIL import Image

from .checkout import SCENE
from .work import Task


def layouts(painted: Mapping[Task, Path], folder: Path) -> dict[str, Any]:
    """The data set: a category for each phrase, a box for each subject that is no scene.

    A scene has no box that a detector could find: its layout is the whole picture.

    Args:
        folder: the file names are relative to it.
    """
    phrases = sorted({phrase for task in painted for phrase, _ in _placed(task)})
    categories = {phrase: number for number, phrase in enumerate(phrases, 1)}
    images, boxes = [], []
    for number, (task, file) in enumerate(painted.items(), 1):
        with Image.open(file) as picture:
            width, height = picture.size
        name = Path(os.path.relpath(file, folder)).as_posix()
        images.append({"id": number, "file_name": name, "width": width, "height": height})
        for phrase, (left, top, right, bottom) in _placed(task):
            across, down = (right - left) * width, (bottom - top) * height
            boxes.append(
                {
                    "id": len(boxes) + 1,
                    "image_id": number,
                    "category_id": categories[phrase],
                    "bbox": [left * width, top * height, across, down],
                    "area": across * down,
                    "iscrowd": 0,
                }
            )
    named = [{"id": number, "name": phrase} for phrase, number in categories.items()]
    return {"images": images, "annotations": boxes, "categories": named}


def _placed(task: Task) -> list[tuple[str, tuple[float, ...]]]:
    pairs = zip(task.subjects, task.boxes, strict=True)
    return [(subject.phrase, box) for subject, box in pairs if subject.category != SCENE]
