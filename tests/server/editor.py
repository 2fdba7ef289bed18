"""The layout editor in a node of the page: what a person sees of it and does with it.

Points are shares of the picture, as in the node's value. The mouse and the keys are real ones.
"""

import itertools
import json
import time
from contextlib import contextmanager

import pytest
from graphs import Rectangle

MARGIN = 10  # the picture's distance from the edges of its canvas, in pixels of the canvas
PATIENCE = 10  # seconds, for what takes milliseconds on a quiet machine
TWO = [[0.1, 0.2, 0.4, 0.6], [0.58, 0.3, 0.9, 0.85]]  # apart, and no edge near another
MAKE = """([kind, pos, values]) => {
    const node = window.LiteGraph.createNode(kind);
    for (const widget of node.widgets ?? []) widget.value = values[widget.name] ?? widget.value;
    node.pos = pos;
    window.app.graph.add(node);
    return String(node.id);
}"""
# the root graph, or the subgraph that is open
NODE = "const node = (opened ? window.app.canvas : window.app).graph.getNodeById(id);"
WIDGET = "node.widgets.find(one => one.name === name)"
# of the node itself, or of that of a subgraph; the page may have its element elsewhere, too
PANEL = f"""([opened, id]) => {{
    {NODE}
    const element = node.widgets.findLast(one => one.element?.matches('.msd-editor')).element;
    const seen = [...document.querySelectorAll('.msd-editor')].filter(one => one.offsetParent);
    return element.offsetParent || seen.length !== 1 ? element : seen[0];
}}"""
VALUES = f"""async ([opened, id, sent, name = 'boxes']) => {{
    {NODE}
    const value = {WIDGET}.value, {{ output }} = await window.app.graphToPrompt();
    return [value, output[sent].inputs.boxes];
}}"""
PLACE = f"""([opened, id]) => {{
    {NODE}
    const {{ offset, scale }} = window.app.canvas.ds;
    return [...node.pos, ...offset, scale];
}}"""
FOLLOWS = """([panel, text]) =>
    panel.isConnected && panel.querySelector('.msd-text').value === text"""
MEASURE = """canvas => {
    const { left, top, width, height } = canvas.getBoundingClientRect();
    return [left, top, width, height, canvas.clientWidth];
}"""
ROWS = """panel => [...panel.querySelectorAll('.msd-row')].map(row => {
    const image = row.querySelector('img');
    const seen = getComputedStyle(image).visibility === 'visible' && image.naturalWidth > 0;
    const file = seen ? new URL(image.src).searchParams.get('filename') : null;
    return [row.querySelector('input').value, file];
})"""
COLOURS = """(canvas, shares) => {
    const context = canvas.getContext('2d');
    return shares.map(([x, y]) =>
        Array.from(context.getImageData(x * canvas.width, y * canvas.height, 1, 1).data));
}"""
NUMBERS = itertools.count()


class Editor:
    """The editor of one Layout Boxes node.

    `opened` says that the node is in the subgraph that is open, `sent_as` is the node's id in the
    prompt, `aspect` the picture's width by its height.
    """

    def __init__(self, look, number, opened=False, sent_as=None, aspect=1.0):
        self.look = look
        self.page = look.page
        self.number = number
        self.opened = opened
        self.sent_as = sent_as or number
        self.aspect = aspect
        found = self.page.evaluate_handle(PANEL, [opened, number])
        self.panel = found.as_element()
        self.canvas = self.panel.query_selector(".msd-canvas")
        self.mark = f"editor-{next(NUMBERS)}"  # to find it again, whatever it holds by then
        self.panel.evaluate("(panel, mark) => { panel.dataset.test = mark; }", self.mark)

    @classmethod
    def add(cls, look, boxes=TWO, size=(1024, 1024), left=300, top=130):
        """A new node with these boxes, in a picture of this size."""
        values = {"boxes": json.dumps(boxes), "width": size[0], "height": size[1]}
        number = add_node(look, "LayoutBoxes", left, top, **values)
        made = cls(look, number, aspect=size[0] / size[1])
        made.wait(values["boxes"])
        return made

    def set(self, boxes):
        """Changes the value from outside, and waits until the editor shows it."""
        text = json.dumps(boxes)
        self.look.set_widget(self.number, "boxes", text)
        self.wait(text)

    def wait(self, text=None):
        """Waits until the editor shows the node's value."""
        text = self.value() if text is None else text
        self.page.wait_for_function(FOLLOWS, arg=[self.panel, text])
        self.look.settle()

    def wait_for(self, look_up, expected=True):
        """Waits until a function gives what is expected: the editor looks around every 300 ms."""
        end = time.monotonic() + PATIENCE
        while (found := look_up()) != expected and time.monotonic() < end:
            self.page.wait_for_timeout(30)
        assert found == expected, f"{found} instead of {expected}"

    def value(self):
        """The node's value, which is also what the page would send."""
        value, sent = self.page.evaluate(VALUES, [self.opened, self.number, self.sent_as])
        assert sent == value, f"{sent} is sent, but {value} is the value"
        return value

    def boxes(self):
        return json.loads(self.value())

    def near(self, boxes, pixels=1.5):
        """These boxes, give or take some pixels of the screen."""
        picture = self.picture()
        reach = pixels / min(picture.width, picture.height)
        return [pytest.approx(box, abs=reach) for box in boxes]

    def picture(self):
        """Where the picture is on the screen: as large as the canvas and its margin allow."""
        left, top, across, down, plain = self.canvas.evaluate(MEASURE)
        assert across, "the editor is not on the screen"
        margin = MARGIN * across / plain
        width = min(across - 2 * margin, (down - 2 * margin) * self.aspect)
        height = width / self.aspect
        return Rectangle(left + (across - width) / 2, top + (down - height) / 2, width, height)

    def press(self, point, end=None, button="left"):
        """Presses the mouse at a point of the picture, and moves it to another."""
        self.look.settle()  # the list may be about to give the canvas more room, or less
        picture = self.picture()
        self.page.mouse.move(*picture.at(*point))
        self.page.mouse.down(button=button)
        if end:
            self.page.mouse.move(*picture.at(*end), steps=2)

    def drag(self, start, end, keys=(), button="left"):
        """Drags from one point of the picture to another, with these keys held."""
        with self.still(), self.held(*keys):
            self.press(start, end, button)
            self.page.mouse.up(button=button)

    def click(self, point, keys=(), button="left"):
        self.look.settle()
        with self.still(), self.held(*keys):
            self.page.mouse.click(*self.picture().at(*point), button=button)

    @contextmanager
    def held(self, *keys):
        """Holds keys down."""
        for key in keys:
            self.page.keyboard.down(key)
        yield
        for key in keys:
            self.page.keyboard.up(key)

    @contextmanager
    def still(self):
        """Neither the node nor the graph moves in the meantime."""
        before = self.place()
        yield
        assert self.place() == before, f"{self.place()} instead of {before}"

    def place(self):
        """The node's place in the graph, and the graph's offset and scale."""
        return self.page.evaluate(PLACE, [self.opened, self.number])

    def keys(self, *keys):
        """Presses keys one after another, such as "Shift+Tab"."""
        for key in keys:
            self.page.keyboard.press(key)

    def selected(self):
        """The number of the selected box, counted from 0; None where none is."""
        self.look.settle()
        rows = self.panel.query_selector_all(".msd-row.msd-selected")
        assert len(rows) <= 1
        return int(rows[0].get_attribute("data-box")) if rows else None

    def tool(self, name):
        """A button, a select or a name of the panel, by its data-tool."""
        return self.page.locator(f'[data-test="{self.mark}"] [data-tool="{name}"]')

    def rename(self, index, name):
        """Types another name in the list."""
        self.tool(f"name{index}").click()
        self.keys("Control+a", "Delete")
        self.page.keyboard.type(name)
        self.keys("Enter")

    def rows(self):
        """The name and the picture's file of each row of the list, from its top."""
        self.look.settle()
        return [tuple(row) for row in self.panel.evaluate(ROWS)]

    def message(self):
        self.look.settle()
        return self.panel.query_selector(".msd-message").inner_text()

    def painted(self):
        """What the canvas shows, for comparisons."""
        self.look.settle()
        return self.canvas.evaluate("canvas => canvas.toDataURL()")

    def colours(self, *points):
        """The canvas's red, green, blue and opacity at points of the picture."""
        self.look.settle()
        left, top, width, height, _ = self.canvas.evaluate(MEASURE)
        picture = self.picture()
        places = [picture.at(*point) for point in points]
        shares = [[(x - left) / width, (y - top) / height] for x, y in places]
        return self.canvas.evaluate(COLOURS, shares)

    def shows(self, boxes):
        """Whether the canvas is coloured where these boxes are, and only there."""
        points = [(x / 20, y / 20) for y in range(1, 20) for x in range(1, 20)]
        picture = self.picture()
        label = max(0.15, 24 / picture.height)  # its height, as a share
        least = min(picture.width, picture.height)
        edge = 0.05 if least > 100 else 12 / least  # handles stand around small boxes
        unclear = [any(_unclear(one, box, label, edge) for box in boxes) for one in points]
        points = [one for one, hidden in zip(points, unclear, strict=True) if not hidden]
        inside = [any(_inside(point, box) for box in boxes) for point in points]
        # the theme's colours are greys
        coloured = [max(rgb[:3]) - min(rgb[:3]) > 8 for rgb in self.colours(*points)]
        return coloured == inside


def _inside(point, box):
    return box[0] < point[0] < box[2] and box[1] < point[1] < box[3]


def _unclear(point, box, high, edge):
    """Whether a point lies at the edge of a box, where handles are, or on its label."""
    left, top, right, bottom = box
    around = _inside(point, (left - edge, top - edge, right + edge, bottom + edge))
    label = _inside(point, (left, top, left + 0.15, top + high))
    within = _inside(point, (left + edge, top + edge, right - edge, bottom - edge))
    return label or (around and not within)


def add_node(look, kind, left, top, **values):
    """A node whose widgets have these values; returns its id."""
    return look.page.evaluate(MAKE, [kind, [left, top], values])


def add_subjects(look, subjects, left=950, top=130):
    """Encode Subjects with a phrase and a picture a subject, each from its Load Image."""
    encode = add_node(look, "EncodeSubjects", left, top, phrases="\n".join(subjects))
    for index, file in enumerate(subjects.values()):
        load = add_node(look, "LoadImage", left + 400, top + 400 * index, image=file)
        look.connect(load, 0, encode, f"image_{index + 1}")
    return encode


def sent_subjects(look, number):
    """The phrase and the picture's file of each subject that a node gets in the prompt sent."""
    prompt = look.prompt()

    def value(inputs, name):
        """An input's value, which may be another node's text."""
        came = inputs.get(name)
        return value(prompt[came[0]]["inputs"], "value") if isinstance(came, list) else came

    def behind(number):
        inputs = prompt[number]["inputs"]
        earlier = behind(inputs["subjects"][0]) if "subjects" in inputs else []
        if prompt[number]["class_type"] != "EncodeSubjects":
            return earlier
        pictures = [name for name in sorted(inputs) if name.startswith("image_")]
        files = [prompt[inputs[name][0]]["inputs"]["image"] for name in pictures]
        return earlier + list(zip(value(inputs, "phrases").split("\n"), files, strict=True))

    return behind(number)
