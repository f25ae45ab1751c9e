"""Tables as files that people open in a spreadsheet: CSV and XLSX, sent while they are written.

No cell ever becomes a formula. In XLSX each text is typed as text. CSV knows no types, so a text
that a spreadsheet program might take for a formula gets an apostrophe before it, which those
programs hide and `unguarded` takes off again; numbers stay numbers, negative ones too.
"""

import csv
import re
from collections.abc import Iterable, Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from enum import Enum
from threading import BoundedSemaphore
from typing import Any, Final
from urllib.parse import quote

from flask import Response, stream_with_context
from werkzeug.exceptions import ServiceUnavailable

from portal.web.workbooks import workbook

Cell = str | int | Decimal | date | None
"""What a cell may hold; a text is never read as anything else."""
FORMULA: Final = re.compile(r"'*[\s\"\0-\x1f]*[=+\-@\t\r\n＝＋－＠]")
"""How a text begins that some program takes for a formula (OWASP, CSV injection), or the same
behind our own apostrophes."""
AT_ONCE: Final = 3
"""Files that one process writes at a time: pages share its processor with them."""
_RETRY_AFTER: Final = 10
_BYTES_AT_ONCE: Final = 32_768
_slots: Final = BoundedSemaphore(AT_ONCE)
_NOT_ASCII: Final = re.compile(r"[^A-Za-z0-9._-]+")


class Format(Enum):
    """A kind of file: its ending and its media type."""

    CSV = "csv", "text/csv"
    XLSX = "xlsx", "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"

    @property
    def ending(self) -> str:
        """Of the file's name."""
        return self.value[0]


@dataclass(frozen=True)
class Column:
    """One column of a file.

    Args:
        heading: in the reader's language.
        width: of an XLSX column, in characters.
    """

    heading: str
    width: int = 14


def guarded(text: str) -> str:
    """A text that no program takes for a formula; `unguarded` gives the text back."""
    return f"'{text}" if FORMULA.match(text) else text


def unguarded(text: str) -> str:
    """The text without the apostrophe that `guarded` put before it."""
    return text[1:] if text.startswith("'") and FORMULA.match(text[1:]) else text


def csv_bytes(columns: Sequence[Column], rows: Iterable[Sequence[Cell]]) -> Iterator[bytes]:
    """A CSV in pieces: UTF-8 with a byte order mark, by which Excel knows the encoding."""
    lines: list[str] = ["\ufeff"]
    writer = csv.writer(_Lines(lines))
    writer.writerow([guarded(column.heading) for column in columns])
    # The headings at once: whoever waits sees that something comes.
    yield "".join(lines).encode("utf-8", "replace")
    lines.clear()
    size = 0
    for row in rows:
        writer.writerow([guarded(cell) if isinstance(cell, str) else cell for cell in row])
        size += len(lines[-1])
        if size > _BYTES_AT_ONCE:
            yield "".join(lines).encode("utf-8", "replace")
            lines.clear()
            size = 0
    yield "".join(lines).encode("utf-8", "replace")


class _Lines:
    """What csv.writer writes to: a list of lines."""

    def __init__(self, lines: list[str]) -> None:
        self.write = lines.append


def sheet_file(
    kind: Format, name: str, columns: Sequence[Column], rows: Iterable[Sequence[Cell]]
) -> Response:
    """An attachment with these rows, written while it is read.

    Args:
        kind: of file.
        name: of the file without its ending, in any script; it is made harmless here.
        columns: headings and widths.
        rows: a value for each column; read in the running request's context.

    Raises:
        ServiceUnavailable: as many files as may be are being written.
    """
    if not _slots.acquire(blocking=False):
        raise ServiceUnavailable(retry_after=_RETRY_AFTER)
    slot = ExitStack()
    slot.callback(_slots.release)
    if kind is Format.CSV:
        pieces = csv_bytes(columns, rows)
    else:
        pieces = workbook([(column.heading, column.width) for column in columns], rows)
    response = Response(
        stream_with_context(_held(slot, pieces)),
        content_type=_content_type(kind),
        direct_passthrough=True,
    )
    # Also where the reader goes away in the midst, or never asks for the body.
    response.call_on_close(slot.close)
    response.headers["Content-Disposition"] = disposition(f"{name}.{kind.ending}")
    response.headers["Cache-Control"] = "no-store"
    return response


def _held(slot: ExitStack, pieces: Iterator[bytes]) -> Iterator[bytes]:
    with slot:
        yield from pieces


def _content_type(kind: Format) -> str:
    return "text/csv; charset=utf-8" if kind is Format.CSV else kind.value[1]


def disposition(name: str) -> str:
    """Content-Disposition of an attachment: its name in UTF-8 (RFC 6266), and for old clients.

    Args:
        name: with an ending of ours; the rest may be anything.
    """
    plain = name.replace("/", "-").replace("\\", "-")
    plain = "".join(sign for sign in plain if sign.isprintable()).strip(" .")
    stem, dot, ending = plain.rpartition(".")
    ascii_name = (_NOT_ASCII.sub("-", stem).strip(".-") or "sheet") + dot + ending
    if ascii_name == plain:
        return f'attachment; filename="{plain}"'
    return f"attachment; filename=\"{ascii_name}\"; filename*=UTF-8''{quote(plain, safe='')}"


def as_cell(value: Any) -> Cell:
    """A value as a cell: whole numbers and days by their type, the rest as text."""
    if value is None or isinstance(value, (int, Decimal, date, str)):
        return value
    return str(value)
