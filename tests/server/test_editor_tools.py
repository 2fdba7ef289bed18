"""The toolbar of the layout editor: ready-made layouts, mirror, swap, distribute."""

import pytest
from conftest import BOTH
from editor import TWO, Editor

pytestmark = BOTH

THIRD = [0.15, 0.7, 0.35, 0.95]
# MS-Bench's boxes (arXiv 2406.07209)
MS_BENCH = {
    "twoBeings": [[0, 0.25, 0.5, 0.75], [0.5, 0.25, 1, 0.75]],
    "threeBeings": [[0, 0.25, 0.35, 0.75], [0.35, 0.25, 0.65, 0.75], [0.65, 0.25, 1, 0.75]],
    "personHat": [[0.25, 0.25, 0.75, 0.75], [0.25, 0, 0.75, 0.25]],
    "topTrousers": [[0.25, 0.25, 0.75, 0.6], [0.25, 0.6, 0.75, 1]],
    "beingScene": [[0.25, 0.25, 0.75, 0.75], [0, 0, 1, 1]],
}


def exactly(boxes):
    return [pytest.approx(box, abs=0.0002) for box in boxes]


def test_the_thirteen_layouts_of_ms_bench_are_ready_made(look):
    editor = Editor.add(look, TWO)
    menu = editor.tool("layouts")
    names = menu.evaluate("menu => [...menu.options].map(option => option.value).filter(Boolean)")
    labels = menu.evaluate("menu => [...menu.options].map(option => option.textContent)")
    assert len(names) == 13 and len(set(labels)) == 14
    for name in names:
        menu.select_option(name)
        boxes = editor.boxes()
        assert len(boxes) in (2, 3), name
        for left, top, right, bottom in boxes:
            assert 0 <= left < right <= 1 and 0 <= top < bottom <= 1, name
        assert boxes == MS_BENCH.get(name, boxes)
    assert set(MS_BENCH) < set(names)
    menu.select_option("personHat")  # the same one again, after a change
    editor.drag((0.4, 0.5), (0.35, 0.62))
    menu.select_option("personHat")
    assert editor.boxes() == MS_BENCH["personHat"]


def test_mirror_turns_the_picture_round_and_twice_back(look):
    editor = Editor.add(look, [*TWO, [0, 0, 0, 0]])
    editor.tool("mirror").click()
    assert editor.boxes() == [*exactly([[0.6, 0.2, 0.9, 0.6], [0.1, 0.3, 0.42, 0.85]]), [0] * 4]
    editor.tool("mirror").click()
    assert editor.boxes() == exactly([*TWO, [0, 0, 0, 0]])


def test_swap_changes_the_places_of_the_selected_subject_and_the_next(look):
    editor = Editor.add(look, [*TWO, THIRD])
    editor.click((0.7, 0.6))
    editor.tool("swap").click()
    assert editor.boxes() == [TWO[0], THIRD, TWO[1]]
    editor.set([*TWO, THIRD])
    editor.click((0.25, 0.8))  # the last one, which swaps with the first
    editor.tool("swap").click()
    assert editor.boxes() == [THIRD, TWO[1], TWO[0]]


def test_swap_changes_the_places_with_the_one_that_was_shift_clicked(look):
    editor = Editor.add(look, [*TWO, THIRD])
    editor.click((0.25, 0.4))
    editor.click((0.25, 0.8), keys=["Shift"])
    assert editor.boxes() == [*TWO, THIRD]
    editor.tool("swap").click()
    assert editor.boxes() == [THIRD, TWO[1], TWO[0]]


def test_distribute_makes_the_gaps_equal(look):
    editor = Editor.add(look, [[0.6, 0.1, 0.7, 0.5], [0.02, 0.3, 0.22, 0.8], [0.3, 0.2, 0.6, 0.9]])
    editor.tool("distribute").click()
    boxes = editor.boxes()
    sizes = [(right - left, top, bottom) for left, top, right, bottom in boxes]
    expected = [(0.1, 0.1, 0.5), (0.2, 0.3, 0.8), (0.3, 0.2, 0.9)]
    assert [pytest.approx(size, abs=0.0002) for size in expected] == sizes
    ordered = sorted(boxes)
    assert [boxes.index(box) for box in ordered] == [1, 2, 0]  # from left to right as before
    gaps = [after[0] - before[2] for before, after in zip(ordered, ordered[1:], strict=False)]
    assert gaps[0] == pytest.approx(gaps[1], abs=0.0004) and gaps[0] > 0


def test_distribute_goes_down_where_boxes_lie_one_above_the_other(look):
    editor = Editor.add(look, [[0.1, 0.02, 0.5, 0.12], [0.2, 0.15, 0.6, 0.35], [0.1, 0.8, 0.5, 1]])
    editor.tool("distribute").click()
    boxes = editor.boxes()
    assert [box[0] for box in boxes] == [0.1, 0.2, 0.1]
    gaps = [after[1] - before[3] for before, after in zip(boxes, boxes[1:], strict=False)]
    assert gaps[0] == pytest.approx(gaps[1], abs=0.0004) and gaps[0] > 0
    assert boxes[0][1] >= 0 and boxes[2][3] <= 1


def test_tools_do_no_harm_where_there_is_nothing_to_change(look):
    editor = Editor.add(look, [])
    for name in ("mirror", "swap", "distribute"):
        editor.tool(name).click()
        assert editor.boxes() == []
    editor.set([TWO[0]])
    editor.tool("swap").click()
    assert editor.boxes() == [TWO[0]]
