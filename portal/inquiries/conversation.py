"""Reads of one thread: as its seller sees it, and as its buyer does behind the private link."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any, Final

from sqlalchemy import Row, bindparam, select

from portal import clock
from portal.accounts.models import Person, Provider
from portal.extensions import db
from portal.inquiries.jsonrows import json_rows
from portal.inquiries.models import Inquiry, Message
from portal.inquiries.vocabulary import State
from portal.listings.models import Listing
from portal.mail.models import QUEUED, Mail


@dataclass(frozen=True)
class Letter:
    """One message of a thread, with what became of its mail."""

    id: int
    author: str
    body: str
    created_at: int
    person_name: str | None
    mail_state: str | None
    mail_error: str | None
    mail_sent_at: int | None


@dataclass(frozen=True)
class Thread:
    """One inquiry as the seller reads it: the buyer, the offer now, the messages."""

    inquiry: Row[Any]
    letters: list[Letter]

    @property
    def is_overdue(self) -> bool:
        """Whether the day by which an answer was wished has passed without one."""
        return is_overdue(self.inquiry.state, self.inquiry.reply_by)

    @property
    def queued_mails(self) -> int:
        """How many mails to the buyer have not gone out yet."""
        return sum(letter.mail_state == QUEUED for letter in self.letters)

    @property
    def response_seconds(self) -> int | None:
        """How long the first answer took."""
        answered = self.inquiry.first_answered_at
        return None if answered is None else max(0, answered - self.inquiry.created_at)


def is_overdue(state: str, reply_by: date | None) -> bool:
    """Whether an unanswered inquiry is past the day by which an answer was wished."""
    return reply_by is not None and state in {State.NEW, State.WAITING} and reply_by < clock.today()


_FACTS: Final = (
    Inquiry.id,
    Inquiry.state,
    Inquiry.name,
    Inquiry.company,
    Inquiry.email,
    Inquiry.phone,
    Inquiry.language,
    Inquiry.reply_by,
    Inquiry.listing_id,
    Inquiry.listing_then,
    Inquiry.created_at,
    Inquiry.last_message_at,
    Inquiry.first_answered_at,
    Listing.title.label("title"),
    Listing.price_minor.label("price_minor"),
    Listing.currency.label("currency"),
    Listing.unit.label("unit"),
    Listing.delivery_days.label("delivery_days"),
    Listing.valid_until.label("valid_until"),
    Listing.status.label("status"),
)
_LETTERS: Final = (
    select(
        Message.id,
        Message.author,
        Message.body,
        Message.created_at,
        Person.name.label("person_name"),
        Mail.state.label("mail_state"),
        Mail.error.label("mail_error"),
        Mail.sent_at.label("mail_sent_at"),
    )
    .outerjoin(Person, Person.id == Message.person_id)
    .outerjoin(Mail, Mail.id == Message.mail_id)
    .where(Message.inquiry_id == bindparam("inquiry_id"))
    .subquery()
)
_THREAD: Final = (
    select(*_FACTS, json_rows(_LETTERS).label("letters"))
    .join(Listing, Listing.id == Inquiry.listing_id)
    .where(Inquiry.provider_id == bindparam("provider_id"), Inquiry.id == bindparam("inquiry_id"))
)


def thread_of(provider_id: int, inquiry_id: int) -> Thread | None:
    """One thread of the provider with its messages, in one statement; None: not theirs."""
    asked = {"provider_id": provider_id, "inquiry_id": inquiry_id}
    row = db.session.connection().execute(_THREAD, asked).one_or_none()
    if row is None:
        return None
    letters = sorted((Letter(**values) for values in row.letters or ()), key=lambda one: one.id)
    return Thread(row, letters)


def thread_by_digest(digest: str) -> tuple[Any, Sequence[Any]] | None:
    """The buyer's side of a thread: its inquiry with the offer now, and its messages."""
    inquiry = db.session.execute(
        select(*_FACTS, Listing.published_at, Provider.name.label("provider_name"))
        .join(Listing, Listing.id == Inquiry.listing_id)
        .join(Provider, Provider.id == Inquiry.provider_id)
        .where(Inquiry.link_digest == digest)
    ).one_or_none()
    if inquiry is None:
        return None
    messages = db.session.execute(
        select(Message.id, Message.author, Message.body, Message.created_at)
        .where(Message.inquiry_id == inquiry.id)
        .order_by(Message.id)
    ).all()
    return inquiry, messages
