"""Under fire: a run that breaks off leaves nothing behind, and many runs leave no memory behind."""

import json
import random

import comfy.model_management
import psutil
import pytest
import torch
from alive import bytes_alive, tensors_alive
from other_packs import attn2_patches
from sampling import PROMPT, empty_latent, ksampler, text

SETTINGS = {"steps": 3, "latent_image": empty_latent(128, 128)}


class Breaks:
    """Another pack's patch at one site, which breaks in its second call."""

    def __init__(self, error):
        self.error, self.calls = error, 0

    def __call__(self, out, q, k, v, extra_options):
        self.calls += 1
        if self.calls == 2:
            raise self.error
        return torch.zeros_like(out)


@pytest.mark.parametrize("automatic", [False, True], ids=["boxes", "auto layout"])
@pytest.mark.parametrize(
    "error",
    [
        comfy.model_management.InterruptProcessingException(),
        comfy.model_management.OOM_EXCEPTION("CUDA out of memory"),
        RuntimeError("the size of tensor a (3) must match the size of tensor b (4)"),
    ],
    ids=["interrupt", "out of memory", "another pack's error"],
)
def test_the_run_after_one_that_broke_off_is_undisturbed(error, automatic, pack, tiny, patch, auto):
    settings = {**SETTINGS, "positive": text(tiny.clip, PROMPT)}
    model = patch(auto_layout=auto() if automatic else None)
    plain, expected = ksampler(tiny, tiny.model, **settings), ksampler(tiny, model, **settings)
    # in the middle of the UNet and of the run; the clone shares all that is ours
    broken = model.clone()
    breaks = Breaks(error)
    before = bytes_alive()
    attn2_patches(broken)["middle", 0, 1].add(breaks)
    with pytest.raises(type(error)):
        ksampler(tiny, broken, **settings)
    assert breaks.calls == 2
    error.with_traceback(None)  # it would keep all that was there when it was raised
    assert bytes_alive() - before < 2**10, "nothing of the run is kept: the maps take more"
    assert torch.equal(ksampler(tiny, model, **settings), expected)
    assert torch.equal(ksampler(tiny, tiny.model, **settings), plain)


def test_a_node_that_breaks_leaves_no_adapter_loaded(tiny, msd_model, patch, monkeypatch):
    adapter = msd_model.adapter
    before = patch()

    def out_of_memory(*_):
        raise comfy.model_management.OOM_EXCEPTION("CUDA out of memory")

    with monkeypatch.context() as change:
        change.setattr(type(adapter), "project", out_of_memory)
        with pytest.raises(comfy.model_management.OOM_EXCEPTION):
            patch()
    assert msd_model.patcher.loaded_size() == 0
    assert torch.equal(ksampler(tiny, patch(), **SETTINGS), ksampler(tiny, before, **SETTINGS))


def test_memory_stays_flat_over_100_runs_with_changing_subjects_and_sizes(
    run, tiny, subjects, patch, auto
):
    chance = random.Random(0)
    sizes = [(64, 64), (96, 64), (64, 128), (64, 64), (96, 96)]
    positive, negative = text(tiny.clip, PROMPT), text(tiny.clip, "")
    found = auto()
    kept = patch(auto_layout=found)

    def one(number):
        edges = [sorted(chance.sample(range(9), 2)) for _ in range(4)]
        boxes = [[x[0] / 8, y[0] / 8, x[1] / 8, y[1] / 8] for x, y in (edges[:2], edges[2:])]
        order = subjects if number % 2 else subjects[::-1]
        changes = {"boxes": json.dumps(boxes), "subjects": order, "weight": chance.random()}
        # every third time the same model once more, as a user who changes the size alone
        model = kept if number % 3 == 0 else patch(**changes, auto_layout=(None, found)[number % 2])
        width, height = sizes[number % len(sizes)]
        latent = empty_latent(width, height, 1 + number % 2)
        more = {"positive": positive, "negative": negative, "latent_image": latent}
        made = ksampler(tiny, model, steps=1, cfg=(1.0, 7.0)[number % 2], **more)
        assert made.isfinite().all()

    def held():
        return *tensors_alive(), psutil.Process().memory_info().rss

    for number in range(20):
        one(number)
    first = held()
    for number in range(20, 100):
        one(number)
    last = held()
    assert last[0] - first[0] <= 20, "tensors: one for each size that `kept` has seen at most"
    assert last[1] - first[1] <= 2**16, "bytes in tensors"
    assert last[2] - first[2] <= 32 * 2**20, "resident memory, the allocator's whims included"
