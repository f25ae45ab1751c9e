"""CSV as spreadsheet programs of two worlds write it: three encodings, four delimiters."""

import codecs
import csv
import io
from collections import Counter
from collections.abc import Iterator
from itertools import islice
from typing import Any, Final

from flask_babel import lazy_gettext as _l

from portal.web.parsing import Invalid
from portal.web.sheets import unguarded

_DELIMITERS: Final = ",;\t|"
_SAMPLE: Final = 64 * 1024
_SAMPLED_ROWS: Final = 20
_CUT: Final = ("unexpected end of data", "incomplete multibyte sequence", "truncated data")
"""What Python says of a file that ends inside a character."""
_LONGEST_CHARACTER: Final = 4


class Unreadable(Invalid):
    """The file is no sheet that can be read; `message` says why, in the reader's language."""


def rows_of(data: bytes, *, most_columns: int) -> Iterator[tuple[int, list[str]]]:
    """Number and cells of each row.

    Raises:
        Unreadable: it is no text, was cut off, or a row is wider than `most_columns`.
    """
    text = _decoded(data)
    if "\0" in text:
        raise Unreadable(_l("This is no CSV: it holds NUL bytes."))
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=_delimiter(text))
    number = 0
    try:
        for number, row in enumerate(reader, 1):
            # Before they become cells of ours: a row may be as wide as the file is long.
            if len(row) > most_columns and any(cell.strip() for cell in row[most_columns:]):
                raise Unreadable(_l("The sheet has more than 200 columns: leave some out."))
            yield number, [unguarded(cell) for cell in row[:most_columns]]
    except csv.Error as error:
        raise Unreadable(
            _l(
                "Row %(row)s cannot be read: a quotation mark may be missing.",
                row=number + 1,
            )
        ) from error


def _decoded(data: bytes) -> str:
    marked = {
        codecs.BOM_UTF8: "utf-8-sig",
        codecs.BOM_UTF16_LE: "utf-16",
        codecs.BOM_UTF16_BE: "utf-16",
    }
    for mark, encoding in marked.items():
        if data.startswith(mark):
            return _in(encoding, data, only=True) or ""
    wide = _wide(data)
    if wide:
        return _in(wide, data, only=True) or ""
    text = _in("utf-8", data)
    if text is None:
        text = _in("gb18030", data, only=True)
    return text or ""


def _in(encoding: str, data: bytes, *, only: bool = False) -> str | None:
    """The text; None where it is in another encoding."""
    try:
        return data.decode(encoding)
    except UnicodeDecodeError as error:
        # A file cut off in its last character is not taken for one in another encoding, in which
        # all of it would be gibberish.
        if error.reason in _CUT and error.start >= len(data) - _LONGEST_CHARACTER:
            raise Unreadable(
                _l("The file ends in the middle of a character: it was cut off. Send it anew.")
            ) from None
        if only:
            raise Unreadable(
                _l("The text is neither UTF-8 nor GB18030 nor UTF-16: save the sheet as .xlsx.")
            ) from None
        return None


def _wide(data: bytes) -> str | None:
    """UTF-16 without its mark: every other byte of Latin letters is zero."""
    sample = data[:2000]
    zeros = Counter(place % 2 for place, byte in enumerate(sample) if byte == 0)
    if zeros[0] + zeros[1] < len(sample) / 4:
        return None
    return "utf-16-le" if zeros[1] > zeros[0] else "utf-16-be"


def _delimiter(text: str) -> str:
    """The sign by which most of the first rows fall into the same number of cells."""
    sample = text[:_SAMPLE]

    def evenness(delimiter: str) -> tuple[float, int]:
        widths: Counter[int] = Counter()
        reader: Any = csv.reader(io.StringIO(sample, newline=""), delimiter=delimiter)
        try:
            widths.update(len(row) for row in islice(reader, _SAMPLED_ROWS) if row)
        except csv.Error:
            return 0, 0
        width, times = max(widths.items(), key=lambda one: (one[1], one[0]), default=(1, 0))
        return (times / widths.total(), width) if width > 1 else (0, 0)

    return max(_DELIMITERS, key=evenness)
