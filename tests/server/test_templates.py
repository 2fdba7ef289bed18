"""The templates as a person meets them: in the page's browser of templates, and once opened."""

import json

import pytest
from conftest import BOTH, LOOKS, SERVERS, WORKFLOWS, known_nodes
from demo_models import FOLDERS, use_tiny_models
from newcomer import Newcomer
from pages import ComfyPage
from templates import FIRST, PICTURES

FRONT_ENDS = pytest.mark.parametrize("opened_look", LOOKS[::2], indirect=True, ids="-".join)
SCREENS = [(1366, 768), (1920, 1080)]
READABLE = 7  # pixels of the screen: the height of a node's text
TEXT = 14  # the same in the graph's units
AS_A_TEMPLATE = """async text => {
    const options = { openSource: "template" };
    await window.app.loadGraphData(JSON.parse(text), true, true, null, options);
}"""
LOADERS = {
    **FOLDERS,
    "ControlNetLoader": "controlnet",
    "LoadBackgroundRemovalModel": "background_removal",
}
EXAMPLE = "msdiffusion_cat.jpg"


def read(path):
    return json.loads(path.read_text(encoding="utf-8"))


@FRONT_ENDS
def test_the_first_template_is_found_by_the_methods_name(look):
    me = Newcomer(look.page)
    me.browse()
    me.search("ms diffusion")
    assert me.choose() == FIRST.stem


@pytest.mark.parametrize("path", WORKFLOWS, ids=lambda path: path.stem)
def test_a_template_says_where_its_models_are_from_and_where_they_go(path):
    loaders = [node for node in read(path)["nodes"] if node["type"] in LOADERS]
    assert len(loaders) >= (1 if path.stem == "a_prompt_for_each_box" else 3)
    for node in loaders:
        (model,) = node["properties"]["models"]
        assert model["name"] == node["widgets_values"][0]
        assert model["directory"] == LOADERS[node["type"]]
        assert model["url"].startswith("https://huggingface.co/")
        assert model["url"].endswith(f"/{model['name']}"), "it keeps its name"


@pytest.mark.parametrize("path", WORKFLOWS, ids=lambda path: path.stem)
def test_a_template_has_one_layout_which_feeds_all(path):
    workflow = read(path)
    (layout,) = [node["id"] for node in workflow["nodes"] if node["type"] == "LayoutBoxes"]
    applying = ("ApplyMSDiffusion", "ApplyBoxPrompts")
    (apply,) = [node for node in workflow["nodes"] if node["type"] in applying]
    link = next(one["link"] for one in apply["inputs"] if one["name"] == "layout")
    assert next(one for one in workflow["links"] if one[0] == link)[1] == layout


@pytest.mark.parametrize("path", WORKFLOWS, ids=lambda path: path.stem)
def test_a_template_loads_pictures_that_come_along(path):
    nodes = [node for node in read(path)["nodes"] if node["type"] == "LoadImage"]
    assert {node["widgets_values"][0] for node in nodes} <= {one.name for one in PICTURES.iterdir()}


@FRONT_ENDS
def test_the_page_offers_the_models_that_are_missing(look):
    look.load(read(FIRST))
    offers = look.page.get_by_role("button", name="Download")
    more = look.page.get_by_text("View details")
    offers.or_(more).first.wait_for()
    if more.count():  # the newest page lists what is missing behind this button
        more.first.click()
    for name in ("sd_xl_base_1.0.safetensors", "clip_vision_g.safetensors", "ms_adapter.bin"):
        look.page.get_by_text(name).filter(visible=True).first.wait_for()
    assert offers.count() >= 2
    look.page.keyboard.press("Escape")


@pytest.fixture(params=SERVERS.values(), ids=[f"{name}-page" for name in SERVERS])
def new_page(request, browser):
    """A page that has not opened a template yet."""
    opened = ComfyPage(browser, request.getfixturevalue(request.param))
    yield opened
    opened.close()


def test_the_example_pictures_come_along_and_a_message_says_so(new_page):
    """Only what the input folder lacks, and only once."""
    look = new_page
    folder = look.server.base / "input"
    (folder / EXAMPLE).unlink()
    look.load(use_tiny_models(read(FIRST)))
    assert (folder / EXAMPLE).read_bytes() == (PICTURES / EXAMPLE).read_bytes()
    said = [text for text in look.complaints() if "MS-Diffusion" in text]
    assert len(said) == 1 and EXAMPLE in said[0] and "msdiffusion_coffee.jpg" not in said[0]
    assert look.faulty() == set()
    look.reset()
    look.load(use_tiny_models(read(FIRST)))
    assert not [text for text in look.complaints() if "example" in text.lower()]


@BOTH
@pytest.mark.parametrize("path", WORKFLOWS, ids=lambda path: path.stem)
def test_a_template_opens_readable_and_its_nodes_lie_apart(path, look):
    known_nodes(read(path), look.server)
    workflow = use_tiny_models(read(path))
    workflow["extra"]["linearMode"] = False
    for width, height in SCREENS:
        look.page.set_viewport_size({"width": width, "height": height})
        look.settle()
        look.page.evaluate(AS_A_TEMPLATE, json.dumps(workflow))
        look.page.wait_for_timeout(500)  # the page fits its view when it has drawn the nodes
        assert TEXT * look.page.evaluate("() => window.app.canvas.ds.scale") >= READABLE
        for kind in ("LoadImage", "LayoutBoxes", "SaveImage"):
            for node in (node for node in workflow["nodes"] if node["type"] == kind):
                left, top, across, down = look.node_rectangle(str(node["id"]))
                assert 0 <= left and left + across <= width, (kind, left, across)
                assert 0 <= top and top + down <= height, (kind, top, down)
    assert overlaps(look, workflow) == []


def overlaps(look, workflow):
    """Pairs of nodes of which one covers a part of the other."""
    numbers = [str(node["id"]) for node in workflow["nodes"]]
    places = {number: look.node_rectangle(number) for number in numbers}
    pairs = [(one, two) for one in numbers for two in numbers if one < two]
    return [(one, two) for one, two in pairs if meet(places[one], places[two])]


def meet(one, two):
    apart = one.left + one.width <= two.left or two.left + two.width <= one.left
    return not (apart or one.top + one.height <= two.top or two.top + two.height <= one.top)
