"""What time does to threads: they wake, managers are told, deadlines follow a changed rule."""

from datetime import UTC, date, datetime
from typing import Any, Final

import pytest
import time_machine
from sqlalchemy import func, select, update

from portal import clock
from portal.accounts.models import Provider
from portal.clock import DAY, MINUTE
from portal.database import transaction
from portal.extensions import db
from portal.inquiries import actions
from portal.inquiries.actions import waking
from portal.inquiries.actions.threads import settle, touch
from portal.inquiries.models import Desk, Inquiry, ThreadEvent
from portal.inquiries.vocabulary import FAR, Outcome
from portal.listings.models import Listing
from portal.mail.rendering import letter_of
from portal.permissions import Role
from portal.worker import PERIODS, handlers
from tests import factories
from tests.inquiries.conftest import NOW, events, fresh, mails

# NOW is 22:13 on a Monday in Shanghai.
OPENING: Final = int(datetime(2026, 9, 22, 1, tzinfo=UTC).timestamp())
"""Tuesday, 09:00 in Shanghai."""


def due(about: Listing, due_at: int | None, **columns: Any) -> Inquiry:
    """A thread that waits for us and is due at a moment."""
    return factories.inquiry(about, due_at=due_at, **columns)


def versions(*providers: int) -> list[int]:
    """The versions of these providers' desks."""
    return [db.session.get_one(Desk, one, populate_existing=True).version for one in providers]


def test_every_periodic_job_of_the_desk_has_its_handler(app: Any) -> None:
    known = handlers(app.config["PORTAL"])
    assert {"wake", "digest", "forget", "purge-drafts", "reckon"} <= {
        kind.partition(".")[2] for kind in PERIODS if kind.startswith("inquiries.")
    }
    assert set(PERIODS) <= set(known)


# Waking


def test_a_snoozed_thread_wakes_at_its_moment(
    listing: Listing, clock: time_machine.Traveller
) -> None:
    one = due(listing, NOW + 5, snoozed_until=NOW + MINUTE).id
    answered = factories.inquiry(listing, answers=["是"], snoozed_until=NOW + MINUTE).id
    later = factories.inquiry(listing, snoozed_until=NOW + DAY).id
    clock.move_to(NOW + MINUTE - 1)
    assert actions.wake_due() == 0
    clock.move_to(NOW + MINUTE)
    assert actions.wake_due() == 2
    assert actions.wake_due() == 0
    woken = fresh(one)
    assert (woken.stage, woken.snoozed_until, woken.rank, woken.version) == (
        "us",
        None,
        NOW + 5,
        2,
    )
    assert events(one) == [("woken", {"why": "time"})]
    assert (fresh(answered).stage, fresh(answered).rank) == ("buyer", FAR - NOW - MINUTE)
    assert fresh(later).stage == "snoozed"
    assert versions(listing.provider_id) == [1]


def test_who_is_killed_in_the_middle_goes_on(
    listing: Listing, monkeypatch: pytest.MonkeyPatch
) -> None:
    for _number in range(5):
        factories.inquiry(listing, snoozed_until=NOW)
    monkeypatch.setattr(waking, "_AT_ONCE", 2)
    done, wake = [], waking._wake

    def dies(session: Any, thread: Inquiry) -> None:
        if len(done) == 3:
            raise KeyboardInterrupt
        done.append(thread.id)
        wake(session, thread)

    monkeypatch.setattr(waking, "_wake", dies)
    with pytest.raises(KeyboardInterrupt):
        actions.wake_due()
    still = select(func.count()).where(Inquiry.snoozed_until.is_not(None))
    assert db.session.scalar(still) == 3  # two are done whole, the third not at all
    monkeypatch.setattr(waking, "_wake", wake)
    assert actions.wake_due() == 3
    woken = select(func.count()).where(ThreadEvent.kind == "woken")
    assert db.session.scalar(woken) == 5


def test_every_provider_has_its_own_threads_woken(
    listing: Listing, other_provider: Provider
) -> None:
    elsewhere = factories.listing(other_provider)
    factories.inquiry(listing, snoozed_until=NOW)
    factories.inquiry(elsewhere, snoozed_until=NOW)
    assert actions.wake_due() == 2
    assert versions(listing.provider_id, elsewhere.provider_id) == [1, 1]


# The managers' mail


@pytest.fixture
def desk(listing: Listing) -> int:
    """The provider's id, its desk there, with a manager, a seller and staff."""
    provider = db.session.get_one(Provider, listing.provider_id)
    factories.person(provider, Role.MANAGER, email="boss@a.example", language="en")
    factories.person(provider, Role.SELLER, email="seller@x.example")
    factories.person(provider, Role.STAFF)
    with transaction() as session:
        touch(session, provider.id)
    return provider.id


def test_managers_are_told_when_the_day_opens_and_once(
    listing: Listing, desk: int, clock: time_machine.Traveller
) -> None:
    seller = factories.person(db.session.get_one(Provider, desk), Role.SELLER, name="陈杰")
    overdue = due(listing, NOW - 1, assignee_id=seller.id)
    today = due(listing, OPENING + 60)
    due(listing, OPENING + 2 * DAY, assignee_id=seller.id)
    clock.move_to(OPENING - 1)
    assert actions.send_digests() == 0
    clock.move_to(OPENING)
    assert actions.send_digests() == 1
    assert actions.send_digests() == 0
    clock.move_to(OPENING + 5 * 3600)
    assert actions.send_digests() == 0
    (mail,) = mails()
    assert (mail.to_address, mail.language) == ("boss@a.example", "en")
    assert [one["id"] for one in mail.context["threads"]] == [overdue.id, today.id]
    letter = letter_of(mail)
    assert letter.subject == "1 buyer waits too long"
    assert "Due today: 1" in letter.text
    assert "Unassigned: 1" in letter.text
    assert "Was due 2026-09-21 22:13 · 陈杰" in letter.text
    assert "Due 2026-09-22 09:01 · nobody has it" in letter.text
    assert f"/portal/inquiries/{overdue.id}\n" in letter.text
    clock.move_to(OPENING + DAY)
    assert actions.send_digests() == 1


def test_managers_read_it_in_their_language(
    listing: Listing, desk: int, clock: time_machine.Traveller
) -> None:
    factories.person(db.session.get_one(Provider, desk), Role.MANAGER, language="zh")
    due(listing, NOW - 1)
    clock.move_to(OPENING)
    assert actions.send_digests() == 2
    assert {letter_of(one).subject for one in mails()} == {
        "1 buyer waits too long",
        "1 位买家等待超时",
    }


def test_nothing_to_tell_is_no_mail_all_day(
    listing: Listing, desk: int, clock: time_machine.Traveller
) -> None:
    clock.move_to(OPENING)
    assert actions.send_digests() == 0
    due(listing, OPENING + 60)
    clock.move_to(OPENING + 3600)
    assert actions.send_digests() == 0
    assert mails() == []


@pytest.mark.parametrize("how", ["inactive", "declined", "seller", "other provider"])
def test_nobody_else_is_told(
    listing: Listing,
    other_provider: Provider,
    clock: time_machine.Traveller,
    how: str,
) -> None:
    provider = db.session.get_one(Provider, listing.provider_id)
    of = other_provider if how == "other provider" else provider
    role = Role.SELLER if how == "seller" else Role.MANAGER
    factories.person(
        of, role, is_active=how != "inactive", notices="none" if how == "declined" else "all"
    )
    with transaction() as session:
        touch(session, provider.id)
        touch(session, other_provider.id)
    due(listing, NOW - 1)
    clock.move_to(OPENING)
    assert actions.send_digests() == 0


@pytest.mark.parametrize(
    ("zone", "at", "sends"),
    [
        ("Asia/Shanghai", datetime(2026, 9, 25, 2, tzinfo=UTC), False),  # Mid-autumn Festival
        ("Asia/Shanghai", datetime(2026, 10, 10, 2, tzinfo=UTC), True),  # worked in exchange
        ("Asia/Urumqi", datetime(2026, 9, 22, 2, 59, tzinfo=UTC), False),
        ("Asia/Urumqi", datetime(2026, 9, 22, 3, tzinfo=UTC), True),
        ("America/New_York", datetime(2026, 9, 22, 12, 59, tzinfo=UTC), False),
        ("America/New_York", datetime(2026, 9, 22, 13, tzinfo=UTC), True),
    ],
)
def test_the_day_is_the_providers_own(
    listing: Listing,
    desk: int,
    clock: time_machine.Traveller,
    zone: str,
    at: datetime,
    sends: bool,
) -> None:
    with transaction() as session:
        session.execute(update(Provider).where(Provider.id == desk).values(timezone=zone))
    due(listing, NOW - 1)
    clock.move_to(at)
    assert bool(actions.send_digests()) is sends


def test_ten_are_named_the_most_urgent_first(
    listing: Listing, desk: int, clock: time_machine.Traveller
) -> None:
    ones = [due(listing, NOW - number).id for number in range(12)]
    clock.move_to(OPENING)
    actions.send_digests()
    context = mails()[0].context
    assert context["overdue"] == 12
    assert [one["id"] for one in context["threads"]] == ones[:1:-1]


# Deadlines after a changed rule


def test_a_changed_rule_moves_the_deadlines_of_who_waits(listing: Listing) -> None:
    with transaction() as session:
        made = [factories.inquiry(listing), factories.inquiry(listing, answers=["是"])]
        desk = touch(session, listing.provider_id)
        for one in made:
            settle(session, session.get_one(Inquiry, one.id), desk)
    waits, answered = (one.id for one in made)
    assert fresh(waits).due_at == OPENING + 8 * 3600
    seller = factories.person(None).id
    assert actions.settle_desk(listing.provider_id, {"answer_minutes": 60}, by=seller)
    assert (fresh(waits).due_at, fresh(waits).rank) == (OPENING + 3600, OPENING + 3600)
    assert fresh(answered).due_at is None
    assert not actions.settle_desk(listing.provider_id, {"answer_minutes": 60}, by=seller)


def test_the_daily_reckoning_gives_upgraded_threads_a_deadline_and_touches_no_more(
    listing: Listing,
) -> None:
    one = factories.inquiry(listing).id
    with transaction() as session:
        touch(session, listing.provider_id)
    actions.reckon({"every": DAY})
    assert fresh(one).due_at == OPENING + 8 * 3600
    before = versions(listing.provider_id)
    actions.reckon({"every": DAY})
    assert versions(listing.provider_id) == before


def test_other_days_of_keeping_hold_for_what_is_closed_already(listing: Listing) -> None:
    one = factories.inquiry(
        listing, outcome=Outcome.WON, closed_at=NOW, forget_at=NOW + 365 * DAY
    ).id
    with transaction() as session:
        touch(session, listing.provider_id)
    actions.settle_desk(
        listing.provider_id, {"keeps_personal_days": 30}, by=factories.person(None).id
    )
    actions.reckon({"provider": listing.provider_id})
    assert fresh(one).forget_at == NOW + 30 * DAY


def test_the_clock_of_these_tests_is_what_they_say() -> None:
    assert clock.day_in("Asia/Shanghai", NOW) == date(2026, 9, 21)
