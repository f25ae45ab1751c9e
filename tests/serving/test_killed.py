"""Processes killed under load: every acknowledged view is counted, once."""

import http.client
import itertools
import os
import signal
import threading
import time
import urllib.parse
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from flask import Flask
from sqlalchemy import func, select

from portal import create_app
from portal.extensions import db
from portal.listings.models import Listing
from portal.statistics.models import ListingDay, ProviderDay
from portal.statistics.tokens import token_for
from tests import factories
from tests.conftest import dispose, settings_for
from tests.serving.server import Server, running, until

AGENT = "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 Chrome/140.0.{}.0 Safari/537.36"
LISTING = 1
_numbers = itertools.count(1)


def seed(_app: Flask) -> None:
    """One live listing."""
    factories.listing(factories.provider(), id=LISTING)


class Flood:
    """Readers that look at a listing as fast as they can, each time as somebody else."""

    def __init__(self, server: Server, app: Flask, readers: int = 4) -> None:
        self._server, self._app = server, app
        self._stop = threading.Event()
        self._guard = threading.Lock()
        self.acknowledged: list[float] = []
        self.unanswered = 0
        self._threads = [threading.Thread(target=self._read) for _ in range(readers)]

    def _read(self) -> None:
        while not self._stop.is_set():
            number = next(_numbers)
            try:
                status = self._look(number)
            except ConnectionRefusedError:
                time.sleep(0.02)  # nobody listens just now, so nothing was written either
                continue
            except (OSError, http.client.HTTPException):
                with self._guard:
                    self.unanswered += 1
                continue
            assert status == 204
            with self._guard:
                self.acknowledged.append(time.monotonic())

    def _look(self, number: int) -> int:
        with self._app.app_context():
            body = urllib.parse.urlencode({"token": token_for(LISTING)})
        connection = http.client.HTTPConnection("127.0.0.1", self._server.port, timeout=20)
        try:
            connection.request(
                "POST",
                f"/offers/{LISTING}/views",
                body,
                {
                    "User-Agent": AGENT.format(number),
                    "Content-Type": "application/x-www-form-urlencoded",
                },
            )
            return connection.getresponse().status
        finally:
            connection.close()

    def __enter__(self) -> "Flood":
        for thread in self._threads:
            thread.start()
        until(lambda: len(self.acknowledged) > 20, 30)
        return self

    def __exit__(self, *_error: object) -> None:
        self._stop.set()
        for thread in self._threads:
            thread.join(60)

    def more(self, count: int = 100) -> None:
        """Wait until `count` more looks are acknowledged."""
        wanted = len(self.acknowledged) + count
        until(lambda: len(self.acknowledged) >= wanted, 60)


@pytest.fixture(params=["sqlite", "postgresql"])
def flooded(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[tuple[Server, Flask]]:
    """A server of this test's own, and an application on its database."""
    with running(settings_for(tmp_path, request.param, "killed"), seed) as server:
        app = create_app(server.settings)
        yield server, app
        dispose(app)


def counted(app: Flask) -> int:
    """Human views of the listing: three places that must agree, at one moment.

    One statement, since three would each see a state of their own on PostgreSQL.
    """
    places = (
        select(func.coalesce(func.sum(ListingDay.human), 0)),
        select(func.coalesce(func.sum(ProviderDay.human), 0)),
        select(Listing.views_total).where(Listing.id == LISTING),
    )
    with app.app_context():
        row = db.session.execute(select(*(place.scalar_subquery() for place in places))).one()
    days, of_provider, total = row
    assert days == of_provider == total
    return int(days or 0)


@contextmanager
def never_falling(app: Flask) -> Iterator[None]:
    """Watch the count: it may only grow."""
    before = counted(app)
    yield
    assert counted(app) >= before


def check(server: Server, app: Flask, flood: Flood) -> None:
    """Acknowledged is counted; what was cut off in flight may have been written, too."""
    acknowledged = len(flood.acknowledged)
    until(lambda: counted(app) >= acknowledged, 30)
    until(lambda: not _is_growing(app), 10)
    assert acknowledged <= counted(app) <= acknowledged + flood.unanswered


def _is_growing(app: Flask) -> bool:
    before = counted(app)
    time.sleep(1.2)  # longer than the drainer's pause
    return counted(app) > before


@pytest.mark.slow
def test_no_acknowledged_view_is_lost_or_doubled_by_killed_workers(
    flooded: tuple[Server, Flask],
) -> None:
    server, app = flooded
    until(lambda: server.background_workers() and len(server.web_workers()) == 2, 30)
    with Flood(server, app) as flood:
        for round_ in range(4):
            with never_falling(app):
                os.kill(server.web_workers()[round_ % 2], signal.SIGKILL)
                flood.more()
                until(lambda: len(server.web_workers()) == 2, 30)
                if round_ % 2:
                    old = server.background_workers()
                    os.kill(old[0], signal.SIGKILL)
                    flood.more()
                    until(lambda old=old: set(server.background_workers()) - set(old), 30)  # type: ignore[misc]
    check(server, app, flood)
    assert flood.unanswered <= 4 * 4 * 2  # what was in flight: readers, kills, both workers


@pytest.mark.slow
def test_a_killed_supervisor_takes_all_with_it_and_the_next_one_counts_the_rest(
    flooded: tuple[Server, Flask],
) -> None:
    server, app = flooded
    until(server.background_workers, 30)
    with Flood(server, app) as flood:
        for pid in server.web_workers():
            os.kill(pid, signal.SIGKILL)
        flood.more()
        server.kill()
    server.start()
    check(server, app, flood)
    with Flood(server, app) as again:
        assert server.stop() == 0
    assert list((server.settings.data_dir / "spool").iterdir()) == []
    acknowledged = len(flood.acknowledged) + len(again.acknowledged)
    assert acknowledged <= counted(app) <= acknowledged + flood.unanswered + again.unanswered
