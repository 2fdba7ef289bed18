"""The coarsest grid of a picture, which the layout editor measures boxes by."""

import json
from pathlib import Path

import pytest
from comfy.ldm.modules.attention import optimized_attention
from sampling import empty_latent, ksampler

CASES = json.loads((Path(__file__).resolve().parent.parent / "cells.json").read_text())


@pytest.mark.parametrize("case", CASES, ids=[str(case["size"]) for case in CASES])
def test_the_coarsest_grid_is_what_the_page_takes_it_for(tiny, pack, case):
    grids = set()

    def seen(q, k, v, extra_options):
        grids.add(tuple(extra_options["activations_shape"][-2:]))
        return optimized_attention(q, k, v, extra_options["n_heads"])

    model = tiny.model.clone()
    for site in pack.sites.find_sites(model):
        model.set_model_attn2_replace(seen, *site.key)
    ksampler(tiny, model, steps=1, latent_image=empty_latent(*case["size"]))
    columns, rows = case["grid"]
    assert min(grids) == (rows, columns)
