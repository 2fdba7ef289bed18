"""Branches of a graph share one UNet: what another branch has put into it is not ours."""

import pytest
import torch
from sampling import empty_latent, ksampler
from straightforward import SITE_KEYS

SETTINGS = {"steps": 1, "latent_image": empty_latent(64, 64)}
BLOCK = "diffusion_model.middle_block.1.transformer_blocks.0"


class Replaced(torch.nn.Module):
    """Another pack's block: it calls the true one, and shows no attention."""

    def __init__(self, block):
        super().__init__()
        self.block = [block]

    def forward(self, *inputs, **named):
        return self.block[0](*inputs, **named)


@pytest.fixture
def other_branch(tiny):
    """A model of another branch with a block replaced, still lying in the shared UNet."""
    model = tiny.model.clone()
    model.add_object_patch(BLOCK, Replaced(tiny.model.get_model_object(BLOCK)))
    model.patch_model()
    yield model
    model.unpatch_model()


def keys(pack, model):
    return {site.key for site in pack.sites.find_sites(model)}


def test_the_originals_are_read_while_another_branchs_blocks_are_in(pack, tiny, other_branch):
    assert isinstance(
        tiny.model.model.diffusion_model.middle_block[1].transformer_blocks[0], Replaced
    )
    assert keys(pack, tiny.model) == set(SITE_KEYS)


def test_a_branch_beside_it_takes_subjects(tiny, patch, other_branch):
    ours = patch()
    other_branch.unpatch_model()
    assert torch.equal(ksampler(tiny, ours, **SETTINGS), ksampler(tiny, patch(), **SETTINGS))


def test_blocks_replaced_on_the_model_itself_are_blamed_on_that_node(pack, tiny, patch):
    model = tiny.model.clone()
    model.add_object_patch(BLOCK, Replaced(tiny.model.get_model_object(BLOCK)))
    assert len(keys(pack, model)) == len(SITE_KEYS) - 1
    with pytest.raises(ValueError, match="^model: .*replaced some of its blocks.*before that node"):
        patch(model=model)
