"""Any JSON in any widget, through ComfyUI's own check of a prompt: what the page cannot send."""

import asyncio
import json

import execution
import nodes
import pytest
from fuzz import cases, json_values, texts
from hypothesis import given
from hypothesis import strategies as st
from promises import LONGEST

FORMATS = st.sampled_from(["auto", "xyxy", "xywh", "joint", "topmost"])
KINDS = {
    "INT": st.integers(0, 9)
    | st.integers(64, 70)
    | st.sampled_from([1.5, True, "8", 16384, 65536]),
    "FLOAT": st.floats(0, 1)
    | st.floats(0, 1)
    | st.floats()
    | st.sampled_from([3, "0.5", "nan", True]),
    "STRING": texts,
    "BOOLEAN": st.booleans() | json_values.filter(lambda value: not isinstance(value, list)),
}
LINK = ["source", 0]
NODES = ["EncodeSubjects", "LayoutBoxes", "ApplyMSDiffusion", "AutoLayout", "SubjectOptions"]
NODES += ["BackgroundSubject", "SweepLayout", "CropLayout", "SaveSubjects", "SubjectDetailer"]
NODES += ["TextFollowsLayout"]
NODES += ["LoadMSDModel", "LoadSubjects"]  # these check their file before they run
COUNTS = {"ApplyMSDiffusion": 100, "LayoutBoxes": 100, "LoadMSDModel": 40, "LoadSubjects": 40}


class AnyType(str):
    """Other packs' type that ComfyUI lets on every socket."""

    def __ne__(self, other):
        return False


class Source:
    RETURN_TYPES = (AnyType("*"),)
    FUNCTION = "give"

    @classmethod
    def INPUT_TYPES(cls):
        return {"required": {}}


@pytest.fixture(scope="module", autouse=True)
def source():
    nodes.NODE_CLASS_MAPPINGS["FuzzSource"] = Source
    yield
    del nodes.NODE_CLASS_MAPPINGS["FuzzSource"]


def widgets_of(node):
    """The inputs that have a value of their own, by name with what ComfyUI is told of them."""
    types = nodes.NODE_CLASS_MAPPINGS[node].INPUT_TYPES()
    declared = types["required"] | types.get("optional", {})
    kinds = ("INT", "FLOAT", "STRING", "BOOLEAN")
    return {
        name: kind
        for name, (kind, *_) in declared.items()
        if isinstance(kind, list) or kind in kinds
    }


def validated(node, inputs):
    """The inputs as ComfyUI would hand them on, or None where it refuses them with its reasons."""
    prompt = {
        "node": {"class_type": node, "inputs": inputs},
        "source": {"class_type": "FuzzSource", "inputs": {}},
    }
    fine, errors, _ = asyncio.run(execution.validate_inputs("fuzz", prompt, "node", {}))
    assert fine or errors
    for error in errors:
        assert error["message"]
        if error["type"] == "custom_validation_failed":
            assert len(error["details"]) < LONGEST and json.dumps(error)
    return prompt["node"]["inputs"] if fine else None


def changes_to(good, widgets):
    """Some of the widgets changed: to any JSON, or to what may pass as their kind."""
    bare = json_values.filter(lambda value: not isinstance(value, list))  # no link
    anything = bare | json_values.map(lambda value: {"__value__": value})
    kept = {name: value for name, value in good.items() if name in widgets}
    fitting = {name: KINDS.get(str(kind), anything | FORMATS) for name, kind in widgets.items()}
    names = st.sampled_from(sorted(widgets))
    two = st.sets(names, max_size=2).flatmap(
        lambda some: st.fixed_dictionaries({name: fitting[name] for name in some})
    )
    one = names.flatmap(lambda name: st.fixed_dictionaries({name: anything}))
    return st.integers(0, 3).flatmap(lambda n: two if n else one).map(lambda new: kept | new)


@pytest.mark.parametrize("node", NODES)
def test_any_json_in_a_widget(node, fuzzed, tiny):
    good, widgets = fuzzed.inputs[node], widgets_of(node)
    linked = {name: value for name, value in good.items() if name not in widgets}

    @cases(COUNTS.get(node, 60))
    @given(changes_to(good, widgets))
    def sent(values):
        inputs = validated(node, {**dict.fromkeys(linked, LINK), **values})
        if inputs is not None:
            fuzzed(node, tuple(widgets), **{name: inputs[name] for name in values})

    with fuzzed.accepting(node, 0.1):
        sent()
