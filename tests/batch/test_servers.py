"""Whole batches on real servers, which are stopped, killed and short of a model."""

import json
import os
import signal
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from threading import Event

import pytest
from batching import painters, server
from batching.jobs import Jobs
from batching.models import TOY
from batching.options import Options
from batching.painters import OwnServer
from batching.run import run
from console import SetupError
from demo_models import WORLD_ADAPTER
from PIL import Image
from toy_rows import QUICK, row_of, write_csv
from toy_servers import lines, send, slow, toy_server, wait_for, when_painted
from whole import check, results_of

ROOT = next(path for path in sys.path if path.endswith("tools"))


@pytest.fixture(scope="module")
def servers():
    """Two servers."""
    both = [toy_server("first"), toy_server("second")]
    try:
        with ThreadPoolExecutor(2) as threads:
            list(threads.map(OwnServer.open, both))
        yield both
    finally:
        for one in both:
            one.close()


@pytest.fixture
def first(servers):
    return servers[0]


@pytest.fixture
def second(servers):
    return servers[1]


@pytest.fixture
def batch(folder, servers):
    """Paints rows on both servers; other options by name."""

    def paint(rows, **options):
        table = write_csv(folder / "jobs.csv", rows)
        addresses = tuple(one.process.address for one in servers)
        options = {"toy": True, "servers": addresses, "timeout": 60, **options}
        return run(table, folder / "out", Options(**options))

    return paint


@pytest.fixture
def hasty(monkeypatch):
    """A server that does not answer is soon taken for one that hangs."""
    monkeypatch.setattr(server, "SILENCE", 4)
    monkeypatch.setattr(painters, "PATIENCE", 2)


def rows_of(count, **cells):
    return [row_of(seed=seed, prompt=f"a cat {seed}", **cells) for seed in range(count)]


def addresses(found):
    return {row["server"] for row in found}


def events(folder):
    return [(one["server"], one["event"]) for one in lines(folder / "out" / "servers.jsonl")]


def test_rows_are_painted_on_both_servers_and_a_failed_one_does_not_stop_the_others(
    folder, batch, first, second
):
    Image.new("RGBA", (64, 64), (255, 0, 0, 0)).save(folder / "nothing.png")
    rows = rows_of(6, mask_1="mask.png")
    rows[2] = row_of(seed=2, picture_1="nothing.png")
    rows[4] |= {"scheduler": "ddim_uniform", "picture_2": "cup.png", "phrase_2": "mug"}
    rows[4] |= {"box_1": "", "layout": "twoObjects"}
    outcome = batch(rows)
    assert (outcome.done, outcome.failed, outcome.left) == (5, 1, 0)
    found = check(folder / "out", rows, failed=[3])
    assert addresses(found) == {first.process.address, second.process.address}
    assert "EncodeSubjects" in found[2]["error"] and "alpha" in found[2]["error"]
    assert found[2]["tries"] == 1  # another server could not help
    page = (folder / "out" / "contact_sheet.html").read_text("utf-8")
    assert "5 painted, 1 failed" in page


def test_rows_that_are_the_same_are_as_many_pictures(folder, batch, first):
    """A server does not paint what it painted last: it says where that is."""
    rows = [row_of(seed=1, id=name) for name in "abc"]
    assert batch(rows, servers=(first.process.address,)).done == 3
    check(folder / "out", rows)


def test_only_what_is_not_whole_is_painted_again(folder, batch):
    rows = rows_of(5)
    batch(rows)
    out = folder / "out"
    check(out, rows)
    before = lines(out / "records.jsonl")
    assert batch(rows).done == 5 and lines(out / "records.jsonl") == before
    by_row = {one["row"]: one for one in before}
    (out / by_row[1]["file"]).unlink()
    (out / by_row[2]["file"]).write_bytes(b"")
    rows[2] |= {"prompt": "another cat", "seed": 77}
    # as if the power had gone while the last record was written
    content = (out / "records.jsonl").read_bytes()
    (out / "records.jsonl").write_bytes(content[:-9])
    batch(rows)
    check(out, rows)
    again = [one["row"] for one in lines(out / "records.jsonl")[4:]]
    assert sorted(again) == sorted({1, 2, 3, before[-1]["row"]})


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGKILL], ids=["ctrl-c", "kill"])
def test_an_interrupted_batch_goes_on_where_it_was(folder, batch, first, number):
    rows = rows_of(6, steps=4)
    table, out = write_csv(folder / "jobs.csv", rows), folder / "out"
    command = [sys.executable, f"{ROOT}/batch.py", table, "--out", out, "--toy"]
    process = subprocess.Popen(
        [*command, "--server", first.process.address],
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
    )
    wait_for(lambda: lines(out / "records.jsonl") or process.poll() is not None)
    with pytest.raises(SetupError, match="Another batch is painting"):
        batch(rows)
    process.send_signal(number)
    said = process.communicate(timeout=60)[0].decode()
    assert process.returncode == (130 if number == signal.SIGINT else -9), said
    done = lines(out / "records.jsonl")
    assert 0 < len(done) < 6
    if number == signal.SIGINT:
        assert sum(row["status"] == "left" for row in results_of(out)) == 6 - len(done)
        wait_for(lambda: not any(first.process.get("/queue").values()), 20)
    assert batch(rows).done == 6
    check(out, rows)
    assert sorted(one["row"] for one in lines(out / "records.jsonl")) == [1, 2, 3, 4, 5, 6]


def test_a_slow_server_gets_fewer_rows_and_holds_nothing_up(folder, batch, first, second):
    rows = rows_of(8, steps=2)
    with slow(second):
        batch(rows)
    found = check(folder / "out", rows)
    counts = [sum(row["server"] == one.process.address for row in found) for one in (first, second)]
    assert counts[0] > counts[1]
    assert events(folder) == []


def test_a_server_that_lacks_the_model_is_left_out_before_anything_is_painted(
    folder, batch, first, second
):
    adapter = second.base / "models" / "msdiffusion" / WORLD_ADAPTER
    hidden = adapter.rename(adapter.with_suffix(".hidden"))
    rows = rows_of(2)
    try:
        batch(rows)
        with pytest.raises(SetupError, match=f"has no model_name '{WORLD_ADAPTER}'"):
            batch(rows, servers=(second.process.address,))
    finally:
        hidden.rename(adapter)
    found = check(folder / "out", rows)
    assert addresses(found) == {first.process.address}
    (event,) = lines(folder / "out" / "servers.jsonl")
    assert event["server"] == second.process.address
    assert f"LoadMSDModel has no model_name '{WORLD_ADAPTER}'" in event["reason"]


def test_what_no_server_has_is_a_fault_of_the_table(batch):
    rows = [*rows_of(1), row_of(seed=1, sampler="oiler")]
    with pytest.raises(SetupError, match="row 2, column sampler: .*'oiler'; it has euler"):
        batch(rows)


def test_a_server_that_hangs_loses_its_row_to_another(folder, batch, hasty, first, second):
    rows = rows_of(6, steps=2)
    out = folder / "out"
    try:
        with when_painted(out, lambda: send(second, signal.SIGSTOP)):
            batch(rows)
    finally:
        send(second, signal.SIGCONT)
    check(out, rows)
    (event, *_) = lines(out / "servers.jsonl")
    assert (event["server"], event["event"]) == (second.process.address, "fault")
    assert "it hangs" in event["reason"]


def test_a_server_that_dies_loses_its_row_to_another_and_may_come_back(
    folder, batch, monkeypatch, first, second
):
    rows = rows_of(24, steps=2)
    out = folder / "out"
    monkeypatch.setattr(painters, "PATIENCE", 90)

    def die_and_come_back():
        send(second, signal.SIGKILL)
        second.revive(Event())

    with when_painted(out, die_and_come_back):
        batch(rows)
    check(out, rows)
    assert (second.process.address, "fault") in events(folder)


def test_with_no_server_left_the_rest_is_kept_for_later(folder, batch, hasty, first, second):
    rows = rows_of(6, steps=2)
    out = folder / "out"
    with when_painted(out, lambda: send(second, signal.SIGKILL)):
        with pytest.raises(SetupError, match="No server is left, and . rows are not painted"):
            batch(rows, servers=(second.process.address,))
    left = [row["row"] for row in results_of(out) if row["status"] == "left"]
    assert left
    assert batch(rows, servers=(first.process.address, second.process.address)).done == 6
    check(out, rows)


def test_a_workflow_of_ones_own(folder, first):
    """The template as the page exports it, with two columns."""
    table = write_csv(folder / "ours.csv", [row_of(seed=1)])
    (task,) = Jobs(table).tasks(TOY)
    prompt = {**task.prompt}
    prompt["save"] = {
        "class_type": "SaveImage",
        "inputs": {"images": ["decode", 0], "filename_prefix": "batch"},
        "_meta": {"title": "Result"},
    }
    (folder / "workflow.json").write_text(json.dumps(prompt))
    rows = [{"who": "cat.png", "number": "5"}, {"who": "cup.png", "number": "6"}]
    options = Options(
        servers=(first.process.address,),
        workflow=folder / "workflow.json",
        mapping={"who": "picture_1.image", "number": "sampled.seed"},
        output_node="Result",
    )
    assert run(write_csv(folder / "jobs.csv", rows), folder / "out", options).done == 2
    assert [row["seed"] for row in results_of(folder / "out")] == [5, 6]
    assert len(os.listdir(folder / "out" / "pictures")) == 2
    assert QUICK["width"] == Image.open(folder / "out" / "pictures" / "1.png").width
