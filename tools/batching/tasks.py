"""What a row becomes: a prompt for ComfyUI, with all that is to be known of it."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from .cells import Box
from .references import Reference

Prompt = dict[str, dict[str, Any]]


@dataclass(frozen=True)
class Shown:
    """A reference beside the picture on the contact sheet."""

    picture: Reference
    label: str = ""
    box: Box | None = None


@dataclass(frozen=True)
class Task:
    """A row of the table.

    Attributes:
        row: its number, from 1.
        id: its name, or its number.
        prompt: in API form; pictures stand in it by their `Reference.name`.
        output: the node whose picture is taken; empty: the only one that gives any.
        files: the pictures of the prompt by that name.
        origins: the column that an input comes from, by node and input.
        notes: columns that go into the results.
    """

    row: int
    id: str
    prompt: Prompt
    output: str = ""
    seed: int | None = None
    files: Mapping[str, Reference] = field(default_factory=dict)
    origins: Mapping[tuple[str, str], str] = field(default_factory=dict)
    notes: Mapping[str, Any] = field(default_factory=dict)
    shown: tuple[Shown, ...] = ()

    @cached_property
    def digest(self) -> str:
        """The same for the same picture to be painted, whatever the row's number."""
        job = json.dumps([self.prompt, self.output], sort_keys=True, ensure_ascii=False)
        return hashlib.sha256(job.encode("utf-8", "surrogatepass")).hexdigest()
