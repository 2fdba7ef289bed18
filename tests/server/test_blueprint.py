"""The subgraph that the pack brings: the whole way from pictures to a picture as one node."""

import json

import pytest
from conftest import LOOKS, ROOT
from demo_models import TINY_ADAPTER, TINY_NODES
from test_examples import SMALL
from test_http import painted

(BLUEPRINT,) = (ROOT / "subgraphs").glob("*.json")
NAME = BLUEPRINT.stem
PICTURES = ("msdiffusion_cat.jpg", "msdiffusion_coffee.jpg")
# its loaders give way to those of tests/tiny_models; its values are set in the node itself
MAKE_SMALL = """([id, loaders, values]) => {
    const node = window.app.graph.getNodeById(id), inside = node.subgraph;
    for (const old of [...inside._nodes].filter(one => one.type in loaders)) {
        const tiny = window.LiteGraph.createNode(loaders[old.type]);
        inside.add(tiny);
        const targets = old.outputs.map(output => [...(output.links ?? [])]
            .map(link => inside.getLink(link)).map(link => [link.target_id, link.target_slot]));
        inside.remove(old);
        targets.forEach((ends, place) => ends.forEach(([target, slot]) =>
            tiny.connect(place, inside.getNodeById(target), slot)));
    }
    inside._nodes.find(one => one.type === "KSampler").widgets
        .find(one => one.name === "steps").value = 2;
    for (const [name, value] of Object.entries(values))
        node.widgets.find(one => one.name === name || one.name.endsWith(": " + name)).value = value;
}"""
ADDED = """name => {
    const node = window.app.graph._nodes.find(node => node.title === name);
    return node ? String(node.id) : null;
}"""


def test_the_server_lists_it(server):
    listed = server.get("/global_subgraphs")
    key, entry = next(one for one in listed.items() if one[1]["name"] == NAME)
    assert entry["source"] == "custom_node"
    data = json.loads(server.get(f"/global_subgraphs/{key}")["data"])
    assert data == json.loads(BLUEPRINT.read_text(encoding="utf-8"))


def test_it_takes_checkpoint_pictures_names_and_layout_and_gives_a_picture():
    (node,) = json.loads(BLUEPRINT.read_text(encoding="utf-8"))["nodes"]
    inputs = {entry["name"] for entry in node["inputs"]}
    assert {"ckpt_name", "picture_1", "picture_2", "phrases", "boxes", "text"} <= inputs
    assert [output["type"] for output in node["outputs"]] == ["IMAGE"]


@pytest.mark.parametrize("opened_look", [LOOKS[0], *LOOKS[2:]], indirect=True, ids="-".join)
def test_it_is_found_by_its_name_and_paints(look):
    page = look.page
    field = page.locator("[role=dialog] input, .p-dialog input").first
    for _ in range(3):  # a page that has just made a new graph may miss a double click
        page.mouse.dblclick(700, 500)
        page.wait_for_timeout(700)
        if field.is_visible():
            break
    field.wait_for()
    field.fill(NAME.split(" (")[0])
    page.locator("[role=option], li, [role=listbox] *").get_by_text(NAME).first.wait_for()
    page.keyboard.press("Enter")
    page.wait_for_timeout(300)
    page.mouse.click(500, 300)  # newer pages let the node hang at the pointer
    page.wait_for_function(ADDED, arg=NAME)
    number = page.evaluate(ADDED, NAME)
    for place, name in enumerate(PICTURES):
        load = look.add("LoadImage", 0, 400 * place)
        look.set_widget(load, "image", name)
        look.connect(load, 0, number, f"picture_{place + 1}")
    save = look.add("SaveImage", 1300, 0)
    look.connect(number, 0, save, "images")
    page.evaluate(MAKE_SMALL, [number, TINY_NODES, {**SMALL, "model_name": TINY_ADAPTER}])
    entry = look.run()
    picture = painted(look.server, entry["prompt"][2], entry)
    assert picture.shape == (SMALL["height"], SMALL["width"], 3)
    assert picture.std() > 0
