"""Which encoders there are, and where their files lie.

The paper does not say which ones it took: these are the usual ones of its time and before.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

from console import SetupError

CLIP, DINO = "CLIP", "DINO"
NONE = "none"


class Named(NamedTuple):
    label: str
    family: str
    repository: str  # on Hugging Face's hub

    @property
    def name(self) -> str:
        return self.repository.rpartition("/")[2]


ENCODERS = (
    Named("CLIP ViT-B/32", CLIP, "openai/clip-vit-base-patch32"),
    Named("CLIP ViT-L/14", CLIP, "openai/clip-vit-large-patch14"),
    Named("DINO ViT-S/16", DINO, "facebook/dino-vits16"),
    Named("DINOv2-base", DINO, "facebook/dinov2-base"),
)


def chosen(names: Sequence[str]) -> list[Named]:
    """The encoders of these names; all where there is no name."""
    if list(names) == [NONE]:
        return []
    known = {one.name: one for one in ENCODERS}
    if unknown := [name for name in names if name not in known]:
        there = ", ".join(known)
        raise SetupError(f"--encoder: there is no {unknown[0]}, but {there}, or {NONE} alone.")
    return [known[name] for name in names] or list(ENCODERS)


def sources(encoders: Sequence[Named], folder: Path | None) -> dict[Named, str]:
    """Where each is loaded from: below the folder, or without one from the hub.

    Raises:
        SetupError: when the folder lacks one; then none has been loaded.
    """
    if folder is None:
        return {one: one.repository for one in encoders}
    places = {one: folder / one.name for one in encoders}
    lacking = [str(one) for one in places.values() if not (one / "config.json").is_file()]
    if lacking:
        raise SetupError(
            f"--models: {', '.join(lacking)} is not there or has no config.json. Save each encoder "
            "in a folder of its name, or name those that are there with --encoder."
        )
    return {one: str(place) for one, place in places.items()}
