"""The layouts of the editor's menu, by name: those of the paper's benchmark.

The same as in web/layout_editor/arrange.js.
"""

from __future__ import annotations

Boxes = tuple[tuple[float, float, float, float], ...]

_SIDE_BY_SIDE: Boxes = ((0, 0.25, 0.5, 0.75), (0.5, 0.25, 1, 0.75))
_IN_A_ROW: Boxes = ((0, 0.25, 0.35, 0.75), (0.35, 0.25, 0.65, 0.75), (0.65, 0.25, 1, 0.75))
_MIDDLE, _SCENE = (0.25, 0.25, 0.75, 0.75), (0, 0, 1, 1)
_HEAD, _TOP, _LEGS = (0.25, 0, 0.75, 0.25), (0.25, 0.25, 0.75, 0.6), (0.25, 0.6, 0.75, 1)

PRESETS: dict[str, Boxes] = {
    "twoBeings": _SIDE_BY_SIDE,
    "beingObject": _SIDE_BY_SIDE,
    "twoObjects": _SIDE_BY_SIDE,
    "personHat": (_MIDDLE, _HEAD),
    "personTop": (_MIDDLE, _MIDDLE),
    "personDress": (_MIDDLE, (0.25, 0.25, 0.75, 1)),
    "topTrousers": (_TOP, _LEGS),
    "beingScene": (_MIDDLE, _SCENE),
    "objectScene": (_MIDDLE, _SCENE),
    "threeBeings": _IN_A_ROW,
    "threeObjects": _IN_A_ROW,
    "beingObjectScene": (*_SIDE_BY_SIDE, _SCENE),
    "hatTopTrousers": (_HEAD, _TOP, _LEGS),
}
