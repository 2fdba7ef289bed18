"""The folder of a batch: one batch at a time, files whole or not at all."""

from __future__ import annotations

import hashlib
import io
import os
import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from console import SetupError
from filelock import FileLock, Timeout
from PIL import Image

from .records import DONE, Record, Records
from .tasks import Task

SIDE = 320  # pixels of a thumbnail
# what Windows does not allow, and what looks like a name with a digest
RESERVED = r"^(con|prn|aux|nul|com\d|lpt\d)(\.|$)|-[0-9a-f]{12}$"


class Folder:
    """Where pictures, records and results are."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.pictures = path / "pictures"
        self.thumbnails = path / "thumbnails"

    @contextmanager
    def locked(self) -> Iterator[None]:
        """Keeps every other batch out, until this one ends in whatever way.

        Raises:
            SetupError: another one is in it, or it cannot be written to.
        """
        for folder in (self.pictures, self.thumbnails):
            folder.mkdir(parents=True, exist_ok=True)
        lock = FileLock(self.path / ".lock")
        try:
            lock.acquire(timeout=0)
        except Timeout as error:
            raise SetupError(
                f"Another batch is painting into {self.path}: wait for its end, or take --out."
            ) from error
        try:
            yield
        finally:
            lock.release()

    def records(self) -> Records:
        return Records(self.path / "records.jsonl")

    def is_done(self, task: Task, record: Record | None) -> bool:
        """Whether the task as it is now has been painted, and its picture is whole."""
        if not record or record.get("status") != DONE or record.get("job") != task.digest:
            return False
        try:
            picture = (self.path / record["file"]).read_bytes()
        except (OSError, KeyError, TypeError):
            return False
        return hashlib.sha256(picture).hexdigest() == record.get("sha256")

    def save(self, task: Task, picture: bytes) -> tuple[str, str]:
        """Saves a task's picture and its thumbnail.

        Returns:
            The file, relative to the folder, and the SHA-256 of its content.

        Raises:
            ValueError: it is no whole picture.
        """
        try:
            with Image.open(io.BytesIO(picture)) as opened:
                opened.verify()  # whether it has its end, which a decoder may not miss
            with Image.open(io.BytesIO(picture)) as opened:
                ending = opened.format.lower()
                small = thumbnail(opened)  # reads it to its end
        except (OSError, SyntaxError, Image.DecompressionBombError) as error:
            raise ValueError(f"it gave no whole picture: {error}") from error
        digest = hashlib.sha256(picture).hexdigest()
        write(self.thumbnail(digest), small)
        path = self.pictures / f"{file_name(task.id)}.{ending}"
        write(path, picture)
        return path.relative_to(self.path).as_posix(), digest

    def thumbnail(self, digest: str) -> Path:
        """Where the thumbnail of a file with this SHA-256 is."""
        return self.thumbnails / f"{digest[:32]}.jpg"


def file_name(name: str) -> str:
    """A name for a file that any system takes, another one for every id."""
    safe = re.sub(r"[^a-z0-9_.-]+", "_", name.lower())[:60].strip("._-")
    if safe == name and name and not re.search(RESERVED, name):
        return name
    return f"{safe.replace('.', '_') or 'row'}-{hashlib.sha256(name.encode()).hexdigest()[:12]}"


def write(path: Path, content: bytes) -> None:
    """Writes a file whole or not at all, and sees to it that it is on the disk."""
    part = path.with_name(f"{path.name}.part")
    with part.open("wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
    part.replace(path)


def thumbnail(picture: Image.Image) -> bytes:
    """A small JPEG of it; what its alpha hides is black, as the encoder gets it."""
    small = picture.convert("RGBA")
    small.thumbnail((SIDE, SIDE))
    small = Image.alpha_composite(Image.new("RGBA", small.size, "black"), small).convert("RGB")
    file = io.BytesIO()
    small.save(file, "JPEG", quality=82)
    return file.getvalue()
