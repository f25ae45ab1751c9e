"""Threads that were put aside come back by themselves once their moment is there."""

from collections.abc import Sequence
from typing import Final

from sqlalchemy import select
from sqlalchemy.orm import Session

from portal import clock
from portal.database import transaction
from portal.extensions import db
from portal.inquiries import turns
from portal.inquiries.actions.threads import audit, happened, touch
from portal.inquiries.models import Inquiry
from portal.inquiries.vocabulary import Event

_AT_ONCE: Final = 100


def wake_due() -> int:
    """Wake every thread whose snooze is over; returns how many.

    Some of one provider a transaction: writers wait a moment only, and who is killed in the middle
    leaves the rest to the next run. A thread that somebody writes in right now comes a minute later.
    """
    total = 0
    for provider_id in _concerned():
        while woken := _wake_some(provider_id):
            total += woken
    return total


def _concerned() -> Sequence[int]:
    found = db.session.scalars(
        select(Inquiry.provider_id).where(Inquiry.snoozed_until <= clock.now()).distinct()
    ).all()
    db.session.rollback()
    return found


def _wake_some(provider_id: int) -> int:
    with transaction() as session:
        threads = session.scalars(
            select(Inquiry)
            .where(Inquiry.provider_id == provider_id, Inquiry.snoozed_until <= clock.now())
            .order_by(Inquiry.id)
            .limit(_AT_ONCE)
            .with_for_update(skip_locked=True)
            .execution_options(populate_existing=True)
        ).all()
        for thread in threads:
            _wake(session, thread)
        if threads:
            session.flush()
            touch(session, provider_id)
        return len(threads)


def _wake(session: Session, thread: Inquiry) -> None:
    woken_at, thread.snoozed_until = thread.snoozed_until, None
    turns.place(thread, woken_at)
    thread.version += 1
    happened(session, thread, Event.WOKEN, why="time")
    audit(session, "inquiry.wake", thread, None, why="time")
