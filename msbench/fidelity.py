"""The four scores of the paper (arXiv 2406.07209, its experiments on MS-Bench), out of cosines.

CLIP-I and DINO: how like each subject is to its picture, averaged over a picture's subjects, then
over the pictures. CLIP-T: how like the picture is to its prompt. M-DINO: the *product* over the
subjects of a picture, then averaged over the pictures, so that a subject that is left out counts
for the whole picture. The paper says neither which encoders it took, nor whether it compared the
whole picture or the part where the subject stands.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from math import prod
from statistics import fmean

from .encoder_files import CLIP, ENCODERS
from .likeness import Likeness

FAMILIES = {one.label: one.family for one in ENCODERS}
# MS-Diffusion on MS-Bench, in the paper
PAPER = {"CLIP-I": 0.698, "CLIP-T": 0.341, "DINO": 0.425, "M-DINO": 0.108}


def subject_fidelity(likenesses: Iterable[Sequence[float]]) -> float:
    """The mean over the pictures of the mean over their subjects."""
    return fmean(fmean(subjects) for subjects in likenesses)


def joint_fidelity(likenesses: Iterable[Sequence[float]]) -> float:
    """The mean over the pictures of the product over their subjects.

    A cosine below 0 counts as 0: two that are unlike must not make a likeness.
    """
    return fmean(prod(max(one, 0.0) for one in subjects) for subjects in likenesses)


def scores(likenesses: Sequence[Likeness]) -> dict[str, float]:
    """The scores that the likenesses of one encoder in one way give, by name."""
    subjects = [one.subjects for one in likenesses]
    if FAMILIES[likenesses[0].encoder] != CLIP:
        return {"DINO": subject_fidelity(subjects), "M-DINO": joint_fidelity(subjects)}
    prompts = [one.prompt for one in likenesses if one.prompt is not None]
    found = {"CLIP-I": subject_fidelity(subjects)}
    return found | ({"CLIP-T": fmean(prompts)} if prompts else {})
