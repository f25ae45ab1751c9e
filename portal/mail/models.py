"""The outbox: each mail as facts for its template; the worker renders and sends it."""

from typing import Any

from sqlalchemy import JSON, BigInteger, CheckConstraint, Index, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from portal.database import Base, Identifier, Seconds

QUEUED, SENT, FAILED = "queued", "sent", "failed"


class Mail(Base):
    """One mail to one address.

    `key` is the left side of its Message-ID and stays the same over every try, so that a mail sent
    twice (a worker killed between sending and noting it) is known to be one. `context` holds what
    the template reads; once the mail is sent it is emptied, since it may hold a private link.
    """

    __tablename__ = "mails"
    __table_args__ = (
        CheckConstraint("state IN ('queued', 'sent', 'failed')", name="state"),
        Index("ix_mails_inquiry_id", "inquiry_id"),
    )

    id: Mapped[Identifier]
    to_address: Mapped[str] = mapped_column(String(254))
    template: Mapped[str] = mapped_column(String(64))
    language: Mapped[str] = mapped_column(String(8))
    context: Mapped[dict[str, Any]] = mapped_column(JSON)
    key: Mapped[str] = mapped_column(String(64), unique=True)
    in_reply_to: Mapped[str | None] = mapped_column(String(64))
    """Key of the mail that it answers; the thread's first mail."""
    # Which conversation it belongs to; no foreign key, since that table is of an upper floor.
    inquiry_id: Mapped[int | None] = mapped_column(BigInteger)
    notice_of: Mapped[int | None] = mapped_column(BigInteger)
    """The person whom it tells of something: they can say that no more such mails come."""
    state: Mapped[str] = mapped_column(String(16), default=QUEUED)
    error: Mapped[str | None] = mapped_column(Text)
    created_at: Mapped[Seconds]
    sent_at: Mapped[int | None] = mapped_column(BigInteger)
