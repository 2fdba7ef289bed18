"""Adapter files for the tests: a good one in every form, and how a bad one is refused."""

import io
from pathlib import Path

import fill
import refusing
import torch
from safetensors.torch import save

from msdiffusion_nodes.files.checkpoint import read_checkpoint
from msdiffusion_nodes.method.adapter import Adapter

WIDTHS = [16, 32]
KEY, VALUE, NEXT_KEY, NEXT_VALUE, FAR_KEY, FAR_VALUE = (
    f"ms_adapter.{number}.to_{kind}_ip.weight" for number in (1, 3, 7) for kind in "kv"
)
FIX = ("get ms_adapter.bin from huggingface.co", "choose ms_adapter.bin", "rename it to .bin")


def good_state(site_widths=WIDTHS) -> dict:
    return {
        group: {name: torch.from_numpy(array) for name, array in entry.items()}
        if isinstance(entry, dict)
        else torch.from_numpy(entry)
        for group, entry in fill.tiny_adapter_state(site_widths).items()
    }


def changed(changes: dict) -> dict:
    """The good state with other tensors under some names; None takes one out."""
    state = good_state()
    for name, tensor in changes.items():
        group, _, key = name.partition(".")
        state[group][key] = tensor
        if tensor is None:
            del state[group][key]
    return state


def packed(obj: object, **options) -> bytes:
    buffer = io.BytesIO()
    torch.save(obj, buffer, **options)
    return buffer.getvalue()


def packed_as_before_2020(obj: object) -> bytes:
    return packed(obj, _use_new_zipfile_serialization=False)


def flat(state: dict) -> bytes:
    groups = {name: entry for name, entry in state.items() if isinstance(entry, dict)}
    tensors = {f"{g}.{name}": tensor for g in groups for name, tensor in groups[g].items()}
    return save({**tensors, "dummy_image_tokens": state["dummy_image_tokens"]})


def refusal(path: Path) -> str:
    """Why a file is refused, when it is read or made an adapter; see `refusing`."""
    return refusing.refusal(lambda path: Adapter(read_checkpoint(path)), path, FIX)


FORMATS = [("a.bin", packed), ("a.safetensors", flat), ("a.pt", packed_as_before_2020)]
