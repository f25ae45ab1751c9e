"""The commands: a sheet in and out without a browser."""

import json
from pathlib import Path

import pytest
from click.testing import CliRunner
from flask import Flask

from portal import config
from portal.accounts.actions import add_provider
from portal.cli import main
from portal.extensions import db
from portal.listings.models import Listing
from tests.imports.conftest import CLOUDS, as_csv

MAPPING = {
    "columns": {"GPU Type": "gpu_model", "GPUs": "gpu_count", "On-demand": "price", "Cloud": "own"},
    "constants": {"currency": "USD", "unit": "machine_hour"},
    "title": "{Cloud} {Name} {GPUs}× {GPU Type}",
}


@pytest.fixture
def run(own_app: Flask, monkeypatch: pytest.MonkeyPatch) -> CliRunner:
    settings = own_app.config["PORTAL"]
    monkeypatch.setenv("PORTAL_DATA_DIR", str(settings.data_dir))
    monkeypatch.setenv("PORTAL_DATABASE_URL", config.database_url(settings))
    with own_app.app_context():
        add_provider("Console")
        db.session.remove()
    return CliRunner()


def test_a_sheet_goes_in_and_out_again(own_app: Flask, run: CliRunner, tmp_path: Path) -> None:
    sheet, mapping = tmp_path / "clouds.csv", tmp_path / "mapping.json"
    sheet.write_bytes(as_csv(CLOUDS))
    mapping.write_text(json.dumps(MAPPING), encoding="utf-8")
    command = ["import", str(sheet), "--provider", "1", "--mapping", str(mapping)]
    dry = run.invoke(main, [*command, "--dry-run"])
    assert dry.exit_code == 0, dry.output
    assert "new: 3" in dry.output
    with own_app.app_context():
        assert db.session.query(Listing).count() == 0
        db.session.remove()
    assert "All or nothing needs" in run.invoke(main, [*command, "--whole"]).output
    assert "new: 3" in run.invoke(main, command).output
    # The matching is remembered; nothing is new any more.
    again = run.invoke(main, ["import", str(sheet), "--provider", "1"])
    assert "same: 3" in again.output

    book = tmp_path / "offers.xlsx"
    out = run.invoke(main, ["export", str(book), "--provider", "1", "--language", "en"])
    assert "Offers written: 3" in out.output
    mapping.write_text(json.dumps({"columns": {"Offer no.": "id", "Title": "title"}, "key": "id"}))
    back = run.invoke(main, ["import", str(book), "--provider", "1", "--mapping", str(mapping)])
    assert "same: 3" in back.output


@pytest.mark.parametrize(
    ("columns", "message"),
    [({"Nowhere": "title"}, "no column Nowhere"), ({"Name": "nothing"}, "no field nothing")],
)
def test_a_mapping_that_cannot_be_is_told(
    run: CliRunner, tmp_path: Path, columns: dict[str, str], message: str
) -> None:
    sheet, mapping = tmp_path / "clouds.csv", tmp_path / "mapping.json"
    sheet.write_bytes(as_csv(CLOUDS))
    mapping.write_text(json.dumps({"columns": columns}))
    said = run.invoke(main, ["import", str(sheet), "--provider", "1", "--mapping", str(mapping)])
    assert said.exit_code == 1
    assert message in said.output


def test_what_is_no_sheet_is_told(run: CliRunner, tmp_path: Path) -> None:
    sheet = tmp_path / "x.csv"
    sheet.write_bytes(b"a\0")
    said = run.invoke(main, ["import", str(sheet), "--provider", "1"])
    assert said.exit_code == 1
    assert "needs a row of headings" in said.output or "NUL" in said.output
