"""The layout editor in the panel beside the graph, which newer pages have."""

import pytest
from conftest import LOOKS
from editor import TWO, Editor

NEWEST = pytest.mark.parametrize("opened_look", LOOKS[2:], indirect=True, ids="-".join)
MOVED = [[0.13, 0.36, 0.43, 0.76], TWO[1]]
SELECT = "id => window.app.canvas.selectNode(window.app.graph.getNodeById(id))"
IS_OPEN = "Comfy.RightSidePanel.IsOpen"
# the editor that is not in the node
BESIDE = """() => [...document.querySelectorAll('.msd-editor')]
    .find(one => !one.closest('.dom-widget, [data-node-id]') && one.offsetParent)"""


class Beside(Editor):
    """The editor in the panel, of a node in the graph."""

    def __init__(self, look, number):
        super().__init__(look, number)
        look.page.wait_for_function(BESIDE)
        self.panel = look.page.evaluate_handle(BESIDE).as_element()
        self.canvas = self.panel.query_selector(".msd-canvas")


@NEWEST
def test_the_panel_edits_the_same_boxes_and_leaves_the_node_its_editor(look):
    editor = Editor.add(look, TWO)
    before = editor.panel.bounding_box()
    look.page.evaluate(SELECT, editor.number)
    look.setting(IS_OPEN, True)
    beside = Beside(look, editor.number)
    beside.wait()
    beside.drag((0.25, 0.4), (0.28, 0.56))
    assert beside.boxes() == beside.near(MOVED)
    editor.wait()
    editor.click((0.7, 0.5))
    editor.keys("Delete")
    assert editor.boxes() == editor.near(MOVED[:1])
    beside.wait()
    look.setting(IS_OPEN, False)
    look.page.wait_for_function(f"() => !({BESIDE})()")
    editor.wait()
    assert editor.panel.bounding_box() == pytest.approx(before)
    editor.drag((0.28, 0.56), (0.25, 0.4))
    assert editor.boxes() == editor.near(TWO[:1])
