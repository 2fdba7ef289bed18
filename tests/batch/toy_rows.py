"""Tables for tests, small and quick to paint."""

import csv
import json

SIZE = (64, 64)
QUICK = {"width": 128, "height": 128, "steps": 1, "cfg": 1}


def row_of(**cells):
    """A row of one subject."""
    plain = {
        "picture_1": "cat.png",
        "phrase_1": "cat",
        "box_1": "0.1, 0.2, 0.8, 0.9",
        "prompt": "a cat",
        **QUICK,
    }
    return {name: cell for name, cell in {**plain, **cells}.items() if cell is not None}


def write_csv(path, rows, delimiter=","):
    columns = list(dict.fromkeys(name for row in rows for name in row))
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.DictWriter(file, columns, delimiter=delimiter)
        writer.writeheader()
        writer.writerows(rows)
    return path


def write_jsonl(path, rows):
    path.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    return path
