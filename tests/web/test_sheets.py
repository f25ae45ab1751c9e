"""Sheets that go out: no cell is a formula, names are harmless, workbooks are whole."""

import io
from collections.abc import Iterator
from datetime import date
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st
from python_calamine import CalamineWorkbook

from portal.web.sheets import Column, csv_bytes, disposition, guarded, unguarded
from portal.web.workbooks import workbook

TEXTS = ["plain", "北京", "a\nb", "<&>\"'", "_x0041_", "\ttab", " lead", "x" * 40_000]
HOSTILE = [
    '=HYPERLINK("http://e","x")', "+1", "-1", "@SUM(1)", "\t=1", "\r=1", "＝cmd", "  =1", "\n=1",
    '"=1"', "'=1", "''=1", "－1", "＠x", "\u00a0=1",
]  # fmt: skip


@pytest.mark.parametrize("text", HOSTILE)
def test_a_text_that_some_program_takes_for_a_formula_is_guarded(text: str) -> None:
    assert guarded(text) == f"'{text}"
    assert unguarded(guarded(text)) == text


@given(st.text(alphabet="'=+-@\t\r\n \"＝－a1北", max_size=12))
def test_the_guard_comes_off_as_it_was_put_on(text: str) -> None:
    assert unguarded(guarded(text)) == text
    # Whatever is written, a program that skips blanks and quotes finds no sign that begins one.
    assert guarded(text).lstrip(' \t\r\n"')[:1] not in set("=+-@＝－")


def test_numbers_stay_numbers_and_headings_are_guarded_too() -> None:
    rows = [["-1", -1, Decimal("-1.50"), None, date(2024, 3, 5)]]
    heads = [Column("=h"), *(Column("x") for _cell in range(4))]
    text = b"".join(csv_bytes(heads, rows)).decode()
    assert text == "\ufeff'=h,x,x,x,x\r\n'-1,-1,-1.50,,2024-03-05\r\n"


def test_csv_comes_in_pieces_as_it_is_written() -> None:
    read = []

    def rows() -> Iterator[list[str]]:
        for number in range(10_000):
            read.append(number)
            yield ["x" * 50]

    pieces = csv_bytes([Column("h")], rows())
    next(pieces)
    assert len(read) < 1000


@pytest.mark.parametrize("text", [*TEXTS[:-2], *HOSTILE])
def test_a_workbook_holds_texts_as_texts(text: str) -> None:
    whole = b"".join(workbook([("h", 10), ("n", 8)], [[text, 1]]))
    with CalamineWorkbook.from_filelike(io.BytesIO(whole)) as book:
        _heads, row = book.get_sheet_by_index(0).to_python()
    assert row == [text, 1.0]
    assert b"<f>" not in whole


def test_a_workbook_types_its_cells_and_cuts_what_no_cell_holds() -> None:
    row = ["x" * 40_000, 7, Decimal("-2.50"), date(2024, 3, 5), None, "a\x00b\ud800"]
    whole = b"".join(workbook([(str(n), 9) for n in range(6)], [row] * 250))
    with CalamineWorkbook.from_filelike(io.BytesIO(whole)) as book:
        rows = book.get_sheet_by_index(0).to_python()
    assert len(rows) == 251
    assert len(rows[1][0]) == 32_767  # type: ignore[arg-type]
    assert rows[250][1:5] == [7.0, -2.5, date(2024, 3, 5), ""]
    assert rows[1][5] == "a\ufffdb\ufffd"


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("猿界.csv", "attachment; filename=\"sheet.csv\"; filename*=UTF-8''%E7%8C%BF%E7%95%8C.csv"),
        (
            '../../x";a=\r\nX: y.csv',
            "attachment; filename=\"x-a-X-y.csv\"; filename*=UTF-8''-..-x%22%3Ba%3DX%3A%20y.csv",
        ),
    ],
)
def test_a_file_name_says_nothing_else(name: str, expected: str) -> None:
    assert disposition(name) == expected
