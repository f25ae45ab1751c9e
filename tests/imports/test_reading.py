"""Files of all makes and none: read, or refused with a sentence, before they cost anything."""

import io
import zipfile
from collections.abc import Callable, Iterator
from contextlib import suppress

import pytest
from flask import Flask
from xlsxwriter import Workbook

from portal.imports import storing
from portal.imports.reading import MOST_ROWS, Sheet, Unreadable, read
from tests import effort
from tests.imports.conftest import Desk, as_csv, as_xlsx

ROWS = [
    ["标题", "单价", "说明"],
    ["RTX 4090 整机", "11000.5", "第一行\n第二行"],
    ["é 单卡", "9", ""],
]


@pytest.fixture(autouse=True)
def context(app: Flask) -> Iterator[None]:
    with app.test_request_context(headers={"Accept-Language": "en"}):
        yield


def _refusal(data: bytes) -> str:
    with effort.at_most(4000), pytest.raises(Unreadable) as caught:
        read(data)
    return str(caught.value.message)


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gb18030", "utf-16", "utf-16-le"])
@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
def test_csv_of_every_make(encoding: str, delimiter: str) -> None:
    sheet = read(as_csv(ROWS, encoding=encoding, delimiter=delimiter))
    assert sheet == Sheet(ROWS[0], [(2, ROWS[1]), (3, ROWS[2])])


def test_xlsx_gives_days_numbers_and_results_as_they_would_be_typed() -> None:
    whole = io.BytesIO()
    book = Workbook(whole, {"in_memory": True})
    sheet, rows = book.add_worksheet(), [1]
    day = book.add_format({"num_format": "yyyy-mm-dd"})
    sheet.write_row(1, 0, ["Title", "n", "m", "day", "sum", "yes", "wrong"])
    sheet.write_row(3, 0, ["A", 8, 0.1 + 0.2])
    sheet.write_number(3, 3, 45356, day)
    sheet.write_formula(3, 4, "=1+1", None, 2)
    sheet.write(3, 5, bool(rows))
    sheet.write_formula(3, 6, "=NA()", None, "#N/A")
    book.close()
    assert read(whole.getvalue()) == Sheet(
        ["Title", "n", "m", "day", "sum", "yes", "wrong"],
        [(4, ["A", "8", "0.3", "2024-03-05", "2", "TRUE", ""])],
    )


def test_the_first_sheet_that_shows_anything_is_read() -> None:
    whole = io.BytesIO()
    book = Workbook(whole, {"in_memory": True})
    hidden, empty, full = (book.add_worksheet(name) for name in ("h", "e", "f"))
    hidden.write_row(0, 0, ["secret", "x"])
    hidden.write_row(1, 0, ["1", "2"])
    empty.activate()
    hidden.hide()
    full.write_column(0, 0, ["Title", "A"])
    book.close()
    assert read(whole.getvalue()).headings == ["Title"]


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (b"", "The file is empty."),
        (b"  \n", "file is empty."),
        (b"a,b\n", "needs a row of headings"),
        (b"a,b\n1,\0\n", "NUL bytes"),
        ("标题\n单卡".encode()[:-1], "cut off"),
        ("标题,价\n单卡,价价".encode("gb18030")[:-1], "cut off"),
        ("标题\n单卡".encode("utf-16")[:-1], "cut off"),
        ("标题\n".encode() + b"\xff\xfe\xfa\n" + "单卡".encode(), "neither UTF-8"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(512), "old or a protected Excel file"),
        (b"PK\x03\x04" + bytes(200), "no XLSX that can be read"),
        (b'a,b\n1,"' + b"x" * 200_000, "quotation mark"),
        (b"a\n" + b"1\n" * (MOST_ROWS + 1), "more than 20,000 rows"),
        (b",".join(b"c%d" % n for n in range(1_000_000)) + b"\n1\n", "more than 200 columns"),
        (b"a,b\n1" + b",2" * 300, "more than 200 columns"),
        (b"x" * (10 * 1024 * 1024 + 1), "larger than 10 MB"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_what_is_no_sheet_is_refused(data: bytes, message: str) -> None:
    assert message in _refusal(data)


def _changed(part: str, change: Callable[[bytes], bytes]) -> bytes:
    """An XLSX with one of its parts replaced by what `change` makes of it."""
    whole = io.BytesIO()
    with (
        zipfile.ZipFile(io.BytesIO(as_xlsx([["Title"], ["A"]]))) as old,
        zipfile.ZipFile(whole, "w", zipfile.ZIP_DEFLATED) as new,
    ):
        for name in old.namelist():
            text = old.read(name)
            new.writestr(name, change(text) if name == part else text)
    return whole.getvalue()


SHEET = "xl/worksheets/sheet1.xml"


@pytest.mark.parametrize(
    "cell",
    [
        b'<row r="1048576"><c r="XFD1048576"><v>1</v></c></row>',
        b'<row r="1048576"><c x=">" r="XFD1048576"><v>1</v></c></row>',
        b'<row r="1048576"><c x="/>" r=\'XFD1048576\' ><v>1</v></c></row>',
        b"<row r='1048576'><c r = 'XFD1' ><v>1</v></c></row>",
        b'<row r="99999999999999999999"><c r="A99999999999999999999"><v>1</v></c></row>',
    ],
)
def test_a_cell_far_out_asks_for_no_memory(cell: bytes) -> None:
    data = _changed(SHEET, lambda text: text.replace(b"</sheetData>", cell + b"</sheetData>"))
    assert "million cells" in _refusal(data) or "no XLSX" in _refusal(data)


def test_a_format_far_out_does_no_harm() -> None:
    # Whoever colours a whole column leaves such cells behind.
    cell = b'<row r="1048576" s="1"/><row r="1048575"><c r="XFD1048575" s="1"/></row>'
    data = _changed(SHEET, lambda text: text.replace(b"</sheetData>", cell + b"</sheetData>"))
    assert read(data).rows == [(2, ["A"])]


def test_a_bomb_is_refused_before_it_is_unpacked() -> None:
    bomb = _changed(SHEET, lambda text: text + b" " * (65 * 1024 * 1024))
    assert len(bomb) < 200_000
    assert "unpacks to more than 64 MB" in _refusal(bomb)


def test_an_archive_that_lies_about_a_size_is_refused() -> None:
    bomb = bytearray(_changed(SHEET, lambda text: text + b" " * (30 * 1024 * 1024)))
    real = (
        30 * 1024 * 1024 + len(zipfile.ZipFile(io.BytesIO(bomb)).read(SHEET).rstrip())
    ).to_bytes(4, "little")
    start = 0
    while (start := bomb.find(real, start)) >= 0:
        bomb[start : start + 4] = (500).to_bytes(4, "little")
    assert "no XLSX" in _refusal(bytes(bomb))


def test_too_many_parts_and_none_that_matter() -> None:
    whole = io.BytesIO()
    with zipfile.ZipFile(whole, "w") as archive:
        for number in range(2000):
            archive.writestr(f"{number}.xml", "")
    assert "no XLSX" in _refusal(whole.getvalue())
    other = io.BytesIO()
    with zipfile.ZipFile(other, "w") as archive:
        archive.writestr("word/document.xml", "<w/>")
    assert "no XLSX" in _refusal(other.getvalue())


@pytest.mark.parametrize(
    "part", ["xl/workbook.xml", SHEET, "xl/sharedStrings.xml", "xl/_rels/workbook.xml.rels"]
)
@pytest.mark.parametrize("change", ["cut", "noise", "empty"])
def test_broken_parts_are_refused_or_read_as_far_as_they_go(part: str, change: str) -> None:
    made = {"cut": lambda text: text[: len(text) // 2], "noise": lambda _text: b"\0<&" * 50,
            "empty": lambda _text: b""}  # fmt: skip
    rows = None
    with suppress(Unreadable):
        rows = read(_changed(part, made[change])).rows
    assert rows is None or all(isinstance(cell, str) for _number, cells in rows for cell in cells)


def test_links_to_other_files_are_not_followed() -> None:
    whole = io.BytesIO()
    book = Workbook(whole, {"in_memory": True})
    sheet = book.add_worksheet()
    sheet.write_row(0, 0, ["Title", "Price"])
    sheet.write_url(1, 0, "external:other.xlsx#Sheet1!A1", string="A")
    sheet.write_formula(1, 1, "=[other.xlsx]Sheet1!A1", None, 5)
    book.close()
    assert read(whole.getvalue()).rows == [(2, ["A", "5"])]


@pytest.mark.parametrize(
    "data", [b"", b"a,b\n1,\0\n", b"PK\x03\x04" + bytes(200)], ids=["empty", "nul", "zip"]
)
def test_a_refused_file_is_told_at_its_field_and_leaves_nothing(desk: Desk, data: bytes) -> None:
    folder = desk.app.config["PORTAL"].data_dir / "imports"
    before = list(folder.glob("*"))
    answer = desk.send(data)
    assert answer.status_code == 422
    assert 'id="file-error"' in answer.get_data(as_text=True)
    assert list(folder.glob("*")) == before
    assert "No imports yet" in desk.client.get("/portal/imports/").get_data(as_text=True)


def test_a_file_that_is_too_large_is_refused_before_it_is_read(desk: Desk) -> None:
    # Built by hand: the client would put so large a body into a file of its own.
    edge = b"--x\r\nContent-Disposition: form-data; name=file; filename=a.csv\r\n\r\n"
    body = edge + b"x" * (13 * 1024 * 1024) + b"\r\n--x--\r\n"
    kind = "multipart/form-data; boundary=x"
    answer = desk.client.post("/portal/imports/", data=body, content_type=kind)
    assert answer.status_code == 413


def test_no_file_at_all(desk: Desk) -> None:
    answer = desk.client.post("/portal/imports/", data={"form_nonce": "x"})
    assert answer.status_code == 422
    assert "Choose a file." in answer.get_data(as_text=True)


def test_the_same_form_twice_is_one_import(desk: Desk) -> None:
    first = desk.send(as_csv(ROWS), form_nonce="a" * 32)
    second = desk.send(as_csv(ROWS), form_nonce="a" * 32)
    assert first.headers["Location"] == second.headers["Location"]


def test_names_of_files_are_only_words(desk: Desk) -> None:
    desk.send(as_csv(ROWS), "../../etc/<script>x.csv")
    page = desk.client.get("/portal/imports/").get_data(as_text=True)
    assert "&lt;script&gt;x.csv" in page
    assert "etc/" not in page


def test_a_full_disk_is_told_and_leaves_nothing(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(_descriptor: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(storing.os, "fsync", full)
    before = list((desk.app.config["PORTAL"].data_dir / "imports").glob("*"))
    assert desk.send(as_csv(ROWS)).status_code == 503
    assert list((desk.app.config["PORTAL"].data_dir / "imports").glob("*")) == before
    monkeypatch.undo()
    assert desk.send(as_csv(ROWS)).status_code == 303
