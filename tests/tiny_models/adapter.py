"""Write the tiny adapter in the official format: `python adapter.py tiny_ms_adapter.bin`."""

import sys
from pathlib import Path

import torch

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from fill import tiny_adapter_state  # noqa: E402

# text cross-attentions of down blocks, up blocks, middle block: the tiny UNet's six, SDXL's 70
SITE_WIDTHS = [64, 128] + [128, 64] + [128] * 2
SDXL_SITE_WIDTHS = [64] * 4 + [128] * 20 + [128] * 30 + [64] * 6 + [128] * 10


def tiny_adapter(site_widths=SITE_WIDTHS):
    """The checkpoint as torch tensors: image_proj, ms_adapter, dummy_image_tokens."""
    return {
        group: {name: torch.from_numpy(array) for name, array in entry.items()}
        if isinstance(entry, dict)
        else torch.from_numpy(entry)
        for group, entry in tiny_adapter_state(site_widths).items()
    }


if __name__ == "__main__":
    target = Path(sys.argv[1])
    target.parent.mkdir(parents=True, exist_ok=True)
    torch.save(tiny_adapter(), target)
