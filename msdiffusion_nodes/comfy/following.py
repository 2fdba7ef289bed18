"""What ComfyUI calls around a run, an evaluation and a call of the UNet, for a model with subjects.

One set of wrappers serves however many ApplyMSDiffusion there are on a model.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable, Mapping
from functools import cache
from typing import Any

from comfy.model_patcher import ModelPatcher
from comfy.patcher_extension import CallbacksMP, WrappersMP
from torch import Tensor

from ..errors import InputError
from .runs import CALL, EVALUATION, RUN, Evaluation, Run, applied_on, evaluation_of
from .shown_areas import remember
from .site_patch import SitePatch
from .told_areas import tell_page

KEY = "msdiffusion"
COMPILE_KEY = "torch.compile"  # ComfyUI's name for the wrapper of TorchCompileModel


def follow_runs(patched: ModelPatcher) -> None:
    """Put the wrappers on a model; those of an earlier ApplyMSDiffusion are the same."""
    wrappers = {
        WrappersMP.OUTER_SAMPLE: _on_run,
        WrappersMP.CALC_COND_BATCH: _on_evaluation,
        WrappersMP.APPLY_MODEL: _on_call,
    }
    for kind, wrapper in wrappers.items():
        patched.remove_wrappers_with_key(kind, KEY)
        patched.add_wrapper_with_key(kind, KEY, wrapper)
    patched.remove_callbacks_with_key(CallbacksMP.ON_CLONE, KEY)
    patched.add_callback_with_key(CallbacksMP.ON_CLONE, KEY, _own_patches)


def site_patches(options: Mapping[str, Any]) -> dict[tuple, SitePatch]:
    """Our patches in a model's transformer options, by ComfyUI's key."""
    attn2 = options.get("patches_replace", {}).get("attn2", {})
    return {key: patch for key, patch in attn2.items() if isinstance(patch, SitePatch)}


def _on_run(
    executor: Any,
    noise: Tensor,
    latent_image: Any,
    sampler: Any,
    sigmas: Any,
    denoise_mask: Any = None,
    callback: Callable[..., Any] | None = None,
    *rest: Any,
    **named: Any,
) -> Any:
    """`outer_sample`: the options of the guider are this run's own."""
    guider = executor.class_obj
    options = guider.model_options["transformer_options"]
    run = Run(guider, applied_on(options), noise.shape)
    options[RUN] = run

    def after_step(*step: Any, **more: Any) -> Any:
        run.check_positive()
        run.end_step()
        return None if callback is None else callback(*step, **more)

    inputs = (noise, latent_image, sampler, sigmas, denoise_mask, after_step)
    steps: list[Tensor] = []
    try:
        samples = executor(*inputs, *rest, **named)
        run.check_positive()  # a sampler may call back after no step
    finally:
        steps = run.end()
    remember(samples, steps)
    tell_page(steps)
    return samples


def _on_evaluation(
    executor: Any, model: Any, conds: Any, x_in: Tensor, timestep: Any, model_options: dict
) -> Any:
    """`calc_cond_batch`: the conditions, each with the part of the picture that it is about.

    The UNet is called as it is, not compiled, see `_uncompiled`.
    """
    options = _uncompiled(model_options["transformer_options"])
    run = options.get(RUN)
    if run is None:
        raise InputError(
            "model: another node samples without ComfyUI's guider; MS-Diffusion cannot tell"
            " which prompt is the positive one: use KSampler or SamplerCustomAdvanced"
        )
    evaluation = evaluation_of(run, conds, x_in, model_options, timestep)
    model_options = {**model_options, "transformer_options": {**options, EVALUATION: evaluation}}
    made = executor(model, conds, x_in, timestep, model_options)
    if run.called is not None:
        _check_called(run, conds, timestep, options)
    return made


def _on_call(executor: Any, x: Tensor, *inputs: Any, **named: Any) -> Any:
    """`apply_model`: the options are those of this call alone, before anybody has changed them."""
    options = named.get("transformer_options", inputs[4] if len(inputs) > 4 else {})
    evaluation: Evaluation | None = options.get(EVALUATION)
    if evaluation is not None:
        options[CALL] = evaluation.call(options, executor.class_obj)
    return executor(x, *inputs, **named)


def _check_called(
    run: Run, conds: Iterable[Iterable[dict] | None], timestep: Tensor, options: Any
) -> None:
    """After the first evaluation each site must have been called, or be one that was skipped.

    The first is the first in which one of the positive prompt's conditions acts.

    Raises:
        InputError: other nodes took our place.
    """
    entries = [entry for each in conds for entry in each or ()]
    positive = [entry for entry in entries if run.is_positive(entry)]
    if not positive:
        # a negative one alone; or another node's own, and the positive one comes later, or never
        run.others_came |= not all(run.is_known(entry) for entry in entries)
        return
    run.positive_came = True
    if not any(_acts(entry, timestep[0]) for entry in positive):
        return
    called, run.called = run.called, None
    ours, lost = site_patches(options), 0
    for applied in applied_on(options):
        reached = (each for patch in ours.values() for each in patch.chain())
        here = {each.site for each in reached if each.applied is applied}
        sites = range(applied.sites)
        lost += sum((applied, n) not in called and n not in here for n in sites)
    if lost:
        raise InputError(
            f"model: another node took the subjects' place at {lost} attentions of the model; put"
            " Apply MS-Diffusion behind it"
        )


def _acts(entry: Mapping[str, Any], sigma: Tensor) -> bool:
    """Whether ComfyUI evaluates a condition at a noise level."""
    start, end = entry.get("timestep_start"), entry.get("timestep_end")
    return bool((start is None or sigma <= start) and (end is None or sigma >= end))


def _uncompiled(options: dict[str, Any]) -> dict[str, Any]:
    """Leave `torch.compile` out for a model with subjects.

    TorchCompileModel drops the guards on these options (from ComfyUI 0.5), and what was compiled
    for the plain model serves all that share its modules: the subjects would silently be missing.
    Compiling once more does not help, since equal backends share what they compiled.
    """
    wrappers = options.get("wrappers", {})
    compiled = wrappers.get(WrappersMP.APPLY_MODEL, {})
    if COMPILE_KEY not in compiled:
        return options
    _tell_of_compiling()
    others = {key: wrapper for key, wrapper in compiled.items() if key != COMPILE_KEY}
    return {**options, "wrappers": {**wrappers, WrappersMP.APPLY_MODEL: others}}


@cache
def _tell_of_compiling() -> None:
    logging.warning(
        "MS-Diffusion: a model with subjects runs without torch.compile, which would leave them out"
    )


def _own_patches(model: ModelPatcher, clone: ModelPatcher) -> None:
    """Give a clone its own patch objects: what other packs `add` there stays there."""
    options = clone.model_options["transformer_options"]
    for key, patch in site_patches(options).items():
        options["patches_replace"]["attn2"][key] = patch.copy()
