"""What EncodeSubjects computes, against the official recordings and against transformers."""

from pathlib import Path

import comfy
import pytest
import torch
import transformers
from golden_cases import load
from safetensors.torch import load_file
from torch.nn import functional as F

FOLDER = Path(__file__).resolve().parent.parent
PIXELS = load_file(FOLDER / "golden" / "preprocess.safetensors")
SETTINGS, PHRASES = load("phrase_embeds")
RECORDED = dict(zip(SETTINGS["phrases"], PHRASES["pooled"], strict=True))
IMAGES = [PIXELS[f"image_{number}"].float().div(255)[None] for number in range(3)]
SKIPS = [None, -1, -2, -3]
TWO_GREY_LEVELS = 0.03  # a centre crop is off by 2.6
PLAIN_WORDS = ["grey sloth plushie", "Chelsea the CAT", "t-shirt, red!", "grüner Käfer", "x" * 40]


@pytest.fixture(scope="module")
def encode(run, tiny):
    """EncodeSubjects with the tiny encoders: `encode("dog", image_1=…)` gives the subjects."""

    def node(phrases, clip=tiny.clip, **inputs):
        inputs = {"clip": clip, "clip_vision": tiny.clip_vision, "phrases": phrases, **inputs}
        return run("EncodeSubjects", **inputs)[0]

    return node


@pytest.fixture
def seen(tiny):
    """The pixel values that reach the vision model during the test, one entry a call."""
    calls = []
    hook = tiny.clip_vision.model.register_forward_pre_hook(
        lambda module, args, inputs: calls.append(inputs["pixel_values"].clone()), with_kwargs=True
    )
    yield calls
    hook.remove()


@pytest.fixture(scope="module")
def clips(tiny):
    """CLIPs with and without a text projection in their CLIP-L."""
    return {"projection": tiny.clip, "identity": tiny.models.clip(text_projection=False)}


def random_picture(height, width, views=1, seed=0):
    """Coarse patches, so that a shifted or cropped picture is far off."""
    generator = torch.Generator().manual_seed(seed)
    coarse = torch.rand(views, 3, 9, 9, generator=generator)
    return F.interpolate(coarse, size=(height, width)).movedim(1, -1)


PICTURE = random_picture(32, 32)


def mask_of(height, width, rows, columns):
    mask = torch.zeros(1, height, width)
    mask[:, rows, columns] = 1
    return mask


def skipping(clip, layer):
    """The CLIP behind core's CLIPSetLastLayer; None leaves it out."""
    import nodes

    return clip if layer is None else nodes.CLIPSetLastLayer().set_last_layer(clip, layer)[0]


def difference(one, other):
    """The largest one."""
    return (one - other).abs().max().item()


def text_oracle(clip):
    """`transformers`' own CLIP text model and tokenizer with the weights of a tiny CLIP-L."""
    from tiny_models.models import CLIP_L

    config = transformers.CLIPTextConfig(**CLIP_L, eos_token_id=49407)
    model = transformers.CLIPTextModel(config).eval()
    inner = getattr(model, "text_model", model)  # version 5 has none
    inner.load_state_dict(clip.cond_stage_model.clip_l.transformer.text_model.state_dict())
    vocabulary = Path(comfy.__path__[0]) / "sd1_tokenizer"
    tokenizer = transformers.CLIPTokenizer.from_pretrained(vocabulary)

    def pooled(text):
        tokens = tokenizer(text, padding="max_length", max_length=77, return_tensors="pt")
        with torch.no_grad():
            return model(input_ids=tokens["input_ids"]).pooler_output[0]

    return pooled


def vision_oracle(vision, pixel_values):
    """Penultimate states of `transformers`' own CLIP vision model, same weights and pixels."""
    config = FOLDER / "tiny_models" / "clip_vision.json"
    config = transformers.CLIPVisionConfig.from_json_file(config)
    model = transformers.CLIPVisionModelWithProjection(config).eval()
    model.load_state_dict({k: v.float() for k, v in vision.model.state_dict().items()})
    with torch.no_grad():
        return model(pixel_values=pixel_values, output_hidden_states=True).hidden_states[-2]


@pytest.mark.parametrize("number", range(3))
def test_vision_model_sees_the_official_pixels(number, encode, seen):
    encode("dog", image_1=IMAGES[number])
    assert len(seen) == 1
    assert difference(seen[0], PIXELS[f"pixels_{number}"]) <= TWO_GREY_LEVELS


def test_a_centre_crop_would_be_noticed(tiny, seen):
    tiny.clip_vision.encode_image(IMAGES[0], crop=True)
    assert difference(seen[0], PIXELS["pixels_0"]) > 1


def test_a_very_wide_picture_keeps_its_edges(encode, seen):
    picture = torch.zeros(1, 64, 1024, 3)
    picture[:, :, :32, 0] = 1  # red at the far left, blue at the far right
    picture[:, :, -32:, 2] = 1
    encode("banner", image_1=picture)
    left, right = seen[0][0, :, :, :4], seen[0][0, :, :, -4:]
    assert min(left[0].min(), right[2].min()) > 1.5 and max(left[2].max(), right[0].max()) < -1


@pytest.mark.parametrize("number", range(3))
def test_image_features_agree_with_transformers(number, encode, tiny, seen):
    subject = encode("dog", image_1=IMAGES[number])[0]
    expected = vision_oracle(tiny.clip_vision, seen[0])
    assert subject.image_features.shape == (1, 17, 40)
    assert difference(subject.image_features, expected) <= 1e-4


@pytest.mark.parametrize("kind", ["projection", "identity"])
@pytest.mark.parametrize("skip", SKIPS)
def test_phrases_agree_with_official(kind, skip, pack, encode, clips):
    clip = skipping(clips[kind], skip)
    for phrase, expected in RECORDED.items():
        assert difference(pack.encoders.encode_phrase(clip, phrase), expected) <= 1e-4
    _, projected = clip.cond_stage_model.clip_l.encode_token_weights(clip.tokenize("dog")["l"])
    assert (difference(projected[0], RECORDED["dog"]) > 0.1) == (kind == "projection")
    for subject in encode("grey sloth plushie\nt-shirt", clip, image_1=PICTURE, image_2=PICTURE):
        assert difference(subject.phrase_embedding, RECORDED[subject.phrase]) <= 1e-4


@pytest.fixture(scope="module")
def ordinary(tiny):
    """Encodings of a prompt by a CLIP that our node never saw, by clip skip."""
    clip = tiny.models.clip()
    return {skip: ordinary_encoding(skipping(clip, skip)) for skip in SKIPS}


def ordinary_encoding(clip):
    import nodes

    context, extra = nodes.CLIPTextEncode().encode(clip, "a dog on (the beach:1.2)")[0][0]
    return torch.cat([context.flatten(), extra["pooled_output"].flatten()])


@pytest.mark.parametrize("skip", SKIPS)
def test_ordinary_encoding_is_the_same_before_and_after(skip, encode, tiny, ordinary):
    clip = skipping(tiny.clip, skip)
    first = encode("dog", clip, image_1=PICTURE)[0].phrase_embedding
    assert torch.equal(ordinary_encoding(clip), ordinary[skip])
    assert torch.equal(ordinary[skip], ordinary[-2]) == (skip in (None, -2)), "-2 is SDXL's own"
    second = encode("dog", clip, image_1=PICTURE)[0].phrase_embedding
    assert torch.equal(ordinary_encoding(clip), ordinary[skip])
    assert torch.equal(first, second) and difference(first, RECORDED["dog"]) <= 1e-4


@pytest.mark.parametrize("phrase", PLAIN_WORDS)
def test_phrases_agree_with_transformers(phrase, encode, tiny):
    embedding = encode(phrase, image_1=PICTURE)[0].phrase_embedding
    assert difference(embedding, text_oracle(tiny.clip)(phrase)) <= 1e-4


def test_parentheses_are_emphasis_as_in_prompts(encode, tiny):
    # they do not count as words, and a pooled embedding knows no emphasis; \( is a parenthesis
    oracle = text_oracle(tiny.clip)
    meant = {"(dog:1.3)": "dog", "((a dog))": "a dog", r"dog \(toy\)": "dog (toy)"}
    for phrase, words in meant.items():
        embedding = encode(phrase, image_1=PICTURE)[0].phrase_embedding
        assert difference(embedding, oracle(words)) <= 1e-4, phrase
    assert difference(oracle("dog"), oracle("(dog)")) > 0.1


def test_a_batch_is_several_views(encode):
    pictures = random_picture(40, 60, views=3)
    subject = encode("dog", image_1=F.pad(pictures, (0, 1), value=1.0))[0]  # opaque everywhere
    assert subject.image_features.shape == (3, 17, 40)
    for view, features in zip(pictures, subject.image_features, strict=True):
        alone = encode("dog", image_1=view[None])[0].image_features[0]
        assert difference(features, alone) <= 1e-5


def test_pictures_keep_the_order_of_their_sockets(encode):
    a, b, c = pictures = [random_picture(32, 32, seed=seed) for seed in (1, 2, 3)]
    subjects = encode("a\nb\nc", image_4=c, image_3=b, image_2=None, image_1=a)
    for subject, picture in zip(subjects, pictures, strict=True):
        alone = encode("x", image_1=picture)[0]
        assert torch.equal(subject.image_features, alone.image_features)


def test_a_mask_cuts_the_subject_out(encode):
    picture = random_picture(60, 90)
    mask = mask_of(60, 90, slice(10, 40), slice(20, 70))
    mask[:, 10:20, 20:45] = 0  # no rectangle: the corner inside the bounds must be black
    mask[:, 30:35, 50:60] = 0.5
    copies = picture.clone(), mask.clone()
    by_hand = (picture * mask[..., None])[:, 10:40, 20:70]
    pictures = {"image_1": picture, "image_2": by_hand, "image_3": picture}
    masked, cut, whole = encode("a\nb\nc", mask_1=mask, **pictures)
    assert difference(masked.image_features, cut.image_features) <= 1e-5
    assert difference(masked.image_features, whole.image_features) > 0.1
    assert torch.equal(picture, copies[0]) and torch.equal(mask, copies[1])


def test_a_mask_of_another_size_is_scaled(encode, seen):
    picture = random_picture(240, 360)
    small = mask_of(120, 180, slice(40, 80), slice(60, 120))
    large = mask_of(240, 360, slice(80, 160), slice(120, 240))
    encode("a\nb", image_1=picture, mask_1=small, image_2=picture, mask_2=large)
    encode("a\nb", image_1=picture[:, 80:160, 120:240], image_2=picture)
    scaled, same, by_hand, whole = seen
    assert torch.equal(same, by_hand)
    # a scaled edge is a pixel wider, so a few pixels of the coarse picture differ
    assert (scaled - same).abs().mean() < 0.15 < 0.5 < (scaled - whole).abs().mean()


@pytest.mark.parametrize("masks", [1, 3])
def test_masks_and_views(masks, encode):
    pictures = random_picture(60, 60, views=3)
    bounds = [(0, 30), (10, 50), (25, 60)][:masks]
    mask = torch.cat([mask_of(60, 60, slice(*b), slice(*b)) for b in bounds])
    subject = encode("dog", image_1=pictures, mask_1=mask)[0]
    assert subject.image_features.shape == (3, 17, 40)
    for view, features in enumerate(subject.image_features):
        start, end = bounds[view % masks]
        alone = encode("dog", image_1=pictures[view : view + 1, start:end, start:end])[0]
        assert difference(features, alone.image_features[0]) <= 1e-5


def test_earlier_subjects_stay_in_front(encode):
    earlier = encode("dog\ncat", image_1=PICTURE, image_2=random_picture(40, 30))
    given = list(earlier)
    chained = encode("hat\ncup", image_1=PICTURE, image_2=PICTURE, subjects=given)
    assert [subject.phrase for subject in chained] == ["dog", "cat", "hat", "cup"]
    assert chained[0] is earlier[0] and chained[1] is earlier[1]
    assert [id(subject) for subject in given] == [id(subject) for subject in earlier]
