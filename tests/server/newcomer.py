"""What somebody does who sees the pack for the first time, action by action.

An action is a click, a text that is typed, or a file that is dropped.
"""

import base64
import json

from templates import FIRST
from test_examples import small

CARD = "[data-testid^='template-workflow-']"
SEARCH = "[role=dialog] input[type=text], .p-dialog input[type=text], [role=dialog] input"
DROP = """([target, x, y, name, type, data]) => {
    const bytes = Uint8Array.from(atob(data), one => one.charCodeAt(0));
    const carried = new DataTransfer();
    carried.items.add(new File([bytes], name, { type }));
    const at = { clientX: x, clientY: y, dataTransfer: carried, bubbles: true, cancelable: true };
    const under = target ?? document.elementFromPoint(x, y);
    for (const kind of ["dragenter", "dragover", "drop"])
        under.dispatchEvent(new DragEvent(kind, at));
}"""


class Newcomer:
    """Somebody before a page, and the list of what they have done; the models are there."""

    def __init__(self, page):
        self.page = page
        self.done = []
        page.route("**/workflow_templates/**/*.json", with_models)

    def browse(self):
        """The page's button for the templates."""
        self.act("click Templates", lambda: self.page.click(".templates-tab-button"))

    def search(self, words):
        field = self.page.locator(SEARCH).first
        field.wait_for()
        self.act(f"type {words}", lambda: field.fill(words))
        self.page.wait_for_function(
            f'() => document.querySelectorAll("{CARD}").length === 1', timeout=30_000
        )

    def choose(self):
        """The first card that was found; its name."""
        card = self.page.locator(CARD).first
        name = card.get_attribute("data-testid").removeprefix("template-workflow-")
        self.act(f"click the card {name}", card.click)
        self.page.wait_for_function(
            "() => window.app.graph._nodes.some(node => node.type === 'ApplyMSDiffusion')"
        )
        return name

    def drop(self, path, target=None, at=(0, 0)):
        """Drops a file onto an element, or onto what is at a point of the page."""
        data = base64.b64encode(path.read_bytes()).decode()
        kind = f"image/{path.suffix[1:]}"
        arguments = [target, *at, path.name, kind, data]
        self.act(f"drop {path.name}", lambda: self.page.evaluate(DROP, arguments))

    def write(self, field, text):
        """Types another text into a field."""
        self.act(f"type {json.dumps(text)}", lambda: field.fill(text))

    def act(self, name, action):
        action()
        self.done.append(name)


def with_models(route):
    """Answers with the template as it is where the models are there: tiny ones, to be quick."""
    route.fulfill(json=small(json.loads(FIRST.read_text(encoding="utf-8"))))
