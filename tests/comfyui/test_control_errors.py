"""Bad values for the controls: an error that names the input, what came and the fix."""

import pytest
import torch

OPTIONS = {"number": 1, "weight": 0.6, "start_percent": 0.0, "end_percent": 1.0, "enabled": True}
AUTO = {"prompt": "a dog and a cat", "threshold": 0.5, "start_step": 5}
BOXES = {"boxes": "", "width": 64, "height": 64}
NAN = float("nan")
CASES = [
    ("SubjectOptions", {**OPTIONS, "number": 3}, ["number", "3 came", "dog, cat"]),
    ("SubjectOptions", {**OPTIONS, "number": 0}, ["number", "0 came", "from 1 to 64"]),
    ("SubjectOptions", {**OPTIONS, "weight": NAN}, ["weight", "nan", "finite"]),
    ("SubjectOptions", {**OPTIONS, "start_percent": 0.9, "end_percent": 0.2}, ["start_percent"]),
    ("SubjectOptions", {**OPTIONS, "end_percent": NAN}, ["end_percent", "nan"]),
    ("SubjectOptions", {**OPTIONS, "view_weights": "1, 1"}, ["view_weights", "2", "1 views"]),
    ("SubjectOptions", {**OPTIONS, "view_weights": "much"}, ["view_weights", "much", "numbers"]),
    ("BackgroundSubject", {"number": 9, "weight": 0.4}, ["number", "9 came"]),
    ("BackgroundSubject", {"number": 1, "weight": NAN}, ["weight", "nan"]),
    ("AutoLayout", {**AUTO, "prompt": "  "}, ["prompt", "empty"]),
    ("AutoLayout", {**AUTO, "threshold": NAN}, ["threshold", "nan"]),
    ("AutoLayout", {**AUTO, "clip": None}, ["clip", "CLIP-L"]),
    ("LayoutBoxes", {**BOXES, "masks": torch.full((1, 8, 8), NAN)}, ["masks", "mask 1", "NaN"]),
    ("LayoutBoxes", {**BOXES, "masks": torch.ones(1, 2, 8, 8)}, ["masks", "[1, 2, 8, 8]"]),
]


@pytest.mark.parametrize("node, inputs, parts", CASES)
def test_a_bad_value_is_explained(node, inputs, parts, run, tiny, subjects):
    given = {"SubjectOptions": {"subjects": subjects}, "AutoLayout": {"clip": tiny.clip}}
    given["BackgroundSubject"] = given["SubjectOptions"]
    with pytest.raises(ValueError) as error:
        run(node, **{**given.get(node, {}), **inputs})
    message = str(error.value)
    assert message.startswith(f"{parts[0]}: ")
    assert [part for part in parts if part not in message] == [], message


def layout(run, boxes):
    return run("LayoutBoxes", boxes=boxes, width=64, height=64)[0]


def test_layouts_that_do_not_fit_together(run, patch):
    one, two = layout(run, "[[0, 0, 1, 1]]"), layout(run, "[[0, 0, 1, 1], [0, 0, 1, 1]]")
    with pytest.raises(ValueError, match="last: 2 boxes came for 1 in `first`"):
        run("SweepLayout", first=one, last=two, pictures=3)
    batch = run("BatchLayouts", layout_1=two, layout_2=one)[0]
    with pytest.raises(ValueError, match="last: a batch of layouts came"):
        run("SweepLayout", first=two, last=batch, pictures=3)
    with pytest.raises(ValueError, match="layout: 1 box came for 2 subjects"):
        patch(layout=batch)
    shape = run("LayoutBoxes", boxes="", width=64, height=64, masks=torch.ones(1, 8, 8))[0]
    with pytest.raises(ValueError, match="last: masks cannot be moved"):
        run("SweepLayout", first=one, last=shape, pictures=3)
