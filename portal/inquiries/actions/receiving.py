"""What a buyer sends: the question that begins a thread, and what they write back."""

from dataclasses import dataclass
from datetime import date

from sqlalchemy import select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from portal import clock
from portal.accounts.models import Provider
from portal.database import Missing, transaction
from portal.digests import digest_of
from portal.inquiries import assigning, notices, retention
from portal.inquiries.actions.answering import FormUsed, reopen
from portal.inquiries.actions.threads import (
    audit,
    happened,
    hours_of,
    locked_for_buyer,
    settle,
    touch,
)
from portal.inquiries.links import Link, Links
from portal.inquiries.models import Desk, Inquiry, Message
from portal.inquiries.senders import Origin, count
from portal.inquiries.vocabulary import Author, Event, SpamSign, State
from portal.listings.content import snapshot
from portal.listings.counters import record_inquiry
from portal.listings.models import Listing


class NotOffered(Exception):  # noqa: N818 - an answer, not a fault
    """The listing is not live; `was_public` tells whether it was once."""

    def __init__(self, *, was_public: bool) -> None:
        super().__init__("not offered")
        self.was_public = was_public


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
    origin: Origin
    signs: tuple[SpamSign, ...] = ()
    """What made the form itself look like a program's."""


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
        senders.TooMany: a limit of this sender is reached.
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
        sign = _sign(question, is_repeated=count(session, question.origin))
        link = links.new()
        inquiry, message = _store(session, question, listing, link, sign)
        desk = touch(session, listing.provider_id)
        hours = hours_of(session, desk)
        inquiry.workday_ends_at = hours.after(inquiry.created_at, hours.minutes_a_day)
        if sign is None:
            _hand_to_seller(session, desk, inquiry)
        settle(session, inquiry, desk)
        if sign is not None:
            retention.end(inquiry, desk)
        else:
            record_inquiry(session, listing.id)
            notices.confirm(session, inquiry, message, link.url)
            notices.announce(session, inquiry, message, links)
        return Received(
            inquiry_id=inquiry.id,
            provider_id=provider.id,
            provider_name=provider.name,
            link_url=link.url,
        )


def _sign(question: Question, *, is_repeated: bool) -> SpamSign | None:
    """The surest of the signs that this is spam; None: it looks like a person's."""
    held = {*question.signs, *([SpamSign.REPEATED] if is_repeated else [])}
    return next((sign for sign in SpamSign if sign in held), None)


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
    session: Session, question: Question, listing: Listing, link: Link, sign: SpamSign | None
) -> tuple[Inquiry, Message]:
    now = clock.now()
    inquiry = Inquiry(
        provider_id=listing.provider_id,
        listing_id=listing.id,
        listing_then=snapshot(listing),
        state=State.NEW if sign is None else State.SPAM,
        name=question.name,
        company=question.company,
        email=question.email,
        phone=question.phone,
        reply_by=question.reply_by,
        language=question.language,
        form_nonce=question.form_nonce,
        link_nonce=link.nonce,
        link_digest=link.digest,
        buyer_digest=buyer_digest(question.email, question.phone),
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
    if sign is not None:
        happened(session, inquiry, Event.SPAM, reason=sign.value)
    audit(session, "inquiry.receive", inquiry, None, listing=listing.id, state=inquiry.state)
    return inquiry, message


def buyer_digest(email: str | None, phone: str | None) -> str:
    """By which inquiries of one buyer are known: of the address, else of the number's digits."""
    if email:
        return digest_of(email.lower())
    return digest_of("".join(sign for sign in phone or "" if sign.isdigit()))


def _hand_to_seller(session: Session, desk: Desk, inquiry: Inquiry) -> None:
    chosen = assigning.choose(session, desk, inquiry)
    if chosen is not None:
        inquiry.assignee_id, how = chosen
        happened(session, inquiry, Event.ASSIGNED, to=inquiry.assignee_id, how=how)


def write_back(
    inquiry_id: int, *, body: str, form_nonce: str, origin: Origin, links: Links
) -> bool:
    """Add a buyer's further message and mail the sellers; returns whether this one is new.

    Raises:
        Missing: no such inquiry, or its data was deleted.
        senders.TooMany: a limit of this sender is reached.
    """
    with transaction() as session:
        inquiry = locked_for_buyer(session, inquiry_id)
        if is_known(session, form_nonce):
            return False
        count(session, origin)
        message = say(session, inquiry, body=body, form_nonce=form_nonce, links=links)
        audit(session, "inquiry.write-back", inquiry, None, message=message.id)
    return True


def say(session: Session, inquiry: Inquiry, *, body: str, form_nonce: str, links: Links) -> Message:
    """Add a message of the buyer to a locked thread: it waits for the sellers, who are mailed."""
    message = Message(
        inquiry_id=inquiry.id,
        author=Author.BUYER,
        body=body,
        form_nonce=form_nonce,
        created_at=clock.now(),
    )
    session.add(message)
    session.flush()
    _stir(session, inquiry)
    settle(session, inquiry, touch(session, inquiry.provider_id))
    if inquiry.state != State.SPAM:
        notices.send_write_back(session, inquiry, message, links)
    return message


def _stir(session: Session, inquiry: Inquiry) -> None:
    """A buyer who writes opens what was closed and wakes what was snoozed."""
    if inquiry.outcome is not None:
        reopen(session, inquiry, None, why="buyer")
    if inquiry.snoozed_until is not None:
        inquiry.snoozed_until = None
        happened(session, inquiry, Event.WOKEN, why="buyer")


def is_known(session: Session, form_nonce: str) -> bool:
    """Whether a message came from this form before."""
    found = session.scalar(select(Message.id).where(Message.form_nonce == form_nonce))
    return found is not None
