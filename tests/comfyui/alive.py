"""How much the tensors take that are alive in this process: memory as it is seen from outside."""

import gc

import torch

WITHOUT_MEMORY = ("FakeTensor", "FunctionalTensor")  # what torch's compiler keeps


def tensors_alive(device="cpu"):
    """The number of tensors on a device, and the bytes of their storages."""
    gc.collect()
    every = [thing for thing in gc.get_objects() if issubclass(type(thing), torch.Tensor)]
    # what torch's compiler keeps has no memory of its own
    every = [
        each for each in every if type(each).__name__ not in ("FakeTensor", "FunctionalTensor")
    ]
    on_it = [each for each in every if each.device.type == device and each.layout is torch.strided]
    # "meta" has no addresses: there each tensor counts by itself
    storages = {
        each.untyped_storage().data_ptr() or id(each): each.untyped_storage().nbytes()
        for each in on_it
    }
    return len(on_it), sum(storages.values())


def bytes_alive(device="cpu"):
    return tensors_alive(device)[1]
