"""An XLSX written while it is sent: however many rows, only a few stand in memory.

XlsxWriter makes a workbook of the heading row alone, with its styles, widths and frozen row. Its
parts are then copied into a new archive that is written forward only; into the sheet's own part the
rows go one by one as they are read. Texts stand in the cells themselves ("inline strings"): a
shared table of texts would have to be complete before the first row.
"""

import re
import zipfile
from collections.abc import Iterable, Iterator, Sequence
from datetime import date
from decimal import Decimal
from io import BytesIO, RawIOBase
from typing import Any, Final

from xlsxwriter import Workbook

from portal.web.parsing import printable

_SHEET: Final = "xl/worksheets/sheet1.xml"
_END: Final = b"</sheetData>"
_ROWS_AT_ONCE: Final = 100
_LEVEL: Final = 3
"""Of compression: half the time of the usual 6 for a tenth more bytes."""
_FIRST_DAY: Final = date(1899, 12, 30)
"""Day 0 of a spreadsheet's calendar, as it counts from March 1900 on."""
_LONGEST_TEXT: Final = 32_767
"""Characters that Excel takes in one cell."""
# Excel reads _x0041_ as an escaped A: the underscore itself is escaped.
_ESCAPED: Final = re.compile(r"_(?=x[0-9A-Fa-f]{4}_)")
_MARKUP: Final = str.maketrans({"&": "&amp;", "<": "&lt;", ">": "&gt;", "\r": "&#13;"})


def workbook(headings: Sequence[tuple[str, int]], rows: Iterable[Sequence[Any]]) -> Iterator[bytes]:
    """The bytes of an XLSX with one sheet.

    Args:
        headings: text and width in characters of each column.
        rows: cells of each row: text, whole number, Decimal, date or None.
    """
    sink = _Sink()
    letters = [_letters(n) for n in range(len(headings))]
    with (
        zipfile.ZipFile(BytesIO(_begun(headings))) as begun,
        zipfile.ZipFile(sink, "w", zipfile.ZIP_DEFLATED, compresslevel=_LEVEL) as archive,
    ):
        for name in begun.namelist():
            if name != _SHEET:
                archive.writestr(name, begun.read(name))
        before, _end, after = begun.read(_SHEET).partition(_END)
        yield sink.taken()
        with archive.open(_SHEET, "w") as part:
            part.write(before)
            lines: list[str] = []
            for number, row in enumerate(rows, 2):
                lines.append(_row(number, letters, row))
                if len(lines) == _ROWS_AT_ONCE:
                    part.write("".join(lines).encode("utf-8", "replace"))
                    lines.clear()
                    yield sink.taken()
            part.write("".join(lines).encode("utf-8", "replace") + _END + after)
    yield sink.taken()


def _begun(headings: Sequence[tuple[str, int]]) -> bytes:
    """A workbook with the heading row and no other."""
    whole = BytesIO()
    book = Workbook(whole, {"in_memory": True, "strings_to_formulas": False})
    sheet = book.add_worksheet()
    bold = book.add_format({"bold": True, "bottom": 1, "text_wrap": True, "valign": "top"})
    # The second format is a day's: its place in the list is what _cell writes.
    day = book.add_format({"num_format": "yyyy-mm-dd"})
    for place, (heading, width) in enumerate(headings):
        sheet.set_column(place, place, width)
        sheet.write_string(0, place, heading, bold)
    sheet.write_blank(0, len(headings), None, day)
    sheet.freeze_panes(1, 0)
    book.close()
    return whole.getvalue()


_DAY_STYLE: Final = 2


def _row(number: int, letters: Sequence[str], row: Sequence[Any]) -> str:
    cells = [
        _cell(f"{letter}{number}", value)
        for letter, value in zip(letters, row, strict=True)
        if value not in (None, "")
    ]
    return f'<row r="{number}">{"".join(cells)}</row>'


def _cell(place: str, value: Any) -> str:
    if isinstance(value, (int, Decimal)):
        return f'<c r="{place}"><v>{value}</v></c>'
    if isinstance(value, date):
        return f'<c r="{place}" s="{_DAY_STYLE}"><v>{(value - _FIRST_DAY).days}</v></c>'
    text = _ESCAPED.sub("_x005F_", printable(value[:_LONGEST_TEXT])).translate(_MARKUP)
    return f'<c r="{place}" t="inlineStr"><is><t xml:space="preserve">{text}</t></is></c>'


def _letters(place: int) -> str:
    """Name of a column by its place from 0: A, B, ... Z, AA."""
    name = ""
    place += 1
    while place:
        place, rest = divmod(place - 1, 26)
        name = chr(ord("A") + rest) + name
    return name


class _Sink(RawIOBase):
    """A file that can only be written forward; what was written is taken away piece by piece."""

    def __init__(self) -> None:
        self._pieces: list[bytes] = []

    def writable(self) -> bool:
        return True

    def write(self, piece: Any) -> int:
        self._pieces.append(bytes(piece))
        return len(piece)

    def taken(self) -> bytes:
        """What was written since the last time."""
        whole = b"".join(self._pieces)
        self._pieces.clear()
        return whole
