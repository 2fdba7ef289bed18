"""The house: each folder of the library is a floor, and imports go down only."""

import ast
from pathlib import Path

import pytest

LIBRARY = Path(__file__).resolve().parents[2] / "msdiffusion_nodes"
# from the top: each may import itself and what stands behind it
FLOORS = ("nodes", "comfy", "convert", "method", "boxes", "files", "pictures", "")
GROUND = (
    "acting",
    "sweeps",
    "layout",
    "masks",
    "region_options",
    "subjects",
    "errors",
)  # in this order, too
MODULES = sorted(path for path in LIBRARY.rglob("*.py") if path.name != "__init__.py")


def floor_of(module):
    """The folder of a module's path (or the module, where it stands by itself)."""
    first = module.split(".")[0]
    return "" if first in GROUND else first


def imports_of(path):
    """What a module imports from the library, as paths below it."""
    here = path.relative_to(LIBRARY).with_suffix("").parts[:-1]
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(node, ast.ImportFrom) and node.level:
            assert node.level <= len(here) + 1, "an import that leaves the library"
            above = here[: len(here) - (node.level - 1)]
            if node.module:
                yield ".".join([*above, node.module])
            else:
                yield from (".".join([*above, alias.name]) for alias in node.names)


def test_every_folder_is_a_floor():
    folders = {path.parent.name for path in MODULES if path.parent != LIBRARY}
    alone = {path.stem for path in MODULES if path.parent == LIBRARY} - set(GROUND)
    assert folders | alone | {""} == set(FLOORS)


@pytest.mark.parametrize("path", MODULES, ids=lambda path: str(path.relative_to(LIBRARY)))
def test_imports_go_down_only(path):
    name = ".".join(path.relative_to(LIBRARY).with_suffix("").parts)
    own = FLOORS.index(floor_of(name))
    for imported in imports_of(path):
        floor = FLOORS.index(floor_of(imported))
        assert floor >= own, f"{name} imports {imported}"
        if floor == own == FLOORS.index(""):
            assert GROUND.index(imported) > GROUND.index(name), f"{name} imports {imported}"


@pytest.mark.parametrize("path", MODULES, ids=lambda path: str(path.relative_to(LIBRARY)))
def test_only_two_floors_know_comfyui(path):
    tree = ast.parse(path.read_text("utf-8"))
    names = [
        name
        for node in ast.walk(tree)
        for name in (
            [alias.name for alias in node.names]
            if isinstance(node, ast.Import)
            else [node.module or ""]
            if isinstance(node, ast.ImportFrom) and not node.level
            else []
        )
    ]
    known = any(name.split(".")[0] in ("comfy", "folder_paths", "nodes") for name in names)
    assert not known or floor_of(path.parent.name) in ("nodes", "comfy")


def test_a_folder_says_in_one_sentence_what_it_is_for():
    for room in LIBRARY.rglob("__init__.py"):
        tree = ast.parse(room.read_text("utf-8"))
        assert len(tree.body) == 1 and ast.get_docstring(tree), room


def test_imports_have_no_circles():
    graph = {
        ".".join(path.relative_to(LIBRARY).with_suffix("").parts): set(imports_of(path))
        for path in MODULES
    }
    done = set()
    while len(done) < len(graph):
        ready = {name for name in graph if name not in done and graph[name] <= done}
        assert ready, f"a circle among {sorted(set(graph) - done)}"
        done |= ready
