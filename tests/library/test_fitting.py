"""What must fit together before sampling starts, and the words for what does not."""

from types import SimpleNamespace

import pytest
from subject_cases import subject

from msdiffusion_nodes.errors import InputError
from msdiffusion_nodes.method.fitting import check_batch, check_sites, check_subjects


@pytest.mark.parametrize("width, encoder", [(1280, "CLIP-ViT-H"), (1024, "CLIP-ViT-L")])
def test_the_most_common_wrong_encoders_are_called_by_name(width, encoder):
    adapter = SimpleNamespace(feature_width=1664, phrase_width=6)
    check_subjects([subject(width=1664)], adapter)
    with pytest.raises(InputError) as caught:
        check_subjects([subject(width=width)], adapter)
    parts = [str(width), encoder, "1664", "CLIP-ViT-bigG", "clip_vision_g.safetensors"]
    assert [part for part in parts if part not in str(caught.value)] == []


@pytest.mark.parametrize(
    ("width", "wanted", "parts"),
    [
        (1536, 1664, ["1536-wide", "(DINOv2-G)", "needs CLIP-ViT-bigG (1664): load clip_vision_g"]),
        (1152, 1664, ["1152-wide", "(SigLIP)"]),
        (1024, 1664, ["(CLIP-ViT-L or DINOv2-L)"]),
        (999, 1664, ["999-wide", "(another encoder)"]),
        (1664, 1280, ["(CLIP-ViT-bigG)", "needs CLIP-ViT-H (1280): load that one for"]),
        (1664, 999, ["needs the encoder that it was trained with (999): load that one for"]),
    ],
)
def test_a_wrong_encoder_is_named_and_so_is_the_right_one(width, wanted, parts):
    adapter = SimpleNamespace(feature_width=wanted, phrase_width=6)
    with pytest.raises(InputError) as caught:
        check_subjects([subject(width=width)], adapter)
    assert [part for part in parts if part not in str(caught.value)] == []


def test_subjects_there_must_be_and_of_one_encoder():
    adapter = SimpleNamespace(feature_width=8, phrase_width=6)
    with pytest.raises(InputError, match="there are none; connect EncodeSubjects"):
        check_subjects([], adapter)
    with pytest.raises(InputError, match="different encoders"):
        check_subjects([subject("dog"), subject("cat", width=9)], adapter)
    with pytest.raises(InputError, match="clip gives 6-wide phrases; this adapter needs 7"):
        check_subjects([subject()], SimpleNamespace(feature_width=8, phrase_width=7))


LOST = "another node on this model has replaced some of its blocks"
LOAD = "Load an SDXL checkpoint"


@pytest.mark.parametrize(
    ("widths", "name", "parts"),
    [
        ([], "Flux", ["this is Flux with no text cross-attentions of the SDXL kind;", LOAD]),
        ([], "SDXL", ["this is SDXL with no text cross-attentions of", "needs 3", LOST]),
        ([640, 1280], "SDXL", ["2 text cross-attentions", "needs 3;", LOST]),
        (
            [640, 1280],
            "SD15",
            ["2 text cross-attentions", "needs 3 text", "640 to 1280 wide", LOAD],
        ),
        ([640] * 4, "SDXL", ["4 text cross-attentions", LOAD]),
        ([640, 1280, 640], "SDXL", ["text cross-attention 3 640 wide instead of 1280", LOAD]),
        ([320, 1280, 640], "SD15", ["text cross-attention 1 320 wide instead of 640", LOAD]),
    ],
)
def test_another_model_or_one_that_lost_blocks_is_named(widths, name, parts):
    adapter = SimpleNamespace(site_widths=[640, 1280, 1280])
    check_sites([640, 1280, 1280], adapter, name)
    with pytest.raises(InputError) as caught:
        check_sites(widths, adapter, name)
    assert [part for part in parts if part not in str(caught.value)] == []


@pytest.mark.parametrize(("layouts", "pictures"), [(1, 1), (1, 5), (3, 3)])
def test_one_layout_or_one_a_picture(layouts, pictures):
    check_batch(layouts, pictures)
    with pytest.raises(InputError, match=f"^layout: there are 2 layouts for {pictures} pictures"):
        check_batch(2, pictures)
