"""The areas of a run as the page is told them."""

import json
from itertools import chain, repeat

import torch

from msdiffusion_nodes.comfy.told_areas import described


def drawn(told):
    """The areas that were told, as rows of 0 and 1."""
    columns = told["columns"]
    for runs in told["areas"]:
        cells = list(chain.from_iterable(repeat(n % 2, count) for n, count in enumerate(runs)))
        assert len(cells) == columns * told["rows"]
        yield [cells[start : start + columns] for start in range(0, len(cells), columns)]


def test_areas_are_told_cell_by_cell():
    areas = torch.tensor([[[0, 1, 1], [1, 0, 0]], [[1, 1, 0], [0, 0, 0]], [[0, 0, 0], [0, 0, 0]]])
    told = json.loads(json.dumps(described(areas.bool())))
    assert list(drawn(told)) == areas.tolist()


def test_fine_areas_are_told_on_a_grid_of_64_cells_at_most():
    areas = torch.zeros(1, 96, 128, dtype=torch.bool)
    areas[0, :48, 64:] = True  # the right half of the upper half
    told = described(areas)
    assert (told["columns"], told["rows"]) == (64, 48)
    (rows,) = drawn(told)
    assert rows == [[0] * 32 + [1] * 32] * 24 + [[0] * 64] * 24
