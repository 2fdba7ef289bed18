"""Reads the benchmark from a checkout of the authors' repository.

Their folder `msbench` holds a folder of pictures for each category; their file of prompts says
what each picture shows, which categories come together, where each subject stands, and in which
prompts. Nothing of it is copied into this repository.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from console import SetupError

PICTURES = "msbench"
PROMPTS = "msdiffusion/dataset/prompts/msbench.py"
ENDINGS = (".jpg", ".jpeg", ".png", ".webp")
SCENE = "scene"  # the category whose subjects are the whole picture's background

Box = tuple[float, float, float, float]  # x0 y0 x1 y1 in 0..1


@dataclass(frozen=True)
class Subject:
    """A picture of the benchmark, and the word for what it shows."""

    category: str
    picture: Path
    phrase: str


@dataclass(frozen=True)
class Kind:
    """Categories that come together.

    Attributes:
        name: the categories, joined by `_`.
        boxes: one a category, in their order.
        prompts: with `{0}`, `{1}` … where the subjects' phrases go.
    """

    name: str
    categories: tuple[str, ...]
    boxes: tuple[Box, ...]
    prompts: tuple[str, ...]


@dataclass(frozen=True)
class Benchmark:
    subjects: dict[str, tuple[Subject, ...]]  # by category
    kinds: tuple[Kind, ...]


def read_benchmark(checkout: Path) -> Benchmark:
    """The benchmark of a checkout.

    Raises:
        SetupError: when it is no such checkout, or lacks a picture, phrase, box or prompt.
    """
    for part in (PICTURES, PROMPTS):
        if not (checkout / part).exists():
            raise SetupError(
                f"{checkout} has no {part}: name a checkout of the authors' repository, "
                "git clone https://github.com/MS-Diffusion/MS-Diffusion"
            )
    file = checkout / PROMPTS
    lists = _assigned(file)
    names = [
        *_listed(lists, "two_subject_combinations", file),
        *_listed(lists, "three_subject_combinations", file),
    ]
    kinds = tuple(_kind(name, lists, file) for name in names)
    phrases = _listed(lists, "data_class_dict", file)
    categories = dict.fromkeys(one for kind in kinds for one in kind.categories)
    folder = checkout / PICTURES
    return Benchmark({one: tuple(_subjects(folder / one, phrases)) for one in categories}, kinds)


def place(number: int) -> str:
    """Where the phrase of a subject goes in a prompt."""
    return f"{{{number}}}"


def _kind(name: str, lists: dict[str, Any], file: Path) -> Kind:
    categories = tuple(name.split("_"))
    boxes = _listed(lists, "subject_combination_boxes", file).get(name, ())
    prompts = _listed(lists, "subject_combination_prompts", file).get(name, ())
    if len(boxes) != len(categories):
        raise SetupError(f"{file}: {name} has {len(boxes)} boxes for {len(categories)} subjects.")
    places = [place(number) for number in range(len(categories))]
    if not prompts:
        raise SetupError(f"{file}: {name} has no prompt.")
    for prompt in prompts:
        if lacking := [one for one in places if one not in prompt]:
            raise SetupError(f"{file}: {name} has a prompt without {lacking[0]}: {prompt!r}.")
    return Kind(name, categories, tuple(tuple(map(float, box)) for box in boxes), tuple(prompts))


def _subjects(folder: Path, phrases: dict[str, str]) -> Iterator[Subject]:
    # in the names' order, which is the same on every system
    files = [path for path in folder.glob("*") if path.suffix.lower() in ENDINGS]
    if not files:
        raise SetupError(f"{folder} holds no pictures: is the checkout complete?")
    for path in sorted(files):
        if path.stem not in phrases:
            raise SetupError(f"{PROMPTS} does not say what {path} shows.")
        yield Subject(folder.name, path, phrases[path.stem])


def _listed(lists: dict[str, Any], name: str, file: Path) -> Any:
    if name not in lists:
        raise SetupError(f"{file} has no {name}: is it the authors' newest version?")
    return lists[name]


def _assigned(file: Path) -> dict[str, Any]:
    """The values that a Python file gives to names; nothing in it runs."""
    nodes: dict[str, ast.expr] = {}

    class Known(ast.NodeTransformer):
        def visit_Name(self, node: ast.Name) -> ast.AST:
            return nodes.get(node.id, node)

    values = {}
    try:
        for line in ast.parse(file.read_text(encoding="utf-8")).body:
            if isinstance(line, ast.Assign) and isinstance(line.targets[0], ast.Name):
                name = line.targets[0].id
                nodes[name] = Known().visit(line.value)
                values[name] = ast.literal_eval(nodes[name])
    except (SyntaxError, ValueError) as error:
        raise SetupError(f"{file} cannot be read as lists and names: {error}") from error
    return values
