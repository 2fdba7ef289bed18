"""The pack as ComfyUI has loaded it: for the tests and the benchmarks."""

import asyncio
from importlib import import_module
from pathlib import Path
from types import SimpleNamespace

ROOT = Path(__file__).resolve().parent.parent
LIBRARY = ROOT / "msdiffusion_nodes"


def load_pack():
    """Let ComfyUI's own loader load the pack.

    Returns:
        `nodes` (classes by id), `package` (the library's name), and each of the library's modules
        by the last part of its name, but for those of the nodes.

    Raises:
        ImportError: ComfyUI could not load it; its message is on the screen.
    """
    import nodes

    if not asyncio.run(nodes.load_custom_node(str(ROOT), module_parent="custom_nodes")):
        raise ImportError("ComfyUI could not load the pack; its message is above")
    classes = nodes.NODE_CLASS_MAPPINGS
    package = classes["ApplyMSDiffusion"].__module__.rpartition(".nodes.")[0]
    modules = {}
    for file in sorted(LIBRARY.rglob("*.py")):
        parts = file.relative_to(LIBRARY).with_suffix("").parts
        if parts[0] != "nodes" and file.stem != "__init__":
            modules[file.stem] = import_module(".".join([package, *parts]))
    return SimpleNamespace(nodes=classes, package=package, **modules)
