"""Pictures from outside the page: dragged in by the browser's own drag, or pasted."""

import base64
from contextlib import contextmanager

COPY = 1  # what a drag of files allows, as the browser's protocol has it
CLIPBOARD = """async base64 => {
    const bytes = Uint8Array.from(atob(base64), letter => letter.charCodeAt(0));
    const png = new Blob([bytes], { type: 'image/png' });
    await navigator.clipboard.write([new ClipboardItem({ 'image/png': png })]);
}"""


class Dropping:
    """What a person has in hand over the page `look`."""

    def __init__(self, look):
        self.look = look
        self.browser = look.page.context.new_cdp_session(look.page)

    def drop(self, at, *files, **texts):
        """Drags files to a point of the screen and lets go; `texts` are by type, "/" as "_"."""
        with self.over(at, *files, **texts):
            pass

    @contextmanager
    def over(self, at, *files, **texts):
        """Holds it there in the meantime, and lets go after."""
        items = [{"mimeType": kind.replace("_", "/"), "data": text} for kind, text in texts.items()]
        data = {"items": items, "files": [str(file) for file in files], "dragOperationsMask": COPY}
        place = dict(zip("xy", at, strict=True), data=data)
        for kind in ("dragEnter", "dragOver"):
            self.browser.send("Input.dispatchDragEvent", {"type": kind, **place})
        self.look.settle()
        yield
        self.browser.send("Input.dispatchDragEvent", {"type": "drop", **place})
        self.look.settle()

    def paste(self, file):
        """Copies the picture of a PNG file, and pastes it."""
        self.look.page.context.grant_permissions(["clipboard-read", "clipboard-write"])
        self.look.page.evaluate(CLIPBOARD, base64.b64encode(file.read_bytes()).decode())
        self.look.page.keyboard.press("Control+v")
