"""A whole batch, from a table to pictures and results.

    from batching.options import Options
    from batching.run import run

    outcome = run(Path("jobs.parquet"), Path("out"), Options(servers=("http://127.0.0.1:8188",)))

In the folder `out` are then `pictures/`, `results.parquet` and `results.csv` (a row for each of the
table, see `columns.RESULTS`), `contact_sheet.html` with `thumbnails/`, `records.jsonl` (what is
done, a line when it is) and `servers.jsonl` (which servers were left out, when and why).
"""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

from console import SetupError, note

from .admission import Tell, admit, open_all, readmit, telling
from .folder import Folder
from .jobs import Jobs
from .models import Models
from .options import Options
from .own import comfyui_here, found_models, named_models, own_server
from .painters import OwnServer, Painter, RunningServer
from .progress import Bar
from .records import DONE, FAILED, LEFT, Log, Records, now
from .results import results, write_results
from .sheet import write_sheet
from .spreading import Ended, Spreading
from .tasks import Task
from .workflow import Workflow, read_workflow

LONGEST, SLOW = 1800, 4 * 3600  # seconds for a row; SDXL on a slow CPU


@dataclass(frozen=True)
class Outcome:
    """How many rows ended how; `left` are those that no server could take."""

    done: int
    failed: int
    left: int


def run(table: Path, out: Path, options: Options) -> Outcome:
    """Paints what is not painted yet; may be interrupted and called again at any time.

    Args:
        table: .csv, .jsonl or .parquet; its columns are described in `columns`.
        out: the folder of the results. Rows that are done there are not painted again, those that
            failed are tried again.

    Raises:
        SetupError: when the table is faulty, with every fault's row and column; when the folder
            is in use by another batch; when no server is left. Nothing is lost by either.
    """
    jobs = Jobs(table)
    how = _how(options)
    tasks = jobs.tasks(how)  # faults are said before anything is started
    folder = Folder(out)
    with folder.locked(), ExitStack() as stack:
        log = Log(out / "servers.jsonl")
        tell = telling(log, Bar.write)
        painters = open_all(_painters(options, stack), stack, tell)
        if isinstance(how, Models) and not options.toy and isinstance(painters[0], OwnServer):
            tasks = jobs.tasks(found_models(painters[0].process))
        painters = admit(table, tasks, painters, tell)
        records = folder.records()
        left = _left(folder, tasks, records)
        try:
            if left:
                _paint(left, len(tasks), painters, folder, records, options, tell)
        finally:
            rows = results(tasks, records.last)
            write_results(folder, rows)
            write_sheet(folder, table.name, tasks, rows, log.read())
    outcome = Outcome(*(sum(row["status"] == one for row in rows) for one in (DONE, FAILED, LEFT)))
    note(f"{outcome.done} pictures, {outcome.failed} failed: {out / 'contact_sheet.html'}")
    if outcome.left:
        raise SetupError(
            f"No server is left, and {outcome.left} rows are not painted: {log.path} says why. "
            "Run the same command again to go on."
        )
    return outcome


def _how(options: Options) -> Models | Workflow:
    if options.workflow:
        return read_workflow(options.workflow, options.mapping, options.output_node)
    files = (options.checkpoint, options.clip_vision, options.adapter)
    return named_models(options.toy, *files)


def _painters(options: Options, stack: ExitStack) -> list[Painter]:
    if options.servers:
        return [RunningServer(address) for address in options.servers]
    if options.ray is not None:
        from .ray_painters import Cluster  # its package is there only where it is wanted

        cluster = Cluster(options.ray, *comfyui_here(download=options.ray == "auto"))
        stack.callback(cluster.close)
        return cluster.painters(options.actors, options.cpus)
    return [own_server()]


def _left(folder: Folder, tasks: Sequence[Task], records: Records) -> list[Task]:
    """The tasks that are to be painted; what is recorded of them no longer holds."""
    left = [task for task in tasks if not folder.is_done(task, records.last.get(task.id))]
    for task in left:
        records.last.pop(task.id, None)
    if len(left) < len(tasks):
        note(f"{len(tasks) - len(left)} of {len(tasks)} rows are painted already.")
    return left


def _paint(
    tasks: Sequence[Task],
    total: int,
    painters: Sequence[Painter],
    folder: Folder,
    records: Records,
    options: Options,
    tell: Tell,
) -> None:
    facts = {painter.name: painter.facts() for painter in painters}

    def back(painter: Painter) -> None:
        readmit(painter, tasks)
        facts[painter.name] = painter.facts()

    bar = Bar(total, total - len(tasks))

    def keep(ended: Ended) -> None:
        record = {
            "row": ended.task.row,
            "id": ended.task.id,
            "status": FAILED if ended.error else DONE,
            "seconds": round(ended.seconds, 3),
            "server": ended.painter,
            "tries": ended.tries,
            **facts[ended.painter],
            "finished": now(),
            "job": ended.task.digest,
        }
        if ended.error:
            record["error"] = ended.error
        else:
            record["file"], record["sha256"] = folder.save(ended.task, ended.picture)
        records.add(record)
        bar.count(bool(ended.error))

    slow = any(isinstance(one, OwnServer) and one.process.cpu for one in painters)
    spreading = Spreading(
        tasks,
        painters,
        keep,
        tell,
        back,
        options.timeout or (SLOW if slow else LONGEST),
        options.tries,
        options.in_flight,
    )
    try:
        spreading.run(bar.look)
    finally:
        bar.close()
