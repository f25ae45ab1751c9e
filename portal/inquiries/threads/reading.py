"""What a buyer reads behind the private link: the messages, where the question stands, the ends."""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Final

from sqlalchemy import Row, func, or_, select

from portal import clock
from portal.accounts.models import Provider
from portal.extensions import db
from portal.inquiries.links import ends_at
from portal.inquiries.models import Inquiry, Message, ThreadEvent
from portal.inquiries.vocabulary import Author, Event, LostReason
from portal.listings.models import Listing


class Standing(StrEnum):
    """Where a question stands, as far as its buyer is told."""

    WAITING = "waiting"
    ANSWERED = "answered"
    CLOSED = "closed"
    """By the provider; what came of it is its own matter."""
    CLOSED_BY_BUYER = "closed-by-buyer"


@dataclass(frozen=True)
class Reading:
    """One thread before its buyer's eyes."""

    inquiry: Row[Any]
    messages: Sequence[Any]
    """Oldest first; an answer that can still be taken back is not among them."""

    @property
    def standing(self) -> Standing:
        """Where the question stands."""
        if self.inquiry.outcome is not None:
            is_own = self.inquiry.lost_reason == LostReason.BUYER_CLOSED
            return Standing.CLOSED_BY_BUYER if is_own else Standing.CLOSED
        has_answer = bool(self.messages) and self.messages[-1].author == Author.SELLER
        return Standing.ANSWERED if has_answer else Standing.WAITING

    @property
    def deletes_at(self) -> int | None:
        """When the data goes at the buyer's own wish (UTC seconds); None: no such wish."""
        is_wished = self.inquiry.last_wish == Event.DELETION_ASKED
        return self.inquiry.forget_at if is_wished else None

    @property
    def is_forgotten(self) -> bool:
        """Whether the data is gone."""
        return self.inquiry.forgotten_at is not None

    @property
    def ends_at(self) -> int:
        """When the link expires, UTC seconds."""
        one = self.inquiry
        return ends_at(one.last_message_at, one.closed_at, one.link_sent_at or 0)

    @property
    def has_ended(self) -> bool:
        """Whether the link is good no more."""
        return self.ends_at <= clock.now()


_SENT_AT: Final = (
    select(func.max(ThreadEvent.at))
    .where(ThreadEvent.inquiry_id == Inquiry.id, ThreadEvent.kind == Event.LINK_SENT.value)
    .correlate(Inquiry)
    .scalar_subquery()
)
_LAST_WISH: Final = (
    select(ThreadEvent.kind)
    .where(
        ThreadEvent.inquiry_id == Inquiry.id,
        ThreadEvent.kind.in_([Event.DELETION_ASKED.value, Event.DELETION_WITHDRAWN.value]),
    )
    .order_by(ThreadEvent.id.desc())
    .limit(1)
    .correlate(Inquiry)
    .scalar_subquery()
)
_THREAD: Final = (
    select(
        Inquiry.id,
        Inquiry.provider_id,
        Inquiry.email,
        Inquiry.phone,
        Inquiry.reply_by,
        Inquiry.listing_id,
        Inquiry.listing_then,
        Inquiry.created_at,
        Inquiry.last_message_at,
        Inquiry.outcome,
        Inquiry.lost_reason,
        Inquiry.closed_at,
        Inquiry.forget_at,
        Inquiry.forgotten_at,
        _SENT_AT.label("link_sent_at"),
        _LAST_WISH.label("last_wish"),
        Listing.title,
        Listing.price_minor,
        Listing.currency,
        Listing.unit,
        Listing.stock,
        Listing.delivery_days,
        Listing.valid_until,
        Listing.status,
        Provider.name.label("provider_name"),
    )
    .join(Listing, Listing.id == Inquiry.listing_id)
    .join(Provider, Provider.id == Inquiry.provider_id)
)


def by_digest(digest: str) -> Reading | None:
    """The thread whose link has this digest; None: there is none."""
    inquiry = db.session.execute(_THREAD.where(Inquiry.link_digest == digest)).one_or_none()
    if inquiry is None:
        return None
    is_out = or_(Message.sends_at.is_(None), Message.sends_at <= clock.now())
    messages = db.session.execute(
        select(Message.id, Message.author, Message.body, Message.created_at)
        .where(Message.inquiry_id == inquiry.id, is_out)
        .order_by(Message.id)
    ).all()
    return Reading(inquiry, messages)
