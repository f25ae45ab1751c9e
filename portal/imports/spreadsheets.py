"""XLSX, as made by whatever program, looked through before it is opened.

The library lays a sheet out as a full rectangle: one cell in the last column of the last row would
ask for all the memory there is. And an archive may unpack to much more than it says. So its parts
are unpacked here, up to a limit, looked through, and handed on in an archive of our own that holds
exactly what was seen.
"""

import re
import zipfile
import zlib
from collections.abc import Iterator
from datetime import date, datetime
from io import BytesIO
from typing import Any, Final

from flask_babel import lazy_gettext as _l
from python_calamine import CalamineError, CalamineSheet, CalamineWorkbook, SheetVisibleEnum

from portal.config import MIB
from portal.imports.delimited import Unreadable

LARGEST_UNPACKED: Final = 64 * MIB
"""Bytes of all parts that are read, unpacked."""
_MOST_PARTS: Final = 1000
_READ_PARTS: Final = re.compile(r"(?:\[Content_Types\]|.*)\.(?:xml|rels)", re.IGNORECASE)
_PASSED_OVER: Final = re.compile(
    r"(?:.*/)?(?:media|drawings|charts|externalLinks|theme|embeddings|customXml|printerSettings)/.*"
)
_BOOK: Final = "xl/workbook.xml"
_EMPTY: Final = re.compile(rb"<(?:\w+:)?(?:c|row)\s[^<>]*/>")
_PLACES: Final = re.compile(rb"\br\s*=\s*[\"']([A-Za-z]*)([0-9]+)[\"']")
_ROW: Final = re.compile(rb"<(?:\w+:)?row[\s>]")
_CELL: Final = re.compile(rb"<(?:\w+:)?c[\s>]")


def rows_of(data: bytes, *, most_cells: int, most_rows: int) -> Iterator[tuple[int, list[str]]]:
    """Number and cells of each row of the first sheet that is shown and holds anything.

    A formula counts as the value that was last worked out for it.

    Raises:
        Unreadable: it is no XLSX, is damaged or protected, or would unpack to more than we hold.
    """
    parts = _unpacked(data)
    for name, part in parts.items():
        if "/worksheets/" in name:
            _refuse_vast(part, most_cells, most_rows)
    try:
        with CalamineWorkbook.from_filelike(_repacked(parts)) as book:
            sheet = _first(book)
            rows = list(sheet.iter_rows()) if sheet else []
    except (CalamineError, OSError, ValueError) as error:
        raise _damaged() from error
    except BaseException as error:
        # The library is written in Rust: what it did not foresee comes as a panic.
        if type(error).__name__ == "PanicException":
            raise _damaged() from error
        raise
    # It begins with the first row of the sheet, empty or not, and with the first filled column.
    for number, row in enumerate(rows, 1):
        yield number, [_text(value) for value in row]


def _first(book: CalamineWorkbook) -> CalamineSheet | None:
    for place, about in enumerate(book.sheets_metadata):
        if about.visible == SheetVisibleEnum.Visible:
            sheet = book.get_sheet_by_index(place)
            if sheet.total_height:
                return sheet
    return None


def _damaged() -> Unreadable:
    return Unreadable(_l("This is no XLSX that can be read: open it and save it again as .xlsx."))


def _unpacked(data: bytes) -> dict[str, bytes]:
    """The parts that say anything of cells, by their names."""
    parts: dict[str, bytes] = {}
    room = LARGEST_UNPACKED
    try:
        with zipfile.ZipFile(BytesIO(data)) as archive:
            entries = archive.infolist()
            if len(entries) > _MOST_PARTS:
                raise _damaged()
            for entry in entries:
                name = entry.filename
                if not _READ_PARTS.fullmatch(name) or _PASSED_OVER.fullmatch(name):
                    continue
                if entry.file_size > room:
                    raise Unreadable(_l("The file unpacks to more than 64 MB: split the sheet."))
                parts[name] = archive.read(entry)
                room -= len(parts[name])
    except (zipfile.BadZipFile, zlib.error, RuntimeError, NotImplementedError, EOFError) as error:
        raise _damaged() from error
    if _BOOK not in parts:
        raise _damaged()
    return parts


def _repacked(parts: dict[str, bytes]) -> BytesIO:
    whole = BytesIO()
    with zipfile.ZipFile(whole, "w", zipfile.ZIP_STORED) as archive:
        for name, part in parts.items():
            archive.writestr(name, part)
    whole.seek(0)
    return whole


def _refuse_vast(part: bytes, most_cells: int, most_rows: int) -> None:
    """Refuse a sheet whose filled cells span a rectangle that nobody filled in by hand."""
    if b"\0" in part[:1000]:
        raise _damaged()
    too_many = Unreadable(_l("The sheet has more than a million cells: split it."))
    # Counting signs takes no time; matching what they begin takes seconds.
    if part.count(b"<") > _TAGS_A_CELL * most_cells:
        raise too_many
    filled = _EMPTY.sub(b"", part)
    if sum(1 for _cell in _CELL.finditer(filled)) > most_cells:
        raise too_many
    rows = columns = filled_rows = 1
    for place in _PLACES.finditer(filled):
        columns = max(columns, _column(place[1][:8]))
        rows = max(rows, int(place[2][:9]))
        if place[1]:  # of a cell: a row may be there for its format only
            filled_rows = max(filled_rows, int(place[2][:9]))
    # Anywhere on a sheet of ordinary width there is room; far out on both sides there is not.
    if rows * columns > _ROOM * most_cells:
        raise too_many
    if max(filled_rows, sum(1 for _row in _ROW.finditer(filled))) > most_rows:
        raise Unreadable(_l("The sheet has more than 20,000 rows: split it."))


_ROOM: Final = 4
_TAGS_A_CELL: Final = 8
"""A cell that holds its text has six: opened and closed, for itself and for the text in it."""


def _column(letters: bytes) -> int:
    number = 0
    for letter in letters.upper():
        number = number * 26 + letter - ord("A") + 1
    return number


def _text(value: Any) -> str:
    """A cell as it would be typed: days as 2024-03-05, whole numbers without a fraction."""
    if isinstance(value, bool):
        return "TRUE" if value else "FALSE"
    if isinstance(value, float):
        return _number(value)
    if isinstance(value, datetime):
        is_day = (value.hour, value.minute, value.second) == (0, 0, 0)
        return value.date().isoformat() if is_day else value.isoformat(" ", "seconds")
    if isinstance(value, date):
        return value.isoformat()
    return str(value)


def _number(value: float) -> str:
    # Fifteen digits are what spreadsheet programs show: 0.1 + 0.2 is 0.3.
    short = f"{value:.15g}"
    if "e" not in short:
        return short
    return f"{value:.0f}" if abs(value) >= 1 else f"{value:.15f}".rstrip("0")
