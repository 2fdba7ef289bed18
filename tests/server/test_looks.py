"""Every look of the page (bundled and newest front end, classic canvas and Nodes 2.0) is usable."""

import json

THROW = """() => {
    const script = document.createElement("script");
    script.textContent = "setTimeout(() => { throw new Error('on purpose'); })"
        + "\\n//# sourceURL=/extensions/ComfyUI-MSDiffusion/broken.js";
    document.body.append(script);
}"""


def test_nodes_are_added_and_give_a_prompt(look):
    layout = look.add("LayoutBoxes")
    apply = look.add("ApplyMSDiffusion", 900)
    look.connect(layout, 0, apply, "layout")
    prompt = look.prompt()
    boxes = prompt[layout]["inputs"]["boxes"]
    assert len(json.loads(boxes)) == 2 and boxes == look.widget(layout, "boxes")
    assert prompt[apply]["inputs"]["layout"] == [layout, 0]
    assert prompt[apply]["inputs"]["weight"] == 0.6


def test_a_node_is_where_it_was_put_at_every_scale(look):
    number = look.add("ApplyMSDiffusion", 300, 200)
    left, top, width, height = look.node_rectangle(number)
    assert (left, width) == (300, look.saved()["nodes"][0]["size"][0]) and top < 200
    look.zoom(0.5)
    for half, whole in zip(look.node_rectangle(number), (left, top, width, height), strict=True):
        assert abs(half - whole / 2) <= 1


def test_what_a_test_leaves_behind_is_cleared(look):
    number = look.add("KSampler")
    look.set_widget(number, "steps", 7)
    assert look.widget(number, "steps") == 7
    look.select(number)
    look.zoom(0.5, 100, 100)
    look.theme("light")
    look.command("Comfy.ShowSettingsDialog")
    look.page.locator("[role=dialog], .p-dialog").first.wait_for()
    look.reset()
    assert look.prompt() == {} and look.dialogs() == [] and look.complaints() == []
    assert look.page.evaluate("() => window.app.canvas.ds.scale") == 1


def test_an_error_of_the_pack_is_noticed(look):
    look.page.evaluate(THROW)
    look.page.wait_for_timeout(200)
    assert len(look.our_errors()) == 1
    look.page_errors.clear()
