"""The same two boxes in every form that tools give out, a dog on the left and a cat on the right.

`tools/box_forms.py` makes the table of the help page from these.
"""

from __future__ import annotations

import json
from collections import namedtuple
from types import SimpleNamespace
from typing import NamedTuple

import numpy as np
import torch

from msdiffusion_nodes.boxes.detections import Detections, read_detections
from msdiffusion_nodes.layout import Extent

SEG = namedtuple("SEG", "cropped_image cropped_mask confidence crop_region bbox label")
SIZE = Extent(height=480, width=640)
DOG, CAT = (0.1, 0.2, 0.4, 0.8), (0.5, 0.25, 0.9, 0.75)
D, C = [64, 96, 256, 384], [320, 120, 576, 360]  # the same in pixels
D_WH, C_WH = [64, 96, 192, 288], [320, 120, 256, 240]
D_K, C_K = [100, 200, 400, 800], [500, 250, 900, 750]  # from 0 to 1000
D_YX, C_YX = [200, 100, 800, 400], [250, 500, 750, 900]
XYXY, XYWH, LTRB = ("xmin", "ymin", "xmax", "ymax"), ("x", "y", "width", "height"), "ltrb"
LONG = ("left", "top", "right", "bottom")


def keys(names, numbers, **more):
    return {**dict(zip(names, numbers, strict=True)), **more}


def two(**fields):
    """Two dicts: of each field the first and the second value."""
    return [{key: values[number] for key, values in fields.items()} for number in (0, 1)]


NAMES = ["dog", "cat"]
PIXELS, RECTANGLES = (("dog", D), ("cat", C)), (("dog", D_WH), ("cat", C_WH))
SHARES, THOUSANDTHS = (("dog", DOG), ("cat", CAT)), (("dog", D_K), ("cat", C_K))
QWEN = two(bbox_2d=(D, C), label=NAMES)
JSON = json.dumps(QWEN)
XML = (
    "<annotation><size><width>640</width><height>480</height></size>"
    "<object><name>dog</name><bndbox><xmin>64</xmin><ymin>96</ymin><xmax>256</xmax>"
    "<ymax>384</ymax></bndbox></object><object><name>cat</name><bndbox><xmin>320</xmin>"
    "<ymin>120</ymin><xmax>576</xmax><ymax>360</ymax></bndbox></object></annotation>"
)


def quad(box):
    x0, y0, x1, y1 = box
    return [x0, y0, x1, y0, x1, y1, x0, y1]


def corners(box):
    return [
        dict(zip("xy", point, strict=True))
        for point in zip(quad(box)[::2], quad(box)[1::2], strict=True)
    ]


class Form(NamedTuple):
    """One form: who gives it, how it looks in the help page ("": not shown), and itself."""

    tool: str
    looks: str
    value: object
    named: bool = True


FORMS = [
    Form(
        "ComfyUI's BOUNDING_BOX",
        '[{"x", "y", "width", "height", "label"}]',
        [keys(XYWH, D_WH, label="dog"), keys(XYWH, C_WH, label="cat")],
    ),
    Form("BBOX, BBOXES", "[[x0, y0, x1, y1], …]", [D, C], False),
    Form("BBOX, BBOXES", "[[x, y, width, height], …]", [D_WH, C_WH], False),
    Form(
        "BBOX with corners",
        '[{"startX", "startY", "endX", "endY"}]',
        [keys(("startX", "startY", "endX", "endY"), box) for box in (D, C)],
        False,
    ),
    Form(
        "SEGS (Impact Pack)",
        "((height, width), [SEG, …])",
        ((480, 640), [SEG(None, None, 0.9, None, np.array(b), n) for n, b in PIXELS]),
    ),
    Form(
        "Florence2",
        '{"bboxes": [[x0, y0, x1, y1], …], "labels": […]}',
        {"bboxes": [D, C], "labels": NAMES},
    ),
    Form(
        "Florence2, OCR",
        '{"quad_boxes": [[x, y, … 4 corners], …], "labels": […]}',
        {"quad_boxes": [quad(D), quad(C)], "labels": NAMES},
    ),
    Form(
        "Florence2, tokens",
        "dog<loc_100><loc_200><loc_400><loc_800>…",
        "</s><s>dog<loc_100><loc_200><loc_400><loc_800>cat<loc_500><loc_250><loc_900><loc_750></s>",
    ),
    Form(
        "Transformers (Grounding DINO, OWL, DETR)",
        '[{"scores", "labels", "boxes"}], tensors',
        [{"scores": torch.tensor([0.9, 0.8]), "labels": NAMES, "boxes": torch.tensor([D, C])}],
    ),
    Form(
        "Transformers' pipeline",
        '[{"score", "label", "box": {"xmin", "ymin", "xmax", "ymax"}}]',
        [{"score": 0.9, "label": n, "box": keys(XYXY, b)} for n, b in PIXELS],
    ),
    Form(
        "Transformers with text_labels",
        "",
        [{"labels": torch.tensor([0, 1]), "text_labels": NAMES, "boxes": torch.tensor([D, C])}],
    ),
    Form(
        "ultralytics",
        "rows x0, y0, x1, y1, score, class",
        torch.tensor([[*D, 0.9, 16], [*C, 0.8, 15]]),
        False,
    ),
    Form(
        "ultralytics' results",
        "result.boxes, result.names",
        [
            SimpleNamespace(
                boxes=SimpleNamespace(
                    xyxy=torch.tensor([D, C]),
                    conf=torch.tensor([0.9, 0.8]),
                    cls=torch.tensor([16.0, 15.0]),
                ),
                names={15: "cat", 16: "dog"},
                orig_shape=(480, 640),
            )
        ],
    ),
    Form(
        "ultralytics' to_json",
        '[{"name", "class", "box": {"x1", "y1", "x2", "y2"}}]',
        json.dumps(
            [
                {"name": n, "class": k, "confidence": 0.9, "box": keys(("x1", "y1", "x2", "y2"), b)}
                for (n, b), k in zip(PIXELS, (16, 15), strict=True)
            ]
        ),
    ),
    Form(
        "names beside class numbers",
        '{"boxes", "classes": [16, 15], "names": {"15": "cat", …}}',
        {"boxes": [D, C], "classes": [16, 15], "names": {"15": "cat", "16": "dog"}},
    ),
    Form(
        "supervision",
        'Detections.xyxy, .data["class_name"]',
        SimpleNamespace(
            xyxy=np.array([D, C]),
            confidence=np.array([0.9, 0.8]),
            class_id=np.array([1, 0]),
            data={"class_name": np.array(NAMES)},
        ),
    ),
    Form(
        "a YOLO label file", "0 0.25 0.5 0.3 0.6", "0 0.25 0.5 0.3 0.6\n1 0.7 0.5 0.4 0.5\n", False
    ),
    Form(
        "YOLO with a score",
        "0 0.25 0.5 0.3 0.6 0.9",
        "0 0.25 0.5 0.3 0.6 0.9\n1 0.7 0.5 0.4 0.5 0.8",
        False,
    ),
    Form(
        "YOLO's segments",
        "0 0.1 0.2 0.4 0.2 0.4 0.8 0.1 0.8",
        "\n".join(f"{n} " + " ".join(map(str, quad(b))) for n, b in enumerate((DOG, CAT))),
        False,
    ),
    Form(
        "COCO's annotations",
        '[{"bbox": [x, y, width, height], "category_id"}]',
        [
            {"bbox": b, "category_id": n, "category_name": m}
            for b, n, m in ((D_WH, 18, "dog"), (C_WH, 17, "cat"))
        ],
    ),
    Form(
        "a COCO file",
        '{"images", "annotations", "categories"}',
        {
            "images": [{"id": 7, "width": 640, "height": 480}],
            "annotations": [
                {"image_id": 7, "bbox": D_WH, "category_id": 2},
                {"image_id": 7, "bbox": C_WH, "category_id": 1},
            ],
            "categories": [{"id": 1, "name": "cat"}, {"id": 2, "name": "dog"}],
        },
    ),
    Form("PASCAL VOC's XML", "<object><name>dog</name><bndbox><xmin>…", XML),
    Form(
        "VOC as JSON",
        '[{"name", "bndbox": {"xmin", …}}]',
        {
            "annotation": {
                "size": {"width": "640", "height": "480"},
                "object": [{"name": n, "bndbox": keys(XYXY, map(str, b))} for n, b in PIXELS],
            }
        },
    ),
    Form(
        "LabelMe",
        '{"shapes": [{"label", "points": [[x0, y0], [x1, y1]]}]}',
        {
            "imageWidth": 640,
            "imageHeight": 480,
            "shapes": [
                {"label": n, "points": [b[:2], b[2:]], "shape_type": "rectangle"} for n, b in PIXELS
            ],
        },
    ),
    Form(
        "Label Studio",
        '{"value": {"x", "y", "width", "height", "rectanglelabels"}}, percent',
        [
            {
                "annotations": [
                    {
                        "result": [
                            {
                                "original_width": 640,
                                "original_height": 480,
                                "value": {
                                    "x": b[0] / 6.4,
                                    "y": b[1] / 4.8,
                                    "width": b[2] / 6.4,
                                    "height": b[3] / 4.8,
                                    "rotation": 0,
                                    "rectanglelabels": [n],
                                },
                            }
                            for n, b in RECTANGLES
                        ]
                    }
                ]
            }
        ],
    ),
    Form(
        "Roboflow",
        '{"predictions": [{"x", "y", "width", "height", "class", "confidence"}]}',
        {
            "image": {"width": 640, "height": 480},
            "predictions": [
                {
                    "x": b[0] + b[2] / 2,
                    "y": b[1] + b[3] / 2,
                    "width": b[2],
                    "height": b[3],
                    "class": n,
                    "confidence": 0.9,
                    "class_id": 0,
                    "detection_id": "a",
                }
                for n, b in RECTANGLES
            ],
        },
    ),
    Form(
        "Azure",
        '{"objects": [{"rectangle": {"x", "y", "w", "h"}, "object"}]}',
        {
            "objects": [
                {"rectangle": keys("xywh", b), "object": n, "confidence": 0.9}
                for n, b in RECTANGLES
            ],
            "metadata": {"width": 640, "height": 480},
        },
    ),
    Form(
        "Google",
        '{"boundingPoly": {"normalizedVertices": [{"x", "y"}, …]}}',
        {
            "localizedObjectAnnotations": [
                {
                    "mid": "/m/0",
                    "name": n,
                    "score": 0.9,
                    "boundingPoly": {"normalizedVertices": corners(b)},
                }
                for n, b in SHARES
            ]
        },
    ),
    Form(
        "Amazon",
        '{"Labels": [{"Name", "Instances": [{"BoundingBox": {"Left", "Top", …}}]}]}',
        {
            "Labels": [
                {
                    "Name": n,
                    "Instances": [
                        {
                            "BoundingBox": {
                                "Left": b[0],
                                "Top": b[1],
                                "Width": b[2] - b[0],
                                "Height": b[3] - b[1],
                            },
                            "Confidence": 99.0,
                        }
                    ],
                }
                for n, b in (("Dog", DOG), ("Cat", CAT))
            ]
            + [{"Name": "Animal", "Instances": []}]
        },
    ),
    Form(
        "Moondream",
        '{"objects": [{"x_min", "y_min", "x_max", "y_max"}]}',
        {"objects": [keys(("x_min", "y_min", "x_max", "y_max"), b) for b in (DOG, CAT)]},
        False,
    ),
    Form(
        "many tools",
        '[{"x1", "y1", "x2", "y2", "label"}]',
        [keys(("x1", "y1", "x2", "y2"), b, label=n) for n, b in PIXELS],
    ),
    Form(
        "many tools",
        '[{"x0", "y0", "x1", "y1", "name"}]',
        [keys(("x0", "y0", "x1", "y1"), b, name=n) for n, b in PIXELS],
    ),
    Form(
        "many tools",
        '[{"left", "top", "right", "bottom", "class"}]',
        [keys(LONG, b, **{"class": n}) for n, b in PIXELS],
    ),
    Form(
        "many tools",
        '[{"left", "top", "width", "height"}]',
        [keys(("left", "top", "width", "height"), b, tag=n) for n, b in RECTANGLES],
    ),
    Form(
        "many tools",
        '[{"cx", "cy", "w", "h"}]',
        [
            keys(("cx", "cy", "w", "h"), b, tag=n)
            for n, b in (("dog", (160, 240, 192, 288)), ("cat", (448, 240, 256, 240)))
        ],
    ),
    Form(
        "many tools",
        '[{"top_left": [x0, y0], "bottom_right": [x1, y1]}]',
        [{"top_left": b[:2], "bottom_right": b[2:], "text": n} for n, b in PIXELS],
    ),
    Form("boxes by name", '{"dog": [x0, y0, x1, y1], …}', {"dog": D, "cat": C}),
    Form(
        "a name and a box",
        '[("dog", [x, y, width, height]), …] (LMD)',
        "[('dog', [64, 96, 192, 288]), ('cat', [320, 120, 256, 240])]",
    ),
    Form(
        "corners, name and score (EasyOCR)",
        '[([[x, y], … 4 corners], "dog", 0.9), …]',
        [
            ([[64, 96], [256, 96], [256, 384], [64, 384]], "dog", 0.9),
            ([[320, 120], [576, 120], [576, 360], [320, 360]], "cat", 0.8),
        ],
    ),
    Form("Qwen2.5-VL, Qwen3-VL", '[{"bbox_2d": [x0, y0, x1, y1], "label"}]', JSON),
    Form(
        "… with words before",
        "Here they are: [{…}, {…}]",
        "Here are the boxes:\n" + JSON + "\nAnything else?",
    ),
    Form("… in a fence", "```json [{…}, {…}] ```", "Sure!\n```json\n" + JSON + "\n```"),
    Form(
        "… after thinking",
        "<think>…</think> [{…}]",
        "<think>the dog is ```left``` at [1, 2, 3, 4]</think>\n```json\n" + JSON + "\n```",
    ),
    Form("… one a line", "{…} {…}", "\n".join(json.dumps(row) for row in QWEN)),
    Form(
        "Qwen-VL, Qwen2-VL",
        "<ref>dog</ref><box>(x0,y0),(x1,y1)</box>",
        "<ref>dog</ref><box>(100,200),(400,800)</box><ref>cat</ref><box>(500,250),(900,750)</box>",
    ),
    Form(
        "Qwen2-VL, special tokens",
        "<|object_ref_start|>dog<|object_ref_end|><|box_start|>…",
        "".join(
            f"<|object_ref_start|>{n}<|object_ref_end|><|box_start|>({a},{b}),({c},{d})<|box_end|>"
            for n, (a, b, c, d) in THOUSANDTHS
        ),
    ),
    Form(
        "DeepSeek-VL2",
        "<|ref|>dog<|/ref|><|det|>[[x0, y0, x1, y1]]<|/det|>",
        "".join(f"<|ref|>{n}<|/ref|><|det|>[{b}]<|/det|>" for n, b in THOUSANDTHS),
    ),
    Form("InternVL, CogVLM", "dog[[x0, y0, x1, y1]]", f"dog[{D_K}] cat[{C_K}]"),
    Form(
        "Gemini",
        '[{"box_2d": [y0, x0, y1, x1], "label"}]',
        json.dumps(two(box_2d=(D_YX, C_YX), label=NAMES)),
    ),
    Form(
        "PaliGemma",
        "<loc0205><loc0102><loc0819><loc0410> dog ; …",
        "<loc0205><loc0102><loc0819><loc0410> dog ; <loc0256><loc0512><loc0768><loc0922> cat",
    ),
    Form(
        "LayoutGPT",
        "dog {width: 192px; height: 288px; left: 64px; top: 96px}",
        "dog {width: 192px; height: 288px; left: 64px; top: 96px; }\n"
        "cat {width: 256px; height: 240px; left: 320px; top: 120px; }",
    ),
    Form("a name and numbers", "dog: [64, 96, 256, 384]", f"- **dog**: {D}\n- **cat**: {C}"),
    Form(
        "a name and numbers",
        "dog, 64, 96, 256, 384",
        "dog, 64, 96, 256, 384\ncat, 320, 120, 576, 360",
    ),
    Form(
        "a table",
        "label,xmin,ymin,xmax,ymax",
        "label,xmin,ymin,xmax,ymax\ndog,64,96,256,384\ncat,320,120,576,360",
    ),
    Form("numbers", "64,96,256,384;320,120,576,360", "64,96,256,384;320,120,576,360", False),
    Form(
        "numbers as centre and size", "0.25,0.5,0.3,0.6", "0.25,0.5,0.3,0.6\n0.7,0.5,0.4,0.5", False
    ),
    Form("percent", "10%, 20%, 40%, 80%", "dog: 10%, 20%, 40%, 80%\ncat: 50%, 25%, 90%, 75%"),
    Form(
        "the official script",
        "[[[0.1, 0.2, 0.4, 0.8], [0.5, 0.25, 0.9, 0.75]]]",
        "[[[0.1, 0.2, 0.4, 0.8], [0.5, 0.25, 0.9, 0.75]]]",
        False,
    ),
    Form(
        "Python's numbers and quotes",
        "[{'bbox_2d': (.1, .2, .4, .8,), 'label': 'dog',}]",
        "boxes = [{'bbox_2d': (.1, .2, .4, .8,), 'label': 'dog',}, "
        "{'bbox_2d': (.5, .25, .9, .75), 'label': 'cat'},]  # done",
    ),
    Form(
        "numbers as text",
        '[{"bbox_2d": ["64", "96", "256", "384"]}]',
        json.dumps([{**row, "bbox_2d": [str(v) for v in row["bbox_2d"]]} for row in QWEN]),
    ),
]


def read(value: object) -> Detections:
    return read_detections(value, SIZE)
