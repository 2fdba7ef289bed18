"""Boxes in a text with marks of its own: tags, location tokens, XML, CSS.

What the marks count in is documented with the models: Qwen-VL's, Qwen2-VL's, InternVL's, CogVLM's,
MiniCPM-V's and DeepSeek-VL2's tags from 0 to 1000 (Qwen2.5-VL answers in JSON and pixels),
PaliGemma's tokens from 0 to 1024 with the top edge first, Florence-2's from 0 to 1000.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import replace

from ..errors import InputError, shown
from ..layout import Extent
from .raw import NUMBER, THOUSAND, Picture
from .rows import read_rows

# what stands between tags is short: no text makes the search slow
BOX = (
    r"(?i)<\|?(?:box|det|box_start|begin_of_box)\|?>([^<>]{0,2000})"
    r"<\|?/?(?:box|det|box_end|end_of_box)"
)
NAME = r"(?i)<\|?(?:ref|object_ref_start|p)\|?>([^<>]{0,300})<\|?/?(?:ref|object_ref_end|p)\|?>"
TOKENS = r"(?:<loc_?\d{1,4}>\s?){4,64}"
CSS = r"\{([^{}]{0,500})\}"


def in_thousandths(rows: Iterable[tuple[str, Sequence[object]]]) -> Picture:
    """Names and corners that are counted from 0 to 1000."""
    picture = read_rows([{"bbox_2d": numbers, "label": name} for name, numbers in rows])
    return replace(picture, counts=THOUSAND)


def is_tagged(text: str) -> bool:
    """<ref>cat</ref><box>(10,20),(300,400)</box>, also <|box_start|> and <|det|>."""
    return any(re.search(r"\d", inside) for inside in re.findall(BOX, text))


def read_tagged(text: str) -> Picture:
    rows = []
    at = 0
    for box in re.finditer(BOX, text):
        before = text[at : box.start()]
        at = box.end()
        numbers = re.findall(NUMBER, box[1])
        if not numbers or len(numbers) % 4:
            raise InputError(
                f"{shown(box[0])} came; expected four numbers in it, such as"
                " <box>(x0,y0),(x1,y1)</box>"
            )
        names = re.findall(NAME, before)
        name = names[-1] if names else re.sub(r"<[^>]*>", " ", before).strip(" \n\t:,.-")
        if not names and re.search(r"\d", before) and not re.search(r"[^\W\d]", before):
            name = ""
        rows += [(name.strip(), numbers[n : n + 4]) for n in range(0, len(numbers), 4)]
    return in_thousandths(rows)


def is_tokens(text: str) -> bool:
    """<loc0250><loc0100>… of PaliGemma, <loc_100><loc_250>… of Florence-2."""
    return bool(re.search(TOKENS, text))


def read_tokens(text: str) -> Picture:
    rows = []
    if "<loc_" in text:
        at = 0
        for found in re.finditer(TOKENS, text):
            name = re.sub(r"<[^<>]{0,20}>", "", text[at : found.start()]).strip()
            at = found.end()
            numbers = [int(number) for number in re.findall(r"\d+", found[0])]
            rows += [(name, numbers[n : n + 4]) for n in range(0, len(numbers) // 4 * 4, 4)]
        return in_thousandths(rows)
    for found in re.finditer(TOKENS, text):
        name = re.sub(r"<seg\d+>", " ", text[found.end() :].partition("<loc")[0].partition(";")[0])
        top, left, bottom, right = (int(number) for number in re.findall(r"\d+", found[0])[:4])
        rows.append((name.strip(), [left, top, right, bottom]))
    return replace(in_thousandths(rows), counts=Extent(1024, 1024), notes=("top edge first",))


def is_xml(text: str) -> bool:
    """<object><name>cat</name><bndbox><xmin>…, as in PASCAL VOC's files."""
    return bool(re.search(r"(?i)<bndbox>", text))


def read_xml(text: str) -> Picture:
    rows = []
    for inside in re.split(r"(?i)<object>", text)[1:]:
        values = re.findall(r"(?i)<(name|xmin|ymin|xmax|ymax)>([^<]{0,300})</", inside)
        rows.append({key: value.strip() for key, value in reversed(values)})
    size = re.search(
        r"(?is)<size>.*?<width>\s*(\d+)\s*</width>.*?<height>\s*(\d+)\s*</height>", text
    )
    own = Extent(int(size[2]), int(size[1])) if size and int(size[1]) and int(size[2]) else None
    return replace(read_rows(rows), size=own)


def is_css(text: str) -> bool:
    """cat {left: 64px; top: 96px; width: 192px; height: 288px}, as LayoutGPT writes it."""
    return any(
        re.search(r"\bleft\s?:", inside) and ";" in inside for inside in re.findall(CSS, text)
    )


def read_css(text: str) -> Picture:
    rows, at = [], 0
    for found in re.finditer(CSS, text):
        name = text[at : found.start()].strip().rpartition("\n")[2]
        at = found.end()
        values = dict(re.findall(rf"([\w-]+)\s?:\s?({NUMBER}(?:px|%)?)", found[1]))
        rows.append({**values, "label": name.strip(" .#\t")})
    return read_rows(rows)
