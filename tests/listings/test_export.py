"""The index as a file: the same rows and order, chosen columns, and nothing lost on the way back."""

import csv
import io
import tracemalloc
from datetime import date

import pytest
from flask import Flask
from python_calamine import CalamineWorkbook
from werkzeug.test import TestResponse

from portal.accounts.models import Provider
from portal.listings import exporting
from portal.permissions import Role
from portal.web import sheets
from tests import factories
from tests.conftest import ClientFor
from tests.imports.conftest import Desk, outcomes
from tests.listings.conftest import Made
from tests.pages import PagesClient

EVERYTHING = {
    "own_number": "N-1",
    "own_category": "八卡",
    "kind": "rental",
    "delivery": "bare_metal",
    "brand": "=Maker",
    "gpu_memory_gib": 48,
    "interconnect": "pcie",
    "pcie_generation": 4,
    "pcie_lanes": 16,
    "cpu_model": "2x EPYC 9654",
    "cpu_cores": 192,
    "ram_gib": 1024,
    "disk_gib": 7680,
    "disk_type": "nvme",
    "network_up_mbps": 1000,
    "network_down_mbps": 2000,
    "fabric": "roce",
    "fabric_gbps": 400,
    "currency": "USD",
    "unit": "gpu_hour",
    "item_quantity": 8,
    "item_unit": "machine_month",
    "stock": 0,
    "min_order": 1,
    "min_gpus": 8,
    "min_term": 1,
    "max_term": 12,
    "term_unit": "month",
    "discounts": ((3, 5), (12, 15)),
    "delivery_days": 3,
    "available_from": date(2030, 1, 1),
    "available_until": date(2031, 1, 1),
    "maintenance": "Tuesdays",
    "valid_until": date(2040, 12, 31),
    "description": '- one\n- two, "three"\n\n=four',
    "attributes": (("a:b\\c", "d: e"), ("＝x", "+1"), ("型号", "RTX 4090")),
    "place": "440300",
}


def _rows(answer: TestResponse) -> list[list[str]]:
    assert answer.status_code == 200
    return list(csv.reader(io.StringIO(answer.get_data().decode("utf-8-sig"))))


def test_the_file_says_what_the_index_shows(staff: PagesClient, made: Made) -> None:
    made(title="First offer")
    made(title="Second offer", gpu_model="h20")
    answer = staff.get("/portal/listings/export.csv?columns=title&columns=price")
    assert _rows(answer) == [
        ["Title", "Price"], ["Second offer", "11000.00"], ["First offer", "11000.00"],
    ]  # fmt: skip
    filtered = staff.get("/portal/listings/export.csv?gpu=h20&columns=title")
    assert _rows(filtered) == [["Title"], ["Second offer"]]
    oldest = staff.get("/portal/listings/export.csv?sort=oldest&columns=id")
    assert [row[0] for row in _rows(oldest)[1:]] == sorted(row[0] for row in _rows(oldest)[1:])


def test_headers_of_a_file(staff: PagesClient, made: Made) -> None:
    made()
    answer = staff.get("/portal/listings/export.csv")
    assert answer.get_data().startswith(b"\xef\xbb\xbf")
    assert answer.headers["Content-Type"] == "text/csv; charset=utf-8"
    assert answer.headers["Cache-Control"] == "no-store"
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert answer.headers["Content-Disposition"].startswith("attachment; filename=")
    book = staff.get("/portal/listings/export.xlsx")
    assert book.mimetype.endswith("spreadsheetml.sheet")
    assert book.headers["Cache-Control"] == "no-store"


@pytest.mark.parametrize(
    "title", ['=HYPERLINK("http://e","x")', "+1 offer", "＝cmd offer", '"=1" x']
)
def test_no_title_is_a_formula(staff: PagesClient, made: Made, title: str) -> None:
    made(title=title)
    rows = _rows(staff.get("/portal/listings/export.csv?columns=title"))
    assert rows[1] == [f"'{title}"]
    book = staff.get("/portal/listings/export.xlsx?columns=title").get_data()
    with CalamineWorkbook.from_filelike(io.BytesIO(book)) as opened:
        assert opened.get_sheet_by_index(0).to_python()[1] == [title]


@pytest.mark.parametrize("language", ["en", "zh"])
@pytest.mark.parametrize("kind", ["csv", "xlsx"])
@pytest.mark.parametrize("key", ["id", "own_number"])
def test_what_went_out_changes_nothing_when_it_comes_back(
    app: Flask, client_for: ClientFor, provider: Provider, made: Made,
    kind: str, language: str, key: str,
) -> None:  # fmt: skip
    made(**EVERYTHING)
    made(
        own_number="N-2",
        price_minor=None,
        place=None,
        gpu_model=None,
        attributes=(),
        description="",
    )
    desk = Desk(app, client_for(provider, Role.STAFF, language=language))
    data = desk.client.get(f"/portal/listings/export.{kind}").get_data()
    import_id = desk.sent(data, f"x.{kind}")
    page = desk.client.get(f"/portal/imports/{import_id}/columns").get_data(as_text=True)
    form = _guess(page)
    assert {"title", "price", "discounts", "attributes", "term_unit"} <= set(form.values())
    assert "own" not in form.values()
    desk.matched(import_id, {**form, "key": key, "clears": "1"})
    assert outcomes(import_id) == {2: "same", 3: "same"}, desk.page(import_id)


def _guess(page: str) -> dict[str, str]:
    """The form as the page fills it in."""
    form = {}
    for part in page.split('<select class="input" id="column-')[1:]:
        name, _, rest = part.partition('"')
        chosen = [
            one for one in rest.split("</select>")[0].split("<option ") if " selected>" in one
        ]
        form[f"column-{name}"] = chosen[0].split('"')[1] if chosen else ""
    return form


def test_other_tenants_offers_stay_out(
    staff: PagesClient, made: Made, other_provider: Provider
) -> None:
    made()
    factories.listing(other_provider, title="Theirs")
    assert len(_rows(staff.get("/portal/listings/export.csv"))) == 2
    assert "Theirs" not in staff.get("/portal/listings/export.csv").get_data(as_text=True)


def test_no_more_than_a_batch_stands_in_memory(
    staff: PagesClient, provider: Provider, monkeypatch: pytest.MonkeyPatch
) -> None:
    for number in range(60):
        factories.listing(provider, title=f"Offer {number}", description="x" * 10_000)
    monkeypatch.setattr(exporting, "_AT_ONCE", 5)
    for kind in ("csv", "xlsx"):
        staff.get(f"/portal/listings/export.{kind}?q=nothing-like-this").get_data()
        tracemalloc.start()
        answer = staff.get(f"/portal/listings/export.{kind}", buffered=False)
        size = sum(len(piece) for piece in answer.iter_encoded())
        most = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        assert size > 1000
        assert most < 3_000_000, kind


def test_no_more_files_at_once_than_leave_room_for_pages(staff: PagesClient) -> None:
    url = "/portal/listings/export.csv"
    for _running in range(sheets.AT_ONCE):
        assert sheets._slots.acquire(blocking=False)
    try:
        late = staff.get(url)
        assert late.status_code == 503
        assert late.headers["Retry-After"] == "10"
        assert "Busy just now" in late.text
        sheets._slots.release()
        # Read to its end or given up, each leaves its place, and that once.
        for _turn in range(3):
            assert staff.get(url).data
        for _turn in range(3):
            given_up = staff.head(url)
            given_up.close()
            given_up.close()
        assert sheets._slots.acquire(blocking=False)
        assert staff.get(url).status_code == 503
    finally:
        for _running in range(sheets.AT_ONCE):
            sheets._slots.release()
