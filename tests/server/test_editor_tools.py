"""The toolbar of the layout editor: ready-made layouts, mirror, swap, distribute.

What they make of the boxes is tested in tests/page."""

from conftest import BOTH
from editor import TWO, Editor

pytestmark = BOTH

THIRD = [0.15, 0.7, 0.35, 0.95]
HAT = [[0.25, 0.25, 0.75, 0.75], [0.25, 0, 0.75, 0.25]]  # MS-Bench's (arXiv 2406.07209)


def test_the_thirteen_layouts_of_ms_bench_are_in_the_menu_each_place_once(look):
    editor = Editor.add(look, TWO)
    menu = editor.tool("layouts")
    labels = menu.evaluate("menu => [...menu.options].map(option => option.textContent)")
    assert len(labels) == 1 + 9
    assert labels[1] == "Two animals or people / Animal or person, and object / Two objects"
    assert sum(label.count(" / ") + 1 for label in labels[1:]) == 13
    menu.select_option("personHat")
    assert editor.boxes() == HAT and editor.selected() is None
    editor.drag((0.4, 0.5), (0.35, 0.62))
    assert editor.boxes() != HAT
    menu.select_option("personHat")  # the same one again
    assert editor.boxes() == HAT


def test_buttons_mirror_swap_and_distribute_the_boxes(look):
    editor = Editor.add(look, [*TWO, THIRD])
    editor.click((0.25, 0.8))
    editor.tool("mirror").click()
    mirrored = [[0.6, 0.2, 0.9, 0.6], [0.1, 0.3, 0.42, 0.85], [0.65, 0.7, 0.85, 0.95]]
    assert editor.boxes() == mirrored and editor.selected() == 2
    editor.tool("swap").click()  # the selected one with the next, which is the first
    swapped = [mirrored[2], mirrored[1], mirrored[0]]
    assert editor.boxes() == swapped and editor.selected() == 0
    editor.set([[0.6, 0.1, 0.7, 0.5], [0.02, 0.3, 0.22, 0.8], [0.3, 0.2, 0.6, 0.9]])
    editor.tool("distribute").click()
    assert editor.boxes() == [[0.8, 0.1, 0.9, 0.5], [0.1, 0.3, 0.3, 0.8], [0.4, 0.2, 0.7, 0.9]]


def test_tools_do_no_harm_where_there_is_nothing_to_change(look):
    editor = Editor.add(look, [])
    for name in ("mirror", "swap", "distribute"):
        editor.tool(name).click()
        assert editor.boxes() == []
    editor.set([TWO[0]])
    editor.tool("swap").click()
    assert editor.boxes() == [TWO[0]]
