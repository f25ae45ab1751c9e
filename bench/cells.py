"""A price saved in its row, against the least that a Flask application can do to save one."""

import sqlite3
from collections.abc import Callable
from typing import Final

from flask import Flask, request
from flask.testing import FlaskClient

from bench import seed
from bench.figures import figure
from bench.pages import seconds_each
from portal.config import Settings
from portal.database import sqlite_module

_MANY: Final = 100_000
_LISTING: Final = 1
_PRAGMAS: Final = ("journal_mode=WAL", "synchronous=FULL", "foreign_keys=ON", "busy_timeout=5000")


@figure("inline-edit", at_most=3)
def inline_edit() -> float:
    """POST of a price to the swapped row, 100,000 listings: against a bare POST with one UPDATE."""
    ours, bare = seconds_each(_portal(), _bare())
    print(f"# price saved in {ours * 1e3:.2f} ms, bare POST with one UPDATE {bare * 1e3:.2f} ms")
    return ours / bare


def _portal() -> Callable[[], object]:
    """Each call saves another price in the list's first row, as htmx sends it."""
    client = seed.signed_in(seed.app_with(_MANY))
    token = _token(client)
    version, url = 1, f"/portal/listings/{_LISTING}/price"

    def call() -> None:
        nonlocal version
        body = {"price": f"{10_000 + version}.00", "version": str(version)}
        headers = {"HX-Request": "true", "X-CSRFToken": token}
        answer = client.post(url, data=body, headers=headers)
        if answer.status_code != 200 or f"{10_000 + version:,}.00" not in answer.text:
            raise RuntimeError(f"the price was not saved: {answer.status_code}")
        version += 1

    return call


def _token(client: FlaskClient) -> str:
    page = client.get(f"/portal/listings/{_LISTING}/price").text
    return page.partition('name="csrf_token" value="')[2].partition('"')[0]


def _bare() -> Callable[[], object]:
    """The peer: same driver, file settings and tables, an open connection, one UPDATE, committed."""
    connection = sqlite_module().connect(seed.folder() / "bare.db", isolation_level=None)
    settings: Settings = seed.app_with(_MANY).config["PORTAL"]
    original = sqlite_module().connect(settings.data_dir / "portal.db")
    original.backup(connection)
    original.close()
    for pragma in _PRAGMAS:
        connection.execute(f"PRAGMA {pragma}")
    client = _bare_app(connection).test_client()
    price = 0

    def call() -> None:
        nonlocal price
        price += 1
        answer = client.post(f"/listings/{_LISTING}", data={"price": str(price)})
        if answer.status_code != 200 or str(price) not in answer.text:
            raise RuntimeError(f"the peer saved nothing: {answer.status_code}")

    return call


def _bare_app(connection: sqlite3.Connection) -> Flask:
    app = Flask("bare")

    def save(listing_id: int) -> str:
        price = int(request.form["price"])
        connection.execute("BEGIN IMMEDIATE")
        connection.execute("UPDATE listings SET price_minor = ? WHERE id = ?", (price, listing_id))
        connection.execute("COMMIT")
        return f"<tr><td>{price}</td></tr>"

    app.add_url_rule("/listings/<int:listing_id>", view_func=save, methods=["POST"])
    return app
