"""Pictures on disk: WebP files named by a random key, all sizes of one written or none."""

import os
import re
import secrets
import stat
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import BinaryIO, Final

from portal import clock
from portal.listings.pictures import WIDTHS, Prepared, prepare, sizes_of

ORPHAN_AGE: Final = clock.DAY
"""Seconds after which a file that no row names is taken for left behind."""

_WIDTHS: Final = "|".join(str(width) for width in WIDTHS)
_NAME: Final = re.compile(rf"(?P<key>[0-9a-f]{{32}})(?:-(?:{_WIDTHS}))?\.webp")
_KEY: Final = re.compile(r"[0-9a-f]{32}")
_KEY_BYTES: Final = 16
_PART: Final = ".part"
_BATCH: Final = 500


@dataclass(frozen=True)
class Stored:
    """A picture on disk.

    Attributes:
        key: its name.
        width: pixels of the full size.
        height: pixels of the full size.
        size: bytes of the full size's file.
        sizes: the smaller widths that exist, in pixels, ascending.
    """

    key: str
    width: int
    height: int
    size: int
    sizes: tuple[int, ...]


def name_of(key: str, width: int | None = None) -> str:
    """The file's name: of the full size, or of a smaller width in pixels."""
    return f"{key}.webp" if width is None else f"{key}-{width}.webp"


def store(folder: Path, picture: Prepared | bytes) -> Stored:
    """Write a picture so that it is there, whole and in all its sizes, once this returns.

    Args:
        folder: the media folder; made when it is missing.
        picture: what `prepare` gave; bytes are prepared first.

    Raises:
        NotAPicture: the bytes are no picture.
        OSError: it could not be written (the disk is full); then no file of it remains.
    """
    prepared = prepare(picture) if isinstance(picture, bytes) else picture
    key = secrets.token_hex(_KEY_BYTES)
    # The full size comes last: where it is, the others are.
    files = {name_of(key, width): webp for width, webp in prepared.smaller.items()}
    files[name_of(key)] = prepared.full
    _write_all(folder, files)
    size, sizes = len(prepared.full), sizes_of(prepared.width)
    return Stored(key, prepared.width, prepared.height, size, sizes)


def copy(folder: Path, key: str) -> str | None:
    """Store the picture of a key, in all the sizes it has, once more; returns the copy's key.

    None where there is no such picture.

    Raises:
        OSError: it could not be written; then no file of the copy remains.
    """
    if not _KEY.fullmatch(key):
        return None
    new = secrets.token_hex(_KEY_BYTES)
    files: dict[str, bytes] = {}
    for width in (*WIDTHS, None):
        if file := _opened(folder / name_of(key, width)):
            with file:
                files[name_of(new, width)] = file.read()
    if name_of(new) not in files:
        return None
    _write_all(folder, files)
    return new


def _write_all(folder: Path, files: Mapping[str, bytes]) -> None:
    """Write all of these or none; the last one comes last."""
    folder.mkdir(parents=True, exist_ok=True)
    try:
        for name, webp in files.items():
            _write(_part_of(folder, name), webp)
        for name in files:
            _part_of(folder, name).rename(folder / name)
        _sync_folder(folder)
    except BaseException:
        for name in files:
            _remove_quietly(_part_of(folder, name))
            _remove_quietly(folder / name)
        raise


def _part_of(folder: Path, name: str) -> Path:
    return folder / f".{name}{_PART}"


def _write(path: Path, content: bytes) -> None:
    with path.open("xb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())


def _remove_quietly(path: Path) -> None:
    # What cannot be removed now is removed by the sweep; the first error is the one to tell.
    with suppress(OSError):
        path.unlink(missing_ok=True)


def _sync_folder(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def open_stored(folder: Path, name: str) -> BinaryIO | None:
    """The file of that name, None where there is none.

    Only names that `store` gives are looked for, so none can lead out of the folder; a link in
    its place is not followed. In place of a smaller size that was never made (the picture is not
    wider, or was stored before there were sizes) stands the full one.
    """
    found = _NAME.fullmatch(name)
    if found is None:
        return None
    return _opened(folder / name) or _opened(folder / name_of(found["key"]))


def _opened(path: Path) -> BinaryIO | None:
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK)
    except OSError:
        return None
    if not stat.S_ISREG(os.fstat(descriptor).st_mode):
        os.close(descriptor)
        return None
    return os.fdopen(descriptor, "rb")


def size_of(file: BinaryIO) -> int:
    """Bytes of an open file."""
    return os.fstat(file.fileno()).st_size


def remove(folder: Path, key: str) -> None:
    """Remove a picture in all its sizes; one that is gone already is no error.

    For after the transaction that removed its row: a file without a row is swept up some day, a
    row without a file is a hole in a page.

    Raises:
        ValueError: that is no key.
    """
    if not _KEY.fullmatch(key):
        raise ValueError(key)
    for width in (None, *WIDTHS):
        (folder / name_of(key, width)).unlink(missing_ok=True)


def keys_on_disk(folder: Path) -> Iterator[tuple[str, int]]:
    """Keys of the files in the folder with the time of writing (UTC seconds), in no order.

    A key comes once for each of its sizes. Nothing is kept in memory: the folder may be large.
    """
    for name, written in _files(folder):
        if found := _NAME.fullmatch(name):
            yield found["key"], written


def _files(folder: Path) -> Iterator[tuple[str, int]]:
    if not folder.is_dir():
        return
    with os.scandir(folder) as entries:
        for entry in entries:
            with suppress(FileNotFoundError):  # removed meanwhile
                if entry.is_file(follow_symlinks=False):
                    yield entry.name, int(entry.stat(follow_symlinks=False).st_mtime)


def sweep(
    folder: Path,
    known_among: Callable[[Sequence[str]], Collection[str]],
    older_than: int = ORPHAN_AGE,
) -> int:
    """Remove what was left behind: pictures that no row names and halves of a cut-off write.

    Args:
        folder: the media folder; files that the product did not name are left alone.
        known_among: of some hundred keys, those that a row names; asked again and again, so that
            neither all rows nor all files are in memory at once.
        older_than: seconds since writing. Younger files may belong to a row that is not committed
            yet, or to a form that is still open.

    Returns:
        the number of files removed.
    """
    latest, removed = clock.now() - older_than, 0
    old = (name for name, written in _files(folder) if written <= latest)
    while batch := list(islice(old, _BATCH)):
        keys = {name: found["key"] for name in batch if (found := _NAME.fullmatch(name))}
        known = set(known_among(sorted(set(keys.values())))) if keys else set()
        for name in batch:
            if _is_part(name) or (name in keys and keys[name] not in known):
                (folder / name).unlink(missing_ok=True)
                removed += 1
    return removed


def _is_part(name: str) -> bool:
    return name.endswith(_PART) and bool(
        _NAME.fullmatch(name[1:].removesuffix(_PART)) or _OLD_PART.fullmatch(name)
    )


_OLD_PART: Final = re.compile(r"\.[0-9a-f]{32}\.part")
"""As parts were named before there were sizes."""
