"""Tables are read alike from CSV, JSON lines and Parquet, and what cannot be read is said."""

import csv
import io

import pyarrow
import pyarrow.parquet
import pytest
from batching.table import read_table
from console import SetupError
from hypothesis import given, settings
from hypothesis import strategies as st
from toy_rows import write_csv, write_jsonl

TEXT = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0\r"), max_size=12)
NAMES = st.sampled_from(["id", "prompt", "seed", "note_a", "phrase_1", "box_1"])
ROWS = st.lists(NAMES, min_size=1, max_size=4, unique=True).flatmap(
    lambda names: st.lists(
        st.fixed_dictionaries(dict.fromkeys(names, TEXT)), min_size=1, max_size=5
    )
)


def read(path):
    table, faults = read_table(path)
    assert faults == []
    return list(table.rows)


def full(rows):
    return [{name: cell for name, cell in row.items() if cell.strip()} for row in rows]


@settings(max_examples=60, deadline=None)
@given(rows=ROWS, delimiter=st.sampled_from(",;\t"))
def test_a_csv_table_says_what_was_written(rows, delimiter, tmp_path_factory):
    """Quotes, commas, line ends and any letters in its cells."""
    path = tmp_path_factory.mktemp("csv") / "jobs.csv"
    columns = list(rows[0])
    file = io.StringIO()
    writer = csv.writer(file, delimiter=delimiter, quoting=csv.QUOTE_ALL)
    writer.writerows([columns, *([row[name] for name in columns] for row in rows)])
    path.write_text(file.getvalue(), encoding="utf-8-sig", newline="")
    assert read(path) == full(rows)


@settings(max_examples=30, deadline=None)
@given(rows=ROWS)
def test_all_kinds_of_table_say_the_same(rows, tmp_path_factory):
    folder = tmp_path_factory.mktemp("kinds")
    pyarrow.parquet.write_table(pyarrow.Table.from_pylist(rows), folder / "jobs.parquet")
    write_jsonl(folder / "jobs.jsonl", rows)
    assert read(folder / "jobs.parquet") == read(folder / "jobs.jsonl") == full(rows)


@settings(max_examples=200, deadline=None)
@given(
    content=st.binary(max_size=200)
    | st.text('a",;\n\r\t []{}:1\u2028\0', max_size=40).map(str.encode),
    kind=st.sampled_from(["csv", "jsonl", "parquet"]),
)
def test_whatever_a_file_holds_it_is_rows_or_faults(content, kind, tmp_path_factory):
    path = tmp_path_factory.mktemp("any") / f"jobs.{kind}"
    path.write_bytes(content)
    table, faults = read_table(path)
    assert table.rows or faults


def test_numbers_in_csv_stay_as_they_are(tmp_path):
    path = write_csv(tmp_path / "jobs.csv", [{"id": "007", "seed": "1e3", "prompt": "null"}])
    assert read(path) == [{"id": "007", "seed": "1e3", "prompt": "null"}]


def test_every_row_that_cannot_be_read_is_named(tmp_path):
    path = tmp_path / "jobs.csv"
    path.write_text("id,prompt\na,b\ntoo,many,cells\nfew\nc,d\n")
    table, faults = read_table(path)
    assert [fault.row for fault in faults] == [2, 3]
    assert table.rows == ({"id": "a", "prompt": "b"}, {}, {}, {"id": "c", "prompt": "d"})
    lines = tmp_path / "jobs.jsonl"
    lines.write_text('{"id": 1}\n[1]\n{"id"\n{"id": 1, "id": 2}\n')
    assert [fault.row for fault in read_table(lines)[1]] == [2, 3, 4]


@pytest.mark.parametrize(
    ("name", "content", "said"),
    [
        ("jobs.csv", b"id,prompt\n1,\xff\n", "UTF-8"),
        ("jobs.csv", b"", "empty"),
        ("jobs.csv", b"id,id\n1,2\n", "id: this column is there twice"),
        ("jobs.csv", b"id,,prompt\n1,2,3\n", "column 2 has no name"),
        ("jobs.csv", b"id,prompt\n", "no rows"),
        ("jobs.jsonl", b"", "no rows"),
        ("jobs.parquet", b"PAR1", "no Parquet file"),
    ],
)
def test_what_is_wrong_with_a_whole_table_is_said(tmp_path, name, content, said):
    (tmp_path / name).write_bytes(content)
    assert said in "\n".join(map(str, read_table(tmp_path / name)[1]))


@pytest.mark.parametrize("name", ["jobs.xlsx", "nowhere.csv"])
def test_what_is_no_table_is_an_error(tmp_path, name):
    with pytest.raises(SetupError, match=name):
        read_table(tmp_path / name)
