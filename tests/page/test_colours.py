"""The colours of the boxes, for all eyes."""

import ast
import json
from itertools import combinations
from pathlib import Path

import numpy as np
import pytest
from node_runner import run_node

ROOT = Path(__file__).resolve().parents[2]
# how people without the red, green or blue cones see linear RGB: Viénot, Brettel and Mollon 1999
# for the first two; the third by the same method, with the plane of Brettel 1997 simplified
EYES = {
    "protan": [[0.1124, 0.8876, 0], [0.1124, 0.8876, 0], [0.0040, -0.0040, 1]],
    "deutan": [[0.2928, 0.7072, 0], [0.2928, 0.7072, 0], [-0.0223, 0.0223, 1]],
    "tritan": [[1, 0.1446, -0.1446], [0, 0.8592, 0.1408], [0, 0.8592, 0.1408]],
    "all": np.eye(3),
}
TO_XYZ = [[0.4124, 0.3576, 0.1805], [0.2126, 0.7152, 0.0722], [0.0193, 0.1192, 0.9505]]
WHITE = np.array([0.9505, 1, 1.089])
APART = 8  # ΔE of CIE 1976; 2.3 is just noticeable


def lab(colour, eye):
    """CIELAB of an sRGB colour (0 to 255), as an eye sees it."""
    shares = np.array(colour) / 255
    linear = np.where(shares <= 0.04045, shares / 12.92, ((shares + 0.055) / 1.055) ** 2.4)
    seen = np.clip(np.array(EYES[eye]) @ linear, 0, 1)
    ratio = np.array(TO_XYZ) @ seen / WHITE
    f = np.where(ratio > (6 / 29) ** 3, np.cbrt(ratio), ratio / (3 * (6 / 29) ** 2) + 4 / 29)
    return np.array([116 * f[1] - 16, 500 * (f[0] - f[1]), 200 * (f[1] - f[2])])


def preview_colours():
    """COLOURS of the node's preview."""
    preview = ROOT / "msdiffusion_nodes" / "pictures" / "preview.py"
    tree = ast.parse(preview.read_text(encoding="utf-8"))
    for statement in tree.body:
        if isinstance(statement, ast.Assign) and statement.targets[0].id == "COLOURS":
            return [tuple(colour) for colour in ast.literal_eval(statement.value)]
    raise AssertionError("preview.py has no COLOURS")


def editor_colours():
    """COLOURS of the layout editor."""
    module = (ROOT / "web" / "layout_editor" / "colours.js").as_uri()
    script = f"console.log(JSON.stringify((await import('{module}')).COLOURS))"
    process = run_node("--input-type=module", "--eval", script)
    assert process.returncode == 0, process.stdout
    return [tuple(colour) for colour in json.loads(process.stdout)]


@pytest.mark.parametrize("eye", EYES)
def test_the_colours_of_the_boxes_stay_apart(eye):
    colours = preview_colours()
    assert len(colours) == 8
    for one, other in combinations(colours, 2):
        assert np.linalg.norm(lab(one, eye) - lab(other, eye)) > APART, (one, other)


def test_the_editor_has_the_colours_of_the_preview():
    assert editor_colours() == preview_colours()
