"""The contact sheet: each picture beside what it is made of, in a page that opens from the disk."""

from __future__ import annotations

import io
from collections.abc import Iterable, Sequence
from html import escape
from urllib.parse import quote

from PIL import Image, ImageOps

from .folder import Folder, thumbnail, write
from .records import DONE, FAILED, Record
from .tasks import Shown, Task

# Okabe and Ito's, as in the editor: they stay apart for colour-blind eyes
COLOURS = ("#e69f00", "#56b4e9", "#009e73", "#f0e442", "#cc79a7", "#d55e00", "#0072b2", "#c8c8c8")
ENDED = (DONE, FAILED)
STYLE = """
:root { color-scheme: light dark; font: 14px/1.4 system-ui, sans-serif }
body { margin: 1.5rem }
h1 { font-size: 1.3rem; margin: 0 0 .3rem }
main { display: grid; gap: 1rem; grid-template-columns: repeat(auto-fill, minmax(21rem, 1fr)) }
article { border: 1px solid #8886; border-radius: .5rem; padding: .7rem; content-visibility: auto;
  contain-intrinsic-size: auto 30rem; overflow-wrap: anywhere }
article.failed { border-color: #d33 }
.picture { position: relative; display: inline-block; line-height: 0; max-width: 100% }
.picture img { max-width: 100% }
.box { position: absolute; border: 2px solid; outline: 1px solid #000a; box-sizing: border-box;
  pointer-events: none }
.references { display: flex; flex-wrap: wrap; gap: .5rem; margin: .5rem 0 }
.references figure { margin: 0; width: 5.5rem }
.references img { width: 5.5rem; height: 5.5rem; object-fit: contain; background: #8882;
  border-bottom: 4px solid }
figcaption, .small { font-size: .85em; opacity: .85 }
p { margin: .3rem 0; white-space: pre-wrap }
.error { color: #d33 }
#boxes:not(:checked) ~ main .box { display: none }
"""


def write_sheet(
    folder: Folder,
    title: str,
    tasks: Sequence[Task],
    rows: Sequence[Record],
    servers: Sequence[Record],
) -> None:
    """Writes contact_sheet.html, and the thumbnails of references that are not there yet.

    Args:
        rows: of the results, in the tasks' order.
        servers: what happened to servers.
    """
    ended = [(task, row) for task, row in zip(tasks, rows, strict=True) if row["status"] in ENDED]
    for task, _ in ended:
        for shown in task.shown:
            _save_thumbnail(folder, shown)
    done = sum(row["status"] == DONE for _, row in ended)
    failed, left = len(ended) - done, len(rows) - len(ended)
    cards = "\n".join(_card(folder, task, row) for task, row in ended)
    page = f"""<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<title>{escape(title)}</title>
<style>{STYLE}</style>
<h1>{escape(title)}</h1>
<p>{done} painted, {failed} failed, {left} left to be painted.</p>
<input type="checkbox" id="boxes" checked> <label for="boxes">boxes</label>
<main>
{cards}
</main>
{_events(servers)}
</html>
"""
    write(folder.path / "contact_sheet.html", page.encode())


def _card(folder: Folder, task: Task, row: Record) -> str:
    if row["status"] == FAILED:
        picture = f'<p class="error">{escape(row["error"] or "")}</p>'
    else:
        small = folder.thumbnail(row["sha256"]).relative_to(folder.path).as_posix()
        boxes = "".join(_box(number, one) for number, one in enumerate(task.shown))
        picture = (
            f'<a class="picture" href="{quote(row["file"])}">'
            f'<img loading="lazy" src="{small}" alt="picture of row {task.row}">{boxes}</a>'
        )
    references = "".join(_reference(folder, *one) for one in enumerate(task.shown))
    facts = [f"row {task.row}"]
    facts += [] if task.id == str(task.row) else [task.id]
    facts += [] if task.seed is None else [f"seed {task.seed}"]
    facts += [] if row["seconds"] is None else [f"{row['seconds']:.1f} s on {row['server']}"]
    facts += [f"{name}: {value}" for name, value in task.notes.items()]
    prompt = task.prompt.get("positive", {}).get("inputs", {}).get("text", "")
    return (
        f'<article class="{row["status"]}">{picture}\n'
        f'<div class="references">{references}</div>\n'
        f'<p>{escape(str(prompt))}</p><p class="small">{escape(" · ".join(facts))}</p></article>'
    )


def _box(number: int, shown: Shown) -> str:
    if shown.box is None or not any(shown.box):
        return ""
    x0, y0, x1, y1 = (100 * share for share in shown.box)
    place = f"left:{x0:.4g}%;top:{y0:.4g}%;width:{x1 - x0:.4g}%;height:{y1 - y0:.4g}%"
    return f'<span class="box" style="{place};border-color:{_colour(number)}"></span>'


def _reference(folder: Folder, number: int, shown: Shown) -> str:
    small = folder.thumbnail(shown.picture.digest).relative_to(folder.path).as_posix()
    colour = _colour(number) if shown.box else "transparent"
    label = escape(shown.label)
    return (
        f'<figure><img loading="lazy" src="{small}" alt="{label}" style="border-color:{colour}">'
        f"<figcaption>{label}</figcaption></figure>"
    )


def _events(servers: Iterable[Record]) -> str:
    lines = "".join(
        f"<li>{escape(' · '.join(str(one[key]) for key in ('time', 'server', 'event', 'reason')))}"
        for one in servers
    )
    return f"<h2>Servers</h2><ul>{lines}</ul>" if lines else ""


def _save_thumbnail(folder: Folder, shown: Shown) -> None:
    path = folder.thumbnail(shown.picture.digest)
    if path.exists():
        return
    try:
        with Image.open(io.BytesIO(shown.picture.read())) as picture:
            write(path, thumbnail(ImageOps.exif_transpose(picture)))
    except OSError:  # it is gone since; the sheet says by its label what it was
        return


def _colour(number: int) -> str:
    return COLOURS[number % len(COLOURS)]
