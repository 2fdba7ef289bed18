"""The page's search of nodes, by words of people who do not know what the nodes are called."""

import pytest
from conftest import BOTH
from pages import OURS
from test_locales import search_aliases

FIRST = 8  # results that are seen without scrolling; newer ComfyUIs have boxes, too
RESULTS = "[role=option]:visible, [data-testid=result-item]:visible"  # of older and newer pages
CLOSED = "() => !document.querySelector('[role=dialog], .p-dialog')"
NODES = {
    "multiple characters": "Apply MS-Diffusion",
    "multiple subjects": "Apply MS-Diffusion",
    "two people": "Apply MS-Diffusion",
    "character": "Apply MS-Diffusion",
    "reference image": "Encode Subjects",
    "bounding box": "Layout Boxes",
    "regional": "Layout Boxes",
    "ip adapter": "Load MS-Diffusion Model",
    "msdiffusion": "Apply MS-Diffusion",
    "encode subjects": "Encode Subjects",
    "layout boxes": "Layout Boxes",
}
WORDS = f"async () => (await import('{OURS}search_words/words.js')).WORDS"


def found(look, words):
    """What the search lists first, after a double click on the empty canvas."""
    look.page.wait_for_function(CLOSED)  # that of the test before, which fades
    for _ in range(3):  # a page that has just made a new graph may miss a double click
        look.page.mouse.dblclick(800, 600)
        look.page.wait_for_timeout(500)
        if look.page.locator("input:focus").count():
            break
    look.page.keyboard.type(words)
    before, results = None, []
    for _ in range(12):  # until the list no longer changes: it waits for the typing to end
        look.page.wait_for_timeout(700)
        before, results = results, look.page.locator(RESULTS).all_inner_texts()
        if results and results == before:
            break
    return [text.split("\n")[0].strip() for text in results if text.strip()][:FIRST]


@BOTH
@pytest.mark.parametrize("words", NODES)
def test_a_node_is_found_by(words, look):
    assert any(NODES[words] in name for name in found(look, words))


@BOTH
def test_a_node_from_the_search_has_its_own_name(look):
    found(look, "reference image")
    look.page.locator(RESULTS).filter(has_text="Encode Subjects").first.click()
    look.page.wait_for_function("() => window.app.graph._nodes.length")
    assert look.page.evaluate("() => window.app.graph._nodes[0].title") == (
        "Encode Subjects (MS-Diffusion)"
    )
    assert "title" not in look.saved()["nodes"][0]


@BOTH
def test_newer_servers_send_the_same_words(look):
    aliases = search_aliases()
    for name, words in look.page.evaluate(WORDS).items():
        assert set(words) <= set(aliases[name]), name
