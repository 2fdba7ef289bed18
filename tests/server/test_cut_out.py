"""The button in Encode Subjects that cuts them out with ComfyUI's own background remover."""

import pytest
from conftest import BOTH
from editor import add_node, add_subjects

BUTTON = "Cut out the subjects"
# the two nodes as ComfyUI 0.33 describes them, for a page whose server is older
DEFINITIONS = {
    "RemoveBackground": {
        "input": {"required": {"bg_removal_model": ["BACKGROUND_REMOVAL"], "image": ["IMAGE"]}},
        "input_order": {"required": ["bg_removal_model", "image"]},
        "output": ["MASK"],
        "output_name": ["mask"],
        "display_name": "Remove Background",
    },
    "LoadBackgroundRemovalModel": {
        "input": {"required": {"bg_removal_name": ["COMBO", {"options": []}]}},
        "input_order": {"required": ["bg_removal_name"]},
        "output": ["BACKGROUND_REMOVAL"],
        "output_name": ["bg_model"],
        "display_name": "Load Background Removal Model",
    },
}
COMMON = {"output_is_list": [False], "description": "", "category": "image"}
COMMON |= {"python_module": "comfy_extras.nodes_bg_removal", "output_node": False}
REGISTER = """async ([name, definition]) => {
    await window.app.registerNodeDef(name, { name, ...definition });
}"""
UNREGISTER = "names => names.forEach(name => window.LiteGraph.unregisterNodeType(name))"
BUTTONS = """id => window.app.graph.getNodeById(id).widgets
    .filter(widget => widget.type === 'button').map(widget => widget.name)"""
# the middle of the button on the classic canvas, in the graph
MIDDLE = """id => {
    const node = window.app.graph.getNodeById(id);
    const { last_y, y } = node.widgets.find(widget => widget.type === 'button');
    return [node.pos[0] + node.size[0] / 2, node.pos[1] + (last_y ?? y) + 10];
}"""


@pytest.fixture
def newer(look):
    """The page of a server that has the two nodes, whether or not this one has."""
    lacking = DEFINITIONS.keys() - look.server.get("/object_info").keys()
    for name in lacking:
        look.page.evaluate(REGISTER, [name, DEFINITIONS[name] | COMMON])
    yield look
    look.reset()
    look.page.evaluate(UNREGISTER, list(lacking))


def press(look, encode):
    """Clicks the button; before that, the page takes the graph as it is into its history."""
    look.page.mouse.click(300, 900)
    if look.nodes2:
        look.page.locator(f'[data-node-id="{encode}"]').get_by_text(BUTTON).click()
    else:
        look.page.mouse.click(*on_screen(look, look.page.evaluate(MIDDLE, encode)))
    look.settle()


def on_screen(look, point):
    """A point of the graph, which is shown in scale 1 and not moved."""
    canvas = look.rectangle("#graph-canvas")
    return canvas.left + point[0], canvas.top + point[1]


def masks(look, encode):
    """The file of the picture behind each mask of Encode Subjects, in the prompt."""
    prompt = look.prompt()

    def file(name):
        remover = prompt[prompt[encode]["inputs"][name][0]]
        assert remover["class_type"] == "RemoveBackground"
        model = prompt[remover["inputs"]["bg_removal_model"][0]]
        assert model["class_type"] == "LoadBackgroundRemovalModel"
        return prompt[remover["inputs"]["image"][0]]["inputs"]["image"]

    names = [name for name in prompt[encode]["inputs"] if name.startswith("mask_")]
    return {name: file(name) for name in names}


def counted(look, kind):
    return sum(entry["type"] == kind for entry in look.saved()["nodes"])


@BOTH
def test_a_server_without_the_remover_has_no_button(look):
    encode = look.add("EncodeSubjects")
    assert bool(look.page.evaluate(BUTTONS, encode)) == (
        "RemoveBackground" in look.server.get("/object_info")
    )


def test_each_picture_is_cut_out_and_one_undo_takes_it_back(newer):
    encode = add_subjects(newer, {"cat": "chelsea.png", "mug": "coffee.png"}, left=600)
    newer.settle()
    before = newer.prompt()
    assert newer.page.evaluate(BUTTONS, encode) == [BUTTON]
    press(newer, encode)
    assert masks(newer, encode) == {"mask_1": "chelsea.png", "mask_2": "coffee.png"}
    assert counted(newer, "LoadBackgroundRemovalModel") == 1
    assert counted(newer, "RemoveBackground") == 2
    sent = newer.prompt()[encode]["inputs"]
    assert {name: sent[name] for name in before[encode]["inputs"]} == before[encode]["inputs"]
    newer.command("Comfy.Undo")
    assert newer.prompt() == before


def test_the_missing_model_is_told_with_its_folder_and_address(newer):
    encode = add_subjects(newer, {"cat": "chelsea.png"}, left=600)
    press(newer, encode)
    told = newer.page.get_by_text("birefnet.safetensors into models/background_removal")
    told.first.wait_for()
    assert "https://huggingface.co/Comfy-Org/BiRefNet" in told.first.inner_text()
    loader = next(
        entry
        for entry in newer.prompt().values()
        if entry["class_type"] == "LoadBackgroundRemovalModel"
    )
    assert loader["inputs"]["bg_removal_name"] == "birefnet.safetensors"


def test_a_picture_with_a_mask_keeps_it(newer):
    encode = add_subjects(newer, {"cat": "chelsea.png", "mug": "coffee.png"}, left=600)
    load = next(entry for entry in newer.saved()["nodes"] if entry["type"] == "LoadImage")
    newer.connect(str(load["id"]), 1, encode, "mask_1")
    press(newer, encode)
    assert newer.prompt()[encode]["inputs"]["mask_1"] == [str(load["id"]), 1]
    assert counted(newer, "RemoveBackground") == 1
    newer.page.wait_for_timeout(600)  # else the page takes both for a double click
    press(newer, encode)  # a second time there is nothing left to do
    assert counted(newer, "RemoveBackground") == 1


def test_the_button_is_not_among_what_is_saved_or_sent(newer):
    encode = add_node(newer, "EncodeSubjects", 300, 100, phrases="cat")
    saved = next(entry for entry in newer.saved()["nodes"] if str(entry["id"]) == encode)
    assert saved["widgets_values"] == ["cat", False]
    assert BUTTON not in newer.prompt()[encode]["inputs"]
