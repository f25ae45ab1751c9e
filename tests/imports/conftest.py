"""What the tests of imports share: sheets as people send them, and the worker that does the work."""

import csv
import io
from collections.abc import Sequence
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import select
from werkzeug.test import TestResponse
from xlsxwriter import Workbook

from portal.extensions import db
from portal.imports.models import Import, ImportRow
from portal.jobs.worker import work_once
from portal.listings.models import Listing
from portal.worker import handlers
from tests.pages import PagesClient

# As price lists of clouds look: several columns make a title, memory counts all GPUs of a machine.
CLOUDS = [
    ["Cloud", "GPU Type", "GPUs", "GPU RAM", "vCPUs", "RAM", "On-demand", "Spot", "Name"],
    ["Nimbus", "A100 (80 GB)", "8", "640", "96", "1152", "40.97", "", "n8a.24xlarge"],
    ["Nimbus", "V100 (16 GB)", "1", "16", "8", "61", "3.06", "0.92", "n3.2xlarge"],
    ["Cirrus", "H100 (80 GB)", "8", "640", "208", "1800", "28.5", "", ""],
    ["Cirrus", "Zeta 9 (64 GB)", "1", "64", "30", "200", "1.1", "", ""],
    ["Stratus", "RTX 4090", "2", "48", "16-24", "100", "1.384", "", "s2"],
]
CLOUDS_FORM = {
    "column-0": "own",
    "column-1": "gpu_model",
    "column-2": "gpu_count",
    "column-4": "cpu_cores",
    "column-5": "ram_gib",
    "column-6": "price",
    "column-7": "own",
    "column-8": "",
    "title": "{Cloud} {Name} {GPUs}× {GPU Type}",
    "currency": "USD",
    "unit": "machine_hour",
    "place": "overseas",
}

Rows = Sequence[Sequence[Any]]


def as_csv(rows: Rows, *, encoding: str = "utf-8", delimiter: str = ",") -> bytes:
    """The rows as a CSV."""
    text = io.StringIO()
    csv.writer(text, delimiter=delimiter).writerows(rows)
    return text.getvalue().encode(encoding)


def as_xlsx(rows: Rows, name: str = "Sheet1") -> bytes:
    """The rows as an XLSX, numbers and days typed."""
    whole = io.BytesIO()
    book = Workbook(whole, {"in_memory": True, "default_date_format": "yyyy-mm-dd"})
    sheet = book.add_worksheet(name)
    for number, row in enumerate(rows):
        sheet.write_row(number, 0, row)
    book.close()
    return whole.getvalue()


class Desk:
    """A person of the staff at work on imports."""

    def __init__(self, app: Flask, client: PagesClient) -> None:
        self.app, self.client = app, client

    def send(self, data: bytes, name: str = "sheet.csv", **fields: str) -> TestResponse:
        """Send a file."""
        body = {"file": (io.BytesIO(data), name), **fields}
        return self.client.post("/portal/imports/", data=body, content_type="multipart/form-data")

    def sent(self, data: bytes, name: str = "sheet.csv") -> int:
        """Send a file that is taken; the import's id."""
        answer = self.send(data, name)
        assert answer.status_code == 303, answer.get_data(as_text=True)
        return int(answer.headers["Location"].split("/")[-2])

    def matched(self, import_id: int, form: dict[str, str]) -> None:
        """Match the columns, and let the dry run be done."""
        answer = self.client.post(f"/portal/imports/{import_id}/columns", data=form)
        assert answer.status_code == 303, answer.get_data(as_text=True)
        self.work()

    def checked(self, data: bytes, form: dict[str, str], name: str = "sheet.csv") -> int:
        """Send, match and check."""
        import_id = self.sent(data, name)
        self.matched(import_id, form)
        assert self.state(import_id) == "checked"
        return import_id

    def imported(self, import_id: int, *, whole: bool = False) -> dict[str, int]:
        """Bring in what was checked; the counts."""
        answer = self.client.post(
            f"/portal/imports/{import_id}/start", data={"whole": "1" if whole else "0"}
        )
        assert answer.status_code == 303
        self.work()
        return self.counts(import_id)

    def work(self) -> None:
        """Do all the work that waits."""
        while work_once(self.app, handlers(self.app.config["PORTAL"])):
            pass

    def page(self, import_id: int, query: str = "", *, hx: bool = False) -> str:
        """The page of an import."""
        answer = self.client.get(f"/portal/imports/{import_id}/{query}", hx=hx)
        assert answer.status_code == 200
        return answer.get_data(as_text=True)

    @staticmethod
    def state(import_id: int) -> str:
        """How far the import is."""
        return str(_value(Import.state, import_id))

    @staticmethod
    def counts(import_id: int) -> dict[str, int]:
        """Outcome → rows."""
        counts: dict[str, int] = _value(Import.counts, import_id)
        return counts


def _value(column: Any, import_id: int) -> Any:
    try:
        return db.session.query(column).filter(Import.id == import_id).scalar()
    finally:
        db.session.rollback()


def outcomes(import_id: int) -> dict[int, str]:
    """Row → what became of it."""
    try:
        rows = db.session.query(ImportRow.number, ImportRow.outcome).filter(
            ImportRow.import_id == import_id
        )
        return {row.number: row.outcome for row in rows}
    finally:
        db.session.rollback()


def listings() -> Sequence[Any]:
    """All listings' columns, oldest first."""
    try:
        return db.session.execute(select(*Listing.__table__.c).order_by(Listing.id)).all()
    finally:
        db.session.rollback()


@pytest.fixture
def desk(app: Flask, staff: PagesClient) -> Desk:
    """Staff of provider A at work on imports."""
    return Desk(app, staff)
