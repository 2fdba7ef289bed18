"""The columns of a table of jobs, and those of the table of results.

A table of jobs has a row for each picture. N is 1, 2, 3, … for the subjects:

| column | |
|---|---|
| `id` | optional: a name of the row, unlike all others; without it, the row's number |
| `picture_N` | the subject's picture, its path relative to the table's folder. Alpha cuts it out |
| `mask_N` | optional: a picture of the same size, white on the subject |
| `phrase_N` | what the subject is called |
| `box_N` | its place: x0, y0, x1, y1 in shares of the picture |
| `layout` | in place of all `box_N`: a preset's name (see `presets`), or a list of boxes as JSON |
| `weight_N` | optional: the subject's own weight |
| `prompt` | what to paint |
| `negative`, `weight`, `width`, `height`, `steps`, `cfg`, `sampler`, `scheduler` | optional; \
see `jobs.DEFAULTS`. The scheduler `authors` takes the noise levels of the authors' script |
| `seed` | optional: without it, a number that follows from the id |
| `note_…` | anything: goes into the results as it is |

An empty cell is as good as no column. With a workflow of one's own, its mapping names the columns.
"""

from __future__ import annotations

import re

SUBJECT = ("picture", "mask", "phrase", "box", "weight")
PLAIN = (
    "id",
    "layout",
    "prompt",
    "negative",
    "seed",
    "weight",
    "width",
    "height",
    "steps",
    "cfg",
    "sampler",
    "scheduler",
)
NOTE = "note_"

# of results.parquet and results.csv, before the notes; `status` is done, failed or left
RESULTS = {
    "row": int,  # from 1, in the table's order
    "id": str,
    "status": str,
    "file": str,  # of the picture, relative to the folder of the results, with forward slashes
    "seed": int,
    "seconds": float,  # from sending the row to having its picture
    "server": str,  # address or Ray node
    "tries": int,  # on how many servers the row was begun
    "error": str,  # ComfyUI's own reason
    "comfyui": str,  # versions
    "pytorch": str,
    "device": str,
    "finished": str,  # ISO 8601, UTC
    "sha256": str,  # of the picture's file
    "job": str,  # a digest of all that decides the picture: a changed row is painted anew
}


def subject_column(name: str) -> tuple[str, int] | None:
    """`("picture", 2)` for `picture_2`; None for a column that is not a subject's."""
    found = re.fullmatch(rf"({'|'.join(SUBJECT)})_([1-9]\d?)", name)
    return (found[1], int(found[2])) if found else None
