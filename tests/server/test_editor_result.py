"""The last result behind the boxes: real runs on tiny models, what they tell, what is painted."""

import io
import json
import os

import pytest
from conftest import BOTH, LOOKS, start_server
from demo_models import use_tiny_models
from editor import TWO, Editor, add_node, add_subjects
from pages import ComfyPage
from PIL import Image
from prompt_errors import PromptError
from templates import FIRST, TEMPLATES

OUTSIDE = (0.5, 0.1)  # of both boxes
RANGE = """(range, [value, type]) => {
    range.value = value;
    range.dispatchEvent(new Event(type, { bubbles: true }));
}"""
# what the editor loads to be shown, what it has painted of it, and addresses of previews
WATCH = """() => {
    const seen = window.msdSeen = { painted: [], loaded: 0, made: 0, released: 0 };
    const isOurs = () => new Error().stack.includes('latest.js');
    const draw = window.msdDraw ??= CanvasRenderingContext2D.prototype.drawImage;
    CanvasRenderingContext2D.prototype.drawImage = function (image, ...where) {
        if (this.canvas.matches('.msd-canvas') && image.src) seen.painted.push(image.src);
        return draw.call(this, image, ...where);
    };
    const Plain = window.msdImage ??= window.Image;
    window.Image = function (...size) {
        if (isOurs()) seen.loaded++;
        return new Plain(...size);
    };
    const make = window.msdMake ??= URL.createObjectURL;
    const release = window.msdRelease ??= URL.revokeObjectURL;
    const ours = new Set();
    URL.createObjectURL = blob => {
        const url = make.call(URL, blob);
        if (isOurs()) ours.add(url), seen.made++;
        return url;
    };
    URL.revokeObjectURL = url => {
        if (ours.delete(url)) seen.released++;
        return release.call(URL, url);
    };
}"""
SEEN = "() => window.msdSeen"


@pytest.fixture(params=[LOOKS[0], LOOKS[-1]], ids="-".join)
def previewing(request, browser, tmp_path):
    """A page whose server makes previews."""
    front_end, renderer = request.param
    arguments = ["--preview-method", "latent2rgb"]
    if front_end == "newest":
        arguments += ["--front-end-root", os.environ["FRONT_END_ROOT"]]
    with start_server(tmp_path, *arguments) as running:
        page = ComfyPage(browser, running, nodes2=renderer == "nodes2")
        page.reset()
        yield page
        assert page.our_errors() == []
        page.close()


def opened(look, path=FIRST, steps=2):
    """A template on tiny models, its editor, and the ids of its nodes by type."""
    look.load(use_tiny_models(json.loads(path.read_text())))
    look.zoom(1)
    ids = {node["type"]: str(node["id"]) for node in look.saved()["nodes"]}
    values = {"boxes": json.dumps(TWO), "width": 256, "height": 192}
    for key, value in values.items():
        look.set_widget(ids["LayoutBoxes"], key, value)
    look.set_widget(ids["KSampler"], "steps", steps)
    return editor_of(look, ids), ids


def editor_of(look, ids):
    center = "id => { window.app.canvas.centerOnNode(window.app.graph.getNodeById(id)); }"
    look.page.evaluate(center, ids["LayoutBoxes"])
    editor = Editor(look, ids["LayoutBoxes"], aspect=256 / 192)
    editor.wait()
    return editor


def saved_name(entry, ids):
    """The name of the file that a run has saved."""
    return entry["outputs"][ids["SaveImage"]]["images"][0]["filename"]


def result(look, entry, number):
    """The picture that a node has saved in a run."""
    return Image.open(io.BytesIO(look.server.image(entry["outputs"][number]["images"][0])))


def mixed(editor, picture, point, brightness):
    """The colour of a picture around a point, over the sheet."""
    sheet = editor.canvas.evaluate("one => getComputedStyle(one).backgroundColor")
    behind = [int(part) for part in sheet[4:-1].split(",")[:3]]
    (left, top), (right, bottom) = around(point)[0], around(point)[-1]
    width, height = picture.size
    patch = (left * width, top * height, right * width, bottom * height)
    over = picture.convert("RGB").resize((1, 1), Image.Resampling.BOX, patch).getpixel((0, 0))
    mix = [brightness * a + (1 - brightness) * b for a, b in zip(over, behind, strict=True)]
    return pytest.approx(mix, abs=14)  # a canvas of another size rounds otherwise


def shown(editor, point):
    """What the canvas shows around a point."""
    return [sum(each) / 25 for each in zip(*editor.colours(*around(point)), strict=True)][:3]


def around(point):
    reach = (-0.04, -0.02, 0, 0.02, 0.04)
    return [(point[0] + x, point[1] + y) for y in reach for x in reach]


def seen(look):
    """What `WATCH` has seen."""
    return look.page.evaluate(SEEN)


def wait_for_outcome(look, ids):
    """Waits until the page knows of what a run has saved, and the editor has looked around."""
    known = "id => window.app.nodeOutputs[id]?.images"
    look.page.wait_for_function(known, arg=ids["SaveImage"])
    look.page.wait_for_timeout(700)


def painted_last(look, name):
    """Waits until the canvas has painted the picture in this file last."""
    last = "name => window.msdSeen.painted.at(-1)?.includes(name)"
    look.page.wait_for_function(last, arg=name)


@BOTH
def test_the_last_result_is_shown_behind_the_boxes_and_stays_when_a_run_fails(look):
    editor, ids = opened(look)
    plain = editor.colours(OUTSIDE)
    picture = result(look, look.run(), ids["SaveImage"])
    wait_for_outcome(look, ids)
    assert editor.colours(OUTSIDE) == plain  # it is off at first
    toggle = editor.tool("result")
    assert toggle.get_attribute("aria-pressed") == "false" and toggle.get_attribute("title")
    toggle.click()
    points = (OUTSIDE, (0.2, 0.8), (0.48, 0.9))
    expected = [mixed(editor, picture, point, 0.6) for point in points]
    editor.wait_for(lambda: [shown(editor, point) for point in points], expected)
    assert toggle.get_attribute("aria-pressed") == "true"
    editor.set(TWO[:1])  # fewer boxes than subjects
    with pytest.raises(PromptError):
        look.run()
    look.page.keyboard.press("Escape")  # the page's message
    look.page.wait_for_timeout(700)
    assert [shown(editor, point) for point in points] == expected
    toggle.evaluate("one => one.click()")  # the page may not have put its message away yet
    editor.wait_for(lambda: editor.colours(OUTSIDE), plain)


@BOTH
def test_the_slider_sets_how_bright_the_picture_is(look):
    editor = Editor.add(look, TWO)
    slider = editor.tool("brightness")
    assert slider.is_disabled()  # there is no picture
    load = add_node(look, "LoadImage", 900, 200, image="coffee.png")
    look.connect(load, 0, editor.number, "picture")
    editor.wait_for(slider.is_enabled)
    between = (0.5, 0.25)  # the boxes, on the picture
    before = editor.colours(between)[0]
    slider.evaluate(RANGE, ["10", "input"])
    dim = editor.colours(between)[0]
    slider.evaluate(RANGE, ["100", "input"])
    slider.evaluate(RANGE, ["100", "change"])
    bright = editor.colours(between)[0]
    assert len({tuple(one) for one in (before, dim, bright)}) == 3
    look.load(json.loads(json.dumps(look.saved())))
    look.zoom(1)
    again = Editor(look, editor.number)
    again.wait_for(lambda: again.colours(between)[0], bright)  # it is kept with the node


@BOTH
def test_nothing_is_loaded_while_it_is_off(look):
    _, ids = opened(look)
    look.page.evaluate(WATCH)
    look.run()
    wait_for_outcome(look, ids)
    assert seen(look)["loaded"] == 0


def test_the_preview_is_shown_until_a_run_is_stopped_and_then_the_last_result(previewing):
    editor, ids = opened(previewing)
    editor.tool("result").click()
    previewing.page.evaluate(WATCH)
    name = saved_name(previewing.run(), ids)
    painted_last(previewing, name)
    previewing.set_widget(ids["KSampler"], "steps", 2000)
    previewing.page.evaluate("() => { window.app.queuePrompt(0, 1); }")
    painted_last(previewing, "blob:")
    previewing.server.post("/interrupt", {})
    painted_last(previewing, name)
    told = seen(previewing)
    assert told["made"] == told["released"] > 0


@BOTH
def test_another_layouts_result_is_not_shown(look):
    editor, ids = opened(look)
    other = Editor.add(look, TWO, (256, 192))
    encode = add_subjects(look, {"cup": "coffee.png"})
    look.connect(encode, 0, other.number, "subjects")
    other.tool("result").evaluate("one => one.click()")
    look.page.evaluate(WATCH)
    name = saved_name(look.run(), ids)
    wait_for_outcome(look, ids)
    assert not any(name in address for address in seen(look)["painted"])
    editor.tool("result").evaluate("one => one.click()")
    painted_last(look, name)  # and that of its own layout is


@BOTH
def test_another_workflows_result_is_not_shown(look):
    editor, ids = opened(look, steps=20)
    editor.tool("result").click()
    copy = look.saved()
    with look.page.expect_response("**/prompt") as answer:
        look.page.evaluate("() => window.app.queuePrompt(0, 1)")
    look.load(copy)  # the same nodes, under the same ids
    look.page.evaluate(WATCH)
    entry = look.server.wait(answer.value.json()["prompt_id"])
    editor_of(look, ids)
    look.page.wait_for_timeout(700)
    assert seen(look)["loaded"] == 0
    look.command("Workspace.PreviousOpenedWorkflow")
    painted_last(look, saved_name(entry, ids))


@BOTH
def test_found_areas_are_outlined_in_the_boxes_colours(look):
    editor, ids = opened(look, TEMPLATES / "auto_layout.json", steps=3)
    look.set_widget(ids["AutoLayout"], "start_step", 1)
    told = """() => {
        const on = ({ detail }) => { window.msdTold = detail; };
        window.comfyAPI.api.api.addEventListener('msdiffusion_areas', on);
    }"""
    look.page.evaluate(told)
    editor.tool("result").click()
    look.run()
    look.page.wait_for_function("() => window.msdTold")
    told = look.page.evaluate("() => window.msdTold")
    assert str(told["node"]) == ids["KSampler"] and len(told["areas"]) == 2
    cells = told["columns"] * told["rows"]
    assert max(told["columns"], told["rows"]) <= 64
    assert all(sum(runs) == cells for runs in told["areas"])
    editor.set([[0, 0, 0, 0], [0, 0, 0, 0]])  # only the outlines are coloured now
    first, second = (points(told, number) for number in (0, 1))
    orange = lambda rgb: rgb[0] - rgb[2] > 120  # noqa: E731
    blue = lambda rgb: rgb[2] - rgb[0] > 80  # noqa: E731
    own = [point for point in first if point not in second]
    others = [point for point in second if point not in first]
    assert own or others, "the areas are the same"
    editor.wait_for(lambda: all(map(orange, editor.colours(*own))))
    assert all(map(blue, editor.colours(*others)))
    editor.tool("result").click()
    editor.wait_for(lambda: not any(map(orange, editor.colours(*own))))


def points(told, number):
    """Points at the middle of edges of an area, between its cells and others in a row."""
    columns, rows = told["columns"], told["rows"]
    flat = [n % 2 for n, count in enumerate(told["areas"][number]) for _ in range(count)]
    return [
        (x / columns, (y + 0.5) / rows)
        for y in range(rows)
        for x in range(1, columns)
        if flat[y * columns + x] != flat[y * columns + x - 1]
    ]
