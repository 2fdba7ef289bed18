"""Pictures that rows refer to: looked at once, and named after what is in them."""

from __future__ import annotations

import hashlib
import io
from dataclasses import dataclass
from pathlib import Path

from PIL import Image, ImageOps, UnidentifiedImageError

FOLDER = "msdiffusion_batch"  # in the servers' input folder
MOST = 99 * 1024**2  # bytes of a file: ComfyUI takes 100 MB with all around it


@dataclass(frozen=True)
class Reference:
    """A picture file.

    Attributes:
        name: under which servers get it. It follows from the content: a picture goes to a server
            once, and another picture never takes its place.
        size: width and height, as it is shown.
        alpha: whether it hides anything.
    """

    path: Path
    name: str
    digest: str
    size: tuple[int, int]
    alpha: bool

    def read(self) -> bytes:
        """The file's content.

        Raises:
            OSError: it is gone, or no longer what it was when the table was checked.
        """
        content = self.path.read_bytes()
        if hashlib.sha256(content).hexdigest() != self.digest:
            raise OSError(f"{self.path} has changed since the table was checked: start again")
        return content


class References:
    """Looks at each file once, however many rows name it."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._known: dict[str, Reference | str] = {}

    def get(self, name: str) -> Reference:
        """The picture of that path, relative to the folder.

        Raises:
            ValueError: there is none, or it cannot be read.
        """
        if name not in self._known:
            try:
                self._known[name] = _look_at(self.folder / Path(name).expanduser())
            except ValueError as error:
                self._known[name] = str(error)
        found = self._known[name]
        if isinstance(found, str):
            raise ValueError(found)
        return found


def _look_at(path: Path) -> Reference:
    try:
        if not path.is_file():
            raise ValueError(f"there is no file {path}")
        if path.stat().st_size > MOST:
            raise ValueError(f"{path} has {path.stat().st_size} bytes, more than {MOST}")
        content = path.read_bytes()
        with Image.open(io.BytesIO(content)) as picture:
            if getattr(picture, "n_frames", 1) > 1 and picture.format != "MPO":
                raise ValueError(f"{path} has {picture.n_frames} frames, expected one picture")
            ending = picture.format.lower()
            shown = ImageOps.exif_transpose(picture)  # reads it to its end
            alpha = "A" in shown.getbands() or "transparency" in shown.info
            if alpha:
                alpha = shown.convert("RGBA").getchannel("A").getextrema()[0] < 255
    except UnidentifiedImageError as error:
        raise ValueError(f"{path} is no picture of a known format") from error
    except (OSError, SyntaxError, Image.DecompressionBombError) as error:
        raise ValueError(f"{path} is no picture that can be read: {error}") from error
    digest = hashlib.sha256(content).hexdigest()
    return Reference(path, f"{FOLDER}/{digest[:40]}.{ending}", digest, shown.size, alpha)
