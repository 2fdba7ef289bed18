"""torch.compile, through what core's TorchCompileModel calls: the subjects are not left out.

One block is compiled by the real dynamo with the "eager" backend, which needs no C++ compiler and
computes the same bits. The whole UNet would take a minute and show no more.
"""

import pytest
import torch
from comfy_api.torch_helpers import set_torch_compile_wrapper
from comfy_extras.nodes_torch_compile import TorchCompileModel
from other_packs import core
from sampling import empty_latent, ksampler

SETTINGS = {"steps": 1, "latent_image": empty_latent(64, 64)}
BLOCK = "diffusion_model.middle_block.1.transformer_blocks.0"


def without_guards(entries):
    """What TorchCompileModel asks for since ComfyUI 0.5: these options are not looked at again."""
    return ["transformer_options" not in entry.name for entry in entries]


@pytest.fixture(params=["guards", "without guards"])
def compiled(request, tiny):
    """`compiled(model)`: TorchCompileModel's work at one block, as it was and as it is."""
    torch._dynamo.reset()

    def make(model):
        clone = model.clone()
        # torch takes its own entries out of the dict
        options = {"guard_filter_fn": without_guards} if request.param != "guards" else None
        set_torch_compile_wrapper(clone, backend="eager", options=options, keys=[BLOCK])
        return clone

    yield make
    torch._dynamo.reset()


@pytest.mark.parametrize("order", ["compiled first", "patched first"])
def test_plain_and_patched_in_turn(order, compiled, tiny, patch):
    plain, ours = ksampler(tiny, tiny.model, **SETTINGS), ksampler(tiny, patch(), **SETTINGS)
    model = compiled(tiny.model)
    both = patch(model=model) if order == "compiled first" else compiled(patch())
    before = repr(both.wrappers)
    for _ in range(2):
        assert torch.equal(ksampler(tiny, model, **SETTINGS), plain)
        assert torch.equal(ksampler(tiny, both, **SETTINGS), ours)
    assert torch._dynamo.utils.counters["frames"]["ok"] > 0, "the plain one is compiled"
    assert repr(both.wrappers) == before, "the model keeps what its nodes gave it"


@pytest.mark.parametrize("order", ["compiled first", "patched first"])
def test_the_node_itself(order, tiny, patch, monkeypatch):
    called = []

    class Compiled(torch.nn.Module):
        """Stands for what torch.compile gives; the real one takes a minute for the whole UNet."""

        def __init__(self, model, **_):
            super().__init__()
            self.model = [model]

        def __getattr__(self, name):
            return super().__getattr__(name) if name == "model" else getattr(self.model[0], name)

        def forward(self, *arguments, **named):
            called.append(1)
            return self.model[0](*arguments, **named)

    monkeypatch.setattr(torch, "compile", Compiled)

    def by_the_node(model):
        inputs = {"model": model, "backend": "inductor"}
        names = {each.id for each in TorchCompileModel.define_schema().inputs}
        return core(TorchCompileModel, **inputs, **({"mode": ""} if "mode" in names else {}))

    model = by_the_node(tiny.model)
    ksampler(tiny, model, **SETTINGS)
    assert called == [1]
    both = patch(model=model) if order == "compiled first" else by_the_node(patch())
    assert torch.equal(ksampler(tiny, both, **SETTINGS), ksampler(tiny, patch(), **SETTINGS))
    assert called == [1], "only the plain one runs compiled"


def test_one_that_comes_as_an_object_patch_takes_the_subjects_in_turn(tiny, patch):
    # as WaveSpeed-like packs compile: a module of the model is exchanged, guards and all
    torch._dynamo.reset()
    swapped = "[[0.5, 0.25, 1.0, 0.75], [0.0, 0.25, 0.5, 0.75]]"
    ways = {"plain": {"weight": 0.0}, "ours": {}, "swapped": {"boxes": swapped}}
    expected = {name: ksampler(tiny, patch(**way), **SETTINGS) for name, way in ways.items()}
    compiled = torch.compile(tiny.model.get_model_object(BLOCK), backend="eager")
    for name in ("plain", "ours", "plain", "swapped", "ours"):
        model = patch(**ways[name]).clone()
        model.add_object_patch(BLOCK, compiled)
        assert torch.equal(ksampler(tiny, model, **SETTINGS), expected[name]), name
    assert torch._dynamo.utils.counters["frames"]["ok"] > 0
    torch._dynamo.reset()
