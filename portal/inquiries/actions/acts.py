"""What a seller does to threads, to one and to many in the same way: all in one transaction."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy import select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from portal import clock
from portal.accounts.models import Person, PersonRole
from portal.audit.actions import record_many
from portal.database import Missing, transaction
from portal.digests import digest_of
from portal.inquiries import retention, turns
from portal.inquiries.actions.answering import reopen
from portal.inquiries.actions.releasing import let_in, numbers_in_slot
from portal.inquiries.actions.removing import remove
from portal.inquiries.actions.threads import happened, settle, touch
from portal.inquiries.assigning import ANSWERERS
from portal.inquiries.links import Links
from portal.inquiries.models import Change, Desk, Inquiry, ReadMark, ThreadEvent
from portal.inquiries.moves import Act, is_possible
from portal.inquiries.vocabulary import Event, Stage, State

MOST: Final = 500
"""Threads that one act may take."""
COLUMNS: Final = (
    "state",
    "assignee_id",
    "snoozed_until",
    "outcome",
    "closed_at",
    "closed_by",
    "won_minor",
    "won_currency",
    "lost_reason",
    "due_at",
    "forget_at",
)
"""What an act may change, and its undo puts back; the rank follows from them."""
_NONCE_LENGTH: Final = 32
_EVENTS: Final = {
    Act.ASSIGN: Event.ASSIGNED,
    Act.SNOOZE: Event.SNOOZED,
    Act.WAKE: Event.WOKEN,
    Act.WON: Event.WON,
    Act.LOST: Event.LOST,
    Act.SPAM: Event.SPAM,
    Act.RELEASE: Event.RELEASED,
}
Entry = dict[str, Any]


class NoSuchColleague(Exception):  # noqa: N818 - an answer, not a fault
    """Whoever was named cannot have a thread: gone, not active, of another provider, no seller."""


class Refused(Exception):  # noqa: N818 - an answer, not a fault
    """A thread that is left as it is; `why` is a key of acting.REFUSALS."""

    def __init__(self, why: str) -> None:
        super().__init__(why)
        self.why = why


@dataclass(frozen=True, kw_only=True)
class Doing:
    """An act with all that it says.

    Args:
        act: what is done.
        to: to whom it is assigned; None: to nobody.
        until: UTC second until which it is put aside.
        minor: what it was won for, in minor units of `currency`; None: not told.
        currency: ISO 4217, with `minor` only.
        reason: of LostReason.
    """

    act: Act
    to: int | None = None
    until: int | None = None
    minor: int | None = None
    currency: str | None = None
    reason: str | None = None

    def facts(self) -> Entry:
        """What the event of this act tells, see vocabulary.Event."""
        told: dict[Act, Entry] = {
            Act.ASSIGN: {"to": self.to, "how": "hand"},
            Act.SNOOZE: {"until": self.until},
            Act.WAKE: {"why": "hand"},
            Act.WON: {"minor": self.minor, "currency": self.currency},
            Act.LOST: {"reason": self.reason},
            Act.REOPEN: {"why": "hand"},
        }
        return told.get(self.act, {})


@dataclass(frozen=True)
class Acted:
    """What became of an act: how many threads it changed, which ones it left and why."""

    change_id: int
    changed: tuple[int, ...]
    refused: tuple[tuple[int, str], ...]
    rank: int = 0
    """Where the first of those changed stood in the lists before."""


def change(
    provider_id: int,
    by: int,
    rows: Sequence[tuple[int, int | None]],
    doing: Doing,
    *,
    form_nonce: str,
    links: Links,
) -> Acted:
    """Do something to threads; a second copy of the form gives the first one's answer.

    Args:
        provider_id: whose threads they must be.
        by: the person who does it.
        rows: id and version of each as it was looked at, MOST at most; None: whatever it is now.
        doing: what.
        form_nonce: of the form.
        links: makes the buyers' private links, for mails that were held back.

    Raises:
        Missing: none of them is this provider's.
        NoSuchColleague: they were to be assigned to somebody who cannot have them.
    """
    nonce = digest_of(f"{provider_id}:{form_nonce}")[:_NONCE_LENGTH]
    try:
        return _change(provider_id, by, rows, doing, nonce=nonce, links=links)
    except IntegrityError:
        # The other copy of this form was quicker by a moment: its change is there now.
        return _change(provider_id, by, rows, doing, nonce=nonce, links=links)


def _change(
    provider_id: int,
    by: int,
    rows: Sequence[tuple[int, int | None]],
    doing: Doing,
    *,
    nonce: str,
    links: Links,
) -> Acted:
    with transaction() as session:
        if known := session.scalar(select(Change).where(Change.form_nonce == nonce)):
            return _told(known)
        versions = dict(rows[:MOST])
        threads = locked_many(session, provider_id, versions)
        if not threads:
            raise Missing
        _refuse_stranger(session, provider_id, doing)
        made = Change(
            provider_id=provider_id,
            person_id=by,
            act=doing.act.value,
            form_nonce=nonce,
            before=[],
            refused=[],
            at=clock.now(),
        )
        session.add(made)
        session.flush()
        at_work = _AtWork(
            session,
            touch(session, provider_id),
            made.id,
            by,
            links,
            numbers_in_slot(session, provider_id) if doing.act is Act.RELEASE else iter(()),
        )
        done, left = _each(at_work, doing, versions, threads)
        _note(session, made, doing, done)
        made.before, made.refused = [entry for entry, _event in done], left
        session.flush()
        return _told(made)


def _told(change: Change) -> Acted:
    """What became of it; of one that was taken back since, that nothing of it holds."""
    changed = [entry["id"] for entry in change.before]
    left = [(entry["id"], entry["why"]) for entry in change.refused]
    if change.undone_at is not None:
        return Acted(change.id, (), (*((one, "changed") for one in changed), *left))
    rank = change.before[0].get("rank", 0) if change.before else 0
    return Acted(change.id, tuple(changed), tuple(left), rank)


def locked_many(session: Session, provider_id: int, ids: Iterable[int]) -> dict[int, Inquiry]:
    """The provider's threads among `ids`, locked until the end of the transaction.

    Always in the order of their ids, and before the desk: two writers never wait for each other.
    """
    found = session.scalars(
        select(Inquiry)
        .where(Inquiry.provider_id == provider_id, Inquiry.id.in_(list(ids)))
        .order_by(Inquiry.id)
        .with_for_update()
        .execution_options(populate_existing=True)
    )
    return {thread.id: thread for thread in found}


def _refuse_stranger(session: Session, provider_id: int, doing: Doing) -> None:
    if doing.act is not Act.ASSIGN or doing.to is None:
        return
    found = session.scalar(
        select(Person.id)
        .join(PersonRole, PersonRole.person_id == Person.id)
        .where(
            Person.id == doing.to,
            Person.provider_id == provider_id,
            Person.is_active,
            PersonRole.role.in_(ANSWERERS),
        )
        .limit(1)
    )
    if found is None:
        raise NoSuchColleague


@dataclass(frozen=True)
class _AtWork:
    """What every thread of one act is changed with."""

    session: Session
    desk: Desk
    change_id: int
    by: int
    links: Links
    numbers: Iterator[int]


Done = tuple[Entry, ThreadEvent | None]


def _each(
    at_work: _AtWork,
    doing: Doing,
    versions: dict[int, int | None],
    threads: dict[int, Inquiry],
) -> tuple[list[Done], list[Entry]]:
    done: list[Done] = []
    left: list[Entry] = []
    for thread_id, version in versions.items():
        try:
            done.append(_one(at_work, doing, threads.get(thread_id), version))
        except Refused as refused:
            left.append({"id": thread_id, "why": refused.why})
    return done, left


def _one(at_work: _AtWork, doing: Doing, thread: Inquiry | None, version: int | None) -> Done:
    """Change one thread: what was there before with its event; raises Refused."""
    if thread is None:
        raise Refused("gone")
    if version is not None and version != thread.version:
        raise Refused("changed")
    _refuse_impossible(doing, thread)
    if doing.act is Act.EMPTY:
        remove(at_work.session, thread)
        return {"id": thread.id}, None
    rank = thread.rank
    was = {name: getattr(thread, name) for name in COLUMNS}
    event = _write(at_work, doing, thread)
    entry = {
        "id": thread.id,
        "version": thread.version,
        "rank": rank,
        "was": {name: old for name, old in was.items() if old != getattr(thread, name)},
    }
    return entry, event


def _refuse_impossible(doing: Doing, thread: Inquiry) -> None:
    stage = stage_of(thread)
    if not is_possible(doing.act, stage):
        closed = {Stage.WON: "closed", Stage.LOST: "closed", Stage.SPAM: "spam"}
        raise Refused(closed.get(stage, "move"))
    says_the_same = {
        Act.ASSIGN: thread.assignee_id == doing.to,
        Act.SNOOZE: thread.snoozed_until == doing.until,
        Act.WON: stage is Stage.WON
        and (doing.minor is None or (thread.won_minor, thread.won_currency) == _sum(doing)),
    }
    if says_the_same.get(doing.act, False):
        raise Refused("same")


def stage_of(thread: Inquiry) -> Stage:
    """Where a thread stands, by its columns as they are now: the database's own word comes later."""
    if thread.state == State.SPAM:
        return Stage.SPAM
    if thread.outcome is not None:
        return Stage(thread.outcome)
    if thread.snoozed_until is not None:
        return Stage.SNOOZED
    return Stage.BUYER if thread.state == State.ANSWERED else Stage.US


def _sum(doing: Doing) -> tuple[int | None, str | None]:
    return doing.minor, doing.currency if doing.minor is not None else None


def _write(at_work: _AtWork, doing: Doing, thread: Inquiry) -> ThreadEvent:
    """The act's columns, the place in the lists that follows, the next version, the event."""
    session, by = at_work.session, at_work.by
    facts = {**doing.facts(), "change": at_work.change_id}
    if doing.act is Act.REOPEN:
        event = reopen(session, thread, by, **facts)
        settle(session, thread, at_work.desk)
        return event
    if doing.act is Act.RELEASE:
        let_in(session, at_work.desk, thread, at_work.links, at_work.numbers)
        settle(session, thread, at_work.desk)
    else:
        _set(at_work, doing, thread)
        turns.place(thread)
        thread.version += 1
    return happened(session, thread, _EVENTS[doing.act], by, **facts)


def _set(at_work: _AtWork, doing: Doing, thread: Inquiry) -> None:
    if doing.act is Act.ASSIGN:
        thread.assignee_id = doing.to
        return
    thread.snoozed_until = doing.until if doing.act is Act.SNOOZE else None
    if doing.act is Act.SPAM:
        thread.state = State.SPAM
        thread.due_at = None
        retention.end(thread, at_work.desk)
    if doing.act in {Act.WON, Act.LOST}:
        _close(at_work, doing, thread)


def _close(at_work: _AtWork, doing: Doing, thread: Inquiry) -> None:
    was_open = thread.outcome is None
    thread.outcome = doing.act.value
    if was_open:
        thread.closed_at, thread.closed_by = clock.now(), at_work.by
        retention.end(thread, at_work.desk)
    thread.won_minor, thread.won_currency = _sum(doing)
    thread.lost_reason = doing.reason


def _note(session: Session, made: Change, doing: Doing, done: Sequence[Done]) -> None:
    """Write what was changed, give each event its place in the undo, and record the audit."""
    session.flush()
    for entry, event in done:
        if event is not None:
            entry["event"] = event.id
    told = {name: value for name, value in doing.facts().items() if name != "how"}
    record_many(
        session,
        f"inquiry.{doing.act}",
        subject="inquiry",
        changes={entry["id"]: {**told, "change": made.id} for entry, _event in done},
        person_id=made.person_id,
        provider_id=made.provider_id,
    )


def mark_unread(provider_id: int, person_id: int, ids: Sequence[int]) -> int:
    """Take back that a person has seen the newest message of these threads; how many there were.

    Their own matter: no thread changes, nobody is told, and the undo is to open it.

    Raises:
        Missing: none of them is this provider's.
    """
    with transaction() as session:
        threads = session.execute(
            select(Inquiry.id, Inquiry.last_letter_id).where(
                Inquiry.provider_id == provider_id, Inquiry.id.in_(list(ids)[:MOST])
            )
        ).all()
        if not threads:
            raise Missing
        for thread_id, newest in threads:
            mark = session.get(ReadMark, (person_id, thread_id))
            if mark is not None and newest is not None:
                mark.message_id = min(mark.message_id, newest - 1)
        return len(threads)
