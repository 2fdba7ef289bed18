"""What other nodes bring into the layout editor: the picture's size, a picture, areas."""

import json
import random

import pytest
from conftest import BOTH
from demo_models import use_tiny_models
from editor import TWO, Editor, add_node, add_subjects, sent_subjects
from templates import FIRST

pytestmark = BOTH

OTHER = [[0.2, 0.1, 0.7, 0.4]]
UNLINK = """([id, name]) => {
    const node = window.app.graph.getNodeById(id);
    node.disconnectInput(node.findInputSlot(name));
}"""
SET_MODE = "([id, mode]) => { window.app.graph.getNodeById(id).mode = mode; }"
MUTED, BYPASSED = 2, 4
ON = 0
# nodes of other packs that are only drawn: of rgthree, and of KJNodes
DRAWN_ONLY = """() => {
    const { LiteGraph } = window, { LGraphNode } = LiteGraph;
    if (LiteGraph.registered_node_types.SetNode) return;
    class DrawnOnly extends LGraphNode {
        constructor(title) {
            super(title);
            this.isVirtualNode = true;
        }
    }
    class Reroute extends DrawnOnly {
        constructor(title) {
            super(title);
            this.addInput('', '*');
            this.addOutput('', '*');
        }
    }
    class Named extends DrawnOnly {
        constructor(title) {
            super(title);
            this.serialize_widgets = true;
            this.addWidget('text', 'Constant', '', () => {});
            this.addOutput('*', '*');
        }
    }
    class Set extends Named {
        constructor(title) {
            super(title);
            this.addInput('*', '*');
        }
    }
    const setter = (node, graph) => graph.nodes.find(one =>
        one.type === 'SetNode' && one.widgets[0].value === node.widgets[0].value);
    class Get extends Named {
        getInputLink(slot) {
            const found = setter(this, this.graph);
            if (!found) window.msdComplaints = (window.msdComplaints ?? 0) + 1;
            return found?.getInputLink(slot) ?? null;
        }
        resolveVirtualOutput(slot) {
            const root = this.graph.rootGraph;
            if (setter(this, this.graph) || root === this.graph) return undefined;
            const link = setter(this, root)?.getInputLink(slot);
            return link && { node: root.getNodeById(link.origin_id), slot: link.origin_slot };
        }
    }
    LiteGraph.registerNodeType('Reroute (rgthree)', Reroute);
    LiteGraph.registerNodeType('SetNode', Set);
    LiteGraph.registerNodeType('GetNode', Get);
}"""
# turns nodes into a subgraph; the ids of the node for it and of the first node in it
INTO_SUBGRAPH = """ids => {
    const { graph } = window.app;
    const made = graph.convertToSubgraph(new Set(ids.map(id => graph.getNodeById(id))));
    window.msdOuter = made.node;
    return [String(made.node.id), String(made.subgraph.nodes[0].id)];
}"""
OPEN = "() => window.app.canvas.openSubgraph(window.msdOuter.subgraph, window.msdOuter)"
# another node for the same subgraph
AGAIN = """() => {
    const node = window.LiteGraph.createNode(window.msdOuter.subgraph.id);
    window.app.graph.add(node);
    return String(node.id);
}"""
WIDGETS = "id => window.app.graph.getNodeById(id).widgets.map(one => one.name)"
CAT_AND_CUP = {"cat": "chelsea.png", "cup of coffee": "coffee.png"}
ROWS, MAN = list(CAT_AND_CUP.items()), ("man", "astronaut.png")
NAMELESS = ("", None)
MADE_BY_DRAG = [[0.13, 0.36, 0.43, 0.76], TWO[1]]


def photograph(look):
    return add_node(look, "LoadImage", 1200, 130, image="chelsea.png")


def text_node(look, text):
    return add_node(look, "PrimitiveString", 800, 130, value=text)


def mode(look, number, value):
    look.page.evaluate(SET_MODE, [number, value])


def chain(look):
    """An editor behind two nodes Encode Subjects, one after the other."""
    first = add_subjects(look, CAT_AND_CUP)
    second = add_subjects(look, dict([MAN]), 950, 900)
    look.connect(first, 0, second, "subjects")
    editor = Editor.add(look, [*TWO, [0.15, 0.7, 0.35, 0.95]])
    look.connect(second, 0, editor.number, "subjects")
    return editor, first, second


def shows(editor, rows):
    """Waits until the list shows these subjects, which are those that are sent."""
    assert sent_subjects(editor.look, editor.sent_as) == rows
    count = len(editor.boxes())
    editor.wait_for(editor.rows, [*rows, *[NAMELESS] * (count - len(rows))])


def gestures(editor):
    """All kinds of gestures one after another."""
    editor.drag((0.25, 0.4), (0.28, 0.56))
    editor.drag((0.45, 0.9), (0.5, 0.96))
    editor.drag((0.3, 0.4), (0.45, 0.5), keys=["Control"])
    editor.click((0.25, 0.4))
    editor.keys("Tab", "ArrowLeft", "Delete", "Control+d")


def test_the_canvas_takes_the_aspect_of_linked_width_and_height(look):
    editor = Editor.add(look, TWO)
    width = add_node(look, "PrimitiveInt", 800, 130, value=512)
    height = add_node(look, "PrimitiveInt", 800, 330, value=1024)
    look.connect(width, 0, editor.number, "width")
    look.connect(height, 0, editor.number, "height")
    editor.aspect = 0.5
    editor.wait_for(lambda: editor.shows(TWO))
    editor.drag((0.25, 0.4), (0.28, 0.56))
    assert editor.boxes() == editor.near(MADE_BY_DRAG)
    editor.keys("ArrowRight", "ArrowDown")
    moved = [0.13 + 8 / 512, 0.36 + 8 / 1024, 0.43 + 8 / 512, 0.76 + 8 / 1024]
    assert editor.boxes() == editor.near([moved, TWO[1]])
    look.set_widget(width, "value", 1536)  # changes while the editor looks on
    editor.aspect = 1.5
    editor.wait_for(lambda: editor.shows(editor.boxes()))
    assert look.prompt()[editor.number]["inputs"]["width"] == [width, 0]


def test_the_canvas_takes_the_aspect_of_a_linked_picture_size(look):
    editor = Editor.add(look, TWO)
    size = add_node(look, "GetImageSize", 800, 130)
    look.connect(photograph(look), 0, size, "image")
    look.connect(size, 0, editor.number, "width")
    look.connect(size, 1, editor.number, "height")
    editor.aspect = 451 / 300  # chelsea.png
    editor.wait_for(lambda: editor.shows(TWO))
    editor.drag((0.25, 0.4), (0.28, 0.56))
    assert editor.boxes() == editor.near(MADE_BY_DRAG)


def test_a_linked_picture_is_seen_behind_the_boxes(look):
    editor = Editor.add(look, TWO)
    points = [(0.45 + share / 250, 0.25) for share in range(25)]
    assert len({tuple(colour) for colour in editor.colours(*points)}) == 1
    look.connect(photograph(look), 0, editor.number, "picture")
    editor.wait_for(lambda: len({tuple(colour) for colour in editor.colours(*points)}) > 10)
    editor.drag((0.25, 0.4), (0.28, 0.56))
    assert editor.boxes() == editor.near(MADE_BY_DRAG)


def test_a_picture_of_another_aspect_is_fitted_unless_boxes_are_shares_of_it(look):
    editor = Editor.add(look, [])
    load = photograph(look)  # 3 : 2, in a square
    look.connect(load, 0, editor.number, "picture")

    def varied(down):
        return len(set(map(tuple, editor.colours(*[(x / 25, down) for x in range(1, 25)])))) > 10

    editor.wait_for(lambda: varied(0.5))
    assert [varied(down) for down in (0.08, 0.25, 0.75, 0.92)] == [False, True, True, False]
    look.connect(load, 1, editor.number, "masks")
    editor.wait_for(lambda: [varied(down) for down in (0.08, 0.92)], [True, True])


def test_with_masks_linked_the_editor_says_so_and_changes_nothing(look):
    editor = Editor.add(look, TWO)
    look.connect(photograph(look), 1, editor.number, "masks")
    editor.wait_for(lambda: "masks" in editor.message())
    gestures(editor)
    assert editor.boxes() == TWO
    for name in ("add", "mirror", "swap", "distribute", "layouts", "asText"):
        assert editor.tool(name).is_disabled(), name
    look.page.evaluate(UNLINK, [editor.number, "masks"])
    editor.wait_for(editor.message, "")
    editor.drag((0.25, 0.4), (0.28, 0.56))
    assert editor.boxes() == editor.near(MADE_BY_DRAG)


def test_with_bboxes_linked_the_editor_says_so_and_shows_them_after_a_run(look):
    editor = Editor.add(look, TWO)
    # another text each time: what the server has in its cache is not run again
    source = text_node(look, f"0.2,0.1,0.7,{0.4 + random.random() / 1000}")
    look.connect(source, 0, editor.number, "bboxes")
    preview = add_node(look, "PreviewImage", 800, 400)
    look.connect(editor.number, 1, preview, "images")
    editor.wait_for(lambda: "bboxes" in editor.message())
    gestures(editor)
    assert editor.boxes() == TWO
    look.page.evaluate("() => window.app.queuePrompt(0, 1)")
    editor.wait_for(lambda: editor.shows(OTHER))
    gestures(editor)
    assert editor.boxes() == TWO and editor.shows(OTHER)
    look.page.evaluate(UNLINK, [editor.number, "bboxes"])
    editor.wait_for(lambda: editor.shows(TWO))
    editor.drag((0.25, 0.4), (0.28, 0.56))
    assert editor.boxes() == editor.near(MADE_BY_DRAG)


def test_with_the_value_itself_linked_the_editor_shows_it_and_changes_nothing(look):
    editor = Editor.add(look, TWO)
    source = text_node(look, json.dumps(OTHER))
    look.connect(source, 0, editor.number, "boxes")
    editor.wait_for(lambda: editor.shows(OTHER))
    assert editor.message() != ""
    gestures(editor)
    assert look.widget(editor.number, "boxes") == json.dumps(TWO)
    assert look.widget(source, "value") == json.dumps(OTHER)
    assert look.prompt()[editor.number]["inputs"]["boxes"] == [source, 0]


def test_names_and_pictures_come_past_a_bypassed_or_muted_encoder(look):
    editor, first, second = chain(look)
    shows(editor, [*ROWS, MAN])
    mode(look, second, BYPASSED)
    shows(editor, ROWS)
    mode(look, second, MUTED)
    shows(editor, [])
    mode(look, second, ON)
    mode(look, first, BYPASSED)
    shows(editor, [MAN])
    mode(look, first, MUTED)
    shows(editor, [MAN])


def test_names_come_past_bypassed_and_muted_nodes_in_between(look):
    encode = add_subjects(look, CAT_AND_CUP)
    options = add_node(look, "SubjectOptions", 950, 450)
    scene = add_node(look, "BackgroundSubject", 950, 700, number=2)
    editor = Editor.add(look, TWO)
    look.connect(encode, 0, options, "subjects")
    look.connect(options, 0, scene, "subjects")
    look.connect(scene, 0, editor.number, "subjects")

    def notes():
        return [note.inner_text() for note in editor.panel.query_selector_all(".msd-note")]

    editor.wait_for(notes, ["", "whole picture"])
    mode(look, options, BYPASSED)
    shows(editor, ROWS)
    mode(look, scene, BYPASSED)
    editor.wait_for(notes, ["", ""])
    shows(editor, ROWS)
    mode(look, options, MUTED)
    shows(editor, [])


def test_a_picture_that_does_not_come_leaves_its_place_to_the_next(look):
    editor, first, second = chain(look)
    cat = look.prompt()[first]["inputs"]["image_1"][0]
    mode(look, cat, MUTED)
    look.set_widget(first, "phrases", "cup of coffee")
    shows(editor, [ROWS[1], MAN])


@pytest.mark.parametrize("kind", ["Reroute", "Reroute (rgthree)"])
def test_names_come_through_reroutes(look, kind):
    look.page.evaluate(DRAWN_ONLY)
    editor, first, second = chain(look)
    mode(look, second, BYPASSED)
    before, after = (add_node(look, kind, 800, top) for top in (200, 300))
    look.connect(first, 0, before, "")
    look.connect(before, 0, second, "subjects")
    look.connect(second, 0, after, "")
    look.connect(after, 0, editor.number, "subjects")
    shows(editor, ROWS)
    mode(look, second, ON)
    shows(editor, [*ROWS, MAN])


def test_names_come_from_the_set_node_of_a_get_nodes_name(look):
    look.page.evaluate(DRAWN_ONLY)
    editor, first, second = chain(look)
    for encode, name in ((first, "animals"), (second, "all")):
        put = add_node(look, "SetNode", 800, 500, Constant=name)
        look.connect(encode, 0, put, "*")
    got = add_node(look, "GetNode", 800, 600, Constant="animals")
    look.connect(got, 0, editor.number, "subjects")
    shows(editor, ROWS)
    look.set_widget(got, "Constant", "all")
    shows(editor, [*ROWS, MAN])
    mode(look, second, BYPASSED)
    shows(editor, ROWS)
    look.set_widget(got, "Constant", "none")
    shows(editor, [])
    complaints = "() => window.msdComplaints"
    before = look.page.evaluate(complaints)  # the page's own, of making the prompt
    look.page.wait_for_timeout(700)
    assert look.page.evaluate(complaints) == before


def test_names_come_out_of_a_subgraph(look):
    editor, first, second = chain(look)
    look.page.evaluate(INTO_SUBGRAPH, [first, second])
    look.settle()
    shows(editor, [*ROWS, MAN])
    change = "mode => { window.msdOuter.subgraph.nodes[1].mode = mode; }"
    look.page.evaluate(change, BYPASSED)
    shows(editor, ROWS)


def test_names_come_into_a_subgraph(look):
    editor, first, second = chain(look)
    outer, inner = look.page.evaluate(INTO_SUBGRAPH, [editor.number])
    look.settle()
    look.page.evaluate(OPEN)
    look.settle()
    editor = Editor(look, inner, True, f"{outer}:{inner}")
    shows(editor, [*ROWS, MAN])
    mode(look, second, BYPASSED)
    shows(editor, ROWS)


def test_a_subgraph_that_is_used_twice_has_each_time_the_names_from_outside(look):
    editor, first, second = chain(look)
    texts = [text_node(look, text) for text in ("woman", "child")]
    look.connect(texts[0], 0, second, "phrases")
    outer, _ = look.page.evaluate(INTO_SUBGRAPH, [second])
    look.settle()
    shows(editor, [*ROWS, ("woman", MAN[1])])
    again = look.page.evaluate(AGAIN)
    look.connect(texts[1], 0, again, "phrases")
    look.connect(outer, 0, again, "subjects")
    load = add_node(look, "LoadImage", 1200, 130, image="chelsea.png")
    look.connect(load, 0, again, "image_1")
    look.connect(again, 0, editor.number, "subjects")
    editor.set([*TWO, [0.15, 0.7, 0.35, 0.95], [0.6, 0.1, 0.7, 0.2]])
    shows(editor, [*ROWS, ("woman", MAN[1]), ("child", "chelsea.png")])


@pytest.mark.parametrize("kind", ["PrimitiveString", "PrimitiveStringMultiline"])
def test_names_come_from_a_linked_text(look, kind):
    encode = add_subjects(look, CAT_AND_CUP)
    editor = Editor.add(look, TWO)
    look.connect(encode, 0, editor.number, "subjects")
    text = add_node(look, kind, 800, 130, value="tiger\nmug")
    look.connect(text, 0, encode, "phrases")
    shows(editor, [("tiger", "chelsea.png"), ("mug", "coffee.png")])
    assert not editor.tool("name0").is_editable()
    look.set_widget(text, "value", "lion\nmug")
    shows(editor, [("lion", "chelsea.png"), ("mug", "coffee.png")])
    mode(look, text, BYPASSED)  # so that the encoder's own text is sent
    shows(editor, ROWS)


def test_names_come_from_a_primitive(look):
    encode = add_subjects(look, CAT_AND_CUP)
    editor = Editor.add(look, TWO)
    look.connect(encode, 0, editor.number, "subjects")
    text = add_node(look, "PrimitiveNode", 800, 130)
    look.connect(text, 0, encode, "phrases")
    shows(editor, ROWS)
    (name,) = look.page.evaluate(WIDGETS, text)
    look.set_widget(text, name, "lion\nmug")
    shows(editor, [("lion", "chelsea.png"), ("mug", "coffee.png")])


def test_names_come_from_the_widget_of_a_subgraphs_node(look):
    encode = add_subjects(look, CAT_AND_CUP)
    editor = Editor.add(look, TWO)
    look.connect(encode, 0, editor.number, "subjects")
    text = text_node(look, "tiger\nmug")
    look.connect(text, 0, encode, "phrases")
    outer, _ = look.page.evaluate(INTO_SUBGRAPH, [encode])
    look.settle()
    shows(editor, [("tiger", "chelsea.png"), ("mug", "coffee.png")])
    look.page.evaluate(UNLINK, [outer, "phrases"])
    shows(editor, ROWS)
    look.set_widget(outer, "phrases", "lion\nmug")
    shows(editor, [("lion", "chelsea.png"), ("mug", "coffee.png")])


def test_names_that_only_a_run_tells_are_announced(look):
    encode = add_subjects(look, CAT_AND_CUP)
    editor = Editor.add(look, TWO)
    look.connect(encode, 0, editor.number, "subjects")
    editor.wait_for(editor.rows, ROWS)
    assert editor.message() == ""
    both = add_node(look, "StringConcatenate", 800, 130, string_a="cat", string_b="cup")
    look.connect(both, 0, encode, "phrases")
    editor.wait_for(lambda: "after" in editor.message())
    assert editor.rows() == [NAMELESS, NAMELESS]


MESSAGE = """panel => {
    const message = panel.querySelector('.msd-message');
    const [area, list] = [message, panel.querySelector('.msd-list')]
        .map(one => one.getBoundingClientRect());
    const whole = message.scrollHeight <= message.clientHeight && area.bottom <= list.top;
    return [message.textContent, message.title, whole];
}"""
BY_PLACE = "by place, for no name fits: cat, cup of coffee (names: tiger, a lorry"
UNREAD = [
    {"bbox": [100, 100, 300, 300], "label": "tiger", "remark": "it looks to the left"},
    {"bbox": [400, 400, 700, 700], "label": "a lorry that nobody has asked for at all"},
]


def test_a_long_note_on_a_match_by_place_is_seen_whole(look):
    workflow = json.loads(FIRST.read_text())
    workflow = use_tiny_models(workflow)
    look.load(workflow)
    numbers = {entry["type"]: str(entry["id"]) for entry in workflow["nodes"]}
    look.set_widget(numbers["EncodeSubjects"], "phrases", "cat\ncup of coffee")
    editor = Editor(look, numbers["LayoutBoxes"])
    look.connect(text_node(look, json.dumps(UNREAD)), 0, editor.number, "bboxes")
    look.connect(editor.number, 1, add_node(look, "PreviewImage", 800, 400), "images")
    mode(look, numbers["SaveImage"], MUTED)
    assert look.run()["status"]["status_str"] == "success"
    editor.wait_for(lambda: BY_PLACE in editor.panel.evaluate(MESSAGE)[0])
    text, title, whole = editor.panel.evaluate(MESSAGE)
    assert title == text and whole
    assert "not read beside the boxes: remark" in text
