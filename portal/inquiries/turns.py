"""Whose turn it is in a thread, by when, and where it stands in the lists.

All of it follows from the messages that count and the seller's acts; nothing is stepped from state
to state, so that an answer taken back leaves the thread as if it had never been.
"""

from collections.abc import Sequence
from typing import Any, Protocol

from portal import clock
from portal.inquiries.models import Inquiry
from portal.inquiries.vocabulary import FAR, Author, State
from portal.inquiries.workhours import WorkHours


class Said(Protocol):
    """What of a message counts."""

    id: Any
    author: Any
    person_id: Any
    created_at: Any


def settle(inquiry: Inquiry, messages: Sequence[Said], hours: WorkHours, minutes: int) -> None:
    """Write into the thread what follows from its messages.

    Args:
        inquiry: its outcome, snooze and spam mark stay as they are.
        messages: all of the thread, oldest first; at least the buyer's first.
        hours: of the provider.
        minutes: working minutes within which a buyer is to be answered.
    """
    answers = [one for one in messages if one.author == Author.SELLER]
    letters = [one for one in messages if one.author == Author.BUYER]
    # A clock that went back must not put the thread behind what was said before.
    inquiry.last_message_at = max(one.created_at for one in messages)
    inquiry.last_letter_id = letters[-1].id
    inquiry.first_answered_at = answers[0].created_at if answers else None
    inquiry.first_answered_by = answers[0].person_id if answers else None
    last_answer = answers[-1].id if answers else 0
    unanswered = [one for one in letters if one.id > last_answer]
    if inquiry.state != State.SPAM:
        inquiry.state = _state(bool(answers), bool(unanswered))
    inquiry.due_at = None
    if unanswered and inquiry.state != State.SPAM:
        inquiry.due_at = _due(inquiry, unanswered[0], bool(answers), hours, minutes)
    place(inquiry)


def place(inquiry: Inquiry, woken_at: int | None = None) -> None:
    """Give the thread its place in the lists, after any change of what it depends on.

    Args:
        inquiry: which.
        woken_at: moment (UTC seconds) at which its snooze ended: among the threads that wait for
            the buyer it stands as if it had been written in then, until the next act.
    """
    if inquiry.state == State.SPAM or inquiry.outcome is not None:
        inquiry.rank = FAR - (inquiry.closed_at or inquiry.last_message_at)
    elif inquiry.snoozed_until is not None:
        inquiry.rank = inquiry.snoozed_until
    elif inquiry.due_at is not None:
        inquiry.rank = inquiry.due_at
    else:
        inquiry.rank = FAR - max(inquiry.last_message_at, woken_at or 0)


def _state(is_answered: bool, has_unanswered: bool) -> State:
    if not is_answered:
        return State.NEW
    return State.WAITING if has_unanswered else State.ANSWERED


def _due(inquiry: Inquiry, since: Said, is_answered: bool, hours: WorkHours, minutes: int) -> int:
    """The end of the provider's own time, or of the day that the buyer wished, if that is sooner.

    A wish that no working time is left for (asked on Friday night for Saturday) is due when work
    begins next: it stands on top then, and nobody was late in their free time.
    """
    asked_at: int = since.created_at
    due, wished = hours.after(asked_at, minutes), inquiry.reply_by
    # Of a wish for a later day nothing more is asked: it may lie beyond what calendars know.
    if is_answered or wished is None or wished > clock.day_in(hours.zone, due):
        return due
    closing = hours.last_closing(wished)
    return min(due, closing if closing > asked_at else hours.after(asked_at, 0))
