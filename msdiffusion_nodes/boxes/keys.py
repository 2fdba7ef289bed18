"""The words that tools use: for the edges of a box, for its name, for how sure they are."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from .raw import BARE, CXCYWH, XYWH, XYXY, Forms

Fields = Mapping[str, Any]

# Keys are compared without capitals, spaces, - and _: startX, x_min and "X min" are one kind.
LEFT = "x0 xmin minx left startx xstart l xtl tlx topleftx originx xleft x x1 xpos"
TOP = "y0 ymin miny top starty ystart t ytl tly toplefty originy ytop y y1 ypos"
RIGHT = "x2 xmax maxx right endx xend r xbr brx bottomrightx xright x1"
BOTTOM = "y2 ymax maxy bottom endy yend b ybr bry bottomrighty ybottom y1"
WIDTH = "width w boxwidth bboxwidth wid"
HEIGHT = "height h boxheight bboxheight hei"
MIDDLE_X = "cx xc xcenter centerx xcentre centrex xmid midx"
MIDDLE_Y = "cy yc ycenter centery ycentre centrey ymid midy"
EDGES: tuple[tuple[Forms, tuple[str, str, str, str]], ...] = (
    (XYXY, (LEFT, TOP, RIGHT, BOTTOM)),
    (CXCYWH, (MIDDLE_X, MIDDLE_Y, WIDTH, HEIGHT)),
    (XYWH, (LEFT, TOP, WIDTH, HEIGHT)),
)
CORNERS = (  # two points
    ("topleft", "bottomright"),
    ("lefttop", "rightbottom"),
    ("upperleft", "lowerright"),
    ("tl", "br"),
    ("lt", "rb"),
    ("p1", "p2"),
    ("min", "max"),
    ("start", "end"),
)
SIZED = (  # a point and [width, height]
    (XYWH, ("topleft", "position", "pos", "origin", "xy", "location", "point")),
    (CXCYWH, ("center", "centre", "centroid", "middle")),
)
SIDES = ("size", "wh", "dimensions", "dims", "extent")
# a list of four numbers, of corners, or a dict of edges; the keys that say most come first
BOXES: dict[str, Forms] = {
    "bbox2d": XYXY,
    "xyxy": XYXY,
    "bboxxyxy": XYXY,
    "boxxyxy": XYXY,
    "xyxyn": XYXY,
    "bboxxywh": XYWH,
    "boxxywh": XYWH,
    "cxcywh": CXCYWH,
    "bboxcxcywh": CXCYWH,
    "bndbox": XYXY,
} | dict.fromkeys(
    (
        *("bbox", "box", "boundingbox", "xywh", "rect", "rectangle", "boundingrect", "region"),
        *("roi", "coordinates", "coords", "coordinate", "location", "position", "area", "bounds"),
        *("boundingpoly", "poly", "polygon", "points", "vertices", "normalizedvertices", "quad"),
        *("quadbox", "value"),
    ),
    BARE,
)
TOP_FIRST = ("box2d", "boxyxyx", "bboxyxyx", "yxyx")
COCO_MARKS = {"categoryid", "imageid", "iscrowd", "segmentation"}

NAMES = (  # the first that holds a text counts, else the first that holds a number
    *("label", "labelname", "textlabel", "labeltext", "classname", "clsname", "class", "name"),
    *("objectname", "objectclass", "classlabel", "categoryname", "category", "phrase", "object"),
    *("subject", "entity", "text", "caption", "title", "tag", "labels", "classes", "names"),
    *("categories", "phrases", "tags", "cls", "rectanglelabels", "rectanglelabel", "displayname"),
    *("description", "desc", "concept", "keyword", "classid", "categoryid", "labelid", "clsid"),
    *("classindex", "labelindex"),
)
NAME_LISTS = (  # of lists side by side: a name a box
    *("textlabels", "labels", "bboxeslabels", "quadboxeslabels", "label", "phrases", "classnames"),
    *("names", "categorynames", "categories", "labelnames", "objects", "texts", "tags"),
    *("captions", "titles", "entities", "classes", "class", "predclasses", "detectionclasses"),
    *("detectionclassnames", "detectionclassentities", "classids", "classid", "categoryids", "cls"),
)
SCORES = (
    *("score", "confidence", "conf", "prob", "probability", "scores", "confidences", "probs"),
    *("detectionscores", "predscores", "certainty", "logits"),
)
# texts beside a box that are no names
OTHERS = {"uuid", "mid", "detectionid", "parentid", "imageid", "filename", "path", "url", "image"}
OTHERS |= {"mask", "segmentation", "color", "colour", "shapetype", "originalname", "unit", "format"}
WEAK = {"id", "type"}  # names only where nothing else is
# names of class numbers; the last three are lists of names a box where no numbers come
CLASS_MAPS = ("id2label", "classmap", "labelmap", "classnames", "names", "categories", "classes")


class Key(str):
    """A key as it is compared, and as it came."""

    came: str


def flat_key(key: object) -> Key:
    flattened = Key(re.sub(r"[\W_]", "", str(key).casefold()))
    flattened.came = " ".join(str(key).split())
    return flattened


def flat(fields: Mapping[Any, Any]) -> dict[str, Any]:
    """The fields with their keys as they are compared; of two that are alike the first counts."""
    flattened: dict[str, Any] = {}
    for key, value in fields.items():
        flattened.setdefault(flat_key(key), value)
    return flattened


def edges_in(fields: Fields) -> tuple[Forms, list[Any]] | None:
    """The four numbers that stand under names of edges, and what they mean."""
    for forms, roles in EDGES:
        keys: list[str] = []
        for role in roles:
            found = [key for key in role.split() if key in fields and key not in keys]
            keys += found[:1]
        if len(keys) == 4:
            return forms, [fields[key] for key in keys]
    return None
