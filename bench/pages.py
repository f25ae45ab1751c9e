"""In-process figures of the portal's pages: time against a bare Flask answer, growth, statements."""

import statistics
import time
from collections.abc import Callable
from typing import Final

from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import event

from bench import seed
from bench.figures import figure
from portal.extensions import db
from portal.listings import rows, skeletons
from portal.web import frames

ROUNDS: Final = 40
REQUESTS: Final = 10
FILTERED: Final = "/portal/listings/?status=live"
_MANY: Final = 100_000
_MORE: Final = 1_000_000


def bare_client() -> FlaskClient:
    """A Flask application that answers two bytes and does nothing else: the unit of measure."""
    app = Flask("bare")
    app.add_url_rule("/", view_func=lambda: "ok", endpoint="bare")
    return app.test_client()


def seconds_each(*calls: Callable[[], object]) -> list[float]:
    """Median seconds of each call, measured in turns so that the machine's moods hit all alike.

    Calls are timed one by one: of ten together, the longer ones would more often be those that
    another process of the machine came between.
    """
    for call in calls:
        call()
    times: list[list[float]] = [[] for _ in calls]
    for _ in range(ROUNDS):
        for taken, call in zip(times, calls, strict=True):
            for _ in range(REQUESTS):
                begun = time.perf_counter()
                call()
                taken.append(time.perf_counter() - begun)
    return [statistics.median(taken) for taken in times]


def fetch(client: FlaskClient, url: str) -> Callable[[], object]:
    """A call that fetches `url` and insists on 200."""

    def call() -> None:
        response = client.get(url)
        if response.status_code != 200:
            raise RuntimeError(f"{url} answered {response.status_code}")
        response.get_data()

    return call


@figure("listings-page", at_most=6)
def listings_page() -> float:
    """Listings index, 50 rows, a filter on, signed in, 100,000 listings: against bare Flask."""
    page = fetch(seed.signed_in(seed.app_with(_MANY)), FILTERED)
    ours, bare = seconds_each(page, fetch(bare_client(), "/"))
    begun = time.perf_counter()
    for _ in range(REQUESTS):
        nothing_kept()
        page()
    cold = (time.perf_counter() - begun) / REQUESTS
    print(f"# listings index {ours * 1e3:.2f} ms, bare Flask {bare * 1e3:.3f} ms")
    print(
        f"# with no row, table or frame kept: {cold * 1e3:.1f} ms, {cold / bare:.0f} times bare Flask"
    )
    return ours / bare


def nothing_kept() -> None:
    """Forget every drawn row, its skeleton, table and frame, as after a start."""
    for kept in (skeletons._kept, rows._kept, rows._tables, frames._kept):
        kept._new.clear()
        kept._old.clear()


@figure("listings-growth", at_most=1.15)
def listings_growth() -> float:
    """The same page with 1,000,000 listings against 100,000."""
    few = fetch(seed.signed_in(seed.app_with(_MANY)), FILTERED)
    many = fetch(seed.signed_in(seed.app_with(_MORE)), FILTERED)
    base, grown = seconds_each(few, many)
    print(f"# 100,000: {base * 1e3:.2f} ms, 1,000,000: {grown * 1e3:.2f} ms")
    return grown / base


@figure("statements", at_most=3)
def statements() -> float:
    """The most SQL statements that any page of the portal takes, with 100,000 listings."""
    app = seed.app_with(_MANY)
    client = seed.signed_in(app)
    seen: list[str] = []
    with app.app_context():
        engine = db.engine
    listener: Callable[..., None] = lambda *arguments: seen.append(arguments[2])  # noqa: E731
    event.listen(engine, "before_cursor_execute", listener)
    worst = 0
    try:
        for url in portal_pages(app):
            seen.clear()
            fetch(client, url)()
            reads = [one for one in seen if not one.startswith(("BEGIN", "COMMIT", "ROLLBACK"))]
            print(f"# {url}: {len(reads)}")
            worst = max(worst, len(reads))
    finally:
        event.remove(engine, "before_cursor_execute", listener)
    return worst


def portal_pages(app: Flask) -> list[str]:
    """Addresses of the portal's pages that staff may open."""
    pages = ["/portal/listings/", FILTERED, "/portal/listings/1/edit", "/portal/listings/new"]
    return [*pages, "/portal/statistics/", "/portal/statistics/listings/1", "/portal/account/"]
