"""The areas that a run has found, told to the page: the layout editor outlines them."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor
from torch.nn.functional import interpolate

EVENT = "msdiffusion_areas"
LONGEST_SIDE = 64  # cells that are told, at most


def tell_page(steps: Sequence[Tensor]) -> None:
    """Tell the page of the node that samples, if there is one, the areas of its last step.

    Args:
        steps: a set for each step, bool (pictures, subjects, h, w); none where none were found.
    """
    # only a server has loaded it: elsewhere there is no page
    server = getattr(getattr(sys.modules.get("server"), "PromptServer", None), "instance", None)
    if not steps or server is None or server.client_id is None or server.last_node_id is None:
        return
    told = {"node": server.last_node_id, **described(steps[-1][0])}
    server.send_sync(EVENT, told, server.client_id)


def described(areas: Tensor) -> dict[str, Any]:
    """Areas, bool (subjects, h, w), as JSON, on a coarser grid where they are fine.

    Returns:
        `columns` and `rows` of the grid, and `areas`: for each subject how many cells in reading
        order are outside, then inside, outside, …
    """
    height, width = areas.shape[-2:]
    scale = LONGEST_SIDE / max(height, width)
    if scale < 1:
        size = [max(round(side * scale), 1) for side in (height, width)]
        areas = interpolate(areas[None].float(), size, mode="area")[0] >= 0.5
    rows, columns = areas.shape[-2:]
    return {"columns": columns, "rows": rows, "areas": [_runs(area) for area in areas]}


def _runs(area: Tensor) -> list[int]:
    cells = torch.cat([torch.zeros(1, dtype=torch.bool), area.flatten()])
    counts = torch.unique_consecutive(cells, return_counts=True)[1].tolist()
    return [counts[0] - 1, *counts[1:]]
