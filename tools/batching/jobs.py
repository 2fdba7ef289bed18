"""A table becomes tasks, checked as a whole."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from pathlib import Path

from .faults import Fault, refuse
from .models import Models
from .prompts import OUTPUT, make_prompt
from .references import References
from .rows import Row, is_ours, read_job, unknown_columns
from .table import Table, read_table
from .tasks import Shown, Task
from .workflow import Workflow, workflow_tasks


class Jobs:
    """A table whose pictures are looked at once, however often its tasks are made.

    Raises:
        SetupError: the table cannot be read.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self.table, self.unread = read_table(path)
        refuse(path, [fault for fault in self.unread if not fault.row])  # others follow from these
        self.references = References(self.table.folder)

    def tasks(self, how: Models | Workflow) -> list[Task]:
        """The tasks of all rows, in the table's order.

        Args:
            how: the models of our own graph, or a workflow of the user's.

        Raises:
            SetupError: lists every fault of the table.
        """
        make = workflow_tasks if isinstance(how, Workflow) else _own_tasks
        tasks, faults = make(self.table, how, self.references)
        unread = {fault.row for fault in self.unread}
        faults = [fault for fault in faults if fault.row not in unread]
        refuse(self.path, [*self.unread, *faults, *_twice(tasks)])
        return tasks


def _twice(tasks: Sequence[Task]) -> list[Fault]:
    counts = Counter(task.id for task in tasks)
    again = (task for task in tasks if counts[task.id] > 1)
    return [Fault(task.row, "id", f"{task.id!r} is there twice") for task in again]


def _own_tasks(
    table: Table, models: Models, references: References
) -> tuple[list[Task], list[Fault]]:
    faults = unknown_columns(table.columns, is_ours)
    tasks = []
    for number, cells in enumerate(table.rows, start=1):
        row = Row(number, cells, references)
        job = read_job(row, models.defaults)
        faults += row.faults
        if job is None:
            tasks.append(Task(number, row.id, {}))
            continue
        prompt, origins = make_prompt(job, models)
        used = [one for subject in job.subjects for one in (subject.picture, subject.mask) if one]
        shown = tuple(Shown(one.picture, one.phrase, one.box) for one in job.subjects)
        tasks.append(
            Task(
                number,
                row.id,
                prompt,
                OUTPUT,
                job.seed,
                {one.name: one for one in used},
                origins,
                row.notes(),
                shown,
            )
        )
    return tasks, faults
