"""Stands in for torchaudio where there is none for the installed PyTorch, see
`tools/torchaudio_for.py`.

ComfyUI imports it when it starts, and calls it only where there is sound.
"""

from . import functional, transforms

__all__ = ["functional", "transforms"]
__version__ = "0"
