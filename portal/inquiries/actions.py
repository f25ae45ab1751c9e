"""Writes of inquiries: ask, answer, write back. Each is one transaction with its mails and audit."""

from dataclasses import dataclass
from datetime import date
from typing import Any, Final

from sqlalchemy import select, text
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from portal import clock
from portal.accounts.models import Provider
from portal.audit.actions import record
from portal.database import Missing, transaction
from portal.inquiries import notices
from portal.inquiries.links import Link, Links
from portal.inquiries.models import Author, Inquiry, Message, State
from portal.inquiries.senders import hold_cap
from portal.listings.content import snapshot
from portal.listings.counters import record_inquiry
from portal.listings.models import Listing


class NotOffered(Exception):  # noqa: N818 - an answer, not a fault
    """The listing is not live; `was_public` tells whether it was once."""

    def __init__(self, *, was_public: bool) -> None:
        super().__init__("not offered")
        self.was_public = was_public


class FormUsed(Exception):  # noqa: N818 - an answer, not a fault
    """The form was sent before with other words: it must be sent anew under a fresh token."""


@dataclass(frozen=True, kw_only=True)
class Question:
    """What a buyer sent, checked and normalised."""

    listing_id: int
    name: str
    company: str | None
    email: str | None
    phone: str | None
    message: str
    reply_by: date | None
    language: str
    form_nonce: str
    network_digest: str
    is_spam: bool = False


@dataclass(frozen=True, kw_only=True)
class Received:
    """An inquiry that is in the table: for a repeated form the one that the first copy made."""

    inquiry_id: int
    provider_id: int
    provider_name: str
    link_url: str


def ask(question: Question, links: Links) -> Received:
    """Store an inquiry with its first message; mail the buyer and each seller unless it is spam.

    A second copy of the same form (double click, retry after a time-out) stores nothing and gives
    the first one's answer.

    Raises:
        Missing: no such listing.
        NotOffered: the listing is not live.
        FormUsed: the form token came before with another content.
        senders.TooMany: the cap of this client address is reached.
    """
    try:
        return _ask(question, links)
    except IntegrityError:
        # The other copy of this form was quicker by a moment: its row is there now.
        return _ask(question, links)


def _ask(question: Question, links: Links) -> Received:
    with transaction() as session:
        listing = session.scalar(
            select(Listing)
            .where(Listing.id == question.listing_id)
            .with_for_update(key_share=True)  # it cannot be deleted meanwhile
        )
        if listing is None:
            raise Missing
        earlier = session.scalar(select(Inquiry).where(Inquiry.form_nonce == question.form_nonce))
        if earlier is not None:
            return _same_again(session, earlier, question, links)
        provider = session.get_one(Provider, listing.provider_id)
        if not listing.is_live(clock.today_in(provider.timezone)):
            raise NotOffered(was_public=listing.was_public)
        hold_cap(session, question.network_digest)
        link = links.new()
        inquiry, message = _store(session, question, listing, link)
        touch(session, listing.provider_id)
        if not question.is_spam:
            record_inquiry(session, listing.id)
            notices.confirm(session, inquiry, message, link.url)
            notices.announce(session, inquiry, message, links)
        return Received(
            inquiry_id=inquiry.id,
            provider_id=provider.id,
            provider_name=provider.name,
            link_url=link.url,
        )


def _same_again(session: Session, earlier: Inquiry, question: Question, links: Links) -> Received:
    first = session.scalar(
        select(Message.body).where(Message.inquiry_id == earlier.id).order_by(Message.id).limit(1)
    )
    is_copy = (
        earlier.listing_id == question.listing_id
        and (earlier.name, earlier.company, earlier.email, earlier.phone, earlier.reply_by)
        == (question.name, question.company, question.email, question.phone, question.reply_by)
        and first == question.message
    )
    link = links.of(earlier.link_nonce, earlier.link_digest)
    if not is_copy or link is None:
        raise FormUsed
    provider = session.get_one(Provider, earlier.provider_id)
    return Received(
        inquiry_id=earlier.id,
        provider_id=provider.id,
        provider_name=provider.name,
        link_url=link.url,
    )


def _store(
    session: Session, question: Question, listing: Listing, link: Link
) -> tuple[Inquiry, Message]:
    now = clock.now()
    inquiry = Inquiry(
        provider_id=listing.provider_id,
        listing_id=listing.id,
        listing_then=snapshot(listing),
        state=State.SPAM if question.is_spam else State.NEW,
        name=question.name,
        company=question.company,
        email=question.email,
        phone=question.phone,
        reply_by=question.reply_by,
        language=question.language,
        form_nonce=question.form_nonce,
        link_nonce=link.nonce,
        link_digest=link.digest,
        created_at=now,
        last_message_at=now,
    )
    session.add(inquiry)
    session.flush()
    message = Message(
        inquiry_id=inquiry.id,
        author=Author.BUYER,
        body=question.message,
        form_nonce=question.form_nonce,
        created_at=now,
    )
    session.add(message)
    session.flush()
    _note(session, "inquiry.receive", inquiry, None, listing=listing.id, state=inquiry.state)
    return inquiry, message


def answer(
    inquiry_id: int, *, provider_id: int, person_id: int, body: str, form_nonce: str, links: Links
) -> bool:
    """Add a seller's answer and mail it to the buyer; returns whether this one is new.

    Two sellers at once wait for each other on the inquiry's row: both answers are kept, the first
    counts as the first response. A second copy of the same form changes nothing.

    Raises:
        Missing: no such inquiry of this provider.
    """
    with transaction() as session:
        inquiry = _locked(session, Inquiry.id == inquiry_id, Inquiry.provider_id == provider_id)
        if _is_known(session, form_nonce):
            return False
        message = _add(session, inquiry, body, form_nonce, by=person_id)
        inquiry.state = State.ANSWERED
        if inquiry.first_answered_at is None:
            inquiry.first_answered_at = message.created_at
            inquiry.first_answered_by = person_id
        notices.send_answer(session, inquiry, message, _link_of(inquiry, links).url)
        touch(session, provider_id)
        _note(session, "inquiry.answer", inquiry, person_id, message=message.id)
    return True


def write_back(
    inquiry_id: int, *, body: str, form_nonce: str, network_digest: str, links: Links
) -> bool:
    """Add a buyer's further message and mail the sellers; returns whether this one is new.

    Raises:
        Missing: no such inquiry.
        senders.TooMany: the cap of this client address is reached.
    """
    with transaction() as session:
        inquiry = _locked(session, Inquiry.id == inquiry_id)
        if _is_known(session, form_nonce):
            return False
        hold_cap(session, network_digest)
        message = _add(session, inquiry, body, form_nonce, by=None)
        if inquiry.state == State.ANSWERED:
            inquiry.state = State.WAITING
        if inquiry.state != State.SPAM:
            notices.send_write_back(session, inquiry, message, links)
        touch(session, inquiry.provider_id)
        _note(session, "inquiry.write-back", inquiry, None, message=message.id)
    return True


def _locked(session: Session, *where: Any) -> Inquiry:
    inquiry = session.scalar(select(Inquiry).where(*where).with_for_update())
    if inquiry is None:
        raise Missing
    return inquiry


def _is_known(session: Session, form_nonce: str) -> bool:
    found = session.scalar(select(Message.id).where(Message.form_nonce == form_nonce))
    return found is not None


def _add(
    session: Session, inquiry: Inquiry, body: str, form_nonce: str, *, by: int | None
) -> Message:
    """A message of a seller (`by` this person) or of the buyer (None)."""
    message = Message(
        inquiry_id=inquiry.id,
        author=Author.BUYER if by is None else Author.SELLER,
        person_id=by,
        body=body,
        form_nonce=form_nonce,
        created_at=clock.now(),
    )
    # A clock that went back must not put the thread behind what was said before.
    inquiry.last_message_at = max(inquiry.last_message_at, message.created_at)
    session.add(message)
    session.flush()
    return message


def _link_of(inquiry: Inquiry, links: Links) -> Link:
    """The thread's link; a new one when the key that made the old one is kept no more."""
    link = links.of(inquiry.link_nonce, inquiry.link_digest)
    if link is None:
        link = links.new()
        inquiry.link_nonce, inquiry.link_digest = link.nonce, link.digest
    return link


def touch(session: Session, provider_id: int) -> None:
    """Tell the provider's open inboxes that something changed, in the running transaction."""
    session.execute(_TOUCH, {"provider": provider_id})


_TOUCH: Final = text(
    "INSERT INTO inquiry_desks (provider_id, version) VALUES (:provider, 1)"
    " ON CONFLICT (provider_id) DO UPDATE SET version = inquiry_desks.version + 1"
)


def _note(
    session: Session, act: str, inquiry: Inquiry, person_id: int | None, **facts: int | str
) -> None:
    record(
        session,
        act,
        subject="inquiry",
        subject_id=inquiry.id,
        person_id=person_id,
        provider_id=inquiry.provider_id,
        changes=facts,
    )
