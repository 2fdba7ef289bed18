"""What is in the folder of a batch is whole, and tells what is done, whatever ended a batch."""

import csv
import io
import json
import subprocess
import sys
from dataclasses import replace

import pyarrow.parquet
import pytest
from batching.folder import Folder, file_name
from batching.jobs import Jobs
from batching.models import TOY
from batching.records import Log, Records
from batching.results import results, write_results
from batching.sheet import write_sheet
from console import SetupError
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image
from toy_rows import row_of, write_jsonl


@pytest.fixture
def batch(tmp_path):
    made = Folder(tmp_path / "out")
    made.pictures.mkdir(parents=True)
    made.thumbnails.mkdir()
    return made


@pytest.fixture
def task(folder, row):
    return Jobs(write_jsonl(folder / "jobs.jsonl", [{**row, "id": "one"}])).tasks(TOY)[0]


def picture(colour="red"):
    file = io.BytesIO()
    Image.new("RGB", (16, 16), colour).save(file, "PNG")
    return file.getvalue()


def done(batch, task, content=None):
    """A record of the task, whose picture is saved."""
    file, digest = batch.save(task, content or picture())
    return {"id": task.id, "status": "done", "job": task.digest, "file": file, "sha256": digest}


def test_a_row_is_done_when_its_picture_is_the_recorded_one(batch, task):
    record = done(batch, task)
    assert batch.is_done(task, record)
    assert (batch.path / record["file"]).read_bytes() == picture()
    (batch.path / record["file"]).write_bytes(picture()[:-1])
    assert not batch.is_done(task, record)
    (batch.path / record["file"]).unlink()
    assert not batch.is_done(task, record)


def test_a_changed_row_is_not_done(batch, task):
    record = done(batch, task)
    other = replace(task, prompt={**task.prompt, "more": {}})
    assert batch.is_done(task, record) and not batch.is_done(other, record)
    assert not batch.is_done(task, None)
    assert not batch.is_done(task, {**record, "status": "failed"})


def test_a_torn_picture_is_refused_and_the_old_one_stays(batch, task):
    record = done(batch, task)
    with pytest.raises(ValueError, match="no whole picture"):
        batch.save(task, picture("blue")[:-20])
    assert batch.is_done(task, record)
    assert [path.name for path in batch.pictures.iterdir()] == ["one.png"]


def test_a_line_that_a_kill_tore_does_not_count_and_harms_no_later_one(tmp_path):
    path = tmp_path / "records.jsonl"
    records = Records(path)
    records.add({"id": "a", "status": "done"})
    records.add({"id": "b", "status": "done"})
    whole = path.read_bytes()
    for length in range(whole.index(b"\n") + 1, len(whole)):
        path.write_bytes(whole[:length])
        again = Records(path)
        assert set(again.last) == {"a"}
        again.add({"id": "c", "status": "done"})
        assert set(Records(path).last) == {"a", "c"}


def test_the_last_record_of_a_row_holds(tmp_path):
    records = Records(tmp_path / "records.jsonl")
    records.add({"id": "a", "status": "failed"})
    records.add({"id": "a", "status": "done"})
    assert Records(tmp_path / "records.jsonl").last["a"]["status"] == "done"


def test_lines_that_are_no_records_do_not_count(tmp_path):
    path = tmp_path / "records.jsonl"
    path.write_bytes(b'{"id": "a"}\n\x00\x00\x00\n[]\n{"id": 3}\n')
    assert set(Records(path).last) == {"a"}
    assert len(Log(path).read()) == 2


def test_two_batches_in_one_folder_are_refused(batch):
    program = (
        "import sys; sys.path.insert(0, sys.argv[1])\n"
        "from pathlib import Path\nfrom batching.folder import Folder\n"
        "with Folder(Path(sys.argv[2])).locked(): print('in', flush=True); sys.stdin.read()"
    )
    tools = next(path for path in sys.path if path.endswith("tools"))
    other = subprocess.Popen(
        [sys.executable, "-c", program, tools, str(batch.path)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    )
    assert other.stdout.readline() == b"in\n"
    with pytest.raises(SetupError, match="Another batch is painting into"), batch.locked():
        pass
    other.kill()
    other.communicate()
    with batch.locked():  # a kill leaves no lock behind
        pass


@given(st.text(max_size=80), st.text(max_size=80))
def test_every_id_has_a_file_name_of_its_own_that_any_system_takes(one, other):
    for name in (one, other):
        made = file_name(name)
        assert made and len(made) < 80
        assert set(made) <= set("abcdefghijklmnopqrstuvwxyz0123456789_.-") and made[0] not in "._-"
        assert made.split(".")[0] not in ("con", "nul", "com1") and not made.endswith(".")
    assert one == other or file_name(one) != file_name(other)


def test_results_have_a_row_for_each_of_the_table(batch, folder):
    rows = [row_of(id=name, note_kind="=1", note_n=n) for n, name in enumerate("abc")]
    tasks = Jobs(write_jsonl(folder / "jobs.jsonl", rows)).tasks(TOY)
    records = {
        "a": {**done(batch, tasks[0]), "seconds": 1.5, "server": "own", "tries": 1},
        "b": {
            "id": "b",
            "status": "failed",
            "job": tasks[1].digest,
            "error": 'KSampler, "no"\nmore',
        },
        "c": {"id": "c", "status": "done", "job": "of an older table"},
        "d": {"id": "d", "status": "done", "job": "of a row that is gone"},
    }
    found = results(tasks, records)
    write_results(batch, found)
    table = pyarrow.parquet.read_table(batch.path / "results.parquet").to_pylist()
    assert [(row["row"], row["id"], row["status"]) for row in table] == [
        (1, "a", "done"),
        (2, "b", "failed"),
        (3, "c", "left"),
    ]
    assert [row["note_n"] for row in table] == [0, 1, 2]
    assert table[0]["file"] == "pictures/a.png" and table[0]["seed"] == tasks[0].seed
    with (batch.path / "results.csv").open(newline="") as file:
        flat = list(csv.DictReader(file))
    assert [row["error"] for row in flat] == ["", 'KSampler, "no"\nmore', ""]
    assert flat[0]["note_kind"] == "=1"


def test_the_sheet_shows_what_users_wrote_as_text(batch, folder):
    """Nothing that a table says becomes a part of the page."""
    evil = "<script>alert(1)</script>\"'&"
    (folder / "a&b <i>.png").write_bytes(picture())
    row = row_of(id=evil, phrase_1=evil, prompt=evil, note_a=evil, picture_1="a&b <i>.png")
    failed = row_of(id="bad", prompt="x")
    tasks = Jobs(write_jsonl(folder / "jobs.jsonl", [row, failed])).tasks(TOY)
    records = {
        evil: {**done(batch, tasks[0]), "seconds": 1.0, "server": "<b>"},
        "bad": {"id": "bad", "status": "failed", "job": tasks[1].digest, "error": "<i>why</i>"},
    }
    found = results(tasks, records)
    event = {"time": "now", "server": "<s>", "event": "left out", "reason": "<u>"}
    write_sheet(batch, "<h1>", tasks, found, [event])
    page = (batch.path / "contact_sheet.html").read_text("utf-8")
    for tag in ("<script>", "<i>", "<b>", "<u>", "<s>"):
        assert tag not in page
    assert "&lt;i&gt;why" in page and "1 painted, 1 failed, 0 left" in page
    links = [part.split('"')[0] for key in ("src", "href") for part in page.split(f'{key}="')[1:]]
    assert links and all((batch.path / link).is_file() for link in links)


def test_records_are_json_that_others_can_read(tmp_path):
    Records(tmp_path / "r").add({"id": "ä\n", "status": "done"})
    (line,) = (tmp_path / "r").read_text("utf-8").splitlines()
    assert json.loads(line)["id"] == "ä\n"
