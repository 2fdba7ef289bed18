"""From the empty page to the first picture of one's own, with as few actions as promised."""

import shutil

import pytest
from apps import ITEMS, RESULT, RUN, App
from conftest import LOOKS
from newcomer import Newcomer
from pages import ELSEWHERE, NO_BANNER, SETTINGS
from templates import FIRST, PICTURES
from test_http import painted

NAMES, PROMPT = "woman\nrocket", "a woman in front of a rocket, evening sky"
WORDS = "ms diffusion"
NEVER_HERE = {"Comfy.TutorialCompleted": False, "Comfy.OnboardingCoachmarks.Seen": []}
READY = "() => !!window.app?.graph && !!window.LiteGraph?.registered_node_types.ApplyMSDiffusion"


@pytest.fixture
def first_visit(browser, newest_server):
    """The newest page as somebody sees it who has never been there."""
    newest_server.post("/settings", {**SETTINGS, **NEVER_HERE})
    page = browser.new_page(viewport={"width": 1366, "height": 768})
    page.route(ELSEWHERE, lambda route: route.abort())
    page.add_init_script(NO_BANNER)
    page.goto(newest_server.address)
    page.wait_for_function(READY, timeout=60_000)
    yield page
    page.close()
    newest_server.post("/settings", SETTINGS)


@pytest.fixture
def photographs(tmp_path):
    """Two of the newcomer's own, which the server has never seen."""
    files = {"msdiffusion_astronaut.jpg": "my_aunt.jpg", "msdiffusion_rocket.jpg": "my_rocket.jpg"}
    return [shutil.copyfile(PICTURES / file, tmp_path / mine) for file, mine in files.items()]


def own(prompt, photographs):
    """Whether a prompt has the newcomer's pictures, names and text."""
    values = [value for node in prompt.values() for value in node["inputs"].values()]
    return all(one in values for one in (NAMES, PROMPT, *(path.name for path in photographs)))


def field(look, number, name):
    """The field of a node's text."""
    if look.nodes2:
        return look.page.locator(f'[data-node-id="{number}"] textarea')
    return look.element(number, name)


class Seen:
    """What `App` needs of a page."""

    def __init__(self, page, server):
        self.page = page
        self.server = server


def test_the_first_picture_of_an_app_takes_eight_actions(first_visit, newest_server, photographs):
    """On a first visit the page shows the templates by itself, and greets before the first app."""
    me = Newcomer(first_visit)
    me.search(WORDS)
    assert me.choose() == FIRST.stem
    app = App(Seen(first_visit, newest_server))
    me.act("click Skip", app.skip_tour)
    for number, path in enumerate(photographs, 1):
        zone = app.item(f"picture {number}").locator("[data-slot=drop-zone]")
        me.drop(path, zone.element_handle())
        zone.locator(f"img[src*='{path.name}']").wait_for()
    me.write(app.item("names").locator("textarea"), NAMES)
    me.write(app.item("prompt").locator("textarea"), PROMPT)
    with first_visit.expect_response("**/prompt") as answer:
        me.act("click Run", first_visit.locator(RUN).filter(visible=True).click)
    entry = newest_server.wait(answer.value.json()["prompt_id"])
    sent = entry["prompt"][2]
    assert own(sent, photographs) and painted(newest_server, sent, entry).std() > 0
    first_visit.locator(RESULT).filter(visible=True).first.wait_for()
    assert len(me.done) <= 8, me.done


@pytest.mark.parametrize("opened_look", [LOOKS[0], LOOKS[-1]], indirect=True, ids="-".join)
def test_the_first_picture_in_the_graph_takes_fourteen_actions(look, photographs):
    page = look.page
    page.set_viewport_size({"width": 1366, "height": 768})
    me = Newcomer(page)
    me.browse()
    me.search(WORDS)
    assert me.choose() == FIRST.stem
    App(look).skip_tour()  # the page's greeting, once for all apps
    if page.locator(ITEMS).count():
        me.act("click Graph", page.get_by_role("button", name="Graph").first.click)
        look.settle()
    for number, path in zip(("4", "5"), photographs, strict=True):
        me.drop(path, at=look.node_rectangle(number).at(0.5, 0.8))
        page.wait_for_function(
            "([id, name]) => window.app.graph.getNodeById(id).widgets[0].value === name",
            arg=[number, path.name],
        )
    me.write(field(look, "6", "phrases"), NAMES)
    me.write(field(look, "9", "text"), PROMPT)
    with page.expect_response("**/prompt") as answer:
        me.act("click Run", page.get_by_role("button", name="Run", exact=True).first.click)
    entry = look.server.wait(answer.value.json()["prompt_id"])
    sent = entry["prompt"][2]
    assert own(sent, photographs) and painted(look.server, sent, entry).std() > 0
    assert len(me.done) <= 14, me.done
