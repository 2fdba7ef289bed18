"""`score`: painted pictures become tables."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path

from packages import write_whole
from tqdm import tqdm

from .encoder_files import Named, chosen, sources
from .encoders import best_device, load_encoder
from .jobs import painted, read_jobs, unofficial
from .layout_scores import layout_scores, read_detections
from .layouts import layouts
from .likeness import Likeness, likenesses
from .tables import fidelity_table, layout_table, remarks, write_pictures
from .work import Task

LAYOUTS, LAYOUT_SCORES = "layouts.json", "layout_scores.md"
SCORES, PICTURES = "scores.md", "scores.csv"


def score(
    folder: Path, names: Sequence[str], models: Path | None, detections: Path | None, partly: bool
) -> list[str]:
    """Writes the tables into the folder of the painted pictures; returns their lines.

    Args:
        names: the encoders'; all where there is none.
        models: the folder of the encoders' folders; None: Hugging Face's hub.
        detections: a file of COCO results for the folder's layouts.
        partly: score what is there, also when some pictures are not.
    """
    encoders = sources(chosen(names), models)
    pictures = painted(read_jobs(folder), folder, partly)
    data = layouts(pictures, folder)
    write_whole(folder / LAYOUTS, json.dumps(data))
    found = read_detections(detections, data) if detections else None  # before the long part

    lines = remarks(len(pictures), unofficial(folder))
    if encoders:
        measured = measure(encoders, pictures)
        write_pictures(folder / PICTURES, measured)
        table = fidelity_table(measured)
        write_whole(folder / SCORES, "\n".join([*lines, *table, ""]))
        lines = [*lines, *table]
    if found:
        table = layout_table(layout_scores(data, found))
        write_whole(folder / LAYOUT_SCORES, "\n".join([*table, ""]))
        lines = [*lines, "", *table]
    return lines


def measure(encoders: Mapping[Named, str], pictures: Mapping[Task, Path]) -> list[Likeness]:
    """All likenesses, one encoder after the other; a bar shows how far it is."""
    measured: list[Likeness] = []
    for named, source in encoders.items():
        encoder = load_encoder(named, source, best_device())
        with tqdm(total=len(pictures), desc=named.label, unit="picture") as bar:
            measured += likenesses(named.label, encoder, pictures, bar.update)
    return measured
