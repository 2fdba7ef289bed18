"""The nodes that save and load subjects."""

from __future__ import annotations

import itertools
import os
from functools import lru_cache
from typing import Any

import folder_paths

from ..comfy.loading import file_stamp
from ..errors import InputError, naming, reason_of
from ..files.subject_files import SUFFIX, holds_subjects, load_subjects, save_subjects
from ..subjects import Subject
from .sockets import CATEGORY, checked

PREFIX = "msdiffusion/subjects"


class SaveSubjects:
    CATEGORY = CATEGORY
    DESCRIPTION = (
        "Save encoded subjects to one file in ComfyUI's output folder. Load Subjects brings them"
        " back without CLIP vision."
    )
    SEARCH_ALIASES = ["msdiffusion", "save subject", "export", "embeds"]
    RETURN_TYPES = ("MSD_SUBJECTS",)
    RETURN_NAMES = ("subjects",)
    OUTPUT_TOOLTIPS = ("The same subjects.",)
    OUTPUT_NODE = True
    FUNCTION = "save"

    @classmethod
    def INPUT_TYPES(cls) -> dict[str, Any]:
        prefix = (
            "Folder and beginning of the file's name, below the output folder; a number follows,"
            " so that no file is overwritten. %year%, %month% and %day% are filled in."
        )
        return {
            "required": {
                "subjects": ("MSD_SUBJECTS", {"tooltip": "From Encode Subjects."}),
                "filename_prefix": ("STRING", {"default": PREFIX, "tooltip": prefix}),
            }
        }

    @checked
    def save(self, subjects: list[Subject], filename_prefix: str) -> dict[str, Any]:
        with naming("filename_prefix"):
            path = _new_path(filename_prefix)
        try:
            with naming("subjects"):
                save_subjects(path, subjects)
        except OSError as error:
            raise InputError(
                f"filename_prefix: {_shown_name(path)} cannot be written ({reason_of(error)}); make"
                " room or choose another place below the output folder"
            ) from error
        return {"ui": {"text": [_shown_name(path)]}, "result": (subjects,)}


class LoadSubjects:
    CATEGORY = CATEGORY
    DESCRIPTION = "Load subjects that Save Subjects wrote. CLIP vision is not needed for them."
    SEARCH_ALIASES = ["msdiffusion", "load subject", "import", "embeds"]
    RETURN_TYPES = ("MSD_SUBJECTS",)
    RETURN_NAMES = ("subjects",)
    OUTPUT_TOOLTIPS = ("The subjects, in the order in which they were saved.",)
    FUNCTION = "load"

    @classmethod
    def INPUT_TYPES(cls) -> dict[str, Any]:
        tooltip = "Files with subjects in ComfyUI's output or input folder, the newest first."
        return {"required": {"file": (list(subject_files()), {"tooltip": tooltip})}}

    @classmethod
    def VALIDATE_INPUTS(cls, file: str) -> bool | str:
        files = list(subject_files())
        if file in files:
            return True
        found = ", ".join(files[:4]) + (", …" if len(files) > 4 else "")
        return (
            f"file: {file!r:.200} is no file with subjects in the output or input folder; found"
            f" {found or 'none at all'}. Choose another one, or make one with Save Subjects and"
            " refresh"
        )

    @classmethod
    def IS_CHANGED(cls, file: str) -> str:
        path = subject_files().get(file)
        return str(path and file_stamp(path))

    def load(self, file: str) -> tuple[list[Subject]]:
        with naming("file"):
            path = subject_files().get(str(file))
            if path is None:
                raise InputError(f"{file!r:.200} is no longer there; choose another file")
            return (load_subjects(path),)


def subject_files() -> dict[str, str]:
    """Path of every file with subjects in ComfyUI's output and input folder, by its shown name.

    The newest comes first. Folders that are links are not entered.
    """
    found = []
    for top, mark in _folders().items():
        for folder, _, names in os.walk(top):
            for name in names:
                path = os.path.join(folder, name)
                stamp = file_stamp(path) if name.endswith(SUFFIX) else None
                if stamp and _holds_subjects(path, stamp):
                    found.append((-stamp[0], _below(path, top) + mark, path))
    return {name: path for _, name, path in sorted(found)}


def _folders() -> dict[str, str]:
    """Where subjects are looked for, and what is put behind the names of files there.

    Programs that share work among several servers bring the input folder along, never the output.
    """
    return {
        folder_paths.get_output_directory(): "",
        folder_paths.get_input_directory(): " [input]",
    }


@lru_cache(maxsize=10_000)
def _holds_subjects(path: str, stamp: tuple[int, int]) -> bool:
    """`holds_subjects`, asked once for each version of a file."""
    return holds_subjects(path)


def _shown_name(path: str) -> str:
    return _below(path, folder_paths.get_output_directory())


def _below(path: str, folder: str) -> str:
    return os.path.relpath(path, folder).replace(os.sep, "/")


def _new_path(prefix: str) -> str:
    """A path below the output folder where nothing is yet; its folder is made.

    Raises:
        InputError: the prefix leaves the output folder or cannot name a file.
    """
    # ComfyUI counts only below a clean prefix: "name/" would always give number 1
    clean = os.path.normpath(prefix)
    if not prefix.strip() or os.path.basename(clean) in ("", ".", ".."):
        raise InputError(f"{prefix!r:.200} names no file; expected something like {PREFIX}")
    output = folder_paths.get_output_directory()
    try:
        folder, name, first, *_ = folder_paths.get_save_image_path(clean, output)
        for number in itertools.count(first):
            path = os.path.join(folder, f"{name}_{number:05}_{SUFFIX}")
            os.lstat(path)  # that counter misses names in other case, the same file on a Mac
    except FileNotFoundError:
        return path
    except (OSError, ValueError) as error:
        raise InputError(
            f"{prefix!r:.200} names no file ({reason_of(error)}); choose another name"
        ) from error
    except Exception as error:  # a bare one is ComfyUI's way to say so
        raise InputError(
            f"{prefix!r:.200} leaves ComfyUI's output folder; expected a place below it, such as"
            f" {PREFIX}"
        ) from error
