"""Threads that were put aside come back by themselves once their moment is there."""

from typing import Final

from sqlalchemy.orm import Session

from portal import clock
from portal.inquiries import turns
from portal.inquiries.actions.batches import each_due
from portal.inquiries.actions.threads import audit, happened
from portal.inquiries.models import Inquiry
from portal.inquiries.vocabulary import Event

_AT_ONCE: Final = 100
"""Threads a transaction."""


def wake_due() -> int:
    """Wake every thread whose snooze is over; returns how many."""
    return each_due(lambda: Inquiry.snoozed_until <= clock.now(), _wake, _AT_ONCE)


def _wake(session: Session, thread: Inquiry) -> None:
    woken_at, thread.snoozed_until = thread.snoozed_until, None
    turns.place(thread, woken_at)
    thread.version += 1
    happened(session, thread, Event.WOKEN, why="time")
    audit(session, "inquiry.wake", thread, None, why="time")
