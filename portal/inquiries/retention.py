"""When a buyer's personal data goes: some days after the thread's end, or sooner if they wish so.

Closed threads and spam lose it `Desk.keeps_personal_days` after their end, at once those whose
buyer asked for that; an open thread keeps it. Counts and times stay; see actions/forgetting.py.
"""

from collections.abc import Sequence

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from portal.clock import DAY
from portal.inquiries.models import Desk, Inquiry, ThreadEvent
from portal.inquiries.vocabulary import Event, State


def reopen(session: Session, inquiry: Inquiry) -> None:
    """Of a thread that is open again only the buyer's wish is left, in the running transaction."""
    session.flush()
    wishes = wishes_of(session, [inquiry.id])
    inquiry.forget_at = moment(inquiry, 0, wishes.get(inquiry.id))


def end(inquiry: Inquiry, desk: Desk) -> None:
    """Write down when the personal data goes of a thread that was just closed or marked as spam."""
    # What stood there while it was open was the buyer's wish.
    inquiry.forget_at = moment(inquiry, desk.keeps_personal_days, inquiry.forget_at)


def moment(inquiry: Inquiry, keeps_days: int, wished_at: int | None) -> int | None:
    """When the personal data goes (UTC seconds), whichever comes first; None: not yet to be told.

    Args:
        inquiry: which.
        keeps_days: `Desk.keeps_personal_days`.
        wished_at: from when on the buyer wants it gone; None: no such wish.
    """
    # What came after the data went (the buyer wrote again) is kept by the same rule anew.
    since = inquiry.forgotten_at or 0
    ended_at, ends = _ended_at(inquiry), []
    if ended_at is not None and ended_at > since:
        ends.append(ended_at + keeps_days * DAY)
    if wished_at is not None and wished_at > since:
        ends.append(wished_at)
    return min(ends, default=None)


def wishes_of(session: Session, inquiry_ids: Sequence[int]) -> dict[int, int]:
    """Of these threads those whose buyer wants the data gone, and from when on (UTC seconds)."""
    latest = (
        select(func.max(ThreadEvent.id))
        .where(
            ThreadEvent.inquiry_id.in_(inquiry_ids),
            ThreadEvent.kind.in_([Event.DELETION_ASKED.value, Event.DELETION_WITHDRAWN.value]),
        )
        .group_by(ThreadEvent.inquiry_id)
    )
    rows = session.execute(
        select(ThreadEvent.inquiry_id, ThreadEvent.facts).where(
            ThreadEvent.id.in_(latest), ThreadEvent.kind == Event.DELETION_ASKED.value
        )
    )
    return {row.inquiry_id: int(row.facts["at"]) for row in rows}


def _ended_at(inquiry: Inquiry) -> int | None:
    if inquiry.outcome is not None:
        return inquiry.closed_at
    return inquiry.last_message_at if inquiry.state == State.SPAM else None
