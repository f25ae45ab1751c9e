"""The drainer: what was looked at is counted once, on its own day, whatever happens."""

from contextlib import suppress
from datetime import date, timedelta
from pathlib import Path
from threading import Barrier, Thread

import pytest
from flask import Flask
from sqlalchemy import select
from sqlalchemy.exc import DBAPIError

from portal import clock
from portal.accounts.models import Provider
from portal.database import transaction
from portal.extensions import db
from portal.listings.models import Listing
from portal.statistics import drain, spool
from portal.statistics.models import ListingDay, ProviderDay, RecentVisitor, SpoolOffset, UsedToken
from portal.statistics.spool import LOOKED, SERVED, Hit, Spool
from tests import factories

NOON = clock.start_of(date(2026, 11, 20)) + 12 * clock.HOUR


def look(listing: Listing, number: int, at: int = NOON, **fields: str) -> Hit:
    """A look by visitor `number` under a token of its own."""
    given = {"visitor": f"visitor{number}", "nonce": f"nonce{number}-{at}", **fields}
    return Hit(LOOKED, at, listing.id, **given)  # type: ignore[arg-type]


def counted(listing: Listing) -> dict[date, tuple[int, ...]]:
    """Day → (human, served, robot, preview, staff, repeated) of a listing."""
    rows = db.session.scalars(select(ListingDay).where(ListingDay.listing_id == listing.id))
    return {
        row.day: (row.human, row.served, row.robot, row.preview, row.staff, row.repeated)
        for row in rows
    }


@pytest.fixture
def written(tmp_path: Path) -> Spool:
    """A spool in a folder of its own."""
    return Spool(tmp_path)


@pytest.fixture
def listing(provider: Provider) -> Listing:
    """A live listing of provider A."""
    return factories.listing(provider)


def test_each_look_is_counted_once(written: Spool, listing: Listing) -> None:
    for number in range(3):
        written.append(look(listing, number))
    assert drain.drain(written.folder) == 3
    assert drain.drain(written.folder) == 0
    assert counted(listing) == {date(2026, 11, 20): (3, 0, 0, 0, 0, 0)}
    total = db.session.get_one(ProviderDay, (listing.provider_id, date(2026, 11, 20)))
    assert total.human == 3


def test_a_replayed_token_counts_nothing(written: Spool, listing: Listing) -> None:
    for number in range(1000):
        written.append(look(listing, number, nonce="same"))
    drain.drain(written.folder)
    written.append(look(listing, 1001, nonce="same"))
    drain.drain(written.folder)
    assert counted(listing) == {date(2026, 11, 20): (1, 0, 0, 0, 0, 0)}


def test_the_same_visitor_is_counted_again_after_half_an_hour(
    written: Spool, listing: Listing
) -> None:
    for minutes in (0, 10, 29, 30, 45, 61):
        written.append(look(listing, 1, NOON + minutes * clock.MINUTE))
        drain.drain(written.folder)
    assert counted(listing) == {date(2026, 11, 20): (3, 0, 0, 0, 0, 3)}


def test_a_hundred_loads_in_a_minute_are_one_view_of_a_hundred_pages(
    written: Spool, listing: Listing
) -> None:
    for second in range(100):
        written.append(Hit(SERVED, NOON + second // 2, listing.id, listing.provider_id))
        written.append(look(listing, 1, NOON + second // 2, nonce=f"n{second}"))
    drain.drain(written.folder)
    assert counted(listing) == {date(2026, 11, 20): (1, 100, 0, 0, 0, 99)}


def test_a_visitor_around_midnight_is_one_view_and_days_are_shanghai_days(
    written: Spool, listing: Listing
) -> None:
    midnight = clock.start_of(date(2026, 11, 21))
    written.append(look(listing, 1, midnight - 1))
    written.append(look(listing, 2, midnight + 1))
    written.append(look(listing, 3, midnight + 2, visitor="new", visitor_before="visitor1"))
    drain.drain(written.folder)
    assert counted(listing) == {
        date(2026, 11, 20): (1, 0, 0, 0, 0, 0),
        date(2026, 11, 21): (1, 0, 0, 0, 0, 1),
    }
    db.session.refresh(listing)
    assert listing.views_total == 2
    assert listing.recent_views[-2:] == [1, 1]
    assert listing.views_day == date(2026, 11, 21)


def test_lookers_are_told_apart(written: Spool, listing: Listing) -> None:
    for looker in ("human", "robot", "preview", "robot"):
        written.append(Hit(SERVED, NOON, listing.id, listing.provider_id, looker))
    written.append(look(listing, 1, looker="staff"))
    drain.drain(written.folder)
    assert counted(listing) == {date(2026, 11, 20): (0, 1, 2, 1, 1, 0)}
    db.session.refresh(listing)
    assert (listing.views_total, listing.counters_version) == (0, 0)


def test_a_hit_from_the_future_is_put_to_now(written: Spool, listing: Listing) -> None:
    written.append(look(listing, 1, clock.now() + 40 * clock.DAY))
    drain.drain(written.folder)
    assert counted(listing) == {clock.today(): (1, 0, 0, 0, 0, 0)}


def test_views_of_a_listing_that_is_gone_do_not_stop_the_others(
    written: Spool, listing: Listing
) -> None:
    written.append(Hit(LOOKED, NOON, 999_999_999, visitor="v", nonce="x"))
    written.append(look(listing, 1))
    drain.drain(written.folder)
    assert counted(listing) == {date(2026, 11, 20): (1, 0, 0, 0, 0, 0)}


def test_the_recent_days_move_along(written: Spool, listing: Listing) -> None:
    for day in (20, 20, 22, 18):
        at = clock.start_of(date(2026, 11, day)) + 5
        for number in range(day):
            written.append(look(listing, day * 1000 + number, at))
        drain.drain(written.folder)
    db.session.refresh(listing)
    assert listing.recent_views == [0] * 9 + [18, 0, 20, 0, 22]
    assert listing.views_total == 60
    written.append(look(listing, 1, clock.start_of(date(2026, 11, 24)) + 5))
    written.append(look(listing, 2, clock.start_of(date(2026, 10, 1)) + 5))
    drain.drain(written.folder)
    db.session.refresh(listing)
    assert listing.recent_views == [0] * 7 + [18, 0, 20, 0, 22, 0, 1]
    assert (listing.views_total, listing.views_day) == (62, date(2026, 11, 24))


def test_a_batch_that_fails_leaves_nothing_and_is_counted_later(
    written: Spool, listing: Listing, monkeypatch: pytest.MonkeyPatch
) -> None:
    written.append(look(listing, 1))
    with monkeypatch.context() as broken:
        broken.setattr(drain, "record_views", _raise)
        with pytest.raises(ZeroDivisionError):
            drain.drain(written.folder)
    assert counted(listing) == {}
    assert db.session.scalar(select(UsedToken.nonce)) is None
    drain.drain(written.folder)
    assert counted(listing) == {date(2026, 11, 20): (1, 0, 0, 0, 0, 0)}


def _raise(*_args: object) -> None:
    raise ZeroDivisionError


def test_a_drainer_that_was_overtaken_counts_nothing(written: Spool, listing: Listing) -> None:
    written.append(look(listing, 1))
    slow = drain._read(written.folder)
    assert drain.drain(written.folder) == 1
    with pytest.raises(drain._Moved), transaction() as session:
        drain._count(session, slow)
    assert counted(listing) == {date(2026, 11, 20): (1, 0, 0, 0, 0, 0)}


def test_a_file_lives_as_long_as_its_writer(written: Spool, listing: Listing) -> None:
    written.append(look(listing, 1))
    drain.drain(written.folder)
    drain.drain(written.folder)
    assert len(list(spool.files_in(written.folder))) == 1
    written.append(look(listing, 2))
    written.close()
    assert drain.drain(written.folder) == 1
    assert drain.drain(written.folder) == 0
    assert list(written.folder.iterdir()) == []
    assert db.session.scalar(select(SpoolOffset.name)) is None


def test_a_torn_end_is_dropped_and_a_damaged_line_passed_over(
    written: Spool, listing: Listing
) -> None:
    written.append(look(listing, 1))
    [path] = spool.files_in(written.folder)
    good = look(listing, 2).line()
    with path.open("ab") as file:
        file.write(good.replace(b"visitor2", b"visitor9"))
        file.write(good)
        file.write(look(listing, 3).line()[:20])
    written.close()
    drain.drain(written.folder)
    drain.drain(written.folder)
    assert counted(listing) == {date(2026, 11, 20): (2, 0, 0, 0, 0, 0)}
    assert list(written.folder.iterdir()) == []


def test_batches_are_bounded(
    written: Spool, listing: Listing, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(drain, "MOST_HITS", 4)
    for number in range(10):
        written.append(look(listing, number))
    assert [drain.drain(written.folder) for _ in range(4)] == [4, 4, 2, 0]
    assert counted(listing) == {date(2026, 11, 20): (10, 0, 0, 0, 0, 0)}


def test_purging_forgets_what_matches_nothing_any_more(
    app: Flask, written: Spool, listing: Listing
) -> None:
    from portal.statistics import actions

    now = clock.now()
    salts = written.folder / "salts"
    salts.mkdir()
    (salts / f"{clock.today() - timedelta(days=2)}.salt").write_bytes(b"x")
    written.append(look(listing, 1, now - 3 * clock.DAY))
    written.append(look(listing, 2, now - 60))
    drain.drain(written.folder)
    assert actions.purge(salts) == 2
    assert list(db.session.scalars(select(RecentVisitor.visitor))) == ["visitor2"]
    assert list(salts.iterdir()) == []


def test_drainers_at_once_count_each_look_once(
    own_app: Flask, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(drain, "MOST_HITS", 100)
    with own_app.app_context():
        listing = factories.listing(factories.provider())
    written = Spool(tmp_path / "views")
    for number in range(2_000):
        written.append(look(listing, number))
    together = Barrier(3)

    def run() -> None:
        together.wait()
        for _ in range(30):
            with own_app.app_context(), suppress(DBAPIError):  # a deadlock or a lock: again
                drain.drain(written.folder)

    threads = [Thread(target=run) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    with own_app.app_context():
        assert counted(listing) == {date(2026, 11, 20): (2_000, 0, 0, 0, 0, 0)}
    written.close()
