"""Areas of any shape, painted in the editor: saved, sent, shown again, taken back."""

import io
import json

from conftest import BOTH
from editor import TWO, Editor, add_node
from PIL import Image

FIRST, SECOND = TWO
ALONG = ((0.2, 0.3), (0.35, 0.5))  # a stroke within the first box
MIDDLE = (0.275, 0.4)  # of the stroke
ASIDE = (0.33, 0.32)  # in the box, beside the stroke


def areas(look, editor):
    """The shapes that would be sent, for each box one or nothing."""
    return json.loads(look.prompt()[editor.number]["inputs"]["areas"] or "[]")


def is_coloured(editor, *points):
    return [max(rgb[:3]) - min(rgb[:3]) > 30 for rgb in editor.colours(*points)]


def paint_first(look):
    """An editor whose first box has been painted."""
    editor = Editor.add(look, TWO)
    editor.tool("select0").click()
    editor.tool("brush").click()
    editor.drag(*ALONG)
    editor.wait_for(lambda: is_coloured(editor, MIDDLE, ASIDE), [True, False])
    editor.wait_for(lambda: len(areas(look, editor)), 1)
    return editor


def again(look, editor):
    look.settle()
    look.zoom(1)
    shown = Editor(look, editor.number)
    shown.wait()
    return shown


@BOTH
def test_a_painted_area_is_saved_sent_and_shown_again(look):
    editor = paint_first(look)
    (shape,) = areas(look, editor)
    assert shape["image"].startswith("msdiffusion/area-") and shape["soft"] == 0
    brush = 0.04  # half of its width
    around = [0.2 - brush, 0.3 - brush, 0.35 + brush, 0.5 + brush]
    assert editor.boxes() == editor.near([around, SECOND], pixels=4)
    masks = add_node(look, "MaskToImage", 900, 200)
    save = add_node(look, "PreviewImage", 1200, 200)
    look.connect(editor.number, 2, masks, "mask")
    look.connect(masks, 0, save, "images")
    image = look.run()["outputs"][save]["images"][0]
    mask = Image.open(io.BytesIO(look.server.image(image))).convert("L")
    at = [mask.getpixel((int(x * mask.width), int(y * mask.height))) for x, y in (MIDDLE, ASIDE)]
    assert at[0] > 200 and at[1] < 50
    look.load(json.loads(json.dumps(look.saved())))
    shown = again(look, editor)
    shown.wait_for(lambda: is_coloured(shown, MIDDLE, ASIDE), [True, False])


@BOTH
def test_a_stroke_is_a_step_of_undo_and_the_right_button_erases(look):
    editor = paint_first(look)
    before = areas(look, editor)
    editor.drag(*ALONG[::-1], button="right")  # all of it would go, so it stays
    editor.tool("brushSize").evaluate(
        "one => { one.value = 3; one.dispatchEvent(new Event('input')); }"
    )
    editor.drag(*ALONG, button="right")
    beside = (0.25, 0.42)  # the line that is erased, in the stroke
    editor.wait_for(lambda: is_coloured(editor, MIDDLE, beside), [False, True])
    editor.wait_for(lambda: areas(look, editor) != before)
    look.page.keyboard.press("Control+z")
    shown = again(look, editor)
    shown.wait_for(lambda: is_coloured(shown, MIDDLE, ASIDE), [True, False])
    shown.canvas.focus()
    look.page.keyboard.press("Control+z")
    shown = again(look, editor)
    shown.wait_for(lambda: is_coloured(shown, MIDDLE, ASIDE), [True, True])
    assert areas(look, shown) == [] and shown.boxes() == TWO


@BOTH
def test_the_lasso_goes_around_an_area_that_moves_with_its_box(look):
    editor = Editor.add(look, [FIRST])
    editor.tool("select0").click()
    editor.tool("lasso").click()
    corners = [(0.15, 0.25), (0.35, 0.25), (0.15, 0.55)]  # a triangle
    editor.press(corners[0])
    for corner in corners[1:]:
        look.page.mouse.move(*editor.picture().at(*corner), steps=4)
    look.page.mouse.up()
    inside, outside = (0.2, 0.42), (0.33, 0.5)
    editor.wait_for(lambda: is_coloured(editor, inside, outside), [True, False])
    editor.wait_for(lambda: len(areas(look, editor)), 1)
    shape = areas(look, editor)
    editor.keys("Escape")  # puts the lasso down
    editor.drag((0.25, 0.35), (0.6, 0.65))
    moved = [(x + 0.35, y + 0.3) for x, y in (inside, outside)]
    editor.wait_for(lambda: is_coloured(editor, inside, *moved), [False, True, False])
    assert areas(look, editor) == shape
    editor.tool("unpaint").click()
    editor.wait_for(lambda: is_coloured(editor, *moved), [True, True])
    assert areas(look, editor) == []
