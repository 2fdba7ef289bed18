"""What the fuzz tests hold every node to: a good result or a sentence, and nothing changed."""

import json
import math
from collections import defaultdict
from contextlib import contextmanager
from dataclasses import fields, is_dataclass
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import torch

LONGEST = 600  # characters of an error: a message, not a dump
HALVES = {"boxes": "[[0, 0, 0.5, 1], [0.5, 0, 1, 1]]", "width": 64, "height": 64}


def trace(value):
    """What a value holds, down to the bits, to be compared before and after."""
    if isinstance(value, torch.Tensor):
        if value.is_meta or value.layout is not torch.strided:
            return (id(value), value.dtype, value.shape)
        flat = value.detach().contiguous().flatten()
        bits = bytes(flat.view(torch.uint8).numpy()) if len(flat) else b""
        return (value.dtype, value.shape, value.stride(), bits)
    if is_dataclass(value) and not isinstance(value, type):
        return (type(value), [trace(getattr(value, each.name)) for each in fields(value)])
    if isinstance(value, dict):
        return [(key, trace(each)) for key, each in value.items()]
    if isinstance(value, list | tuple):
        return [type(value), *map(trace, value)]
    if hasattr(value, "model_options"):  # a MODEL
        return (id(value), repr(state_of(value)))
    return (id(value), repr(value)) if isinstance(value, int | float | str) else id(value)


def state_of(model):
    """All that nodes change on a MODEL, except its weights."""
    names = ("patches", "object_patches", "wrappers", "callbacks", "attachments", "hook_patches")
    held = {name: getattr(model, name) for name in names}
    held["injections"], held["objects"] = model.injections, vars(model.model).keys()
    return [model.model_options, held, model.additional_models, model.patches_uuid]


def weights_of(model):
    """The weights of a MODEL, down to the bits, without what its clones have put on them."""
    model.unpatch_model()
    state = model.model.state_dict()
    return [hash(bytes(tensor.flatten().view(torch.uint8).numpy())) for tensor in state.values()]


def check_sentence(error, culprits):
    """An error is one that the pack wrote for people, and begins with a culprit's name."""
    text = str(error)
    assert type(error).__name__ == "InputError"
    assert any(text.startswith(f"{name}: ") for name in culprits), f"{text!r} names none of these"
    assert len(text) < LONGEST and len(text.partition(": ")[2].split()) > 3, text
    text.encode()  # or no log and no page could show it


class Fuzzed:
    """Runs a node with some inputs changed: `fuzzed("LayoutBoxes", boxes=…)`.

    Gives the outputs, or None where the node refused with a sentence about one of what was
    changed (or of `culprits`); either way the inputs are as they were.
    """

    def __init__(self, pack, run, inputs):
        self.pack, self.run, self.inputs = pack, run, inputs
        self.accepted = defaultdict(list)  # by node: whether it did, call by call

    @contextmanager
    def accepting(self, node, share):
        """Of the calls within, a node accepts this share at least: one that refuses all fails."""
        calls = self.accepted[node] = []
        yield
        assert sum(calls) >= share * len(calls) > 0, f"{sum(calls)} of {len(calls)} were accepted"

    def __call__(self, node, culprits=(), **changes):
        inputs = self.inputs[node] | changes
        before = trace(inputs)
        try:
            outputs = self.run(node, **inputs)
        except ValueError as error:
            check_sentence(error, culprits or tuple(changes))
            outputs = None
        self.accepted[node].append(outputs is not None)
        assert trace(inputs) == before, "an input was changed"
        if outputs is not None:
            kinds = self.pack.nodes[node].RETURN_TYPES
            for kind, output in zip(kinds, outputs, strict=True):
                self.check(kind, output)
                if kind == "MODEL":
                    length = self.text_length(inputs, dict(zip(kinds, outputs, strict=True)))
                    assert self.at_first_site(output, inputs, length).isfinite().all()
        return outputs

    def text_length(self, inputs, outputs):
        """Tokens of the prompt that the sampler would get beside a MODEL."""
        if "CONDITIONING" in outputs:
            return outputs["CONDITIONING"][0][0].shape[1]
        auto = inputs.get("auto_layout")
        return self.pack.phrases.prompt_length(auto.prompt, auto.tokenize) if auto else 77

    def at_first_site(self, model, inputs, length):
        """What a MODEL computes at its first text cross-attention: (pictures, cells, width)."""
        pictures = len(getattr(inputs["layout"], "layouts", [1]))
        query, text = torch.ones(pictures, 16, 64), torch.ones(pictures, length, 64)
        patches = model.model_options["transformer_options"].get("patches_replace", {})
        if not patches:
            return query  # nothing acts: the plain model
        options = {"n_heads": 2, "activations_shape": [pictures, 64, 4, 4], "cond_or_uncond": [0]}
        options["sigmas"] = torch.ones(pictures)
        with torch.inference_mode():
            return patches["attn2"]["input", 4, 0](query, text, text, options)

    def check(self, kind, output):
        """An output is what its type promises, and finite."""
        if kind == "IMAGE":
            assert output.dtype is torch.float32 and output.shape[3:] == (3,) and len(output)
            assert output.min() >= 0 and output.max() <= 1  # not so for NaN
        elif kind == "MASK":
            assert output.dtype is torch.float32 and output.ndim == 3 and output.numel()
            assert output.min() >= 0 and output.max() <= 1
        elif kind == "MSD_LAYOUT":
            for layout in getattr(output, "layouts", [output]):
                assert layout.width > 0 and layout.height > 0
                for region in layout.regions:
                    x0, y0, x1, y1 = box = region.box.as_tuple()
                    assert not any(box) or 0 <= x0 < x1 <= 1 and 0 <= y0 < y1 <= 1
                self.check("MASK", layout.coverage(5, 3))
        elif kind == "MSD_SUBJECTS":
            for subject in output:
                assert subject.image_features.isfinite().all() and subject.phrase.strip()
                assert math.isfinite(subject.weight or 0)
                assert math.isfinite(subject.start_percent + subject.end_percent)
        elif kind == "MODEL":
            assert output is not self.inputs["ApplyMSDiffusion"]["model"]
        elif kind == "SIGMAS":
            assert output.dtype is torch.float32 and (output.diff() < 0).all()
        elif kind == "BOUNDING_BOX":
            assert json.loads(json.dumps(output)) == output
        elif kind == "INT":
            assert type(output) is int and output > 0
        elif kind == "MSD_AUTO_LAYOUT":
            assert output.tokenize(output.prompt) and 0 <= output.threshold <= 1


def everything(fuzzed):
    """Objects that a socket may bring: each kind that the nodes exchange, and others'."""
    inputs = fuzzed.inputs
    ours = [
        value
        for node in ("EncodeSubjects", "ApplyMSDiffusion", "ShowAreas", "ApplyBoxPrompts")
        for value in inputs[node].values()
    ]
    patcher = inputs["ApplyMSDiffusion"]["msd_model"].patcher
    auto, batch = fuzzed.run("AutoLayout", **inputs["AutoLayout"])[0], []
    for node in ("SweepLayout", "BatchLayouts"):
        batch += fuzzed.run(node, **inputs[node])
    others = [None, True, 3, 0.5, "dog", "", b"dog", object(), Path, SimpleNamespace(), [], {}, ()]
    others += [[None], [[0, 0, 1, 1]], {"samples": None}, {"samples": []}, [torch.zeros(2)]]
    others += [np.float32(0.5), np.int64(1), np.bool_(True), np.zeros(3), torch.tensor(1)]
    others += [torch.zeros(0), torch.zeros(1, 8, 8), lambda *a, **k: None]
    return [*ours, patcher, auto, *batch, *others]
