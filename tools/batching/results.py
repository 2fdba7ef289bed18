"""The table of results, as Parquet and as CSV."""

from __future__ import annotations

import io
from collections.abc import Mapping, Sequence
from typing import Any

import pyarrow
import pyarrow.csv
import pyarrow.parquet

from .columns import NOTE, RESULTS
from .folder import Folder, write
from .records import LEFT, Record
from .tasks import Task

TYPES = {int: pyarrow.int64(), float: pyarrow.float64(), str: pyarrow.string()}


def results(tasks: Sequence[Task], records: Mapping[str, Record]) -> list[Record]:
    """A row of results for each task; what has no record of this job is left to be painted."""
    found = []
    for task in tasks:
        record = records.get(task.id, {})
        if record.get("job") != task.digest:
            record = {"status": LEFT, "job": task.digest}
        row = {name: record.get(name) for name in RESULTS}
        notes = {name: task.notes.get(name) for name in task.notes}
        found.append({**row, "row": task.row, "id": task.id, "seed": task.seed, **notes})
    return found


def write_results(folder: Folder, rows: Sequence[Record]) -> None:
    """Writes results.parquet and results.csv."""
    notes = sorted({name for row in rows for name in row if name.startswith(NOTE)})
    columns: dict[str, Any] = {}
    for name, kind in RESULTS.items():
        # a seed may be larger than what fits with a sign
        arrow = pyarrow.uint64() if name == "seed" else TYPES[kind]
        columns[name] = pyarrow.array([row.get(name) for row in rows], arrow)
    for name in notes:
        columns[name] = _notes([row.get(name) for row in rows])
    table = pyarrow.table(columns)
    file = io.BytesIO()
    pyarrow.parquet.write_table(table, file)
    write(folder.path / "results.parquet", file.getvalue())
    flat = pyarrow.table({name: _flat(columns[name]) for name in columns})
    file = io.BytesIO()
    pyarrow.csv.write_csv(flat, file)
    write(folder.path / "results.csv", file.getvalue())


def _notes(values: list[Any]) -> pyarrow.Array:
    """The notes as they are, or as text where they are of several kinds."""
    try:
        return pyarrow.array(values)
    except (pyarrow.ArrowException, OverflowError):
        return pyarrow.array([None if value is None else str(value) for value in values])


def _flat(column: pyarrow.Array) -> pyarrow.Array:
    """A column that CSV can hold: lists and the like as text."""
    if pyarrow.types.is_nested(column.type):
        values = column.to_pylist()
        return pyarrow.array([None if value is None else str(value) for value in values])
    return column
