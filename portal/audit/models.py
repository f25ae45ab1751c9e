"""The audit table: one row for each write and security event, never changed."""

from typing import Any

from sqlalchemy import JSON, BigInteger, Index, String
from sqlalchemy.orm import Mapped, mapped_column

from portal.database import Base, Identifier, Seconds


class AuditEntry(Base):
    """One act: who (`person_id`, None for a visitor or the worker) did `act` to which row."""

    __tablename__ = "audit_entries"
    __table_args__ = (
        Index("ix_audit_entries_provider_at", "provider_id", "id"),
        Index("ix_audit_entries_subject", "subject", "subject_id", "id"),
    )

    id: Mapped[Identifier]
    at: Mapped[Seconds]
    person_id: Mapped[int | None] = mapped_column(BigInteger)
    provider_id: Mapped[int | None] = mapped_column(BigInteger)
    act: Mapped[str] = mapped_column(String(64))
    subject: Mapped[str] = mapped_column(String(32))
    subject_id: Mapped[int | None] = mapped_column(BigInteger)
    changes: Mapped[dict[str, Any]] = mapped_column(JSON, default=dict)
