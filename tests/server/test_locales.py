"""Names and tooltips: complete, and in every language."""

import ast
import json
import re

import pytest
from conftest import ROOT
from pages import OURS, ComfyPage

TRANSLATIONS = ["ja", "ko", "zh"]
LANGUAGES = ["en", *TRANSLATIONS]
EDITOR_TEXTS = f"async () => (await import('{OURS}layout_editor/texts.js')).TEXTS"
LONG = 25  # a shorter text may be the same in two languages: "clip", "x"
FORMULA = re.compile(r"[@{}|\\]|%{")  # what the page's translator takes as its own signs
NAMES = """id => {
    const node = window.app.graph.getNodeById(id);
    const named = node.inputs.map(input => [input.name, input.localized_name]);
    return {
        title: node.title,
        inputs: Object.fromEntries(named),
        outputs: node.outputs.map(output => output.localized_name),
        widgets: Object.fromEntries(node.widgets.map(one => [one.name, one.label])),
    };
}"""


@pytest.fixture
def nodes(server):
    """Our nodes as the server tells of them."""
    known = server.get("/object_info")
    ours = {name: info for name, info in known.items() if info["category"] == "MS-Diffusion"}
    assert len(ours) >= 14
    return ours


@pytest.fixture
def japanese_page(browser, newest_server):
    """A new page in Japanese, classic canvas.

    In the newest front end: that of ComfyUI 0.3.75 forgets the translations of all packs when it
    loads a language (Comfy-Org/ComfyUI_frontend#6748).
    """
    newest_server.post("/settings", {"Comfy.Locale": "ja"})
    try:
        opened = ComfyPage(browser, newest_server)
        yield opened
        opened.close()
        assert opened.our_errors() == []
    finally:
        newest_server.post("/settings", {"Comfy.Locale": "en"})


def told(info):
    """What a node tells of itself, in the form of a locale's file."""
    specs = {**info["input"]["required"], **info["input"].get("optional", {})}
    tooltips = info.get("output_tooltips") or []
    assert len(tooltips) == len(info["output_name"]), f"OUTPUT_TOOLTIPS of {info['name']}"
    return {
        "display_name": info["display_name"],
        "description": info["description"],
        "inputs": {
            name: {"name": name, "tooltip": (options[0] if options else {}).get("tooltip") or ""}
            for name, (_, *options) in specs.items()
        },
        "outputs": {
            str(number): {"name": name, "tooltip": tooltip or ""}
            for number, (name, tooltip) in enumerate(
                zip(info["output_name"], tooltips, strict=True)
            )
        },
    }


def written(language):
    """A locale's file."""
    return json.loads((ROOT / f"locales/{language}/nodeDefs.json").read_text(encoding="utf-8"))


def flat(texts, path=""):
    """Every text by its place, such as "LayoutBoxes.inputs.boxes.name"."""
    if isinstance(texts, str):
        return {path: texts}
    places = {}
    for key, value in texts.items():
        places |= flat(value, f"{path}.{key}" if path else key)
    return places


def untranslated(texts, english):
    return [place for place, text in texts.items() if text == english[place] and len(text) > LONG]


def test_there_is_a_folder_for_each_language():
    assert sorted(path.name for path in (ROOT / "locales").iterdir()) == sorted(LANGUAGES)


def test_every_node_input_and_output_tells_what_it_is(nodes):
    texts = flat({name: told(info) for name, info in nodes.items()})
    assert [place for place, text in texts.items() if not text.strip()] == []


def test_the_english_texts_are_those_of_the_nodes(nodes):
    assert flat(written("en")) == flat({name: told(info) for name, info in nodes.items()})


@pytest.mark.parametrize("language", TRANSLATIONS)
def test_a_translation_is_complete_and_has_nothing_stale(language, nodes):
    texts, english = flat(written(language)), flat({k: told(info) for k, info in nodes.items()})
    assert sorted(english.keys() - texts.keys()) == [], "missing"
    assert sorted(texts.keys() - english.keys()) == [], "no node has these"
    assert [place for place, text in texts.items() if not text.strip()] == []
    assert untranslated(texts, english) == []


@pytest.mark.parametrize("language", TRANSLATIONS)
def test_a_translated_input_also_tells_the_name_that_errors_use(language):
    for node in written(language).values():
        for name, texts in node["inputs"].items():
            if texts["name"] != name:
                assert re.search(rf"[(（]{name}[)）]$", texts["tooltip"]), texts


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_page_shows_each_text_as_it_is_written(language):
    texts = flat(written(language))
    assert [place for place, text in texts.items() if FORMULA.search(text)] == []


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_server_serves_the_texts(language, server):
    served = server.get("/i18n")[language]["nodeDefs"]
    assert {name: served.get(name) for name in written(language)} == written(language)


def test_node_and_editor_are_japanese_where_the_page_is(japanese_page):
    number = japanese_page.add("LayoutBoxes")
    shown = japanese_page.page.evaluate(NAMES, number)
    texts = written("ja")["LayoutBoxes"]
    assert shown["title"] == texts["display_name"]
    names = {name: entry["name"] for name, entry in texts["inputs"].items()}
    del names["options"], names["areas"]  # which only the editor shows
    assert shown["inputs"] == names
    assert shown["outputs"] == [entry["name"] for entry in texts["outputs"].values()]
    assert shown["widgets"]["width"] == texts["inputs"]["width"]["name"]
    editor = japanese_page.element(number, "boxes")
    expected = japanese_page.page.evaluate(EDITOR_TEXTS)["ja"]
    for tool in ("add", "mirror", "swap", "distribute", "layouts", "snap", "asText"):
        assert (
            editor.query_selector(f'[data-tool="{tool}"]').get_attribute("title")
            == (expected[tool])
        )
    options = editor.query_selector('[data-tool="layouts"]').inner_text().splitlines()
    assert expected["personHat"] in options


def test_every_node_is_found_by_other_words(nodes):
    aliases = search_aliases()
    assert aliases.keys() == nodes.keys()
    for name, words in aliases.items():
        assert words and len(set(words)) == len(words) and all(map(str.strip, words)), name
        # older servers do not tell
        assert nodes[name].get("search_aliases", words) == words


def search_aliases():
    """SEARCH_ALIASES by node, read from the source."""
    found = {}
    for path in (ROOT / "msdiffusion_nodes/nodes").glob("*.py"):
        for kind in ast.parse(path.read_text(encoding="utf-8")).body:
            for line in kind.body if isinstance(kind, ast.ClassDef) else ():
                if isinstance(line, ast.Assign) and line.targets[0].id == "SEARCH_ALIASES":
                    found[kind.name] = ast.literal_eval(line.value)
    return found
