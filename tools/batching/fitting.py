"""Whether servers have what the prompts need: nodes, models and choices, numbers within bounds."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from .faults import Fault, shortened
from .references import FOLDER
from .tasks import Task

Json = dict[str, Any]
Wish = tuple[str, str, str]  # kind of node, input, the value as text


def misfits(tasks: Sequence[Task], info: Json) -> dict[Wish, str]:
    """What a server's `object_info` does not allow: a reason for each value, once."""
    found: dict[Wish, str] = {}
    seen: set[Wish] = set()
    for task in tasks:
        for wish, _, value in _wishes(task):
            if wish in seen:
                continue
            seen.add(wish)
            kind, name, _ = wish
            if reason := _misfit(info, kind, name, value):
                found[wish] = reason
    return found


def faults_of(tasks: Sequence[Task], reasons: Mapping[Wish, str]) -> list[Fault]:
    """The same as faults of the table: each with the rows and the column that it comes from."""
    faults = []
    for task in tasks:
        for wish, place, _ in _wishes(task):
            if wish in reasons:
                column = task.origins.get(place, "")
                faults.append(Fault(task.row if column else 0, column, reasons[wish]))
    return faults


def _wishes(task: Task) -> Iterator[tuple[Wish, tuple[str, str], Any]]:
    """Every value of a prompt, with its node and input; a node as such has the input ""."""
    for node, one in task.prompt.items():
        kind = one["class_type"]
        yield (kind, "", ""), (node, ""), None
        for name, value in one["inputs"].items():
            if not isinstance(value, list):
                yield (kind, name, repr(value)), (node, name), value


def _misfit(info: Json, kind: str, name: str, value: Any) -> str:
    """Why a node cannot have this value; empty where it can."""
    if kind not in info:
        return f"there is no node {kind}: its pack is missing or did not load"
    inputs = info[kind]["input"]
    spec = {**inputs.get("required", {}), **inputs.get("optional", {})}.get(name)
    if not name or not spec:
        return ""
    wanted, options = spec[0], spec[1] if len(spec) > 1 else {}
    choices = wanted if isinstance(wanted, list) else options.get("options")
    if isinstance(choices, list):
        uploaded = str(value).startswith(f"{FOLDER}/") or options.get("image_upload")
        if value in choices or uploaded:
            return ""
        return f"{kind} has no {name} {shortened(value)}; it has {_listed(choices)}"
    if wanted in ("INT", "FLOAT"):
        return _number_misfit(f"{kind}'s {name}", wanted, options, value)
    return ""


def _number_misfit(place: str, wanted: str, options: Json, value: Any) -> str:
    if isinstance(value, bool) or not isinstance(value, int | float):
        return f"{place} is a number, {shortened(value)} came"
    if wanted == "INT" and not float(value).is_integer():
        return f"{place} is a whole number, {value} came"
    low, high = options.get("min", value), options.get("max", value)
    if not low <= value <= high:
        return f"{place} goes from {low} to {high}, {value} came"
    return ""


def _listed(choices: Sequence[Any], most: int = 12) -> str:
    shown = ", ".join(str(one) for one in choices[:most])
    more = f" and {len(choices) - most} more" if len(choices) > most else ""
    return f"{shown}{more}" if choices else "none at all"
