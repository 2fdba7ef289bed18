"""Loads the library as ComfyUI-free code: by its path, with ComfyUI's modules out of reach.

The checkout stays off `sys.path`: an absolute import of one of its own files would work here and
fail inside ComfyUI, where a node pack is loaded by path as well.
"""

import importlib.util
import sys
from pathlib import Path

import pytest

TESTS = Path(__file__).resolve().parents[1]
LIBRARY = TESTS.parent / "msdiffusion_nodes"


class NoComfyUI:
    """A meta-path finder that refuses to find ComfyUI."""

    @staticmethod
    def find_spec(name, *_):
        if name.partition(".")[0] in ("comfy", "comfy_extras", "folder_paths"):
            raise ImportError("the library must not import ComfyUI")
        return None


def load_library() -> None:
    """Put the library into `sys.modules` as the top-level package `msdiffusion_nodes`."""
    spec = importlib.util.spec_from_file_location(
        "msdiffusion_nodes", LIBRARY / "__init__.py", submodule_search_locations=[str(LIBRARY)]
    )
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)


sys.meta_path.insert(0, NoComfyUI)
sys.path.insert(0, str(TESTS))  # `import oracle, fill`
load_library()

from adapter_files import good_state, packed  # noqa: E402


@pytest.fixture
def source(tmp_path) -> Path:
    path = tmp_path / "ms_adapter.bin"
    path.write_bytes(packed(good_state()))
    return path


@pytest.fixture
def folder(tmp_path) -> Path:
    made = tmp_path / "out"
    made.mkdir()
    return made


@pytest.fixture
def target(folder) -> Path:
    return folder / "ms_adapter.safetensors"
