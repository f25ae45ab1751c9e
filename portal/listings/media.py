"""Pictures on disk: WebP files named by a random key, written whole or not at all."""

import os
import re
import secrets
import stat
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path
from typing import BinaryIO, Final

from PIL import Image, UnidentifiedImageError

_NAME: Final = re.compile(r"[0-9a-f]{32}\.webp")
_KEY_BYTES: Final = 16


class NotAPicture(ValueError):  # noqa: N818 - it reads as what it says
    """The bytes are no WebP picture."""


@dataclass(frozen=True)
class Stored:
    """A picture on disk: key, width and height in pixels, size in bytes."""

    key: str
    width: int
    height: int
    size: int


def store(folder: Path, webp: bytes) -> Stored:
    """Write a picture so that it is there, whole, once this returns.

    Args:
        folder: the media folder; made when it is missing.
        webp: the file's bytes.

    Raises:
        NotAPicture: the bytes are no WebP picture.
    """
    width, height = _measure(webp)
    folder.mkdir(parents=True, exist_ok=True)
    key = secrets.token_hex(_KEY_BYTES)
    target, draft = folder / f"{key}.webp", folder / f".{key}.part"
    try:
        with draft.open("xb") as file:
            file.write(webp)
            file.flush()
            os.fsync(file.fileno())
        draft.rename(target)
    except BaseException:
        draft.unlink(missing_ok=True)
        raise
    _sync_folder(folder)
    return Stored(key, width, height, len(webp))


def _measure(webp: bytes) -> tuple[int, int]:
    try:
        # Reads the head only: nothing is decoded here.
        with Image.open(BytesIO(webp), formats=["WEBP"]) as picture:
            return picture.size
    except (UnidentifiedImageError, OSError, ValueError, Image.DecompressionBombError) as error:
        raise NotAPicture(str(error)) from error


def _sync_folder(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def open_stored(folder: Path, name: str) -> BinaryIO | None:
    """The file of that name, None where there is none.

    Only names that `store` gives are looked for, so none can lead out of the folder; a link in
    its place is not followed.
    """
    if not _NAME.fullmatch(name):
        return None
    try:
        descriptor = os.open(folder / name, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK)
    except OSError:
        return None
    if not stat.S_ISREG(os.fstat(descriptor).st_mode):
        os.close(descriptor)
        return None
    return os.fdopen(descriptor, "rb")


def size_of(file: BinaryIO) -> int:
    """Bytes of an open file."""
    return os.fstat(file.fileno()).st_size
