"""Sheets on disk, a line of JSON for each row, however the file came: read again row by row."""

import json
import os
import re
import secrets
from collections.abc import Collection, Iterator, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Final

from portal import clock
from portal.config import Settings

Row = tuple[int, list[str]]
_KEY: Final = re.compile(r"[0-9a-f]{32}")
_ENDING: Final = ".rows"


def folder_of(settings: Settings) -> Path:
    """Where the sheets of imports lie."""
    return settings.data_dir / "imports"


def store(folder: Path, rows: Sequence[Row]) -> str:
    """Write a sheet's rows; returns the random key that names the file.

    Raises:
        OSError: it could not be written (the disk is full); then nothing of it remains.
    """
    folder.mkdir(parents=True, exist_ok=True)
    key = secrets.token_hex(16)
    path = _path(folder, key)
    try:
        with path.open("x", encoding="utf-8") as file:
            for row in rows:
                file.write(json.dumps(row, ensure_ascii=False, separators=(",", ":")) + "\n")
            file.flush()
            os.fsync(file.fileno())
    except BaseException:
        with suppress(OSError):
            path.unlink(missing_ok=True)
        raise
    return key


def rows_of(folder: Path, key: str) -> Iterator[Row]:
    """The rows of a sheet in their order.

    Raises:
        FileNotFoundError: the sheet is no longer kept.
    """
    with _path(folder, key).open(encoding="utf-8") as file:
        for line in file:
            number, cells = json.loads(line)
            yield number, cells


def picked(folder: Path, key: str, numbers: Collection[int]) -> dict[int, list[str]]:
    """The cells of some rows, by the rows' numbers; none where the sheet is no longer kept."""
    found: dict[int, list[str]] = {}
    wanted = {f"[{number}": number for number in numbers}
    with suppress(FileNotFoundError), _path(folder, key).open(encoding="utf-8") as file:
        for line in file:
            # Only the lines asked for are taken apart: a sheet may have twenty thousand.
            if line.partition(",")[0] in wanted:
                number, cells = json.loads(line)
                found[number] = cells
                if len(found) == len(wanted):
                    break
    return found


def remove(folder: Path, key: str) -> None:
    """Remove a sheet, if it is there."""
    _path(folder, key).unlink(missing_ok=True)


def remove_older(folder: Path, seconds: int) -> None:
    """Remove what lies there for longer, as when its import was never written down."""
    if folder.is_dir():
        for path in folder.glob(f"*{_ENDING}"):
            with suppress(FileNotFoundError):
                if path.stat().st_mtime < clock.now() - seconds:
                    path.unlink()


def _path(folder: Path, key: str) -> Path:
    if not _KEY.fullmatch(key):
        raise ValueError(key)
    return folder / f"{key}{_ENDING}"
