"""A file somebody sends, as rows of texts: whatever program, encoding or hand made it.

Everything here holds limits before it spends memory, and says in a sentence why a file is refused.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Final

from flask_babel import lazy_gettext as _l

from portal.config import MIB
from portal.imports import delimited, spreadsheets
from portal.imports.delimited import Unreadable
from portal.imports.words import REASONS_HEADING
from portal.listings.sheet_cells import plain
from portal.web.languages import in_each_language

LARGEST_FILE: Final = 10 * MIB
"""Bytes."""
MOST_ROWS: Final = 20_000
"""Rows below the headings."""
MOST_LINES: Final = 200_000
"""Rows down to the last one, blank ones too: those are not kept, but each takes its time."""
MOST_COLUMNS: Final = 200
MOST_CELLS: Final = 1_000_000
LONGEST_HEADING: Final = 200
_ZIP: Final = b"PK\x03\x04"
_OLD_OFFICE: Final = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"

__all__ = ["LARGEST_FILE", "MOST_ROWS", "Sheet", "Unreadable", "read"]

Row = tuple[int, list[str]]
"""A row's number, as a spreadsheet program counts it, and its cells."""


@dataclass(frozen=True)
class Sheet:
    """A sheet's headings, and the rows below them that hold anything; all rows are as wide."""

    headings: list[str]
    rows: list[Row]


def read(data: bytes) -> Sheet:
    """The first sheet of an XLSX, or a CSV in UTF-8, GB18030 or UTF-16.

    Raises:
        Unreadable: it is neither, is damaged, or is larger than the limits above.
    """
    if not data.strip():
        raise Unreadable(_l("The file is empty."))
    if len(data) > LARGEST_FILE:
        raise Unreadable(_l("The file is larger than 10 MB: split it."))
    if data.startswith(_OLD_OFFICE):
        raise Unreadable(
            _l("This is an old or a protected Excel file: save it as .xlsx without a password.")
        )
    if data.startswith(_ZIP):
        rows = spreadsheets.rows_of(data, most_cells=MOST_CELLS, most_rows=MOST_LINES)
    else:
        rows = delimited.rows_of(data, most_columns=MOST_COLUMNS)
    return _sheet(rows)


def _sheet(rows: Iterator[Row]) -> Sheet:
    headings: list[str] = []
    kept: list[Row] = []
    cells = 0
    for number, row in rows:
        if number > MOST_LINES:
            raise Unreadable(_l("The sheet has more than 20,000 rows: split it."))
        _trim(row)
        if not row:
            continue
        if not headings:
            headings = [" ".join(text.split())[:LONGEST_HEADING] for text in row]
            _refuse_width(headings)
            continue
        _refuse_width(row)
        cells += len(row)
        if len(kept) == MOST_ROWS:
            raise Unreadable(_l("The sheet has more than 20,000 rows: split it."))
        if cells > MOST_CELLS:
            raise Unreadable(_l("The sheet has more than a million cells: split it."))
        kept.append((number, row))
    if not headings or not kept:
        raise Unreadable(_l("The sheet needs a row of headings and at least one row below it."))
    return _without_reasons(_even(headings, kept))


def _trim(row: list[str]) -> None:
    while row and not row[-1].strip():
        row.pop()


def _refuse_width(row: Sequence[Any]) -> None:
    if len(row) > MOST_COLUMNS:
        raise Unreadable(_l("The sheet has more than 200 columns: leave some out."))


def _even(headings: list[str], rows: list[Row]) -> Sheet:
    width = max(len(headings), *(len(row) for _number, row in rows))
    for _number, row in rows:
        row.extend([""] * (width - len(row)))
    return Sheet(headings + [""] * (width - len(headings)), rows)


def _without_reasons(sheet: Sheet) -> Sheet:
    """Without the column that our own sheet of refused rows has: it says nothing of an offer."""
    ours = {plain(text) for text in in_each_language(REASONS_HEADING)}
    drop = {place for place, text in enumerate(sheet.headings) if plain(text) in ours}
    if not drop:
        return sheet

    def kept(cells: list[str]) -> list[str]:
        return [text for place, text in enumerate(cells) if place not in drop]

    return Sheet(kept(sheet.headings), [(number, kept(row)) for number, row in sheet.rows])
