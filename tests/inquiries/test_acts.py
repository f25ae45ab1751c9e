"""What is done to threads: the table of acts, each act with its traces, once, and nobody else's."""

import threading
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import func, select

from portal.accounts.models import Person, Provider
from portal.audit.models import AuditEntry
from portal.clock import DAY, HOUR
from portal.database import Missing, transaction
from portal.extensions import db
from portal.inquiries import actions, moves
from portal.inquiries.actions import Acted, Doing
from portal.inquiries.links import Links
from portal.inquiries.models import (
    Change,
    Desk,
    Inquiry,
    InquiryCount,
    ReadMark,
    ThreadEvent,
)
from portal.inquiries.moves import Act
from portal.inquiries.vocabulary import FAR, Outcome, Stage, State
from portal.listings.models import Listing
from portal.mail.models import Mail
from portal.permissions import Role
from tests import factories
from tests.inquiries.conftest import NOW

LINKS = Links(("a key of the tests",), "http://127.0.0.1:8000")
AT: dict[Stage, dict[str, Any]] = {
    Stage.US: {},
    Stage.BUYER: {"answers": ["交期两周。"]},
    Stage.SNOOZED: {"snoozed_until": NOW + DAY},
    Stage.WON: {"outcome": Outcome.WON, "closed_at": NOW - DAY},
    Stage.LOST: {"outcome": Outcome.LOST, "closed_at": NOW - DAY, "lost_reason": "price"},
    Stage.SPAM: {"state": State.SPAM},
}
"""Columns of a thread at each stage."""
ENDS = {
    Act.ASSIGN: None,
    Act.SNOOZE: Stage.SNOOZED,
    Act.WAKE: Stage.US,
    Act.WON: Stage.WON,
    Act.LOST: Stage.LOST,
    Act.REOPEN: Stage.US,
    Act.SPAM: Stage.SPAM,
    Act.RELEASE: Stage.US,
    Act.EMPTY: None,
}
"""Where each act leads; None: nowhere else."""


@pytest.fixture
def me(provider: Provider) -> Person:
    """A seller of provider A."""
    return factories.person(provider, Role.SELLER)


def doing(act: Act, me: Person, **more: Any) -> Doing:
    """The act with whatever it needs."""
    needs: dict[Act, dict[str, Any]] = {
        Act.ASSIGN: {"to": me.id},
        Act.SNOOZE: {"until": NOW + 2 * DAY},
        Act.WON: {"minor": 1_100_000, "currency": "CNY"},
        Act.LOST: {"reason": "price"},
    }
    return Doing(act=act, **{**needs.get(act, {}), **more})


def act_on(me: Person, what: Doing, *threads: Inquiry | int, nonce: str = "", **rows: Any) -> Acted:
    """Do it, whatever version the threads have."""
    ids = [one if isinstance(one, int) else one.id for one in threads]
    assert me.provider_id is not None
    return actions.change(
        me.provider_id,
        me.id,
        [(one, rows.get("version")) for one in ids],
        what,
        form_nonce=nonce or factories.secrets.token_hex(16),
        links=LINKS,
    )


def now(thread: Inquiry) -> Inquiry:
    """The thread as the table has it."""
    db.session.rollback()
    db.session.expire_all()
    return db.session.get_one(Inquiry, thread.id, populate_existing=True)


def events(thread: Inquiry) -> list[tuple[str, int | None, dict[str, Any]]]:
    """Kinds, people and facts, without the number of the change."""
    found = db.session.scalars(
        select(ThreadEvent).where(ThreadEvent.inquiry_id == thread.id).order_by(ThreadEvent.id)
    )
    return [
        (one.kind, one.person_id, {k: v for k, v in one.facts.items() if k != "change"})
        for one in found
    ]


def audited(thread: Inquiry) -> list[str]:
    """What the audit has of a thread."""
    found = select(AuditEntry.act).where(
        AuditEntry.subject == "inquiry", AuditEntry.subject_id == thread.id
    )
    return list(db.session.scalars(found.order_by(AuditEntry.id)))


def counts(provider: Provider) -> dict[str, int]:
    """Threads by stage as the triggers count them."""
    found = db.session.execute(
        select(InquiryCount.stage, func.sum(InquiryCount.inquiries))
        .where(InquiryCount.provider_id == provider.id)
        .group_by(InquiryCount.stage)
    )
    return {stage: int(n) for stage, n in found if n}


@pytest.mark.parametrize("stage", list(Stage))
@pytest.mark.parametrize("act", list(Act))
def test_the_table_of_acts_is_what_happens(
    provider: Provider, listing: Listing, me: Person, act: Act, stage: Stage
) -> None:
    thread = factories.inquiry(listing, **AT[stage])
    before = now(thread)
    version, was = before.version, {name: getattr(before, name) for name in ("outcome", "state")}
    acted = act_on(me, doing(act, me), thread)
    # A won thread is won again only when a sum is told; this one has none yet.
    if not moves.is_possible(act, stage):
        assert acted.changed == ()
        ((left, why),) = acted.refused
        assert left == thread.id
        closed = {Stage.WON: "closed", Stage.LOST: "closed", Stage.SPAM: "spam"}
        assert why == closed.get(stage, "move")
        after = now(thread)
        assert after.version == version
        assert {name: getattr(after, name) for name in was} == was
        assert events(thread) == [] == audited(thread)
        return
    assert acted.changed == (thread.id,)
    if act is Act.EMPTY:
        assert db.session.get(Inquiry, thread.id) is None
        return
    after = now(thread)
    assert after.version == version + 1
    assert after.stage == (ENDS[act] or stage)
    assert audited(thread) == [f"inquiry.{act}"]
    assert events(thread)[-1][1] == me.id
    assert counts(provider) == {after.stage: 1}


def test_every_act_writes_one_change_and_touches_the_desk_once(
    provider: Provider, listing: Listing, me: Person
) -> None:
    threads = [factories.inquiry(listing) for _one in range(3)]
    acted = act_on(me, doing(Act.LOST, me), *threads)
    change = db.session.scalars(select(Change)).one()
    assert (change.id, change.act, change.person_id) == (acted.change_id, "lost", me.id)
    assert [entry["id"] for entry in change.before] == [one.id for one in threads]
    assert db.session.get_one(Desk, provider.id).version == 1
    assert change.before[0]["was"] == {
        "outcome": None,
        "closed_at": None,
        "closed_by": None,
        "lost_reason": None,
        "forget_at": None,
    }


def test_closing_says_when_the_data_goes_and_reopening_takes_it_back(
    provider: Provider, listing: Listing, me: Person
) -> None:
    thread = factories.inquiry(listing, snoozed_until=NOW + DAY)
    act_on(me, doing(Act.WON, me), thread)
    won = now(thread)
    assert (won.outcome, won.won_minor, won.won_currency) == ("won", 1_100_000, "CNY")
    assert (won.closed_at, won.closed_by, won.snoozed_until) == (NOW, me.id, None)
    assert won.forget_at == NOW + 365 * DAY
    assert won.rank == FAR - NOW
    assert events(thread) == [("won", me.id, {"minor": 1_100_000, "currency": "CNY"})]
    act_on(me, doing(Act.REOPEN, me), thread)
    again = now(thread)
    assert (again.outcome, again.closed_at, again.forget_at, again.won_minor) == (None,) * 4
    assert again.due_at is not None
    assert again.rank == again.due_at
    assert events(thread)[-1] == ("reopened", me.id, {"why": "hand"})


def test_a_sum_can_be_told_later(listing: Listing, me: Person) -> None:
    thread = factories.inquiry(listing)
    act_on(me, Doing(act=Act.WON), thread)
    assert now(thread).won_currency is None
    assert act_on(me, Doing(act=Act.WON), thread).refused == ((thread.id, "same"),)
    told = Doing(act=Act.WON, minor=5, currency="USD")
    assert act_on(me, told, thread).changed == (thread.id,)
    assert act_on(me, told, thread).refused == ((thread.id, "same"),)
    assert (now(thread).won_minor, now(thread).won_currency) == (5, "USD")


def test_a_snoozed_thread_keeps_its_deadline_and_falls_back_to_its_place(
    listing: Listing, me: Person
) -> None:
    thread = factories.inquiry(listing, due_at=NOW + HOUR)
    act_on(me, Doing(act=Act.SNOOZE, until=NOW + DAY), thread)
    asleep = now(thread)
    assert (asleep.snoozed_until, asleep.rank, asleep.due_at) == (NOW + DAY, NOW + DAY, NOW + HOUR)
    act_on(me, Doing(act=Act.WAKE), thread)
    awake = now(thread)
    assert (awake.snoozed_until, awake.rank, awake.due_at) == (None, NOW + HOUR, NOW + HOUR)
    assert [kind for kind, _by, _facts in events(thread)] == ["snoozed", "woken"]


def test_it_is_assigned_to_colleagues_who_answer_and_to_nobody_else(
    provider: Provider, other_provider: Provider, listing: Listing, me: Person
) -> None:
    thread = factories.inquiry(listing)
    manager = factories.person(provider, Role.MANAGER)
    strangers = [
        factories.person(provider, Role.STAFF),
        factories.person(provider, Role.SELLER, is_active=False),
        factories.person(other_provider, Role.SELLER),
    ]
    for stranger in strangers:
        with pytest.raises(actions.NoSuchColleague):
            act_on(me, Doing(act=Act.ASSIGN, to=stranger.id), thread)
    with pytest.raises(actions.NoSuchColleague):
        act_on(me, Doing(act=Act.ASSIGN, to=700_000_000), thread)
    assert events(thread) == []
    assert db.session.scalars(select(Change)).all() == []
    act_on(me, Doing(act=Act.ASSIGN, to=manager.id), thread)
    assert now(thread).assignee_id == manager.id
    assert act_on(me, Doing(act=Act.ASSIGN, to=manager.id), thread).refused[0][1] == "same"
    act_on(me, Doing(act=Act.ASSIGN, to=None), thread)
    assert now(thread).assignee_id is None
    assert [facts["to"] for _kind, _by, facts in events(thread)] == [manager.id, None]


def test_the_same_form_twice_is_one_act(listing: Listing, me: Person) -> None:
    thread = factories.inquiry(listing)
    first = act_on(me, doing(Act.LOST, me), thread, nonce="n" * 32)
    again = act_on(me, doing(Act.LOST, me), thread, nonce="n" * 32)
    assert again == first
    assert len(events(thread)) == 1
    assert now(thread).version == 2


def test_a_stale_version_is_told_and_leaves_the_thread(listing: Listing, me: Person) -> None:
    thread = factories.inquiry(listing)
    version = thread.version
    act_on(me, doing(Act.ASSIGN, me), thread)
    late = act_on(me, doing(Act.LOST, me), thread, version=version)
    assert late.refused == ((thread.id, "changed"),)
    assert now(thread).outcome is None
    fresh = act_on(me, doing(Act.LOST, me), thread, version=version + 1)
    assert fresh.changed == (thread.id,)


def test_another_providers_thread_is_as_one_that_nobody_has(
    other_provider: Provider, listing: Listing, me: Person
) -> None:
    theirs = factories.inquiry(factories.listing(other_provider))
    mine = factories.inquiry(listing)
    for alien in (theirs.id, 700_000_000):
        with pytest.raises(Missing):
            act_on(me, doing(Act.LOST, me), alien)
        with pytest.raises(Missing):
            actions.mark_unread(mine.provider_id, me.id, [alien])
    acted = act_on(me, doing(Act.LOST, me), theirs, mine, 700_000_000)
    assert acted.changed == (mine.id,)
    assert acted.refused == ((theirs.id, "gone"), (700_000_000, "gone"))
    assert now(theirs).outcome is None


def test_unread_is_the_readers_own(listing: Listing, provider: Provider, me: Person) -> None:
    other = factories.person(provider, Role.SELLER)
    thread = factories.inquiry(listing)
    newest = thread.last_letter_id
    assert newest is not None
    with transaction() as session:
        for one in (me, other):
            session.add(ReadMark(person_id=one.id, inquiry_id=thread.id, message_id=newest))
    assert actions.mark_unread(provider.id, me.id, [thread.id]) == 1
    marks = {mark.person_id: mark.message_id for mark in db.session.scalars(select(ReadMark))}
    assert marks[me.id] < newest
    assert marks[other.id] == newest
    assert now(thread).version == 1
    assert events(thread) == []


def test_two_people_at_once_close_it_once(own_app: Flask) -> None:
    """Both looked at the same version: one closes it, the other is told."""
    with own_app.app_context():
        provider = factories.provider()
        people = [factories.person(provider, Role.SELLER).id for _one in range(2)]
        thread = factories.inquiry(factories.listing(provider))
        thread_id, provider_id, version = thread.id, provider.id, thread.version
        db.session.remove()
    told_: list[Acted] = []
    together = threading.Barrier(2)

    def close(person_id: int) -> None:
        with own_app.app_context():
            together.wait()
            told_.append(
                actions.change(
                    provider_id,
                    person_id,
                    [(thread_id, version)],
                    Doing(act=Act.LOST, reason="price"),
                    form_nonce=f"form of {person_id}",
                    links=LINKS,
                )
            )

    _run([threading.Thread(target=close, args=(one,)) for one in people])
    assert sorted(len(one.changed) for one in told_) == [0, 1]
    assert sorted(one.refused for one in told_) == [(), ((thread_id, "changed"),)]


def test_two_copies_at_once_are_one_act(own_app: Flask) -> None:
    with own_app.app_context():
        provider = factories.provider()
        person_id = factories.person(provider, Role.SELLER).id
        listing = factories.listing(provider)
        ids = [factories.inquiry(listing, state=State.SPAM).id for _one in range(3)]
        provider_id = provider.id
        db.session.remove()
    told_: list[Acted] = []
    together = threading.Barrier(4)

    def release() -> None:
        with own_app.app_context():
            together.wait()
            told_.append(
                actions.change(
                    provider_id,
                    person_id,
                    [(one, 1) for one in ids],
                    Doing(act=Act.RELEASE),
                    form_nonce="one form",
                    links=LINKS,
                )
            )

    _run([threading.Thread(target=release) for _copy in range(4)])
    assert {one.changed for one in told_} == {tuple(ids)}
    with own_app.app_context():
        assert db.session.scalar(select(func.count()).select_from(Mail)) == 6
        assert db.session.scalar(select(func.sum(Listing.inquiries_total))) == 3
        assert db.session.scalar(select(func.count()).select_from(Change)) == 1


def _run(workers: list[threading.Thread]) -> None:
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
