"""Reads a table of jobs: .csv, .jsonl or .parquet."""

from __future__ import annotations

import csv
import io
import json
import math
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pyarrow
import pyarrow.csv
import pyarrow.parquet
from console import SetupError

from .faults import Fault, shortened

DELIMITERS = ",;\t"  # spreadsheets write a semicolon where the comma is in the numbers


@dataclass(frozen=True)
class Table:
    """The rows in their order, each with its cells that are not empty."""

    path: Path
    columns: tuple[str, ...]
    rows: tuple[dict[str, Any], ...]

    @property
    def folder(self) -> Path:
        """What the paths in the table are relative to."""
        return self.path.parent


def read_table(path: Path) -> tuple[Table, list[Fault]]:
    """Reads a table; what cannot be read of it is among the faults.

    Raises:
        SetupError: there is no such file, or none of these kinds.
    """
    readers = {".csv": _read_csv, ".jsonl": _read_jsonl, ".parquet": _read_parquet}
    reader = readers.get(path.suffix.lower())
    if reader is None:
        raise SetupError(f"{path} ends in {path.suffix!r}; expected {', '.join(readers)}.")
    if not path.is_file():
        raise SetupError(f"{path} does not exist.")
    columns, rows, faults = reader(path)
    again = [name for name, count in Counter(columns).items() if count > 1]
    faults += [Fault(0, name, "this column is there twice: rename one") for name in again]
    faults += [
        Fault(0, "", f"column {n} has no name") for n, name in enumerate(columns, 1) if not name
    ]
    if not rows and not faults:
        faults.append(Fault(0, "", "it has no rows"))
    full = tuple({name: cell for name, cell in row.items() if _content(cell)} for row in rows)
    return Table(path.resolve(), tuple(columns), full), faults


Read = tuple[Sequence[str], list[dict[str, Any]], list[Fault]]


def _read_csv(path: Path) -> Read:
    faults: list[Fault] = []
    try:
        text = path.read_bytes().decode("utf-8-sig")
    except UnicodeDecodeError as error:
        why = f"byte {error.start + 1} is no UTF-8: save it as “CSV UTF-8”"
        return (), [], [Fault(0, "", why)]
    if not text.strip():
        return (), [], [Fault(0, "", "it is empty")]

    def skip(row: pyarrow.csv.InvalidRow) -> str:
        cells = f"{row.actual_columns} cells came, {row.expected_columns} were expected"
        faults.append(Fault((row.number or 1) - 1, "", f"{cells}; put quotes around commas"))
        return "skip"

    delimiter = max(DELIMITERS, key=text.lstrip().partition("\n")[0].count)
    try:
        lines = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter)
        width = len(next(filter(None, lines)))
        # the header is read as a row, so that every cell is text: 007 stays 007
        found = pyarrow.csv.read_csv(
            io.BytesIO(text.encode()),
            pyarrow.csv.ReadOptions(
                column_names=[str(number) for number in range(width)],
                use_threads=False,  # else faulty rows have no number
            ),
            pyarrow.csv.ParseOptions(
                delimiter=delimiter, newlines_in_values=True, invalid_row_handler=skip
            ),
            pyarrow.csv.ConvertOptions(
                column_types={str(number): pyarrow.string() for number in range(width)}
            ),
        )
    except (pyarrow.ArrowInvalid, csv.Error) as error:
        return (), [], [*faults, Fault(0, "", f"it is no CSV: {error}")]
    if not found.num_rows:
        return (), [], [*faults, Fault(0, "", "it has no header")]
    (*columns,), *rows = zip(*(column.to_pylist() for column in found.columns), strict=True)
    columns = [name.strip() for name in columns]
    faulty = {fault.row for fault in faults}
    numbers = (number for number in range(1, len(rows) + len(faulty) + 1) if number not in faulty)
    numbered = dict(zip(numbers, rows, strict=True))
    all_rows = (numbered.get(n, ()) for n in range(1, len(rows) + len(faulty) + 1))
    return columns, [dict(zip(columns, row, strict=False)) for row in all_rows], faults


def _read_jsonl(path: Path) -> Read:
    rows: list[dict[str, Any]] = []
    faults: list[Fault] = []
    try:
        lines = path.read_text(encoding="utf-8-sig").split("\n")
    except UnicodeDecodeError as error:
        return (), [], [Fault(0, "", f"byte {error.start + 1} is no UTF-8")]
    # line by line, not by pyarrow: that wants one type in a column, and stops at the first fault
    for line in filter(str.strip, lines):
        row = {}
        try:
            row = json.loads(line, object_pairs_hook=_once)
            if not isinstance(row, dict):
                raise ValueError(f"{shortened(row)} came, expected an object {{…}}")
        except (ValueError, RecursionError) as error:
            faults.append(Fault(len(rows) + 1, "", f"the line is no JSON: {error}"))
        rows.append(row if isinstance(row, dict) else {})
    return tuple({name: None for row in rows for name in row}), rows, faults


def _read_parquet(path: Path) -> Read:
    try:
        found = pyarrow.parquet.read_table(path)
    except (pyarrow.ArrowInvalid, OSError) as error:
        return (), [], [Fault(0, "", f"it is no Parquet file: {error}")]
    if len(set(found.column_names)) < len(found.column_names):
        return found.column_names, [], []
    return found.column_names, found.to_pylist(), []


def _once(pairs: Iterable[tuple[str, Any]]) -> dict[str, Any]:
    pairs = list(pairs)
    names = Counter(name for name, _ in pairs)
    if again := [name for name, count in names.items() if count > 1]:
        raise ValueError(f"{again[0]!r} is there twice")
    return dict(pairs)


def _content(cell: Any) -> bool:
    """Whether a cell says anything; NaN is how table programs write an empty one."""
    if isinstance(cell, str):
        return bool(cell.strip())
    return cell is not None and not (isinstance(cell, float) and math.isnan(cell))
