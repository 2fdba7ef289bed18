"""The noise levels that a model was trained with, where they are a table as SDXL's."""

from __future__ import annotations

from comfy.model_patcher import ModelPatcher
from comfy.model_sampling import ModelSamplingDiscrete
from torch import Tensor

from ..errors import InputError
from ..method.authors_schedule import LEVELS
from .sites import kind_of

SAMPLING = "model_sampling"


def noise_levels(model: ModelPatcher) -> Tensor:
    """The model's noise levels, rising, on the CPU: (1000,). Nodes before may have changed them.

    Raises:
        InputError: the model has none, or others (Flux, SD3, Stable Cascade, EDM, LCM's 50).
    """
    own = SAMPLING in model.object_patches or hasattr(model.model, SAMPLING)
    sampling = model.get_model_object(SAMPLING) if own else None
    if not isinstance(sampling, ModelSamplingDiscrete) or len(sampling.sigmas) != LEVELS:
        raise InputError(
            f"{kind_of(model)} came with noise levels of another kind than SDXL's {LEVELS};"
            " connect an SDXL model, without a node for another kind of sampling (LCM, EDM, flow)"
            " on it"
        )
    return sampling.sigmas.detach().float().cpu()
