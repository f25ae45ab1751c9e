"""Offers end at their provider's midnight, wherever that is; staff is warned once, a week and a day before."""

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
import time_machine
from flask import Flask
from sqlalchemy import select, update

from portal import clock
from portal.accounts.models import Provider
from portal.audit.models import AuditEntry
from portal.database import transaction
from portal.extensions import db
from portal.jobs.models import Job
from portal.listings import actions, queries
from portal.listings.actions import expiry
from portal.listings.models import Listing, Status
from portal.mail.models import Mail
from portal.mail.rendering import letter_of
from portal.permissions import Role
from portal.worker import PERIODS, handlers
from tests import factories
from tests.conftest import ClientFor
from tests.listings.conftest import REAL, body
from tests.pages import PagesClient

SHANGHAI, LOS_ANGELES, KIRITIMATI = "Asia/Shanghai", "America/Los_Angeles", "Pacific/Kiritimati"
LAST = date(2026, 12, 1)
ENDS = {
    # The first second after the last day, in UTC: UTC+14, UTC+8 and UTC-8.
    KIRITIMATI: datetime(2026, 12, 1, 10, tzinfo=UTC),
    SHANGHAI: datetime(2026, 12, 1, 16, tzinfo=UTC),
    LOS_ANGELES: datetime(2026, 12, 2, 8, tzinfo=UTC),
}


def at(moment: datetime) -> Any:
    """The clock standing still at a moment."""
    return time_machine.travel(moment, tick=False)


def status_of(listing_id: int) -> str:
    """The listing's status."""
    found = db.session.scalar(select(Listing.status).where(Listing.id == listing_id))
    db.session.rollback()
    assert found is not None
    return found


def ending(zone: str, last: date = LAST, **fields: Any) -> tuple[int, int]:
    """A provider of that zone, and a live listing of its with that last day: their ids."""
    provider = factories.provider(timezone=zone)
    one = factories.listing(provider, valid_until=last, updated_at=1_700_000_000, **fields)
    ids = provider.id, one.id
    db.session.rollback()
    return ids


# Expiry


@pytest.mark.parametrize("zone", ENDS)
def test_an_offer_ends_at_its_providers_midnight(database: None, zone: str) -> None:
    _provider, one = ending(zone)
    with at(ENDS[zone] - timedelta(seconds=1)):
        assert expiry.expire_ended() == 0
        assert status_of(one) == Status.LIVE
    with at(ENDS[zone]):
        assert expiry.expire_ended() == 1
        assert expiry.expire_ended() == 0
        assert status_of(one) == Status.EXPIRED


def test_three_zones_end_one_after_the_other(database: None) -> None:
    ones = {zone: ending(zone)[1] for zone in ENDS}
    expired = set()
    for zone, moment in ENDS.items():
        with at(moment):
            assert expiry.expire_ended() == 1
        expired.add(ones[zone])
        assert {one for one in ones.values() if status_of(one) == Status.EXPIRED} == expired


@pytest.mark.parametrize(
    ("last", "end"),
    [
        # Summer time ends on 1 November 2026 and begins on 14 March 2027: days of 25 and 23 hours.
        (date(2026, 10, 31), datetime(2026, 11, 1, 7, tzinfo=UTC)),
        (date(2026, 11, 1), datetime(2026, 11, 2, 8, tzinfo=UTC)),
        (date(2027, 3, 13), datetime(2027, 3, 14, 8, tzinfo=UTC)),
        (date(2027, 3, 14), datetime(2027, 3, 15, 7, tzinfo=UTC)),
    ],
)
def test_a_day_on_which_the_clocks_change_ends_at_midnight_too(
    database: None, last: date, end: datetime
) -> None:
    _provider, one = ending(LOS_ANGELES, last)
    with at(end - timedelta(seconds=1)):
        assert expiry.expire_ended() == 0
    with at(end):
        assert expiry.expire_ended() == 1
    assert status_of(one) == Status.EXPIRED


def test_only_live_offers_expire_and_nothing_else_of_them_changes(database: None) -> None:
    ones = {status: ending(SHANGHAI, status=status)[1] for status in Status}
    endless = ending(SHANGHAI, None)[1]  # type: ignore[arg-type]
    columns = (Listing.version, Listing.updated_at, Listing.valid_until, Listing.published_at)
    live = select(*columns).where(Listing.id == ones[Status.LIVE])
    before = db.session.execute(live).one()
    db.session.rollback()
    with at(ENDS[SHANGHAI]):
        assert expiry.expire_ended() == 1
    assert db.session.execute(live).one() == before
    db.session.rollback()
    for status, one in ones.items():
        assert status_of(one) == (Status.EXPIRED if status is Status.LIVE else status)
    assert status_of(endless) == Status.LIVE
    entry = db.session.scalars(select(AuditEntry).where(AuditEntry.act == "listing.expire")).one()
    assert (entry.subject_id, entry.person_id) == (ones[Status.LIVE], None)
    db.session.rollback()


def test_many_end_in_bounded_steps(database: None, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(expiry, "_AT_ONCE", 3)
    provider = factories.provider()
    for _ in range(8):
        factories.listing(provider, valid_until=LAST)
    with at(ENDS[SHANGHAI]):
        assert expiry.expire_ended() == 8


def test_a_zone_that_the_system_lost_is_the_marketplaces(database: None) -> None:
    _provider, one = ending("Mars/Olympus")
    with at(ENDS[SHANGHAI]):
        assert expiry.expire_ended() == 1
    assert status_of(one) == Status.EXPIRED


def test_an_expired_offer_with_a_later_day_is_published_again(database: None) -> None:
    provider, one = ending(LOS_ANGELES)
    with at(ENDS[LOS_ANGELES]):
        expiry.expire_ended()
        with pytest.raises(actions.NotPublishable, match="ended"):
            actions.publish(provider, one, by=None)
        later = {"valid_until": LAST + timedelta(days=1)}
        actions.set_values(provider, one, later, 1, by=None)
        assert status_of(one) == Status.EXPIRED, "a save moves no status"
        assert actions.publish(provider, one, by=None)
    assert status_of(one) == Status.LIVE


@pytest.mark.parametrize("zone", ENDS)
def test_while_the_worker_stands_still_no_buyer_loses_an_hour(
    visitor: PagesClient, zone: str
) -> None:
    _provider, one = ending(zone, title="RTX 4090 until the end")
    with at(ENDS[zone] - timedelta(seconds=1)):
        assert visitor.get(f"/offers/{one}").status_code == 200
        assert "RTX 4090 until the end" in visitor.get("/").get_data(as_text=True)
    with at(ENDS[zone]):
        assert visitor.get(f"/offers/{one}").status_code == 410
    with at(datetime(2026, 12, 2, 12, tzinfo=UTC)):  # the day is over for everybody
        assert "RTX 4090 until the end" not in visitor.get("/").get_data(as_text=True)


def test_staff_reads_ended_by_its_own_day(client_for: ClientFor) -> None:
    provider = factories.provider(timezone=LOS_ANGELES)
    client = client_for(provider, Role.STAFF)
    one = factories.listing(provider, valid_until=LAST, status=Status.PAUSED).id
    with at(ENDS[SHANGHAI]):
        assert "ended" not in client.get(f"/portal/listings/{one}/").get_data(as_text=True)
    with at(ENDS[LOS_ANGELES]):
        client = client_for(provider, Role.STAFF)
        assert "ended" in client.get(f"/portal/listings/{one}/").get_data(as_text=True)


def test_the_worker_looks_each_minute_and_knows_both_jobs(app: Flask) -> None:
    assert PERIODS["listings.expire"] == clock.MINUTE
    assert {"listings.expire", "listings.warn"} <= set(handlers(app.config["PORTAL"]))


# Warnings


def outbox() -> list[Mail]:
    """The mails, oldest first."""
    found = list(db.session.scalars(select(Mail).order_by(Mail.id)))
    db.session.rollback()
    return found


def day(zone: str, days_before: int, hour: int = 0) -> datetime:
    """An hour of the day so many days before LAST, in the zone."""
    moment = clock.moment_in(zone, LAST - timedelta(days=days_before), hour)
    return datetime.fromtimestamp(moment, UTC)


@pytest.mark.parametrize("zone", ENDS)
def test_staff_is_warned_a_week_and_a_day_before_and_once_each(database: None, zone: str) -> None:
    provider, one = ending(zone)
    with transaction() as session:
        owner = session.get_one(Provider, provider)
    people = [factories.person(owner, Role.STAFF, language=code) for code in ("zh", "en")]
    factories.person(owner, Role.SELLER)
    factories.person(owner, Role.STAFF, is_active=False)
    addresses = [(person.email, person.language) for person in people]
    counts = {}
    for days in range(10, -2, -1):
        for hour in (0, 9, 23):
            with at(day(zone, days, hour)):
                sent = expiry.warn_of_ending()
            if sent:
                counts[days, hour] = sent
    assert counts == {(7, 0): 2, (1, 0): 2}
    mails = outbox()
    assert [(mail.to_address, mail.language) for mail in mails] == addresses * 2
    assert [mail.context["offers"][0]["days"] for mail in mails] == [7, 7, 1, 1]
    assert {mail.context["offers"][0]["id"] for mail in mails} == {one}


def test_a_warning_waits_until_the_morning_there(database: None) -> None:
    provider, _one = ending(LOS_ANGELES)
    with transaction() as session:
        owner = session.get_one(Provider, provider)
    factories.person(owner, Role.STAFF)
    with at(day(LOS_ANGELES, 7)):
        expiry.warn_of_ending()
    due = db.session.scalars(select(Job.due_at).where(Job.kind == "mail.send")).one()
    db.session.rollback()
    assert due == clock.moment_in(LOS_ANGELES, LAST - timedelta(days=7), 8)


def test_one_mail_names_all_offers_and_counts_the_rest(
    app: Flask, database: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(expiry, "MOST_NAMED", 3)
    provider = factories.provider()
    factories.person(provider, Role.STAFF, language="en")
    for number in range(5):
        factories.listing(provider, valid_until=LAST, title=f"Offer {number}", updated_at=1)
    with at(day(SHANGHAI, 1)):
        assert expiry.warn_of_ending() == 1
    (mail,) = outbox()
    with app.test_request_context():
        letter = letter_of(mail)
    assert letter.subject == "5 offers end soon"
    assert "Offer 2" in letter.text
    assert "Offer 3" not in letter.text
    assert "And 2 more:" in letter.text
    assert letter.text.count("/edit") == 3
    assert "Last day: 2026-12-01, in 1 day\n" in letter.text


def test_the_mail_is_chinese_for_who_reads_chinese(app: Flask, database: None) -> None:
    provider, one = ending(SHANGHAI, title="北京 4090")
    with transaction() as session:
        owner = session.get_one(Provider, provider)
    factories.person(owner, Role.STAFF, language="zh")
    with at(day(SHANGHAI, 7)):
        expiry.warn_of_ending()
    (mail,) = outbox()
    with app.test_request_context():
        letter = letter_of(mail)
    assert letter.subject == "1 件商品即将到期"
    assert f"/portal/listings/{one}/edit" in letter.text


def test_a_later_last_day_is_warned_of_again(database: None) -> None:
    provider, one = ending(SHANGHAI)
    with transaction() as session:
        owner = session.get_one(Provider, provider)
    factories.person(owner, Role.STAFF)
    with at(day(SHANGHAI, 7)):
        assert expiry.warn_of_ending() == 1
    with at(day(SHANGHAI, 5)):
        later = {"valid_until": LAST + timedelta(days=10)}
        actions.set_values(provider, one, later, 1, by=None)
    with at(day(SHANGHAI, 1)):
        assert expiry.warn_of_ending() == 0
    with at(day(SHANGHAI, -3)):
        assert expiry.warn_of_ending() == 1


def test_who_chooses_seven_days_is_not_warned_at_once(database: None) -> None:
    provider, one = ending(SHANGHAI, LAST + timedelta(days=90))
    with transaction() as session:
        owner = session.get_one(Provider, provider)
    factories.person(owner, Role.STAFF)
    with at(day(SHANGHAI, 7, 15)):
        actions.set_values(provider, one, {"valid_until": LAST}, 1, by=None)
        assert expiry.warn_of_ending() == 0
    with at(day(SHANGHAI, 1)):
        assert expiry.warn_of_ending() == 1


def test_nobody_is_warned_of_what_buyers_do_not_see(database: None) -> None:
    for status in set(Status) - {Status.LIVE}:
        provider, _one = ending(SHANGHAI, status=status)
        with transaction() as session:
            owner = session.get_one(Provider, provider)
        factories.person(owner, Role.STAFF)
    with at(day(SHANGHAI, 7)):
        assert expiry.warn_of_ending() == 0


# Two at once, on real connections


def test_two_workers_write_one_mail(own_app: Flask) -> None:
    with own_app.app_context():
        provider, _one = ending(SHANGHAI)
        with transaction() as session:
            owner = session.get_one(Provider, provider)
        factories.person(owner, Role.STAFF)

    def warn(_number: int) -> int:
        with own_app.app_context():
            return expiry.warn_of_ending()

    with at(day(SHANGHAI, 1)), ThreadPoolExecutor(4) as pool:
        assert sum(pool.map(warn, range(4))) == 1
    with own_app.app_context():
        assert len(outbox()) == 1


def test_moves_at_once_leave_one_truth(own_app: Flask) -> None:
    """Publish twice, approve against withdraw, expire against a later day: each many times."""
    with own_app.app_context():
        provider = factories.provider(reviews_listings=True).id
        ids = [actions.create(provider, REAL, by=None) for _ in range(12)]

    def at_once(*calls: Any) -> list[Any]:
        def run(call: Any) -> Any:
            with own_app.app_context():
                return call()

        with ThreadPoolExecutor(len(calls)) as pool:
            return [done.result() for done in [pool.submit(run, call) for call in calls]]

    later = {"valid_until": date(2030, 1, 1)}
    for one in ids:
        handed_in = at_once(*[lambda one=one: actions.publish(provider, one, by=None)] * 2)
        assert sorted(map(bool, handed_in)) == [False, True]
        approved, withdrawn = at_once(
            lambda one=one: actions.approve(provider, one, 1, by=None),
            lambda one=one: actions.withdraw(provider, one, by=None),
        )
        # Withdrawn first: there is nothing left to approve. Approved first: it is paused then.
        assert withdrawn
        with own_app.app_context():
            assert status_of(one) == (Status.PAUSED if approved else Status.DRAFT)
            db.session.execute(
                update(Listing)
                .where(Listing.id == one)
                .values(status=Status.LIVE, published_at=1, valid_until=date(2020, 1, 1))
            )
            db.session.commit()
        at_once(
            expiry.expire_ended,
            lambda one=one: actions.set_values(provider, one, later, 1, by=None),
        )
        with own_app.app_context():
            row, content = queries.listing_of(provider, one)
            db.session.rollback()
            entries = db.session.scalars(
                select(AuditEntry.act).where(
                    AuditEntry.subject == "listing", AuditEntry.subject_id == one
                )
            ).all()
            db.session.rollback()
            assert content.valid_until == date(2030, 1, 1), "the edit is lost"
            assert (row.status == Status.EXPIRED) == ("listing.expire" in entries)
            assert row.version == 2


def test_a_form_takes_today_where_its_provider_is(client_for: ClientFor) -> None:
    provider = factories.provider(timezone=LOS_ANGELES)
    one = factories.listing(provider).id
    with at(ENDS[SHANGHAI]):  # the second of December there, still the first here
        client = client_for(provider, Role.STAFF)
        url = f"/portal/listings/{one}/edit"
        for day_typed, status in (("2026-11-30", 422), (LAST.isoformat(), 303)):
            typed = body(1, valid_until=day_typed, no_end_date=None)
            assert client.post(url, data=typed).status_code == status
