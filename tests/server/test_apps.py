"""Every template as an app, in the page's App Mode, which the newest front end has."""

import json

import pytest
from apps import RESULT, App
from conftest import LOOKS, WORKFLOWS, known_nodes
from demo_models import use_tiny_models
from templates import FIRST
from test_examples import small
from test_http import painted

NEWEST = pytest.mark.parametrize("opened_look", LOOKS[2:], indirect=True, ids="-".join)
ONCE = pytest.mark.parametrize("opened_look", LOOKS[-1:], indirect=True, ids="-".join)
FROM_A_DETECTOR = "boxes_from_a_detector"  # its boxes are not drawn
IN_WORDS = "a_prompt_for_each_box"
WORDS = next(path for path in WORKFLOWS if path.stem == IN_WORDS)


def read(path):
    return json.loads(path.read_text(encoding="utf-8"))


def nodes(workflow, kind):
    return [node for node in workflow["nodes"] if node["type"] == kind]


@ONCE
@pytest.mark.parametrize("path", WORKFLOWS, ids=lambda path: path.stem)
def test_a_template_is_an_app_with_pictures_names_places_and_prompt(path, look):
    known_nodes(read(path), look.server)
    workflow = use_tiny_models(read(path))
    app = App(look)
    app.open(workflow)
    files = [node["widgets_values"][0] for node in nodes(workflow, "LoadImage")]
    labels = app.labels()
    where = "the detector's boxes" if path.stem == FROM_A_DETECTOR else "where"
    expected = ["names", where, "prompt"] if path.stem != IN_WORDS else [where, "words", "prompt"]
    assert labels[len(files) :] == expected
    assert len(set(labels)) == len(labels), "each has a name of its own"
    look.page.wait_for_function(
        "([look, count]) => document.querySelectorAll(look).length >= count",
        arg=["[data-slot=drop-zone] img", len(files)],
    )
    assert app.pictures() == files
    assert workflow["extra"]["linearData"]["outputs"] == [nodes(workflow, "SaveImage")[0]["id"]]
    if where == "where" and path.stem != IN_WORDS:
        editor = app.editor(str(nodes(workflow, "LayoutBoxes")[0]["id"]))
        names = nodes(workflow, "EncodeSubjects")[0]["widgets_values"][0].split("\n")
        editor.wait_for(editor.rows, list(zip(names, files, strict=False)))


@ONCE
def test_an_app_of_words_has_them_in_its_boxes_and_in_its_list(look):
    workflow = small(read(WORDS))
    app = App(look)
    app.open(workflow)
    editor = app.editor(str(nodes(workflow, "LayoutBoxes")[0]["id"]))
    words = nodes(workflow, "BoxPrompts")[0]["widgets_values"][0].split("\n")
    for index, line in enumerate(words):
        assert editor.tool(f"words{index}").input_value() == line
    editor.tool("words1").fill("a straw hat")
    editor.keys("Enter")
    field = app.item("words").locator("textarea")
    editor.wait_for(field.input_value, f"{words[0]}\na straw hat")
    app.write("words", "a cup\na cap")
    editor.wait_for(lambda: editor.tool("words0").input_value(), "a cup")
    entry = app.run()
    texts = [value for node in entry["prompt"][2].values() for value in node["inputs"].values()]
    assert "a cup\na cap" in texts


@NEWEST
def test_an_app_paints_what_is_drawn_and_written_in_it(look):
    workflow = small(read(FIRST))
    layout = str(nodes(workflow, "LayoutBoxes")[0]["id"])
    app = App(look)
    app.open(workflow)
    app.write("names", "tiger\ncup of coffee")
    app.write("prompt", "a tiger and a cup of coffee")
    editor = app.editor(layout)
    (left, top, right, bottom), other = editor.boxes()
    editor.drag(((left + right) / 2, (top + bottom) / 2), ((left + right) / 2, 0.2))
    moved, kept = editor.boxes()
    assert moved[1] == 0 and kept == other
    entry = app.run()
    sent = entry["prompt"][2]
    assert json.loads(sent[layout]["inputs"]["boxes"]) == [moved, kept]
    texts = [value for node in sent.values() for value in node["inputs"].values()]
    assert "tiger\ncup of coffee" in texts and "a tiger and a cup of coffee" in texts
    assert painted(look.server, sent, entry).std() > 0
    result = look.page.locator(RESULT).filter(visible=True).first
    result.wait_for()
    assert "MSDiffusion" in result.get_attribute("src")


def test_a_template_opens_as_a_graph_but_for_the_first():
    for path in WORKFLOWS:
        assert read(path)["extra"].get("linearMode", False) == (path == FIRST)
