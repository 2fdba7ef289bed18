"""Areas from anywhere, as the regions of a layout."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from ..layout import NO_AREA, Region
from ..subjects import Subject
from .detections import Detection
from .matching import left_to_right, match_detections


@dataclass(frozen=True)
class Placement:
    """Where the subjects go, and what the page tells of how that was decided."""

    regions: Sequence[Region]
    source: str
    note: str = ""
    labels: Sequence[str] = ()
    unused: Sequence[Detection] = ()


def place_detections(
    found: Sequence[Detection], note: str, subjects: Sequence[Subject] | None
) -> Placement:
    """A region for each subject, or for all that was found; the rest is unused."""
    if not subjects:
        ordered = left_to_right(found)
        labels = [detection.label for detection in ordered]
        return Placement([Region(each.box) for each in ordered], "bboxes", note, labels)
    # a background subject covers everything whatever its region: a detector has no box for it
    in_boxes = [subject for subject in subjects if not subject.everywhere]
    match = match_detections(found, [subject.phrase for subject in in_boxes])
    taken = iter(match.taken)
    regions = [Region(NO_AREA if each.everywhere else next(taken).box) for each in subjects]
    note = "; ".join(filter(None, (note, match.note)))
    return Placement(regions, "bboxes", note, unused=match.unused)
