"""What was held back as spam and is none: counted, given to a seller, and told of, once."""

import itertools
from collections.abc import Iterator
from typing import Final

from sqlalchemy import and_, or_, select
from sqlalchemy.orm import Session

from portal import clock
from portal.inquiries import assigning, notices, retention
from portal.inquiries.actions.threads import happened, link_of
from portal.inquiries.links import Links
from portal.inquiries.models import Change, Desk, Inquiry, Message, ThreadEvent
from portal.inquiries.moves import Act
from portal.inquiries.notices import MAIL_SLOT
from portal.inquiries.vocabulary import Event, State
from portal.listings.counters import record_inquiry

_LATEST: Final = 50
"""Changes of a provider among which those of the present slot are looked for."""


def count_in(session: Session, inquiry: Inquiry) -> bool:
    """Take the mark of spam away, in the running transaction; whether it was held back until now.

    What came in as spam has neither been marked by a seller nor let in before: it is counted as
    the listing's only now. The turn is to be settled after it.
    """
    known = session.scalar(
        select(ThreadEvent.id)
        .where(
            ThreadEvent.inquiry_id == inquiry.id,
            # One that a sign held back as it came (an event of nobody's) was not counted.
            or_(
                ThreadEvent.kind == Event.RELEASED.value,
                and_(ThreadEvent.kind == Event.SPAM.value, ThreadEvent.person_id.is_not(None)),
            ),
        )
        .limit(1)
    )
    inquiry.state = State.NEW
    retention.reopen(session, inquiry)
    if known is None:
        record_inquiry(session, inquiry.listing_id)
    return known is None


def let_in(
    session: Session, desk: Desk, inquiry: Inquiry, links: Links, numbers: Iterator[int]
) -> None:
    """Release a thread as if it had just come: the mails that were held back go out.

    One that a seller had marked was counted and told of when it came: nothing goes out twice.

    Args:
        session: of the running transaction.
        desk: of the provider, locked.
        inquiry: to be settled after it.
        links: makes the private link.
        numbers: of numbers_in_slot().
    """
    if not count_in(session, inquiry) or inquiry.forgotten_at is not None:
        return  # of one whose data is gone there is nothing left to tell
    first = session.scalars(
        select(Message).where(Message.inquiry_id == inquiry.id).order_by(Message.id).limit(1)
    ).one()
    if inquiry.assignee_id is None and (chosen := assigning.choose(session, desk, inquiry)):
        inquiry.assignee_id, how = chosen
        happened(session, inquiry, Event.ASSIGNED, to=inquiry.assignee_id, how=how)
    notices.confirm(session, inquiry, first, link_of(inquiry, links).url)
    notices.announce(session, inquiry, first, links, number=next(numbers))


def numbers_in_slot(session: Session, provider_id: int) -> Iterator[int]:
    """1, 2, 3 ... for each thread released in this slot of the mails, those before this act too."""
    since = clock.now() // MAIL_SLOT * MAIL_SLOT
    latest = session.execute(
        select(Change.act, Change.at, Change.before)
        .where(Change.provider_id == provider_id)
        .order_by(Change.id.desc())
        .limit(_LATEST)
    )
    before = sum(len(rows) for act, at, rows in latest if act == Act.RELEASE and at >= since)
    return itertools.count(before + 1)
