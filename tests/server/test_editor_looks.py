"""The layout editor at other zooms and sizes, in other colours."""

import pytest
from conftest import BOTH, LOOKS
from editor import TWO, Editor

WIDE, TALL = (1024, 512), (512, 1024)
FIVE = [*TWO, [0.15, 0.7, 0.35, 0.95], [0.45, 0.05, 0.55, 0.2], [0, 0, 0, 0]]
SIZES = {"larger": [(300, 0), (0, 120)], "smallest": [(-600, -900)]}
# everything that can be seen in the panel; what the list scrolls away cannot
STICKING_OUT = """([panel, ...node]) => {
    const outside = (one, [left, top, right, bottom]) => {
        const box = one.getBoundingClientRect();
        return box.width && (box.left < left - 1 || box.right > right + 1
            || box.top < top - 1 || box.bottom > bottom + 1);
    };
    const list = panel.querySelector('.msd-list').getBoundingClientRect();
    return [...panel.querySelectorAll('*')].filter(one => {
        const inList = one.closest('.msd-row');
        return outside(one, inList ? [list.left, -1e6, list.right, 1e6] : node);
    }).map(one => one.className || one.dataset.tool);
}"""


def drawn_where_it_was_drawn(editor):
    """Draws a box over the others; it is in the value and painted on the canvas."""
    before = editor.boxes()
    drawn = [0.15, 0.66, 0.47, 0.94]
    editor.drag((0.15, 0.66), (0.47, 0.94), keys=["Control", "Alt"])
    assert editor.boxes() == [*before, editor.near([drawn])[0]]
    assert editor.shows([*before, drawn])


@pytest.mark.parametrize(
    ("scale", "offset", "size"),
    [(0.6, (200, 200), WIDE), (1.8, (-200, -330), TALL)],
    ids=["small and wide", "large and tall"],
)
def test_a_box_lands_where_it_is_drawn_at_other_zooms(look, scale, offset, size):
    editor = Editor.add(look, TWO, size)
    look.zoom(scale, *offset)
    assert editor.shows(TWO)  # the picture keeps its width to its height
    drawn_where_it_was_drawn(editor)
    editor.drag((0.25, 0.4), (0.25, 0.45), keys=["Alt"])
    assert editor.boxes()[0] == editor.near([[0.1, 0.25, 0.4, 0.65]])[0]
    editor.drag((0.4, 0.25), (0.3, 0.1), keys=["Alt"])
    assert editor.boxes()[0] == editor.near([[0.1, 0.1, 0.3, 0.65]])[0]


@pytest.mark.parametrize("name", SIZES)
def test_the_panel_fits_a_resized_node(look, name):
    editor = Editor.add(look, FIVE, WIDE)
    for across, down in SIZES[name]:
        before = look.node_rectangle(editor.number)
        corner = (before.left + before.width - 2, before.top + before.height - 2)
        look.drag(corner, (corner[0] + across, corner[1] + down))
        node = look.node_rectangle(editor.number)
        assert node != before
        bounds = [node.left, node.top, node.left + node.width, node.top + node.height]
        assert editor.page.evaluate(STICKING_OUT, [editor.panel, *bounds]) == []
        assert editor.shows(FIVE[:4])
    drawn_where_it_was_drawn(editor)


@pytest.mark.parametrize("opened_look", LOOKS[2:], indirect=True, ids="-".join)
def test_the_editor_stays_as_wide_as_its_node_beside_the_panel_at_the_right(look):
    editor = Editor.add(look, TWO)
    width = look.rectangle(editor.panel).width
    look.setting("Comfy.RightSidePanel.IsOpen", True)
    editor.click((0.25, 0.4))
    look.select(editor.number)
    look.page.wait_for_timeout(500)
    assert look.rectangle(editor.panel).width == pytest.approx(width, abs=1)
    look.setting("Comfy.RightSidePanel.IsOpen", False)
    look.settle()
    assert look.rectangle(editor.panel).width == pytest.approx(width, abs=1)
    drawn_where_it_was_drawn(editor)


def test_the_editor_is_back_after_the_node_was_collapsed(look):
    editor = Editor.add(look, TWO)
    collapse = "id => { window.app.graph.getNodeById(id).collapse(); }"
    look.page.evaluate(collapse, editor.number)
    look.settle()
    assert not editor.canvas.is_visible()
    look.page.evaluate(collapse, editor.number)
    editor.wait_for(editor.canvas.is_visible)
    look.zoom(1)
    drawn_where_it_was_drawn(editor)


def test_the_editor_goes_on_when_the_page_changes_to_the_other_renderer(look):
    editor = Editor.add(look, TWO)
    for nodes2 in (not look.nodes2, look.nodes2):
        look.setting("Comfy.VueNodes.Enabled", nodes2)
        editor.wait_for(editor.canvas.is_visible)
        look.settle()
        look.zoom(1)
        drawn_where_it_was_drawn(editor)
        editor.keys("Delete")
        assert editor.boxes() == TWO


@BOTH
def test_boxes_have_their_colours_and_the_selected_one_is_on_top_of_those_it_overlaps(look):
    editor = Editor.add(look, [[0.15, 0.2, 0.6, 0.65], [0.4, 0.4, 0.8, 0.85]])
    edge, overlap, alone = (0.6, 0.55), (0.53, 0.55), (0.7, 0.55)  # all in the second box
    editor.click((0.25, 0.5))
    on_top, orange = editor.colours(edge, (0.25, 0.6))
    editor.click((0.7, 0.7))
    beneath, both, blue = editor.colours(edge, overlap, alone)
    assert on_top != beneath
    assert beneath != blue and both != blue
    assert orange[0] > orange[1] > orange[2] and blue[2] > blue[1] > blue[0]
