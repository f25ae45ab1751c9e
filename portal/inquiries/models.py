"""Tables of inquiries and their messages."""

from datetime import date
from enum import StrEnum
from typing import Any

from sqlalchemy import JSON, BigInteger, CheckConstraint, ForeignKey, Index, String, Text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from portal.database import Base, BigId, Identifier, Seconds


class State(StrEnum):
    """Whose turn it is in a thread."""

    NEW = "new"
    """Nobody has answered yet."""
    ANSWERED = "answered"
    """The last word is ours."""
    WAITING = "waiting"
    """The buyer wrote back after an answer."""
    SPAM = "spam"
    """Held back: no mail went out."""


class Author(StrEnum):
    """Which side wrote a message."""

    BUYER = "buyer"
    SELLER = "seller"


class Inquiry(Base):
    """One buyer's question about one listing, and the thread that follows."""

    __tablename__ = "inquiries"
    __table_args__ = (
        CheckConstraint("email IS NOT NULL OR phone IS NOT NULL", name="reachable"),
        CheckConstraint("state IN ('new', 'answered', 'waiting', 'spam')", name="state"),
        Index("ix_inquiries_provider_state", "provider_id", "state", "last_message_at", "id"),
        Index("ix_inquiries_provider_last", "provider_id", "last_message_at", "id"),
        Index("ix_inquiries_provider_created", "provider_id", "created_at"),
        Index("ix_inquiries_listing_created", "listing_id", "created_at"),
        Index("ix_inquiries_created_at", "created_at"),
    )

    id: Mapped[Identifier]
    provider_id: Mapped[int] = mapped_column(BigId, ForeignKey("providers.id"))
    listing_id: Mapped[int] = mapped_column(BigId, ForeignKey("listings.id"))
    listing_then: Mapped[dict[str, Any]] = mapped_column(JSON)
    """Title, price, unit, delivery and validity as the buyer saw them."""
    state: Mapped[str] = mapped_column(String(16), default=State.NEW)
    name: Mapped[str] = mapped_column(String(50))
    company: Mapped[str | None] = mapped_column(String(100))
    email: Mapped[str | None] = mapped_column(String(254))
    phone: Mapped[str | None] = mapped_column(String(40))
    reply_by: Mapped[date | None]
    """The day by which the buyer wishes an answer."""
    language: Mapped[str] = mapped_column(String(8))
    """Language in which the buyer is written to."""
    form_nonce: Mapped[str] = mapped_column(String(32), unique=True)
    """Of the form it came from: a second copy of the same form makes no second row."""
    link_nonce: Mapped[str] = mapped_column(String(32))
    link_digest: Mapped[str] = mapped_column(String(64), unique=True)
    """SHA-256 of the private link's token, which only the mails hold in full."""
    created_at: Mapped[Seconds]
    last_message_at: Mapped[Seconds]
    first_answered_at: Mapped[int | None] = mapped_column(BigInteger)
    first_answered_by: Mapped[int | None] = mapped_column(BigId, ForeignKey("people.id"))

    messages: Mapped[list["Message"]] = relationship(
        order_by="Message.id", cascade="all, delete-orphan", lazy="raise"
    )

    @property
    def is_unanswered(self) -> bool:
        """Whether the buyer is waiting for us."""
        return self.state in {State.NEW, State.WAITING}


class Message(Base):
    """One message of a thread, plain text as typed."""

    __tablename__ = "inquiry_messages"
    __table_args__ = (
        CheckConstraint("author IN ('buyer', 'seller')", name="author"),
        Index("ix_inquiry_messages_inquiry_id", "inquiry_id", "id"),
    )

    id: Mapped[Identifier]
    inquiry_id: Mapped[int] = mapped_column(BigId, ForeignKey("inquiries.id", ondelete="CASCADE"))
    author: Mapped[str] = mapped_column(String(16))
    person_id: Mapped[int | None] = mapped_column(BigId, ForeignKey("people.id"))
    body: Mapped[str] = mapped_column(Text)
    form_nonce: Mapped[str] = mapped_column(String(32), unique=True)
    mail_id: Mapped[int | None] = mapped_column(BigId, ForeignKey("mails.id"))
    """The mail that carried it to the buyer."""
    created_at: Mapped[Seconds]


class Desk(Base):
    """One provider's inbox as a whole: a number that grows with every write about its inquiries.

    A poll compares it with the number it saw last. Writers of one provider wait for each other on
    this row, so the numbers grow in the order of the commits: none can be passed over.
    """

    __tablename__ = "inquiry_desks"

    provider_id: Mapped[int] = mapped_column(BigId, ForeignKey("providers.id"), primary_key=True)
    version: Mapped[int] = mapped_column(BigInteger)


class Sender(Base):
    """When inquiries came from one network address within the last day, for the cap.

    The address is kept only as a digest keyed with the secret key: who reads the table cannot try
    all addresses to find it.
    """

    __tablename__ = "inquiry_senders"
    __table_args__ = (Index("ix_inquiry_senders_last_at", "last_at"),)

    network_digest: Mapped[str] = mapped_column(String(64), primary_key=True)
    moments: Mapped[list[int]] = mapped_column(JSON)
    """UTC seconds, oldest first."""
    last_at: Mapped[Seconds]
