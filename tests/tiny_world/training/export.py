"""From trained modules to the files in `tests/tiny_world/weights`."""

from __future__ import annotations

from pathlib import Path

import torch
from safetensors.torch import save_file
from torch import Tensor, nn

from ..models import ADAPTER, FILE


def save(modules: nn.ModuleDict, vocabulary: Tensor, folder: Path) -> int:
    """Writes both files in float16.

    Returns:
        How many numbers they hold.
    """
    folder.mkdir(parents=True, exist_ok=True)
    world = {
        f"{name}.{key}": tensor
        for name, module in modules.items()
        if name != "adapter"
        for key, tensor in module.state_dict().items()
    }
    resampler, sites = modules["adapter"].resampler, {}
    for kind in ("to_k_ip", "to_v_ip"):
        for number, layer in enumerate(getattr(modules["adapter"], kind)):
            sites[f"ms_adapter.{2 * number + 1}.{kind}.weight"] = layer.weight
    adapter = {f"image_proj.{key}": tensor for key, tensor in resampler.state_dict().items()}
    width = resampler.proj_out.weight.shape[0]
    adapter |= {**sites, "dummy_image_tokens": torch.zeros(1, 4, width)}
    files = {FILE: _half(world), ADAPTER: _half(adapter)}
    numbers = sum(tensor.numel() for tensors in files.values() for tensor in tensors.values())
    files[FILE]["vocabulary"] = vocabulary.to(torch.int32)
    for name, tensors in files.items():
        save_file(tensors, folder / name)
    return numbers


def _half(tensors: dict[str, Tensor]) -> dict[str, Tensor]:
    return {
        key: tensor.detach().half().contiguous()
        for key, tensor in tensors.items()
        if tensor.is_floating_point()
    }
