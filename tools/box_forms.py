"""Remakes the table of forms in the help page of Layout Boxes, from what the readers say.

    .venv/bin/python tools/box_forms.py

The forms stand in `tests/library/box_forms.py`.
"""

from __future__ import annotations

import importlib
import sys

from packages import ROOT

PAGE = ROOT / "web" / "docs" / "LayoutBoxes.md"
HEADING = "## Forms that are read\n"
INTRODUCTION = """
Read from the boxes of a dog and a cat in a picture of 640 × 480. *xyxy* is left, top, right,
bottom; *xywh* is left, top, width, height; *cxcywh* is the centre, width, height. Names may stand
under `label`, `class`, `class_name`, `name`, `category`, `phrase`, `object`, `text`, `caption`,
`title`, `tag` and others like them. What was read, and what was not, stands at the lower edge of
the preview.

| from | form | read as | note |
|---|---|---|---|
"""


def main() -> None:
    sys.path.insert(0, str(ROOT / "tests" / "library"))
    importlib.import_module("conftest")  # loads the library without ComfyUI
    forms = importlib.import_module("box_forms")
    PAGE.write_text(with_table(PAGE.read_text(encoding="utf-8"), forms), encoding="utf-8")


def with_table(page: str, forms: object) -> str:
    """The page with the section of the forms made anew, in its place or at the end."""
    before, _, rest = page.partition(HEADING)
    _, heading, after = rest.partition("\n## ")
    rows = [row(form, forms.read(form.value).note) for form in forms.FORMS if form.looks]
    table = "\n".join(dict.fromkeys(rows))
    return before.rstrip() + f"\n\n{HEADING}{INTRODUCTION}{table}\n{heading}{after}"


def row(form: object, note: str) -> str:
    read, _, more = note.removeprefix("read as ").partition("; ")
    read = read.replace("pixels of 640 × 480", "pixels")
    looks = form.looks.replace("|", "\\|")
    code = f"```` {looks} ````" if "`" in looks else f"`{looks}`"
    return f"| {form.tool} | {code} | {read} | {more} |"


if __name__ == "__main__":
    main()
