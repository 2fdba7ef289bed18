"""ComfyUI's page in a browser: opening it, clearing it between tests, its settings, its faults."""

import re

from graphs import PageGraph

VIEWPORT = {"width": 1600, "height": 1000}
OURS = "/extensions/ComfyUI-MSDiffusion/"
ELSEWHERE = re.compile(r"https?://(?!127\.0\.0\.1[:/])")  # so that a run needs no network
SETTINGS = {
    "Comfy.TutorialCompleted": True,  # else the templates open on the first visit
    "Comfy.InstalledVersion": "99.0.0",  # the defaults that somebody new gets
    "Comfy.Notification.ShowVersionUpdates": False,
    "Comfy.VersionCompatibility.DisableWarnings": True,
    "Comfy.Window.UnloadConfirmation": False,
    "Comfy.Minimap.Visible": False,  # it covers a corner of the canvas
    "Comfy.RightSidePanel.IsOpen": False,
    "Comfy.ColorPalette": "dark",
}
# the default graph comes last of all that the page does when it opens
READY = """() => !!(window.LiteGraph?.registered_node_types.ApplyMSDiffusion
    && window.app?.graph?._nodes.length && window.app.extensionManager?.workflow?.activeWorkflow
    && !window.app.extensionManager.spinner)"""
NODES = "[data-node-id]"  # only Nodes 2.0 draws nodes as elements
DIALOGS = "[role=dialog], .p-dialog, .litecontextmenu"
# of older and newer front ends; the newer ones also list what is wrong with a workflow
TOASTS = ".p-toast-message, [data-toast-kind]"
FAULTS = "[data-testid=error-overlay]"
NO_BANNER = "localStorage.setItem('vueNodesBannerDismissed', 'true')"
# newer pages shut off all but an open dialog, and sometimes leave it at that
SHUT_OFF = """() => [...document.querySelectorAll('[inert]')]
    .some(one => one.getBoundingClientRect().width > window.innerWidth / 2)"""
# a new workflow has an undo history of its own
BLANK = """async () => {
    const manager = window.app.extensionManager, workflows = manager.workflow;
    document.activeElement?.blur();
    window.LiteGraph.closeAllContextMenus?.(window);
    await manager.command.execute('Comfy.NewBlankWorkflow');
    for (const one of [...workflows.openWorkflows])
        if (one !== workflows.activeWorkflow) await workflows.closeWorkflow(one);
    (manager.toast.dismissAll ?? manager.toast.removeAll)();  // new and old name
    window.app.canvas.deselectAll();
}"""


class ComfyPage(PageGraph):
    """An opened page of a server, with the classic canvas or with Nodes 2.0.

    `page` is Playwright's; `page_errors` and `console_errors` are what went wrong in the page
    since it was handed out, each with its stack.
    """

    def __init__(self, browser, server, nodes2=False):
        super().__init__(browser.new_page(viewport=VIEWPORT), nodes2)
        self.server = server
        self.page_errors = []
        self.console_errors = []
        server.post("/settings", {**SETTINGS, "Comfy.VueNodes.Enabled": nodes2})
        self.page.route(ELSEWHERE, lambda route: route.abort())
        self.page.add_init_script(NO_BANNER)  # "Introducing Nodes 2.0" moves everything down
        self.page.on("pageerror", lambda error: self.page_errors.append(error.stack or str(error)))
        self.page.on("console", self._listen)
        self.page.goto(server.address)
        self.page.wait_for_function(READY, timeout=60_000)
        if nodes2:
            self.page.wait_for_selector(NODES)
        assert bool(self.page.locator(NODES).count()) == nodes2

    def close(self):
        self.page.close()

    def reset(self):
        """An empty graph in scale 1, nothing selected, no dialog, the settings of the start."""
        if self.page.viewport_size != VIEWPORT:
            self.page.set_viewport_size(VIEWPORT)
        for _ in range(3):
            if self.dialogs():
                self.page.keyboard.press("Escape")
                self.settle()
        if self.page.evaluate(SHUT_OFF):
            self.page.reload()
            self.page.wait_for_function(READY, timeout=60_000)
        self.page.evaluate(BLANK)
        for name, value in {**SETTINGS, "Comfy.VueNodes.Enabled": self.nodes2}.items():
            self.setting(name, value)
        self.settle()  # the page fits its view to a new graph in the next frame
        for fading in (TOASTS, DIALOGS):
            self.page.locator(fading).filter(visible=True).first.wait_for(state="hidden")
        self.zoom(1)
        assert self.dialogs() == []
        assert self.page.evaluate("() => window.LiteGraph.vueNodesMode === true") == self.nodes2
        assert self.page.evaluate("() => window.app.graph._nodes.length") == 0
        self.page_errors.clear()
        self.console_errors.clear()

    def our_errors(self):
        """The errors that name a file of the pack."""
        return [error for error in self.page_errors + self.console_errors if OURS in error]

    def dialogs(self):
        """The texts of the open dialogs and menus."""
        return self._texts(DIALOGS)

    def complaints(self):
        """The texts of dialogs, of messages in the corners and of the list of faults."""
        return self._texts(f"{DIALOGS}, {TOASTS}, {FAULTS}")

    def setting(self, name, value):
        """Changes a setting, if it has another value."""
        change = """async ([name, value]) => {
            const setting = window.app.extensionManager.setting;
            if (setting.get(name) !== value) await setting.set(name, value);
        }"""
        self.page.evaluate(change, [name, value])

    def theme(self, name):
        """Changes the colours: "dark" or "light"."""
        self.setting("Comfy.ColorPalette", name)
        self.settle()

    def command(self, name):
        """Runs a command of the page, such as `Comfy.Undo`."""
        run = "async name => { await window.app.extensionManager.command.execute(name); }"
        self.page.evaluate(run, name)
        self.settle()

    def run(self):
        """Queues the graph, as the page's button does, and waits; the server's entry of the run."""
        with self.page.expect_response("**/prompt") as answer:
            self.page.evaluate("() => window.app.queuePrompt(0, 1)")
        assert answer.value.ok, answer.value.text()
        return self.server.wait(answer.value.json()["prompt_id"])

    def zoom(self, scale, left=0, top=0):
        """Sets the scale, and how far the graph is moved from the canvas's corner, in its units."""
        change = """([scale, ...offset]) => {
            const canvas = window.app.canvas;
            canvas.ds.scale = scale;
            [canvas.ds.offset[0], canvas.ds.offset[1]] = offset;
            canvas.setDirty(true, true);
        }"""
        self.page.evaluate(change, [scale, left, top])
        self.settle()

    def _texts(self, selector):
        return self.page.locator(selector).filter(visible=True).all_inner_texts()

    def _listen(self, message):
        if message.type == "error":
            self.console_errors.append(message.text)
