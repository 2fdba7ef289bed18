"""A workflow in the page's App Mode: what a person sees of it and does with it."""

import base64

from editor import Editor

ITEMS = "[data-testid=app-mode-widget-item]"
RUN = "button:has([data-testid=linear-run-button-icon])"
RESULT = "[data-testid=linear-center-panel] img"
DROP = """(zone, [name, type, data]) => {
    const bytes = Uint8Array.from(atob(data), one => one.charCodeAt(0));
    const carried = new DataTransfer();
    carried.items.add(new File([bytes], name, { type }));
    for (const kind of ["dragenter", "dragover", "drop"])
        zone.dispatchEvent(new DragEvent(kind, {
            dataTransfer: carried, bubbles: true, cancelable: true,
        }));
}"""
SHOWN = """images => images.every(image => image.complete && image.naturalWidth > 0)
    && images.map(image => new URL(image.src).searchParams.get("filename"))"""


class App:
    """The app that a page shows."""

    def __init__(self, look):
        self.look = look
        self.page = look.page

    def open(self, workflow):
        """Opens a workflow as an app."""
        self.look.load(workflow, app=True)
        self.page.locator(ITEMS).first.wait_for()
        self.skip_tour()

    def skip_tour(self):
        """The page greets whoever sees an app for the first time; True if it did."""
        skip = self.page.get_by_role("button", name="Skip", exact=True)
        if not skip.count():
            return False
        skip.click()
        skip.wait_for(state="hidden")
        return True

    def labels(self):
        """The names of its inputs, from the top."""
        found = self.page.locator(f"{ITEMS} [data-testid=builder-widget-label]")
        return [text.strip() for text in found.all_inner_texts()]

    def item(self, label):
        """One of its inputs."""
        named = self.page.locator("[data-testid=builder-widget-label]").get_by_text(
            label, exact=True
        )
        return self.page.locator(ITEMS).filter(has=named)

    def pictures(self):
        """The files of the pictures that its inputs show; False while one is not loaded."""
        return self.page.eval_on_selector_all(f"{ITEMS} [data-slot=drop-zone] img", SHOWN)

    def drop(self, label, path):
        """Drops a file onto a picture."""
        zone = self.item(label).locator("[data-slot=drop-zone]")
        data = base64.b64encode(path.read_bytes()).decode()
        zone.evaluate(DROP, [path.name, f"image/{path.suffix[1:]}", data])

    def write(self, label, text):
        """Writes another text."""
        self.item(label).locator("textarea").fill(text)

    def editor(self, number):
        """The layout editor of a node, scrolled to."""
        self.item("where").scroll_into_view_if_needed()
        return Editor(self.look, number)

    def run(self):
        """Presses Run and waits; the server's entry of the run."""
        with self.page.expect_response("**/prompt") as answer:
            self.page.locator(RUN).filter(visible=True).click()
        assert answer.value.ok, answer.value.text()
        return self.look.server.wait(answer.value.json()["prompt_id"])
