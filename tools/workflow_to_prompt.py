"""Converts a workflow saved from ComfyUI's page into the form that its HTTP API takes.

The page stores a node's widget values as a bare list, in the order in which the page drew them;
`object_info`, the server's answer to GET /object_info, tells which value belongs to which input.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

Json = dict[str, Any]

COMMENTS = {"Note", "MarkdownNote"}
VIRTUAL = {"Reroute", "PrimitiveNode"}
MUTED, BYPASSED = 2, 4
WIDGET_TYPES = {"COMBO", "INT", "FLOAT", "STRING", "BOOLEAN"}
SEEDS = {"seed", "noise_seed"}
AFTER_GENERATE = ("fixed", "increment", "decrement", "randomize", "increment-wrap")
UPLOAD_BUTTON = ["IMAGEUPLOAD", {}]
UPLOADS = ("image_upload", "video_upload", "animated_image_upload")


def to_prompt(workflow: Json, object_info: Json) -> Json:
    """Converts a workflow in the page's format (version 0.4) to a prompt.

    Raises:
        ValueError: when the server does not know a node's type.
    """
    if "nodes" not in workflow:
        raise ValueError("This is no workflow saved from the page: it has no list of nodes.")
    graph = _Graph(workflow)
    prompt: Json = {}
    for node in workflow["nodes"]:
        kind = node["type"]
        if kind in COMMENTS | VIRTUAL or node.get("mode") in (MUTED, BYPASSED):
            continue
        if kind not in object_info:
            raise ValueError(_unknown(node))
        inputs = widget_values(node, object_info[kind])
        for slot in node.get("inputs") or ():
            if slot.get("link") is None:
                continue
            found = graph.source(slot["link"])
            if found is not None:
                inputs[slot["name"]] = found
        title = node.get("title") or object_info[kind].get("display_name") or kind
        prompt[str(node["id"])] = {"class_type": kind, "inputs": inputs, "_meta": {"title": title}}
    return prompt


def widget_values(node: Json, info: Json) -> Json:
    """The values of a node's widgets by input name.

    Args:
        node: a node of the workflow, whose `widgets_values` are a list or a dict.
        info: the node's entry in object_info.
    """
    stored = node.get("widgets_values") or []
    widgets = list(_widgets(info))
    if isinstance(stored, list):
        stored = _name_values(stored, widgets)
    values: Json = {}
    for name, spec in widgets:
        if spec is UPLOAD_BUTTON:
            continue
        value = stored.get(name)
        if value is None:
            value = _default(spec)  # the file is older than this input
        if value is not None:
            # a bare list would be taken for a link
            values[name] = {"__value__": value} if isinstance(value, list) else value
    return values


class _Graph:
    """Follows links back to the node whose output really feeds an input."""

    def __init__(self, workflow: Json) -> None:
        self.nodes = {node["id"]: node for node in workflow["nodes"]}
        self.links = {link[0]: link for link in workflow["links"] if link}

    def source(self, link_id: int) -> Any:
        """`[node id, output slot]`, the value of a primitive node, or None for no source."""
        seen: set[int] = set()
        while link_id in self.links and link_id not in seen:
            seen.add(link_id)
            _, origin, slot, *_ = self.links[link_id]
            node = self.nodes.get(origin)
            if node is None or node.get("mode") == MUTED:
                return None
            if node["type"] == "PrimitiveNode":
                values = node.get("widgets_values") or [None]
                return values[0]
            if node["type"] == "Reroute":
                passed = (node.get("inputs") or [{}])[0]
            elif node.get("mode") == BYPASSED:
                passed = _bypass(node, slot)
            else:
                return [str(origin), slot]
            link_id = passed.get("link")
        return None


def _bypass(node: Json, slot: int) -> Json:
    """The input that a bypassed node passes to an output: of its type, best in the same place."""
    inputs = node.get("inputs") or []
    kind = node["outputs"][slot]["type"]
    ordered = [*inputs[slot : slot + 1], *inputs]
    return next((found for found in ordered if found["type"] == kind), {})


def _widgets(info: Json) -> Iterator[tuple[str, list[Any]]]:
    """The inputs that the page draws as widgets, and the upload buttons that it adds."""
    for group in ("required", "optional"):
        inputs = info["input"].get(group) or {}
        order = (info.get("input_order") or {}).get(group) or list(inputs)
        for name in order:
            kind, options = inputs[name][0], _options(inputs[name])
            drawn = isinstance(kind, list) or kind in WIDGET_TYPES
            if drawn and not options.get("forceInput"):
                yield name, inputs[name]
        # the page adds the button to the required inputs, after the last of them
        if any(_options(spec).get(key) for spec in inputs.values() for key in UPLOADS):
            yield "upload", UPLOAD_BUTTON


def _name_values(stored: list[Any], widgets: list[tuple[str, list[Any]]]) -> Json:
    """Gives the values of a list their names, leaving out those that are no inputs."""
    rest = list(stored)
    named: Json = {}
    for name, spec in widgets:
        if not rest:
            break
        named[name] = rest.pop(0)
        controlled = _options(spec).get("control_after_generate", name in SEEDS)
        if controlled and rest and rest[0] in AFTER_GENERATE:
            rest.pop(0)
    return named


def _default(spec: list[Any]) -> Any:
    options = _options(spec)
    if "default" in options:
        return options["default"]
    choices = spec[0] if isinstance(spec[0], list) else options.get("options")
    return choices[0] if choices else None


def _options(spec: list[Any]) -> Json:
    return spec[1] if len(spec) > 1 else {}


def _unknown(node: Json) -> str:
    properties = node.get("properties") or {}
    pack = properties.get("cnr_id") or properties.get("aux_id")
    where = f"the pack {pack!r}" if pack else "the pack it comes from"
    return (
        f"This server has no node type {node['type']!r} (node {node['id']}): {where} is missing "
        "or did not load."
    )
