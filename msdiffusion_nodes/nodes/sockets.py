"""What the nodes' inputs have in common, and whether what came is what an input takes.

ComfyUI converts and limits what a widget holds. Of a link it compares the type's name only: another
pack may send anything under it, or under a name that fits all.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable
from functools import wraps
from numbers import Integral, Real
from typing import Any, TypeVar

import numpy as np
import torch
from torch import Tensor

from ..comfy.loading import ManagedAdapter
from ..errors import InputError, is_finite, listed, naming, shown
from ..layout import Layout, LayoutBatch
from ..method.found import AutoLayoutSettings
from ..method.words import BoxPrompts
from ..region_options import MOST_WEIGHT
from ..subjects import Subject

CATEGORY = "MS-Diffusion"
PERCENT = {"min": 0.0, "max": 1.0, "step": 0.001}  # a share of the schedule
WEIGHT = {"min": 0.0, "max": MOST_WEIGHT, "step": 0.01}
FLOATS = (torch.float32, torch.float16, torch.bfloat16, torch.float64)
BOOLEANS = (bool, np.bool_, Integral)  # other packs' comparisons give any of them
WHOLE = (torch.bool, torch.uint8, torch.int8, torch.int16, torch.int32, torch.int64)

Method = TypeVar("Method", bound=Callable[..., Any])


def checked(method: Method) -> Method:
    """A node's method that looks at its inputs first.

    Raises:
        InputError: names the first input that its socket or widget does not take.
    """
    parameters = inspect.signature(method).parameters

    @wraps(method)
    def run(self: Any, *values: Any, **named: Any) -> Any:
        types = self.INPUT_TYPES()
        optional = types.get("optional", {})
        declared = types["required"] | optional
        came = {**dict(zip(list(parameters)[1:], values, strict=False)), **named}
        for name, value in came.items():
            with naming(name):
                if name not in declared:
                    raise InputError(f"there is no such input; there are {', '.join(declared)}")
                unlinked = value is None and name in optional
                if not unlinked or name in parameters and parameters[name].default is not None:
                    _check(value, *declared[name])
        return method(self, *values, **named)

    return run


def _check(value: object, kind: str | list[str], options: dict[str, Any]) -> None:
    if isinstance(kind, list):
        fits, expected = isinstance(value, str) and value in kind, f"one of {listed(kind)}"
    elif kind in KINDS:
        fits, expected = KINDS[kind][0](value), KINDS[kind][1]
    else:  # what a detector gives is read, and refused, elsewhere
        return
    if not fits:
        raise InputError(f"{_called(value)} came; expected {expected}")
    if kind in ("INT", "FLOAT") and not options["min"] <= value <= options["max"]:
        expected = f"{options['min']} to {options['max']}"
        raise InputError(f"{shown(value)} came; expected a number from {expected}")


def _called(value: object) -> str:
    if value is None:
        return "nothing"
    if isinstance(value, str | Real):
        return shown(value)
    if isinstance(value, Tensor):
        return f"a tensor of {value.dtype} with shape {list(value.shape)}"
    return f"something of type {type(value).__name__:.60}"


def _is_readable(value: object, dtypes: tuple[torch.dtype, ...]) -> bool:
    plain = isinstance(value, Tensor) and value.layout is torch.strided and not value.is_meta
    return plain and value.dtype in dtypes


def _is_latent(value: object) -> bool:
    shape = getattr(value.get("samples"), "shape", ()) if isinstance(value, dict) else ()
    return len(shape) > 2 and min(shape) > 0


def _is_conditioning(value: object) -> bool:
    pairs = isinstance(value, list | tuple) and len(value) > 0
    return pairs and all(
        isinstance(each, list | tuple)
        and len(each) == 2
        and isinstance(each[0], Tensor)
        and isinstance(each[1], dict)
        for each in value
    )


def _is_vae(value: object) -> bool:
    # newer ComfyUIs give text encoders these two as well
    return _has("encode", "decode")(value) and not hasattr(value, "tokenize")


def _are_subjects(value: object) -> bool:
    return isinstance(value, list | tuple) and all(isinstance(each, Subject) for each in value)


def _has(*names: str) -> Callable[[object], bool]:
    # other packs' loaders have classes of their own
    return lambda value: not isinstance(value, type) and all(hasattr(value, n) for n in names)


KINDS: dict[str, tuple[Callable[[object], bool], str]] = {
    "INT": (
        lambda value: isinstance(value, Integral) and not isinstance(value, bool),
        "a whole number",
    ),
    "FLOAT": (is_finite, "a finite number"),
    "STRING": (lambda value: isinstance(value, str), "text"),
    "BOOLEAN": (lambda value: isinstance(value, BOOLEANS) and value in (0, 1), "true or false"),
    "IMAGE": (
        lambda value: _is_readable(value, FLOATS),
        "a picture [pictures, height, width, 3] of floating-point numbers from 0 to 1",
    ),
    "MASK": (
        lambda value: _is_readable(value, FLOATS + WHOLE),
        "a mask [masks, height, width] of numbers from 0 to 1",
    ),
    "VAE": (_is_vae, "the VAE of the model's checkpoint"),
    "CONDITIONING": (_is_conditioning, "an encoded prompt, such as CLIP Text Encode's"),
    "LATENT": (_is_latent, "what a sampler made"),
    "MODEL": (_has("model", "model_options", "get_model_object"), "an SDXL model"),
    "CLIP": (
        _has("tokenize", "cond_stage_model"),
        "a text encoder with CLIP-L; use the CLIP of an SDXL checkpoint",
    ),
    "CLIP_VISION": (
        _has("encode_image", "image_size"),
        "CLIP vision; load clip_vision_g.safetensors with Load CLIP Vision",
    ),
    "MSD_MODEL": (
        lambda value: isinstance(value, ManagedAdapter),
        "the adapter of this pack's Load MS-Diffusion Model",
    ),
    "MSD_SUBJECTS": (_are_subjects, "the subjects of this pack's Encode Subjects"),
    "MSD_LAYOUT": (
        lambda value: isinstance(value, Layout | LayoutBatch),
        "the layout of this pack's Layout Boxes",
    ),
    "MSD_AUTO_LAYOUT": (
        lambda value: isinstance(value, AutoLayoutSettings),
        "the output of this pack's Auto Layout",
    ),
    "MSD_BOX_PROMPTS": (
        lambda value: isinstance(value, BoxPrompts),
        "the output of this pack's Box Prompts",
    ),
}
