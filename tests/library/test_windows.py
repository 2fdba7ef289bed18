"""Which pictures and which part of the picture a call is about, as other nodes announce it."""

from types import SimpleNamespace

import pytest

from msdiffusion_nodes.comfy.windows import UNKNOWN, Part, announced_part, window_of
from msdiffusion_nodes.errors import InputError
from msdiffusion_nodes.layout import Box

HEIGHT, WIDTH, PICTURES = 8, 12, 4
ROWS, COLUMNS = 2, 3  # dimensions of a latent


def context(dim, indices, kept=None, **more):
    """What ComfyUI's context windows put into the model options."""
    window = SimpleNamespace(dim=dim, index_list=indices, **more)
    made = {"transformer_options": {"context_window": window}}
    if kept is not None:
        made["context_handler"] = SimpleNamespace(latent_retain_index_list=kept)
    return made


def evolved(params):
    """What AnimateDiff-Evolved puts there."""
    return {"transformer_options": {"ad_params": params}}


def part(options, pictures=PICTURES, height=HEIGHT, width=WIDTH):
    return announced_part(options, (pictures, 4, height, width), PICTURES, (HEIGHT, WIDTH))


PLAIN = {"transformer_options": {}}


@pytest.mark.parametrize(
    ("options", "pictures", "expected"),
    [
        (PLAIN, 4, None),
        (PLAIN, 3, UNKNOWN),
        (PLAIN, 5, UNKNOWN),
        (context(0, [1, 2]), 2, (1, 2)),
        (context(0, [3, 0]), 2, (3, 0)),
        (context(0, [1, 2]), 3, UNKNOWN),
        (context(0, [2, 3], causal_anchor_index=1), 3, (1, 2, 3)),
        (context(0, [2, 3], causal_anchor_index=0), 3, (0, 2, 3)),
        (context(0, [2, 3], causal_anchor_index=-1), 2, (2, 3)),
        (context(0, [2, 3], causal_anchor_index=None), 2, (2, 3)),
        (context(0, [1, 2, 3], kept=[0]), 3, (0, 2, 3)),
        (context(0, [1, 2, 3], kept=[]), 3, (1, 2, 3)),
        (evolved({"sub_idxs": [0, 2]}), 2, (0, 2)),
        (evolved({"sub_idxs": [0, 2]}), 3, UNKNOWN),
        (evolved({"sub_idxs": None}), 4, None),
        (evolved({}), 4, None),
        (evolved(None), 4, None),
        (evolved("others"), 4, None),
    ],
)
def test_pictures_are_those_that_somebody_names(options, pictures, expected):
    assert part(options, pictures) == Part(expected, None)


@pytest.mark.parametrize(
    ("options", "size", "window"),
    [
        (context(ROWS, [2, 3, 4, 5]), (4, WIDTH), Box(0, 0.25, 1, 0.75)),
        (context(ROWS, [*range(HEIGHT)]), (HEIGHT, WIDTH), Box(0, 0, 1, 1)),
        (context(COLUMNS, [3, 4, 5]), (HEIGHT, 3), Box(0.25, 0, 0.5, 1)),
        (context(COLUMNS, [9, 10, 11]), (HEIGHT, 3), Box(0.75, 0, 1, 1)),
        (context(COLUMNS, [7, 8], causal_anchor_index=6), (HEIGHT, 3), Box(0.5, 0, 0.75, 1)),
    ],
)
def test_a_window_of_the_picture_is_a_box_in_shares(options, size, window):
    before = list(options["transformer_options"]["context_window"].index_list)
    assert part(options, PICTURES, *size) == Part(None, window)
    assert options["transformer_options"]["context_window"].index_list == before


@pytest.mark.parametrize("indices", [[0, 1, 3], [10, 11, 0], [2, 1, 0], [0, 2, 4]], ids=str)
def test_a_window_that_is_not_in_one_piece_is_refused(indices):
    with pytest.raises(InputError, match="^model: context windows that skip cells"):
        part(context(COLUMNS, indices), PICTURES, HEIGHT, len(indices))
    with pytest.raises(InputError, match="^model: context windows that skip cells"):
        part(context(COLUMNS, [4, 5, 6], kept=[0]), PICTURES, HEIGHT, 3)


@pytest.mark.parametrize(
    ("options", "height", "width"),
    [
        (PLAIN, 4, 6),
        (PLAIN, HEIGHT, 6),
        (PLAIN, 4, WIDTH),
        (PLAIN, WIDTH, HEIGHT),
        (context(ROWS, [2, 3]), HEIGHT, WIDTH),
        (context(0, [0, 1, 2, 3]), 4, WIDTH),
    ],
)
def test_a_latent_of_another_size_is_refused_unless_somebody_says_which_part_it_is(
    options, height, width
):
    said = f"^model: another node samples {height}×{width} cells .* latent of 8×12 .*which"
    with pytest.raises(InputError, match=said):
        part(options, PICTURES, height, width)


RIGHT_TOP = Box(0.5, 0, 1, 0.5)


@pytest.mark.parametrize(
    ("area", "window", "size", "expected"),
    [
        (None, None, (8, 12), None),
        (None, RIGHT_TOP, (8, 12), RIGHT_TOP),
        ((3, 4, 5), None, (8, 12), None),  # an area along time
        ((2, 3, 4, 0, 0, 0), None, (8, 12), None),
        ((4, 6, 2, 3), None, (4, 6), Box(0.25, 0.25, 0.75, 0.75)),
        ((2, 3, 0, 9), None, (2, 3), Box(0.75, 0, 1, 0.25)),
        ((8, 12, 2, 3), None, (6, 9), Box(0.25, 0.25, 1, 1)),  # over the edge
        ((4, 6, 0, 0), RIGHT_TOP, (4, 6), Box(0.5, 0, 0.75, 0.25)),
        ((4, 6, 4, 6), RIGHT_TOP, (4, 6), Box(0.75, 0.25, 1, 0.5)),
    ],
)
def test_an_area_is_a_part_of_the_picture_or_of_its_window(area, window, size, expected):
    assert window_of(area, (HEIGHT, WIDTH), window) == (size, expected)
