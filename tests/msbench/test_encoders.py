"""Directions of pictures and texts are those of `transformers` and of `torchmetrics`."""

import numpy as np
import pytest
import torch
from console import SetupError
from PIL import Image
from torchmetrics.functional.multimodal import clip_score
from transformers import AutoImageProcessor, CLIPModel, CLIPProcessor, Dinov2Model, ViTModel

from msbench.encoder_files import ENCODERS, chosen, sources
from msbench.encoders import load_encoder

CLIPS = [one for one in ENCODERS if one.family == "CLIP"]
DINOS = {"dino-vits16": ViTModel, "dinov2-base": Dinov2Model}
PROMPTS = ("a dog, in the snow", "cat")


def noise(seed, size=(40, 56)):
    numbers = np.random.default_rng(seed).integers(0, 256, (*size, 3), dtype=np.uint8)
    return Image.fromarray(numbers)


class OldClip(CLIPModel):
    """Features as tensors, as `torchmetrics` takes them; newer `transformers` wrap them."""

    def get_image_features(self, *arguments):
        found = super().get_image_features(*arguments)
        return getattr(found, "pooler_output", found)

    def get_text_features(self, *arguments):
        found = super().get_text_features(*arguments)
        return getattr(found, "pooler_output", found)


def by_torchmetrics(folder, one, other):
    """The cosine, from its CLIPScore, which is in hundredths."""
    model = OldClip.from_pretrained(folder).eval()
    one, other = (
        torch.from_numpy(np.array(x)).permute(2, 0, 1) if isinstance(x, Image.Image) else x
        for x in (one, other)
    )
    processor = CLIPProcessor.from_pretrained(folder)
    return float(clip_score(one, other, lambda: (model, processor)).detach()) / 100


@pytest.fixture(params=ENCODERS, ids=lambda named: named.name)
def loaded(request, models):
    return request.param, load_encoder(request.param, str(models / request.param.name), "cpu")


@pytest.fixture
def named(loaded):
    return loaded[0]


@pytest.fixture
def encoder(loaded):
    with torch.inference_mode():
        yield loaded[1]


def test_every_row_has_length_1(encoder):
    rows = encoder.pictures([noise(0), noise(1, (33, 90))])
    assert rows.shape[0] == 2
    assert torch.allclose(rows.norm(dim=-1), torch.ones(2))


def test_a_picture_is_encoded_alike_alone_and_among_others(encoder):
    together = encoder.pictures([noise(0), noise(1, (33, 90))])
    assert torch.allclose(encoder.pictures([noise(1, (33, 90))])[0], together[1], atol=1e-6)


@pytest.mark.parametrize("named", CLIPS, ids=lambda named: named.name)
def test_clips_cosines_are_those_of_torchmetrics(named, models):
    folder = models / named.name
    encoder = load_encoder(named, str(folder), "cpu")
    with torch.inference_mode():
        (one, other), texts = encoder.pictures([noise(0), noise(1)]), encoder.texts(PROMPTS)
    wanted = by_torchmetrics(folder, noise(0), noise(1))
    assert float(one @ other) == pytest.approx(wanted, abs=1e-5)
    for prompt, text in zip(PROMPTS, texts, strict=True):
        wanted = by_torchmetrics(folder, noise(0), prompt)
        assert max(float(one @ text), 0) == pytest.approx(wanted, abs=1e-5)


@pytest.mark.parametrize("name", DINOS)
def test_dinos_rows_are_class_tokens_of_transformers(name, models):
    (named,) = chosen([name])
    rows = load_encoder(named, str(models / name), "cpu")
    model = DINOS[name].from_pretrained(models / name).eval()
    pixels = AutoImageProcessor.from_pretrained(models / name)(noise(0), return_tensors="pt")
    with torch.inference_mode():
        (row,) = rows.pictures([noise(0)])
        token = model(**pixels).last_hidden_state[0, 0]
    cosine = torch.nn.functional.cosine_similarity(row, token, dim=0)
    assert float(cosine) == pytest.approx(1, abs=1e-6)


def test_without_a_folder_the_names_are_those_of_the_hub():
    assert list(sources(chosen([]), None).values()) == [
        "openai/clip-vit-base-patch32",
        "openai/clip-vit-large-patch14",
        "facebook/dino-vits16",
        "facebook/dinov2-base",
    ]


def test_an_encoder_that_is_not_in_the_folder_is_named(tmp_path):
    (tmp_path / "dino-vits16").mkdir()
    (tmp_path / "dino-vits16" / "config.json").write_text("{}")
    with pytest.raises(SetupError, match="--models: .*dinov2-base is not there"):
        sources(chosen(["dino-vits16", "dinov2-base"]), tmp_path)


def test_an_unknown_encoder_is_refused_with_those_there_are():
    with pytest.raises(SetupError, match="there is no dino, but clip-vit-base-patch32, "):
        chosen(["dino"])


def test_a_broken_file_is_refused_with_its_folder(models, tmp_path):
    (named,) = chosen(["dinov2-base"])
    broken = tmp_path / named.name
    broken.mkdir()
    for file in (models / named.name).iterdir():
        (broken / file.name).write_bytes(file.read_bytes()[: 200 if "safe" in file.name else None])
    with pytest.raises(SetupError, match="DINOv2-base could not be loaded from .*dinov2-base"):
        load_encoder(named, str(broken), "cpu")
