"""Subject Detailer with any model: whose layout is exchanged, what is told, what is refused."""

import time

import comfy.model_management
import comfy.utils
import pytest
import torch
from made_up import PICTURE
from other_packs import Halved
from promises import state_of
from sampling import BOXES, PROMPT, empty_latent, ksampler, text
from straightforward import SITE_KEYS
from tiny_models.models import control_net

WINDOW = {"x": 0, "y": 8, "width": 32, "height": 32}
NEGATIVE = "blurry"


@pytest.fixture
def detail(run, tiny, patch):
    """`detail(…)`: the pictures and masks for two subjects side by side, anything changed."""

    def detail(**changes):
        inputs = {
            "model": changes.pop("model", None) or patch(),
            "image": PICTURE,
            "vae": tiny.vae,
            "positive": text(tiny.clip, PROMPT),
            "negative": text(tiny.clip, NEGATIVE),
            "layout": run("LayoutBoxes", boxes=BOXES, width=64, height=64)[0],
            "seed": 3,
            "steps": 2,
            "cfg": 7.0,
            "sampler_name": "euler",
            "scheduler": "normal",
            "denoise": 0.5,
            "size": 64,
            "padding": 0.25,
            "feather": 4,
            **changes,
        }
        return run("SubjectDetailer", **inputs)

    return detail


@pytest.fixture
def relaid(pack):
    return pack.relaying.with_layout


def tile_of(run):
    layout = run("LayoutBoxes", boxes=BOXES, width=64, height=64)[0]
    return run("CropLayout", layout=layout, **WINDOW)[0]


@pytest.mark.parametrize(
    "kind", ["plain", "times and weights", "grounding off", "topmost", "scene"]
)
def test_a_model_of_another_layout_is_what_apply_makes_of_it(
    kind, run, tiny, patch, subjects, options, relaid
):
    scene = run("BackgroundSubject", subjects=subjects, number=2, weight=0.4)[0]
    changes = {
        "plain": {},
        "times and weights": {
            "subjects": options(1, weight=1.0, end_percent=0.7),
            "start_percent": 0.1,
        },
        "grounding off": {"grounding": False},
        "topmost": {"overlap": "topmost"},
        "scene": {"subjects": scene},
    }[kind]
    model = patch(**changes)
    before = repr(state_of(model))
    tile = tile_of(run)
    made = relaid(model, tile)
    expected = ksampler(tiny, patch(**changes, layout=tile), latent_image=empty_latent(64, 64))
    assert torch.equal(ksampler(tiny, made, latent_image=empty_latent(64, 64)), expected)
    whole = ksampler(tiny, model, latent_image=empty_latent(64, 64))
    assert not torch.equal(whole, expected)
    assert repr(state_of(model)) == before


def test_subjects_of_two_applies_take_their_boxes_in_turn(run, tiny, patch, subjects, relaid):
    def layout(*boxes):
        return run("LayoutBoxes", boxes=str([list(box) for box in boxes]), width=64, height=64)[0]

    one, two, three = (0, 0, 0.5, 0.5), (0.5, 0, 1, 0.5), (0, 0.5, 1, 1)

    def applied(first, second):
        model = patch(layout=layout(*first), subjects=subjects)
        return patch(model=model, layout=layout(second), subjects=subjects[:1])

    made = relaid(applied((three, one), two), layout(one, two, three))
    settings = {"latent_image": empty_latent(64, 64)}
    expected = ksampler(tiny, applied((one, two), three), **settings)
    assert torch.equal(ksampler(tiny, made, **settings), expected)


def test_what_others_add_to_the_subjects_stays(tiny, patch, run, relaid):
    model = patch()
    key = SITE_KEYS[0]
    mine = model.model_options["transformer_options"]["patches_replace"]["attn2"][key]
    mine.add(lambda out, *rest: torch.ones_like(out))
    made = relaid(model, tile_of(run))
    settings = {"latent_image": empty_latent(64, 64)}
    plain = patch(layout=tile_of(run))
    without = ksampler(tiny, plain, **settings)
    plain.model_options["transformer_options"]["patches_replace"]["attn2"][key].add(
        lambda out, *rest: torch.ones_like(out)
    )
    expected = ksampler(tiny, plain, **settings)
    assert torch.equal(ksampler(tiny, made, **settings), expected)
    assert not torch.equal(without, expected)


def test_auto_layout_looks_for_no_areas_where_the_subjects_are_known(patch, auto, detail):
    found = detail(model=patch(auto_layout=auto(start_step=1)))
    assert torch.equal(found[0], detail(model=patch())[0])
    kept = {"areas": False, "text_in_box": True}
    both = detail(model=patch(auto_layout=auto(start_step=1, text_in_box=True)))
    in_box = detail(model=patch(auto_layout=auto(**kept)))
    assert torch.equal(both[0], in_box[0]) and not torch.equal(found[0], in_box[0])


def test_scenes_and_subjects_that_are_off_are_left_out(run, patch, subjects, options, detail):
    scene = run("BackgroundSubject", subjects=subjects, number=2, weight=0.4)[0]
    for one in (scene, options(2, enabled=False)):
        _, mask = detail(model=patch(subjects=one))
        assert mask[..., :32].any() and not mask[..., 40:].any()
        with pytest.raises(ValueError, match=r"^subjects: 2 came, but that subject is"):
            detail(model=patch(subjects=one), subjects="2")


def test_controls_see_the_same_part_of_their_picture(pack):
    control = control_net()
    hint = torch.rand(1, 3, 40, 100)  # of the middle 80 columns ComfyUI makes a picture of 2 to 1
    shared = control.copy().set_cond_hint(hint).set_previous_controlnet(control.copy())
    crop = pack.cropped_conditions.cropped_conditions
    window, picture = pack.layout.Box(0.25, 0.5, 0.75, 1.0), pack.layout.Extent(64, 128)
    copies = {}
    first, second = (
        crop([[torch.ones(1, 2, 3), {"control": shared}]], window, picture, copies)[0][1]["control"]
        for _ in range(2)
    )
    assert first is second is not shared
    assert torch.equal(first.cond_hint_original, hint[..., 20:40, 30:70])
    assert torch.equal(shared.cond_hint_original, hint)
    assert first.previous_controlnet is not shared.previous_controlnet


WAIT = 0.15  # seconds; newer ComfyUIs tell of a step only some time after the last one


def test_progress_goes_over_all_subjects_and_their_steps(detail, monkeypatch):
    told = []

    def hook(done, total, *rest, **named):
        told.append((done, total))
        time.sleep(WAIT)

    monkeypatch.setattr(comfy.utils, "PROGRESS_BAR_HOOK", hook)
    detail(image=torch.cat([PICTURE, PICTURE]))
    steps = [done for done, total in told if total == 8]  # two pictures, two subjects, two steps
    assert steps == list(range(1, 9))


@pytest.mark.parametrize("when", [0, 3])
def test_it_stops_where_comfyui_is_interrupted(when, detail, monkeypatch):
    told = []

    def hook(done, total, *rest, **named):
        told.append(done)
        time.sleep(WAIT)
        if done == when:
            comfy.model_management.interrupt_current_processing(True)

    monkeypatch.setattr(comfy.utils, "PROGRESS_BAR_HOOK", hook)
    if when == 0:
        hook(0, 4)
    with pytest.raises(comfy.model_management.InterruptProcessingException):
        detail()
    assert max(told) == when and not comfy.model_management.processing_interrupted()


def test_nothing_to_paint_leaves_the_picture(run, detail):
    nowhere = run("LayoutBoxes", boxes="[[0,0,0,0],[0,0,0,0]]", width=64, height=64)[0]
    made, mask = detail(layout=nowhere)
    assert torch.equal(made, PICTURE) and not mask.any()


def with_options(**options):
    return [[torch.zeros(1, 77, 64), {"pooled_output": torch.zeros(1, 32), **options}]]


FAULTS = {
    "no such subject": ("subjects", "3 came; the layout has subjects 1 to 2", {"subjects": "3"}),
    "subject 0": ("subjects", "0 came; the layout has subjects 1 to 2", {"subjects": "0"}),
    "no number": ("subjects", '"dog" came; expected numbers', {"subjects": "dog"}),
    "half a list": ("subjects", '"1," came; expected numbers', {"subjects": "1,"}),
    "one channel": ("image", "shape [1, 8, 8, 1]", {"image": torch.zeros(1, 8, 8, 1)}),
    "no number in it": ("image", "not finite", {"image": torch.full((1, 8, 8, 3), torch.nan)}),
    "an area": ("positive", "Set Area", {"positive": with_options(area=(4, 4, 0, 0))}),
    "a mask": ("negative", "Set Mask", {"negative": with_options(mask=torch.ones(1, 8, 8))}),
    "no prompt": ("positive", "expected an encoded prompt", {"positive": []}),
    "no VAE": ("vae", "expected the VAE", {"vae": "vae"}),
}


@pytest.mark.parametrize("fault", FAULTS)
def test_an_error_names_the_input(fault, detail):
    name, part, changes = FAULTS[fault]
    with pytest.raises(ValueError) as caught:
        detail(**changes)
    text = str(caught.value)
    assert type(caught.value).__name__ == "InputError"
    assert text.startswith(f"{name}: ") and part in text, text


def test_what_does_not_fit_together_is_explained(run, patch, auto, msd_model, tiny, detail):
    def refused(name, part, **changes):
        with pytest.raises(ValueError, match=rf"^{name}: .*{part}"):
            detail(**changes)

    one = run("LayoutBoxes", boxes="[[0, 0, 1, 1]]", width=64, height=64)[0]
    three = run("SweepLayout", first=one, last=one, pictures=3)[0]
    refused("layout", "1 box came for 2 subjects", layout=one)
    refused("layout", "3 layouts for 1 pictures", layout=three, model=tiny.model)
    half = run("LayoutBoxes", boxes="[[0, 0, 1, 1], [0, 0, 0, 0]]", width=64, height=64)[0]
    refused("subjects", "2 came, but that subject has no box", layout=half, subjects="2")
    refused("model", "makes no pictures", model=msd_model.patcher)
    other = text(tiny.clip, "a house")
    kept = patch(auto_layout=auto(areas=False, text_in_box=True))
    refused("auto_layout", "is not the text", model=kept, positive=other)
    behind = patch()
    behind.set_model_attn2_replace(Halved(), *SITE_KEYS[0])
    refused("model", "put Apply MS-Diffusion behind that node", model=behind)


class Wide:
    """A VAE of another family."""

    def encode(self, pixels):
        return torch.zeros(1, 16, *(side // 8 for side in pixels.shape[1:3]))

    def decode(self, samples):
        raise AssertionError("it should not come to this")


def test_a_vae_of_another_model_is_refused(detail):
    with pytest.raises(ValueError, match=r"^vae: it makes latents of 16 channels"):
        detail(vae=Wide())
