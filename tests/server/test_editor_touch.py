"""Fingers on the layout editor."""

from editor import TWO, Editor
from pytest import approx


class Fingers:
    """Fingers on the picture: events of touch as Chromium makes them, at points in shares."""

    def __init__(self, editor):
        self.session = editor.page.context.new_cdp_session(editor.page)
        self.picture = editor.picture()

    def send(self, kind, *points):
        """`points` are those of all fingers that touch, `(x, y)` of finger 0, 1, …."""
        places = [self.picture.at(*point) for point in points]
        touches = [{"x": x, "y": y, "id": finger} for finger, (x, y) in enumerate(places)]
        event = {"type": kind, "touchPoints": touches}
        self.session.send("Input.dispatchTouchEvent", event)

    def drag(self, start, end):
        self.send("touchStart", start)
        self.send("touchMove", ((start[0] + end[0]) / 2, (start[1] + end[1]) / 2))
        self.send("touchMove", end)
        self.send("touchEnd")

    def tap(self, point):
        self.send("touchStart", point)
        self.send("touchEnd")


def test_one_finger_draws_selects_and_moves(look):
    editor = Editor.add(look, TWO)
    fingers = Fingers(editor)
    with editor.still():
        fingers.drag((0.18, 0.7), (0.33, 0.93))
    assert editor.boxes() == editor.near([*TWO, [0.18, 0.7, 0.33, 0.93]])
    fingers = Fingers(editor)
    with editor.still():
        fingers.tap((0.7, 0.5))
    assert editor.selected() == 1
    with editor.still():
        fingers.drag((0.7, 0.5), (0.74, 0.5))
    assert editor.boxes()[1] == editor.near([[0.62, 0.3, 0.94, 0.85]])[0]


def test_a_finger_takes_a_handle_from_fifteen_pixels_away(look):
    editor = Editor.add(look, TWO)
    fingers = Fingers(editor)
    fingers.tap((0.25, 0.4))
    assert editor.selected() == 0
    away = 15 / fingers.picture.width
    # outside of the corner: the edge goes to the finger or moves as far as the finger does
    with editor.still():
        fingers.drag((0.4 + away / 2, 0.6 + away), (0.45, 0.75))
    left, top, right, bottom = editor.boxes()[0]
    assert (left, top) == (0.1, 0.2)
    assert 0.45 - away <= right <= 0.45 + 0.01 and 0.75 - away - 0.01 <= bottom <= 0.75 + 0.01
    assert len(editor.boxes()) == 2


def test_a_second_finger_does_not_disturb(look):
    editor = Editor.add(look, TWO)
    fingers = Fingers(editor)
    with editor.still():
        fingers.send("touchStart", (0.25, 0.4))
        fingers.send("touchMove", (0.26, 0.45))
        fingers.send("touchStart", (0.26, 0.45), (0.7, 0.6))
        fingers.send("touchMove", (0.26, 0.45), (0.8, 0.2))
        fingers.send("touchMove", (0.28, 0.56), (0.9, 0.1))
        fingers.send("touchEnd", (0.28, 0.56))
        fingers.send("touchEnd")
    assert editor.boxes() == editor.near([[0.13, 0.36, 0.43, 0.76], TWO[1]])


def test_two_fingers_zoom_the_graph_as_they_do_over_any_node(look):
    editor = Editor.add(look, TWO)
    before, scale = editor.value(), editor.place()[-1]
    fingers = Fingers(editor)
    fingers.send("touchStart", (0.25, 0.4))
    fingers.send("touchStart", (0.25, 0.4), (0.7, 0.6))
    for step in range(1, 5):
        by = step / 40
        fingers.send("touchMove", (0.25 - by, 0.4 - by), (0.7 + by, 0.6 + by))
    fingers.send("touchEnd", (0.15, 0.3))
    fingers.send("touchEnd")
    look.settle()
    assert editor.place()[-1] > scale * 1.1
    assert editor.value() == before and editor.selected() is None


def test_the_mouse_works_on_the_graph_after_fingers_drew(look):
    editor = Editor.add(look, TWO)
    Fingers(editor).drag((0.18, 0.7), (0.33, 0.93))
    title = look.node_rectangle(editor.number)
    look.drag((title.left + 150, title.top + 12), (title.left + 230, title.top + 52))
    look.settle()
    assert look.node_rectangle(editor.number).left == approx(title.left + 80, abs=12)
