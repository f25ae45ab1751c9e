"""The jobs table."""

from typing import Any

from sqlalchemy import JSON, Index, String, Text, text
from sqlalchemy.orm import Mapped, mapped_column

from portal.database import Base, Identifier, Seconds

QUEUED, DEAD = "queued", "dead"


class Job(Base):
    """One piece of work; deleted when done, `dead` when it failed for good.

    `fence` grows with each claim: a worker that lost its lease holds an old one and can no longer
    finish the job. `key` makes a job unique: a periodic one has its kind as its key.
    """

    __tablename__ = "jobs"
    __table_args__ = (
        Index(
            "ix_jobs_due",
            "due_at",
            "id",
            sqlite_where=text("state = 'queued'"),
            postgresql_where=text("state = 'queued'"),
        ),
    )

    id: Mapped[Identifier]
    kind: Mapped[str] = mapped_column(String(64))
    key: Mapped[str | None] = mapped_column(String(128), unique=True)
    payload: Mapped[dict[str, Any]] = mapped_column(JSON)
    state: Mapped[str] = mapped_column(String(16), default=QUEUED)
    due_at: Mapped[Seconds]
    tries: Mapped[int] = mapped_column(default=0)
    lease_until: Mapped[Seconds] = mapped_column(default=0)
    fence: Mapped[int] = mapped_column(default=0)
    error: Mapped[str | None] = mapped_column(Text)
    created_at: Mapped[Seconds]
