"""How like a painted picture is to its subjects' pictures and to its prompt: cosines."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from itertools import islice
from math import ceil, floor
from pathlib import Path
from typing import NamedTuple, TypeVar

import torch
from PIL import Image
from torch import Tensor

from .checkout import Box
from .encoders import Dino
from .work import Task

WHOLE, BY_BOX = "whole picture", "by layout box"
AT_ONCE = 16  # painted pictures

Item = TypeVar("Item")


class Likeness(NamedTuple):
    """One picture by one encoder.

    Attributes:
        compared: what of it, `WHOLE` or `BY_BOX`.
        subjects: the cosine to each subject's picture.
        prompt: the cosine to the prompt; None by box, and where the encoder reads no text.
    """

    task: Task
    encoder: str
    compared: str
    subjects: tuple[float, ...]
    prompt: float | None


@torch.inference_mode()
def likenesses(
    label: str, encoder: Dino, painted: Mapping[Task, Path], told: Callable[[int], object]
) -> list[Likeness]:
    """Two for each picture, whole and by box.

    Args:
        label: the encoder's.
        told: is given how many pictures are done, each time some are.
    """
    references = _references(encoder, painted)
    found: list[Likeness] = []
    for tasks in portions(painted, AT_ONCE):
        pictures = [opened(painted[task]) for task in tasks]
        pairs = list(zip(tasks, pictures, strict=True))
        whole = encoder.pictures(pictures)
        crops = iter(encoder.pictures([cut(one, box) for task, one in pairs for box in task.boxes]))
        texts = encoder.texts([task.prompt for task in tasks])
        for place, task in enumerate(tasks):
            wanted = torch.stack([references[one.picture] for one in task.subjects])
            boxes = torch.stack(list(islice(crops, len(task.boxes))))
            prompt = None if texts is None else float(whole[place] @ texts[place])
            entire = tuple((wanted @ whole[place]).tolist())
            by_box = tuple((wanted * boxes).sum(-1).tolist())
            found.append(Likeness(task, label, WHOLE, entire, prompt))
            found.append(Likeness(task, label, BY_BOX, by_box, None))
        told(len(tasks))
    return found


def cut(picture: Image.Image, box: Box) -> Image.Image:
    """The part of a picture that a box touches."""
    left, top, right, bottom = box
    width, height = picture.size
    edges = floor(left * width), floor(top * height), ceil(right * width), ceil(bottom * height)
    return picture.crop(edges)


def opened(file: Path) -> Image.Image:
    """A picture as the authors open theirs: without its alpha."""
    with Image.open(file) as picture:
        return picture.convert("RGB")


def portions(items: Iterable[Item], size: int) -> Iterator[Sequence[Item]]:
    """Lists of so many; the last may be shorter."""
    rest = iter(items)
    while some := list(islice(rest, size)):
        yield some


def _references(encoder: Dino, tasks: Iterable[Task]) -> dict[Path, Tensor]:
    """The direction of each subject's picture; the benchmark has few, so each is encoded once."""
    files = list(dict.fromkeys(one.picture for task in tasks for one in task.subjects))
    found: dict[Path, Tensor] = {}
    for some in portions(files, AT_ONCE):
        found |= dict(zip(some, encoder.pictures([opened(file) for file in some]), strict=True))
    return found
