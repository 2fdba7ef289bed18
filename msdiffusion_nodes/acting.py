"""Subjects as the layouts that they are put in say that they act."""

from __future__ import annotations

from collections.abc import Sequence

from .errors import InputError, naming, shortened
from .layout import Layout
from .region_options import RegionOptions
from .subjects import Subject


def acting(subjects: Sequence[Subject], layouts: Sequence[Layout]) -> list[Subject]:
    """The subjects with the options of their regions in place of their own.

    Args:
        layouts: one for all pictures, or one a picture; with a region for each of the subjects.

    Raises:
        InputError: layouts say different things of a subject, or what they say does not fit it.
    """
    made = []
    for index, subject in enumerate(subjects):
        with naming(f"box {index + 1} ({shortened(subject.phrase)})"):
            made.append(common_options(layouts, index).of(subject))
    return made


def common_options(layouts: Sequence[Layout], index: int) -> RegionOptions:
    """What all layouts say of one region.

    Raises:
        InputError: they say different things.
    """
    first, *others = (layout.regions[index].options for layout in layouts)
    for picture, other in enumerate(others, start=2):
        if other != first:
            raise InputError(
                f"picture {picture} has another option than picture 1"
                f" ({other.difference(first)}); give the layouts of all pictures the same"
            )
    return first
