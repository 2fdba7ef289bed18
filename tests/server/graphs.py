"""The graph in ComfyUI's page: what a test does to its nodes, and where they are on the screen.

A node is named by its id as text. Older front ends count nodes in numbers and newer ones in text;
both find a node by the text.
"""

import json
from typing import NamedTuple

FRAMES = "() => new Promise(done => requestAnimationFrame(() => requestAnimationFrame(done)))"
NODE = "const node = window.app.graph.getNodeById(id);"
BOUNDS = (
    "id => {"
    + NODE
    + """
    const [left, top, width, height] = node.getBounding(), ds = window.app.canvas.ds;
    const canvas = window.app.canvas.canvas.getBoundingClientRect();
    return [canvas.left + (left + ds.offset[0]) * ds.scale,
            canvas.top + (top + ds.offset[1]) * ds.scale, width * ds.scale, height * ds.scale];
}"""
)


class Rectangle(NamedTuple):
    """A rectangle on the screen, in pixels of the page."""

    left: float
    top: float
    width: float
    height: float

    def at(self, across, down):
        """The point at these fractions of the width and the height."""
        return self.left + across * self.width, self.top + down * self.height


class PageGraph:
    """The graph in `page`, Playwright's, which `nodes2` says to be drawn by Nodes 2.0."""

    def __init__(self, page, nodes2):
        self.page = page
        self.nodes2 = nodes2

    def settle(self):
        """Waits until the page has drawn what has changed."""
        self.page.evaluate(FRAMES)

    def add(self, kind, left=300, top=200):
        """Adds a node with its corner at this point of the graph; returns its id."""
        make = """([kind, ...pos]) => {
            const node = window.LiteGraph.createNode(kind);
            node.pos = pos;
            window.app.graph.add(node);
            return String(node.id);
        }"""
        number = self.page.evaluate(make, [kind, left, top])
        if self.nodes2:
            self.page.wait_for_selector(f'[data-node-id="{number}"]')
        self.settle()
        return number

    def connect(self, source, output, target, name):
        """Links a node's output, by its place, to another node's input, by its name."""
        link = f"""([id, output, other, name]) => {{
            {NODE}
            const target = window.app.graph.getNodeById(other);
            return !!node.connect(output, target, target.findInputSlot(name));
        }}"""
        assert self.page.evaluate(link, [source, output, target, name]), "the types differ"
        self.settle()

    def select(self, number):
        """Selects one node."""
        self.page.evaluate(f"id => {{ {NODE} window.app.canvas.selectNode(node); }}", number)
        self.settle()

    def load(self, workflow, app=False):
        """Opens a workflow, as from a file: as a graph, or in newer pages as an app."""
        workflow = {**workflow, "extra": {**workflow.get("extra", {}), "linearMode": app}}
        opened = "async text => (await window.app.loadGraphData(JSON.parse(text))) !== false"
        assert self.page.evaluate(opened, json.dumps(workflow)), "the page refused the workflow"
        self.settle()

    def saved(self):
        """The workflow as the page would save it."""
        return self._json("() => JSON.stringify(window.app.graph.serialize())")

    def prompt(self):
        """The graph as the page would queue it, by node id."""
        text = "async () => JSON.stringify((await window.app.graphToPrompt()).output)"
        return self._json(text)

    def widget(self, number, name):
        """The value of a node's widget."""
        find = f"([id, name]) => {{ {NODE} return JSON.stringify("
        find += "node.widgets.find(widget => widget.name === name).value); }"
        return self._json(find, [number, name])

    def set_widget(self, number, name, value):
        """Gives a widget a value, as the page does it."""
        change = f"""([id, name, value]) => {{
            {NODE}
            const widget = node.widgets.find(widget => widget.name === name);
            widget.value = value;
            widget.callback?.(value, window.app.canvas, node);
        }}"""
        self.page.evaluate(change, [number, name, value])
        self.settle()

    def element(self, number, name):
        """The element of a node's DOM widget, as Playwright's handle."""
        find = f"([id, name]) => {{ {NODE} return"
        find += " node.widgets.find(widget => widget.name === name).element; }"
        return self.page.evaluate_handle(find, [number, name]).as_element()

    def faulty(self):
        """The types of the nodes that the page marks as faulty, such as for a missing file."""
        marked = "window.app.graph._nodes.filter(node => node.has_errors).map(node => node.type)"
        return set(self.page.evaluate(f"() => {marked}"))

    def rectangle(self, target):
        """Where an element is on the screen; `target` is a selector, a locator or a handle."""
        found = self.page.locator(target) if isinstance(target, str) else target
        box = found.bounding_box()
        assert box, f"{target} is not on the screen"
        return Rectangle(box["x"], box["y"], box["width"], box["height"])

    def node_rectangle(self, number):
        """Where a node with its title is on the screen."""
        if self.nodes2:
            return self.rectangle(f'[data-node-id="{number}"]')
        return Rectangle(*self.page.evaluate(BOUNDS, number))

    def drag(self, start, end, button="left", steps=5):
        """Presses the mouse at one point of the screen and releases it at another."""
        self.page.mouse.move(*start)
        self.page.mouse.down(button=button)
        self.page.mouse.move(*end, steps=steps)
        self.page.mouse.up(button=button)
        self.settle()

    def _json(self, script, argument=None):
        # objects of the graph hold each other, which Playwright cannot carry
        return json.loads(self.page.evaluate(script, argument))
