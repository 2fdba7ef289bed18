"""What the command line says."""

from pathlib import Path

import pytest
from batching.command import options_of
from batching.options import Options
from console import SetupError


def test_without_options_there_are_the_defaults_and_a_folder_beside_the_table():
    given = options_of(["some/jobs.csv"])
    assert given.options == Options()
    assert given.out == Path("some/jobs_pictures")


def test_every_server_counts_once():
    given = options_of(
        ["a.csv", "--server", "http://a:1/", "--server", "http://b:1", "--server", "http://a:1"]
    )
    assert given.options.servers == ("http://a:1", "http://b:1")


@pytest.mark.parametrize(
    ("arguments", "address"), [(["--ray"], "auto"), (["--ray", "10.0.0.1:6379"], "10.0.0.1:6379")]
)
def test_ray_takes_an_address_or_finds_its_cluster(arguments, address):
    assert options_of(["a.csv", *arguments]).options.ray == address


def test_columns_are_mapped_to_inputs():
    given = options_of(
        ["a.csv", "--workflow", "w.json", "--map", "seed=1.seed", "--map", "p=Load it.image"]
    )
    assert given.options.mapping == {"seed": "1.seed", "p": "Load it.image"}


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--server", "http://a", "--ray"], "--server and --ray"),
        (["--map", "a=1.b"], "belong to --workflow"),
        (["--workflow", "w", "--toy"], "names its own models"),
        (["--workflow", "w", "--map", "a"], "expected COLUMN=NODE.INPUT"),
        (["--workflow", "w", "--map", "a=1.b", "--map", "a=1.c"], "a is there twice"),
        (["--server", "127.0.0.1:8188"], "expected http://"),
    ],
)
def test_options_that_do_not_go_together_are_refused(arguments, said):
    with pytest.raises(SetupError, match=said):
        options_of(["a.csv", *arguments])


@pytest.mark.parametrize("arguments", [["--timeout", "0"], ["--tries", "-1"], ["--in-flight", "x"]])
def test_numbers_are_checked(arguments, capsys):
    with pytest.raises(SystemExit):
        options_of(["a.csv", *arguments])
    assert "expected" in capsys.readouterr().err
