"""Tables of inquiries: the threads with their messages, notes, events and drafts."""

from datetime import date
from typing import Any, Final

from sqlalchemy import (
    JSON,
    BigInteger,
    CheckConstraint,
    Computed,
    ForeignKey,
    Index,
    String,
    Text,
    text,
    true,
)
from sqlalchemy.orm import Mapped, mapped_column, relationship

from portal.database import Base, BigId, Identifier, Seconds
from portal.inquiries.vocabulary import Assigns, State

_OPEN: Final = text("state <> 'spam' AND outcome IS NULL AND snoozed_until IS NULL")
_NOT_SPAM: Final = text("state <> 'spam'")
_STAGE: Final = (
    "CASE WHEN state = 'spam' THEN 'spam' WHEN outcome IS NOT NULL THEN outcome"
    " WHEN snoozed_until IS NOT NULL THEN 'snoozed' WHEN state = 'answered' THEN 'buyer'"
    " ELSE 'us' END"
)


def _where_set(name: str, column: str) -> Index:
    is_set = text(f"{column} IS NOT NULL")
    return Index(name, column, "id", sqlite_where=is_set, postgresql_where=is_set)


class Inquiry(Base):
    """One buyer's question about one listing, and the thread that follows.

    Each write of a seller raises `version`; whoever changes many at once notes it for the undo.
    """

    __tablename__ = "inquiries"
    __table_args__ = (
        CheckConstraint("email IS NOT NULL OR phone IS NOT NULL", name="reachable"),
        CheckConstraint("state IN ('new', 'answered', 'waiting', 'spam')", name="state"),
        CheckConstraint("outcome IN ('won', 'lost')", name="outcome"),
        CheckConstraint("won_minor >= 0", name="won_minor"),
        Index("ix_inquiries_provider_state", "provider_id", "state", "last_message_at", "id"),
        Index("ix_inquiries_provider_last", "provider_id", "last_message_at", "id"),
        Index("ix_inquiries_provider_created", "provider_id", "created_at"),
        Index("ix_inquiries_listing_created", "listing_id", "created_at"),
        Index("ix_inquiries_created_at", "created_at"),
        Index("ix_inquiries_stage", "provider_id", "stage", "rank", "id"),
        Index(
            "ix_inquiries_rank",
            "provider_id",
            "rank",
            "id",
            sqlite_where=_NOT_SPAM,
            postgresql_where=_NOT_SPAM,
        ),
        Index(
            "ix_inquiries_open_assignee",
            "provider_id",
            "assignee_id",
            "rank",
            "id",
            sqlite_where=_OPEN,
            postgresql_where=_OPEN,
        ),
        Index("ix_inquiries_buyer", "provider_id", "buyer_digest", "id"),
        _where_set("ix_inquiries_snoozed", "snoozed_until"),
        _where_set("ix_inquiries_forget", "forget_at"),
        _where_set("ix_inquiries_closed", "closed_at"),
    )

    id: Mapped[Identifier]
    provider_id: Mapped[int] = mapped_column(BigId, ForeignKey("providers.id"))
    listing_id: Mapped[int] = mapped_column(BigId, ForeignKey("listings.id"))
    listing_then: Mapped[dict[str, Any]] = mapped_column(JSON)
    """Title, price, unit, stock, delivery and validity as the buyer saw them."""
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
    assignee_id: Mapped[int | None] = mapped_column(BigId, ForeignKey("people.id"))
    outcome: Mapped[str | None] = mapped_column(String(16))
    closed_at: Mapped[int | None] = mapped_column(BigInteger)
    closed_by: Mapped[int | None] = mapped_column(BigId, ForeignKey("people.id"))
    """None where the buyer closed it."""
    won_minor: Mapped[int | None] = mapped_column(BigInteger)
    """What it was won for, in minor units of `won_currency`; None: not told."""
    won_currency: Mapped[str | None] = mapped_column(String(3))
    lost_reason: Mapped[str | None] = mapped_column(String(32))
    snoozed_until: Mapped[int | None] = mapped_column(BigInteger)
    due_at: Mapped[int | None] = mapped_column(BigInteger)
    """By when the buyer must have our answer (deadlines.py); None while we wait for the buyer."""
    workday_ends_at: Mapped[int | None] = mapped_column(BigInteger)
    """One working day after it was received."""
    rank: Mapped[int] = mapped_column(BigInteger, default=0, server_default="0")
    """Place in every list, smallest first: of those that wait for us the moment they are due, of
    the others FAR less the last message's: so the most urgent stand on top, then the newest."""
    version: Mapped[int] = mapped_column(default=1, server_default="1")
    last_letter_id: Mapped[int | None] = mapped_column(BigInteger)
    """The buyer's newest message: unread by who has read only to an earlier one."""
    buyer_digest: Mapped[str | None] = mapped_column(String(64))
    """Of the buyer's address or number: the same for all inquiries of one buyer."""
    forget_at: Mapped[int | None] = mapped_column(BigInteger)
    """When the personal data goes; see retention.py."""
    forgotten_at: Mapped[int | None] = mapped_column(BigInteger)
    stage: Mapped[str] = mapped_column(String(16), Computed(_STAGE))
    """One of Stage."""

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
    sends_at: Mapped[int | None] = mapped_column(BigInteger)
    """Until then an answer can be taken back, and the buyer does not see it."""


class Note(Base):
    """What sellers tell each other about a thread.

    A table of its own: what writes to buyers never reads it, so no note can be sent by mistake.
    """

    __tablename__ = "inquiry_notes"
    __table_args__ = (Index("ix_inquiry_notes_inquiry", "inquiry_id", "id"),)

    id: Mapped[Identifier]
    inquiry_id: Mapped[int] = mapped_column(BigId, ForeignKey("inquiries.id", ondelete="CASCADE"))
    person_id: Mapped[int | None] = mapped_column(BigId, ForeignKey("people.id"))
    body: Mapped[str] = mapped_column(Text)
    form_nonce: Mapped[str] = mapped_column(String(32), unique=True)
    created_at: Mapped[Seconds]


class ThreadEvent(Base):
    """One thing that happened in a thread: see Event for its kinds and their facts."""

    __tablename__ = "inquiry_events"
    __table_args__ = (Index("ix_inquiry_events_inquiry", "inquiry_id", "id"),)

    id: Mapped[Identifier]
    inquiry_id: Mapped[int] = mapped_column(BigId, ForeignKey("inquiries.id", ondelete="CASCADE"))
    person_id: Mapped[int | None] = mapped_column(BigId, ForeignKey("people.id"))
    """Who did it; None: the buyer, or nobody."""
    kind: Mapped[str] = mapped_column(String(32))
    facts: Mapped[dict[str, Any]] = mapped_column(JSON)
    at: Mapped[Seconds]


class AnswerDraft(Base):
    """What one person has typed into one thread's answer or note and not sent.

    A fresh one is also how colleagues know that somebody is answering.
    """

    __tablename__ = "inquiry_drafts"
    __table_args__ = (
        CheckConstraint("kind IN ('answer', 'note')", name="kind"),
        Index("ix_inquiry_drafts_saved_at", "saved_at"),
    )

    inquiry_id: Mapped[int] = mapped_column(
        BigId, ForeignKey("inquiries.id", ondelete="CASCADE"), primary_key=True
    )
    person_id: Mapped[int] = mapped_column(
        BigId, ForeignKey("people.id", ondelete="CASCADE"), primary_key=True
    )
    kind: Mapped[str] = mapped_column(String(16), primary_key=True)
    body: Mapped[str] = mapped_column(Text)
    revision: Mapped[int]
    """Counts its saves: a save that comes late changes nothing."""
    saved_at: Mapped[Seconds]


class ReadMark(Base):
    """The buyer's newest message that one person has seen in one thread."""

    __tablename__ = "inquiry_reads"
    __table_args__ = (Index("ix_inquiry_reads_inquiry", "inquiry_id"),)

    person_id: Mapped[int] = mapped_column(
        BigId, ForeignKey("people.id", ondelete="CASCADE"), primary_key=True
    )
    inquiry_id: Mapped[int] = mapped_column(
        BigId, ForeignKey("inquiries.id", ondelete="CASCADE"), primary_key=True
    )
    message_id: Mapped[int] = mapped_column(BigId)


class Snippet(Base):
    """A piece of text for answers, with placeholders such as `{price}`: see placeholders.py."""

    __tablename__ = "inquiry_snippets"
    __table_args__ = (Index("ix_inquiry_snippets_provider", "provider_id", "person_id", "name"),)

    id: Mapped[Identifier]
    provider_id: Mapped[int] = mapped_column(BigId, ForeignKey("providers.id"))
    person_id: Mapped[int | None] = mapped_column(
        BigId, ForeignKey("people.id", ondelete="CASCADE")
    )
    """Whose own it is; None: shared in the provider."""
    name: Mapped[str] = mapped_column(String(50))
    body: Mapped[str] = mapped_column(Text)
    version: Mapped[int]
    changed_at: Mapped[Seconds]


class Change(Base):
    """One act on one or many threads, with what was there before, for its undo."""

    __tablename__ = "inquiry_changes"
    __table_args__ = (Index("ix_inquiry_changes_provider", "provider_id", "id"),)

    id: Mapped[Identifier]
    provider_id: Mapped[int] = mapped_column(BigId, ForeignKey("providers.id"))
    person_id: Mapped[int | None] = mapped_column(BigId, ForeignKey("people.id"))
    act: Mapped[str] = mapped_column(String(32))
    form_nonce: Mapped[str] = mapped_column(String(32), unique=True)
    before: Mapped[list[dict[str, Any]]] = mapped_column(JSON)
    """Of each thread: `id`, `version` after the act, `rank` before it, the changed columns as they
    `was`, the `event` that tells of it, and once taken back what became of that (`undone`)."""
    refused: Mapped[list[dict[str, Any]]] = mapped_column(JSON)
    """Of each thread that was left as it was: `id` and `why`."""
    at: Mapped[Seconds]
    undone_at: Mapped[int | None] = mapped_column(BigInteger)


class Desk(Base):
    """One provider's inbox as a whole: how it works, and a number that grows with every write.

    A poll compares the number with the one it saw last. Writers of one provider wait for each other
    on this row, so the numbers grow in the order of the commits: none can be passed over.
    """

    __tablename__ = "inquiry_desks"
    __table_args__ = (
        CheckConstraint("assigns IN ('by_hand', 'in_turn')", name="assigns"),
        CheckConstraint("answer_minutes > 0", name="answer_minutes"),
        CheckConstraint(
            "opens_at >= 0 AND opens_at < closes_at AND closes_at <= 1440", name="hours"
        ),
        CheckConstraint("keeps_personal_days >= 0", name="keeps_personal_days"),
    )

    provider_id: Mapped[int] = mapped_column(BigId, ForeignKey("providers.id"), primary_key=True)
    version: Mapped[int] = mapped_column(BigInteger)
    assigns: Mapped[str] = mapped_column(String(16), server_default=Assigns.BY_HAND.value)
    keeps_buyers: Mapped[bool] = mapped_column(server_default=true())
    """Whether a buyer who asks again comes to the seller they know."""
    last_assigned_id: Mapped[int | None] = mapped_column(BigInteger)
    """Whose turn it was last."""
    answer_minutes: Mapped[int] = mapped_column(server_default="480")
    """Working minutes within which a buyer is to be answered."""
    opens_at: Mapped[int] = mapped_column(server_default="540")
    """Minutes after midnight in the provider's zone."""
    closes_at: Mapped[int] = mapped_column(server_default="1080")
    working_days: Mapped[str] = mapped_column(String(7), server_default="12345")
    """ISO weekdays, 1 is Monday."""
    keeps_holidays: Mapped[bool] = mapped_column(server_default=true())
    """Whether Chinese public holidays are off, and their make-up workdays on."""
    keeps_personal_days: Mapped[int] = mapped_column(server_default="365")
    """Days after a thread was closed until its personal data goes."""


class InquiryCount(Base):
    """Threads of a provider by stage and assignee (0: nobody's), kept by triggers."""

    __tablename__ = "inquiry_counts"

    provider_id: Mapped[int] = mapped_column(BigId, primary_key=True, autoincrement=False)
    stage: Mapped[str] = mapped_column(String(16), primary_key=True)
    assignee_id: Mapped[int] = mapped_column(BigId, primary_key=True, autoincrement=False)
    inquiries: Mapped[int] = mapped_column(BigInteger)


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
