"""Two people save at once, on real connections: no update is lost, none comes back from the dead."""

import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import pytest
from flask import Flask
from sqlalchemy import func, select
from sqlalchemy.exc import OperationalError

from portal import config
from portal.audit.models import AuditEntry
from portal.extensions import db
from portal.listings import actions, queries, search
from portal.listings.models import Attribute, Listing, Revision, Status
from tests import factories
from tests.conftest import dispose, migrated_app, settings_for
from tests.listings.conftest import REAL

ROUNDS = 200


@pytest.fixture(scope="module", params=["sqlite", "postgresql"])
def real(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Flask]:
    """An application whose writes are really committed."""
    folder = tmp_path_factory.mktemp(f"racing-{request.param}")
    app = migrated_app(settings_for(folder, request.param, "racing_listings"))
    yield app
    dispose(app)


def made(app: Flask) -> tuple[int, int]:
    """A fresh listing: its provider's id and its own."""
    with app.app_context():
        provider = factories.provider().id
        return provider, actions.create(provider, REAL, by=None)


def test_of_two_people_who_save_at_once_neither_loses_anything(real: Flask) -> None:
    provider, one = made(real)

    def count(name: str) -> None:
        """Raise an own number in the list of pairs that both write; a conflict starts anew."""
        turn = 0
        while turn < ROUNDS:
            with real.app_context():
                row, seen = queries.listing_of(provider, one)
                db.session.rollback()
                numbers = dict(seen.attributes)
                numbers[name] = str(int(numbers.get(name, "0")) + 1)
                changed = replace(seen, attributes=tuple(numbers.items()))
                try:
                    actions.save(provider, one, changed, row.version, by=None)
                except actions.Conflict:
                    continue
                except OperationalError:  # not this one's turn for five seconds: nothing saved
                    db.session.rollback()
                    continue
                turn += 1

    with ThreadPoolExecutor(2) as pool:
        list(pool.map(count, ("A", "B")))
    with real.app_context():
        row, content = queries.listing_of(provider, one)
        counts = {name: int(value) for name, value in content.attributes if name in {"A", "B"}}
        assert counts == {"A": ROUNDS, "B": ROUNDS}, "updates were lost"
        assert row.version == 2 * ROUNDS + 1
        revisions = db.session.scalar(select(func.count()).where(Revision.listing_id == one))
        saves = db.session.scalar(
            select(func.count()).where(
                AuditEntry.act == "listing.save", AuditEntry.subject_id == one
            )
        )
        assert (revisions, saves) == (2 * ROUNDS + 1, 2 * ROUNDS)


def test_different_fields_saved_at_once_both_stay(real: Flask) -> None:
    provider, one = made(real)

    def save(part: int) -> None:
        for turn in range(1, ROUNDS // 2):
            with real.app_context():
                row, seen = queries.listing_of(provider, one)
                db.session.rollback()
                changed = (
                    replace(seen, delivery_days=turn) if part else replace(seen, gpu_count=turn)
                )
                actions.save(provider, one, changed, row.version, by=None)

    with ThreadPoolExecutor(2) as pool:
        list(pool.map(save, (0, 1)))
    with real.app_context():
        _row, content = queries.listing_of(provider, one)
        assert (content.gpu_count, content.delivery_days) == (ROUNDS // 2 - 1, ROUNDS // 2 - 1)


def test_a_withdrawn_offer_does_not_come_back_with_a_save(real: Flask) -> None:
    provider, one = made(real)

    def withdraw() -> None:
        with real.app_context():
            actions.publish(provider, one, by=None)
            actions.withdraw(provider, one, by=None)

    def save(turn: int) -> None:
        with real.app_context():
            actions.set_values(
                provider, one, {"price_minor": turn + 1}, _version(provider, one), by=None
            )

    for turn in range(50):
        with ThreadPoolExecutor(2) as pool:
            done = [pool.submit(withdraw), pool.submit(save, turn)]
        for one_of_two in done:
            one_of_two.result()
        with real.app_context():
            assert queries.listing_of(provider, one)[0].status == Status.PAUSED


def _version(provider: int, one: int) -> int:
    version = queries.listing_of(provider, one)[0].version
    db.session.rollback()
    return int(version)


def test_counts_by_status_stay_true(real: Flask) -> None:
    provider, one = made(real)
    with real.app_context():
        ids = [one, *(actions.create(provider, REAL, by=None) for _ in range(7))]

    def move(listing_id: int) -> None:
        with real.app_context():
            for _ in range(5):
                actions.publish(provider, listing_id, by=None)
                actions.withdraw(provider, listing_id, by=None)

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(move, ids))
    with real.app_context():
        parameters = {"provider_id": provider}
        counts = queries.counts_in(db.session.scalar(queries.BY_STATUS["by_status"], parameters))
        assert counts == {**dict.fromkeys(queries.TOLD, 0), "paused": 8}
        stored = db.session.scalar(queries.BY_STATUS["by_status"], parameters)
        assert queries.total_in(stored) == 8


_SAVER = """
import os, random, signal, sys, time
from dataclasses import replace
from pathlib import Path
from portal import create_app
from portal.config import Settings
from portal.extensions import db
from portal.listings import actions, queries

data, url, provider, one = sys.argv[1], sys.argv[2], int(sys.argv[3]), int(sys.argv[4])
app = create_app(Settings(data_dir=Path(data), database_url=url))

def save_on_and_on():
    with app.app_context():
        while True:
            row, seen = queries.listing_of(provider, one)
            db.session.rollback()
            text = str(row.version + 1)
            pairs = tuple((f"n{k}", text) for k in range(12))
            changed = replace(seen, title=f"version {text}", attributes=pairs)
            saved = actions.save(provider, one, changed, row.version, by=None)
            os.write(1, b"%d\\n" % saved.version)

chance = random.Random(3)
longest = 0.12
while sys.stdin.readline():
    saver = os.fork()
    if not saver:
        save_on_and_on()
    time.sleep(chance.uniform(0.02, longest))
    longest = min(longest * 1.03, 2)  # a busy machine gets time for one save at last
    os.kill(saver, signal.SIGKILL)
    os.waitpid(saver, 0)
    os.write(1, b"killed\\n")
"""


def test_a_save_that_is_killed_is_there_whole_or_not_at_all(real: Flask) -> None:
    provider, one = made(real)
    settings = real.config["PORTAL"]
    data, url = str(settings.data_dir), config.database_url(settings)
    command = [sys.executable, "-c", _SAVER, data, url, str(provider), str(one)]
    pipe = subprocess.PIPE
    with subprocess.Popen(command, stdin=pipe, stdout=pipe, text=True) as saver:
        assert saver.stdin is not None
        assert saver.stdout is not None
        acknowledged, rounds = 1, 0
        # On a busy machine the first ones may all be killed before they were done.
        while rounds < 25 or (acknowledged == 1 and rounds < 400):
            rounds += 1
            saver.stdin.write("go\n")
            saver.stdin.flush()
            while (line := saver.stdout.readline().strip()) != "killed":
                acknowledged = int(line)
            with real.app_context():
                check_whole(provider, one, acknowledged)
        saver.stdin.close()
    assert acknowledged > 1


def check_whole(provider: int, one: int, acknowledged: int) -> None:
    """The row, its pairs, its revision, its audit and its words agree, none older than told."""
    row, content = queries.listing_of(provider, one)
    assert row.version >= acknowledged, "an acknowledged save is gone"
    if row.version > 1:
        assert content.title == f"version {row.version}"
        assert content.attributes == tuple((f"n{k}", str(row.version)) for k in range(12))
    assert queries.content_at(provider, one, row.version) == content
    for table, where, count in (
        (Revision, Revision.listing_id == one, row.version),
        (Attribute, Attribute.listing_id == one, len(content.attributes)),
        (
            AuditEntry,
            (AuditEntry.act == "listing.save") & (AuditEntry.subject_id == one),
            row.version - 1,
        ),
    ):
        found = db.session.scalar(select(func.count()).select_from(table).where(where))
        assert found == count
    matching = search.matches(content.title, db.engine.dialect.name)
    assert matching is not None
    assert one in db.session.scalars(select(Listing.id).where(matching)).all()
    db.session.rollback()
