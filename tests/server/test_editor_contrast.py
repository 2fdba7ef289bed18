"""What is seen of the layout editor stands out: outlines, names, the picture's frame, texts."""

import pytest
from conftest import BOTH
from contrast import behind, contrast, greatest, screen
from editor import TWO, Editor

# eight boxes, one of each colour, in two rows; their outlines are apart from each other
EIGHT = [
    [left / 100, top, left / 100 + 0.19, top + 0.38]
    for top in (0.08, 0.55)
    for left in (3, 27, 51, 75)
]
LINE = 3  # contrast that outlines need, and texts
TEXT = 4.5
FIVE = [*TWO, [0.15, 0.7, 0.35, 0.95], [0.45, 0.05, 0.55, 0.2], [0, 0, 0, 0]]
TEXTS = """panel => {
    const seen = [...panel.querySelectorAll('button, select, input, .msd-message, .msd-note')]
        .filter(one => !one.disabled && (one.value || one.textContent));
    const context = document.createElement('canvas').getContext('2d');
    const rgb = colour => {
        context.fillStyle = colour;
        context.fillRect(0, 0, 1, 1);
        return Array.from(context.getImageData(0, 0, 1, 1).data.slice(0, 3));
    };
    return seen.map(one => [
        one.dataset.tool ?? one.className,
        rgb(getComputedStyle(one).color),
        Object.values(one.getBoundingClientRect().toJSON()).slice(0, 4),
    ]);
}"""
RING = """one => {
    one.focus();
    const { outlineStyle, outlineWidth } = getComputedStyle(one);
    return [outlineStyle, parseFloat(outlineWidth)];
}"""

pytestmark = BOTH


@pytest.fixture(params=["dark", "light"])
def themed(look, request):
    look.theme(request.param)
    return look


def test_outlines_stand_out_from_the_sheet_in_every_colour(themed):
    editor = Editor.add(themed, EIGHT)
    shown, picture = _shown(editor), editor.picture()
    sheet = shown.getpixel(tuple(map(round, picture.at(0.5, 0.5))))
    for index, (left, top, right, bottom) in enumerate(EIGHT):
        edges = [(left, 0.7, 5, 0), (right, 0.7, 5, 0), (0.7, top, 0, 5), (0.7, bottom, 0, 5)]
        for at, (x, y, *reach) in enumerate(edges):
            across = x if at < 2 else left + x * (right - left)
            down = top + y * (bottom - top) if at < 2 else y
            patch = _around(shown, picture.at(across, down), reach)
            assert greatest(patch, sheet) >= LINE, (index, at)


def test_names_stand_out_from_their_plates_in_every_colour(themed):
    editor = Editor.add(themed, EIGHT)
    shown, picture = _shown(editor), editor.picture()
    for index, (left, top, *_) in enumerate(EIGHT):
        x, y = picture.at(left, top)
        number = shown.crop((round(x) + 5, round(y) + 4, round(x) + 15, round(y) + 19))
        assert greatest(number, behind(number)) >= TEXT, index


@pytest.mark.parametrize("scale", [0.5, 0.6, 0.7, 1])
def test_the_frame_of_the_picture_is_seen_when_zoomed_out(themed, scale):
    editor = Editor.add(themed, [], size=(1024, 768))
    themed.zoom(scale, 200, 200)
    themed.page.wait_for_timeout(700)  # the editor looks around every 300 ms
    shown, picture = _shown(editor), editor.picture()
    sheet = shown.getpixel(tuple(map(round, picture.at(0.5, 0.3))))
    for share in (0.2, 0.37, 0.81):
        for x, y, *reach in [
            (share, 0, 0, 3),
            (share, 1, 0, 3),
            (0, share, 3, 0),
            (1, share, 3, 0),
        ]:
            patch = _around(shown, picture.at(x, y), reach)
            assert greatest(patch, sheet) >= LINE, (x, y)


def test_texts_stand_out_from_their_background(themed):
    editor = Editor.add(themed, FIVE)
    editor.rename(0, "dog")
    editor.tool("remove1").click()
    seen = _texts(editor)
    editor.set([])  # with a message
    seen += _texts(editor)
    editor.tool("asText").click()
    editor.panel.wait_for_selector(".msd-text", state="visible").fill("{")
    seen += _texts(editor)
    assert len(seen) > 20 and any("msd-fault" in name for name, _ in seen)
    assert [(name, ratio) for name, ratio in seen if ratio < TEXT] == []


def test_what_has_the_keyboard_has_a_ring(themed):
    editor = Editor.add(themed, TWO)
    editor.canvas.focus()
    editor.keys("Escape")  # the keyboard was used last
    tools = editor.panel.query_selector_all(
        "button:enabled, select, input:enabled:not([hidden]), canvas"
    )
    assert len(tools) > 10
    for tool in tools:
        style, width = tool.evaluate(RING)
        assert style == "solid" and width >= 2, tool.get_attribute("data-tool")
        before = themed.rectangle(tool)
        ring = _around(_shown(editor), before.at(0.5, 0), (0, 2))
        assert greatest(ring, behind(_around(_shown(editor), before.at(0.5, 0.5), (3, 3)))) >= LINE


def _shown(editor):
    editor.page.mouse.move(5, 600)  # no button is lit up
    editor.look.settle()
    return screen(editor.page)


def _around(shown, point, reach):
    """The pixels at a point, and as many to all sides as the reach says."""
    (x, y), (across, down) = map(round, point), reach
    return shown.crop((x - across, y - down, x + across + 1, y + down + 1))


def _texts(editor):
    """Each text of the panel with the contrast to what is behind it."""
    shown = _shown(editor)
    found = []
    for name, colour, (left, top, width, height) in editor.panel.evaluate(TEXTS):
        patch = shown.crop((left + 3, top + 3, left + width - 3, top + height - 3))
        found.append((name, round(contrast(colour, behind(patch)), 2)))
    return found
