"""Shares of the schedule become noise levels when the run begins, by the model that is sampled."""

import pytest
import torch
from comfy_extras import nodes_model_advanced
from other_packs import core
from sampling import empty_latent, ksampler

SETTINGS = {"steps": 6, "latent_image": empty_latent(64, 64)}


class Gates:
    """At which noise levels each subject acts, as the sites ask for it."""

    def __init__(self, pack, monkeypatch):
        self.seen, plain = {}, pack.run.SubjectsRun.gate

        def gate(run, sigmas):
            made = plain(run, sigmas)
            self.seen[float(sigmas[0])] = [] if made is None else made.subjects.tolist()
            return made

        monkeypatch.setattr(pack.run.SubjectsRun, "gate", gate)


REPLACED = {
    "ModelSamplingDiscrete": lambda model: core(
        nodes_model_advanced.ModelSamplingDiscrete, model=model, sampling="eps", zsnr=True
    ),
    "ModelSamplingContinuousEDM": lambda model: core(
        nodes_model_advanced.ModelSamplingContinuousEDM,
        model=model,
        sampling="eps",
        sigma_max=120.0,
        sigma_min=0.002,
    ),
    "none": lambda model: model,
}


@pytest.mark.parametrize("order", ["before Apply", "behind Apply"])
@pytest.mark.parametrize("node", REPLACED)
def test_the_sampled_model_says_the_noise_levels(
    node, order, pack, tiny, patch, options, monkeypatch
):
    one = options(1, start_percent=0.3, end_percent=0.8)
    gates = Gates(pack, monkeypatch)
    if order == "before Apply":
        model = patch(model=REPLACED[node](tiny.model), subjects=one, end_percent=0.9)
    else:
        model = REPLACED[node](patch(subjects=one, end_percent=0.9))
    ksampler(tiny, model, **SETTINGS)
    to_sigma = model.get_model_object("model_sampling").percent_to_sigma
    assert len(gates.seen) == SETTINGS["steps"]
    for sigma, acting in gates.seen.items():
        expected = [float(to_sigma(0.3) >= sigma >= to_sigma(0.8)), float(sigma >= to_sigma(0.9))]
        assert acting == expected
    assert {tuple(acting) for acting in gates.seen.values()} >= {(0.0, 1.0), (1.0, 1.0)}


def test_without_times_nothing_is_asked(pack, tiny, patch, monkeypatch):
    gates = Gates(pack, monkeypatch)
    ksampler(tiny, patch(), **SETTINGS)
    assert set(map(tuple, gates.seen.values())) == {()}


def test_a_bare_unet_that_names_no_noise_level_is_told_so(tiny, patch):
    model = patch(start_percent=0.5)
    options = {**model.model_options["transformer_options"], "cond_or_uncond": [0]}
    unet = model.model.diffusion_model
    x, context = torch.zeros(1, 4, 8, 8), torch.zeros(1, 77, 64)
    y = torch.zeros(1, unet.label_emb[0][0].in_features)
    with pytest.raises(RuntimeError, match="need `sigmas`"):
        unet(x, torch.ones(1), context=context, y=y, transformer_options=options)
