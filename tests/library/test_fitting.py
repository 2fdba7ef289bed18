"""What must fit together before sampling starts, and the words for what does not."""

from types import SimpleNamespace

import pytest
from subject_cases import subject

from msdiffusion_nodes.errors import InputError
from msdiffusion_nodes.method.fitting import check_subjects


@pytest.mark.parametrize("width, encoder", [(1280, "CLIP-ViT-H"), (1024, "CLIP-ViT-L")])
def test_the_most_common_wrong_encoders_are_called_by_name(width, encoder):
    adapter = SimpleNamespace(feature_width=1664, phrase_width=6)
    check_subjects([subject(width=1664)], adapter)
    with pytest.raises(InputError) as caught:
        check_subjects([subject(width=width)], adapter)
    parts = [str(width), encoder, "1664", "CLIP-ViT-bigG", "clip_vision_g.safetensors"]
    assert [part for part in parts if part not in str(caught.value)] == []
