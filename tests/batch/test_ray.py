"""A batch on a Ray cluster of two nodes, with an actor killed in the middle."""

import os
import signal

import pytest
import ray
from batching import ray_painters
from batching.options import Options
from batching.run import run
from PIL import Image
from ray.cluster_utils import Cluster
from toy_rows import row_of, write_csv
from toy_servers import comfyui, lines, wait_for, when_painted
from whole import check

STORE = 80 * 1024**2  # bytes of each node's object store, the least that Ray takes


@pytest.fixture
def cluster():
    """Two nodes with room for one ComfyUI each."""
    comfyui()
    cluster = Cluster()
    for _ in range(2):
        cluster.add_node(num_cpus=1, object_store_memory=STORE, include_dashboard=False)
    yield cluster
    ray.shutdown()
    cluster.shutdown()


@pytest.fixture
def painters(monkeypatch):
    """The painters of the batch that runs."""
    made = []
    original = ray_painters.Cluster.painters
    monkeypatch.setattr(
        ray_painters.Cluster,
        "painters",
        lambda *arguments: made.extend(original(*arguments)) or made,
    )
    return made


def alive(process):
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    return True


def test_two_nodes_paint_and_a_killed_actor_loses_nothing(folder, cluster, painters):
    Image.new("RGBA", (64, 64), (255, 0, 0, 0)).save(folder / "nothing.png")
    rows = [row_of(seed=seed, prompt=f"a cat {seed}", steps=3) for seed in range(12)]
    rows[1] |= {"picture_1": "nothing.png"}
    out = folder / "out"
    killed = {}

    def kill():
        killed.update(ray.get(painters[0].actor.call.remote("processes")))
        os.kill(killed["actor"], signal.SIGKILL)

    with when_painted(out, kill, by="ray-1"):
        options = Options(ray=cluster.address, cpus=1, toy=True, timeout=120)
        outcome = run(write_csv(folder / "jobs.csv", rows), out, options)
    assert (outcome.done, outcome.failed, outcome.left) == (11, 1, 0)
    found = check(out, rows, failed=[2])
    assert "alpha" in found[1]["error"]
    assert {row["server"] for row in found} == {"ray-1", "ray-2"}
    assert sorted(one["row"] for one in lines(out / "records.jsonl")) == list(range(1, 13))
    (fault, *_) = lines(out / "servers.jsonl")
    assert (fault["server"], fault["event"]) == ("ray-1", "fault")
    # nor does its ComfyUI stay behind, on a GPU that others want
    wait_for(lambda: not alive(killed["comfyui"]), 20)
