"""What every write of a thread does: lock it, work its turn out anew, tell, note.

Locks are taken in one order, thread before desk, so that no two writers wait for each other.
"""

from typing import Any, Final

from sqlalchemy import or_, select, text
from sqlalchemy.orm import Session

from portal import clock
from portal.accounts.models import Provider
from portal.audit.actions import record
from portal.database import Missing
from portal.inquiries import search, turns
from portal.inquiries.links import Link, Links
from portal.inquiries.models import Desk, Inquiry, Message, ThreadEvent
from portal.inquiries.vocabulary import Author, Event
from portal.inquiries.workhours import WorkHours
from portal.mail.models import FAILED, Mail

COUNTS: Final = or_(
    Message.author != Author.SELLER, Message.mail_id.is_(None), Mail.state != FAILED
)
"""Of messages with their mails those that count: an answer whose mail was refused for good has not
reached the buyer."""
_TOUCH: Final = text(
    "INSERT INTO inquiry_desks (provider_id, version) VALUES (:provider, 1)"
    " ON CONFLICT (provider_id) DO UPDATE SET version = inquiry_desks.version + 1"
)


def locked(session: Session, inquiry_id: int, provider_id: int | None = None) -> Inquiry:
    """A thread that nobody else changes until the transaction ends.

    Args:
        session: of the running transaction.
        inquiry_id: which.
        provider_id: whose it must be; None: the caller knows by other means (a private link).

    Raises:
        Missing: there is none, or it is another provider's.
    """
    wanted = select(Inquiry).where(Inquiry.id == inquiry_id)
    if provider_id is not None:
        wanted = wanted.where(Inquiry.provider_id == provider_id)
    inquiry = session.scalar(wanted.with_for_update().execution_options(populate_existing=True))
    if inquiry is None:
        raise Missing
    return inquiry


def locked_for_buyer(session: Session, inquiry_id: int) -> Inquiry:
    """The same for its buyer: once their data was deleted, nothing new of theirs is taken in.

    Raises:
        Missing: there is none, or it was deleted since its page was looked at.
    """
    inquiry = locked(session, inquiry_id)
    if inquiry.forgotten_at is not None:
        raise Missing
    return inquiry


def touch(session: Session, provider_id: int) -> Desk:
    """Tell the provider's open inboxes that something changed; the desk, locked until the end."""
    session.execute(_TOUCH, {"provider": provider_id})
    return session.get_one(Desk, provider_id, populate_existing=True)


def hours_of(session: Session, desk: Desk) -> WorkHours:
    """When the desk's provider works."""
    zone = session.scalars(select(Provider.timezone).where(Provider.id == desk.provider_id)).one()
    return WorkHours(
        zone, desk.opens_at, desk.closes_at, desk.working_days, bool(desk.keeps_holidays)
    )


def settle(session: Session, inquiry: Inquiry, desk: Desk) -> None:
    """Work out anew whose turn it is, by when, and where the thread stands in the lists."""
    session.flush()
    messages = session.execute(
        select(Message.id, Message.author, Message.person_id, Message.created_at)
        .outerjoin(Mail, Mail.id == Message.mail_id)
        .where(Message.inquiry_id == inquiry.id, COUNTS)
        .order_by(Message.id)
    ).all()
    turns.settle(inquiry, messages, hours_of(session, desk), desk.answer_minutes)
    inquiry.version += 1
    search.index(session, inquiry)


def happened(
    session: Session, inquiry: Inquiry, kind: Event, by: int | None = None, **facts: Any
) -> ThreadEvent:
    """Note an event for the thread's own page; it has its id after the next flush.

    Args:
        session: of the running transaction.
        inquiry: where.
        kind: what; see Event for its facts.
        by: the person who did it; None: the buyer, or nobody.
        facts: plain JSON.
    """
    event = ThreadEvent(
        inquiry_id=inquiry.id, person_id=by, kind=kind.value, facts=facts, at=clock.now()
    )
    session.add(event)
    return event


def audit(
    session: Session, act: str, inquiry: Inquiry, person_id: int | None, **facts: Any
) -> None:
    """Record an act on a thread in the audit, which outlives it."""
    record(
        session,
        act,
        subject="inquiry",
        subject_id=inquiry.id,
        person_id=person_id,
        provider_id=inquiry.provider_id,
        changes=facts,
    )


def link_of(inquiry: Inquiry, links: Links) -> Link:
    """The thread's link; a new one when the key that made the old one is kept no more."""
    link = links.of(inquiry.link_nonce, inquiry.link_digest)
    if link is None:
        link = links.new()
        inquiry.link_nonce, inquiry.link_digest = link.nonce, link.digest
    return link
