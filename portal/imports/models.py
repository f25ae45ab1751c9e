"""Tables of imports: the file somebody sent, how its columns were matched, what became of each row."""

from enum import StrEnum
from typing import Any

from sqlalchemy import JSON, CheckConstraint, ForeignKey, Index, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from portal.database import Base, BigId, Identifier, Seconds


class State(StrEnum):
    """How far an import has come."""

    UPLOADED = "uploaded"
    CHECKING = "checking"
    CHECKED = "checked"
    IMPORTING = "importing"
    DONE = "done"
    FAILED = "failed"


class Outcome(StrEnum):
    """What a row comes to: before the import as foreseen, afterwards as it was."""

    NEW = "new"
    CHANGED = "changed"
    SAME = "same"
    REFUSED = "refused"


class Import(Base):
    """One sheet somebody sent."""

    __tablename__ = "imports"
    __table_args__ = (
        CheckConstraint(f"state IN ({', '.join(repr(str(one)) for one in State)})", name="state"),
        Index("ix_imports_provider", "provider_id", "id"),
        Index("ix_imports_created_at", "created_at"),
    )

    id: Mapped[Identifier]
    provider_id: Mapped[int] = mapped_column(BigId, ForeignKey("providers.id"))
    person_id: Mapped[int | None] = mapped_column(BigId, ForeignKey("people.id"))
    file_name: Mapped[str] = mapped_column(String(200))
    """As sent, for people to recognise; the file itself is named by `key`."""
    key: Mapped[str] = mapped_column(String(32), unique=True)
    digest: Mapped[str] = mapped_column(String(64))
    """SHA-256 of the file's bytes."""
    size: Mapped[int]
    """Bytes."""
    columns: Mapped[list[str]] = mapped_column(JSON)
    """The sheet's headings, in their order."""
    total: Mapped[int] = mapped_column(default=0)
    """Rows below the headings."""
    mapping: Mapped[dict[str, str]] = mapped_column(JSON)
    """Column's place in the sheet (as text) → the field it is read as."""
    options: Mapped[dict[str, Any]] = mapped_column(JSON)
    state: Mapped[str] = mapped_column(String(16), default=State.UPLOADED)
    done: Mapped[int] = mapped_column(default=0)
    """Rows checked or written so far."""
    counts: Mapped[dict[str, int]] = mapped_column(JSON)
    """Outcome → rows."""
    problem: Mapped[str | None] = mapped_column(Text)
    """Why the whole of it failed."""
    form_nonce: Mapped[str | None] = mapped_column(String(32), unique=True)
    created_at: Mapped[Seconds]
    changed_at: Mapped[Seconds]


class ImportRow(Base):
    """One row of a sheet: what it says in our fields, and what became of it."""

    __tablename__ = "import_rows"

    import_id: Mapped[int] = mapped_column(
        BigId, ForeignKey("imports.id", ondelete="CASCADE"), primary_key=True
    )
    number: Mapped[int] = mapped_column(primary_key=True)
    """Line in the sheet, as a spreadsheet program counts it."""
    outcome: Mapped[str] = mapped_column(String(16))
    is_written: Mapped[bool] = mapped_column(default=False)
    listing_id: Mapped[int | None] = mapped_column(
        BigId, ForeignKey("listings.id", ondelete="SET NULL")
    )
    listing_version: Mapped[int | None]
    """The listing's when the row was checked: what somebody saves after that is not overruled."""
    messages: Mapped[dict[str, Any]] = mapped_column(JSON)
    """Column's place (as text; "" for the row) → code and parameters of what is wrong there.

    The code `cell` says that the field's rule refuses the cell: the rule itself says why, in the
    language of whoever reads it.
    """
    notes: Mapped[dict[str, Any]] = mapped_column(JSON)
    """The same for what is worth a look and stops nothing."""


class ImportMapping(Base):
    """How a provider matched the columns of sheets with the same headings."""

    __tablename__ = "import_mappings"

    provider_id: Mapped[int] = mapped_column(BigId, ForeignKey("providers.id"), primary_key=True)
    headings_digest: Mapped[str] = mapped_column(String(64), primary_key=True)
    mapping: Mapped[dict[str, str]] = mapped_column(JSON)
    options: Mapped[dict[str, Any]] = mapped_column(JSON)
    used_at: Mapped[Seconds]
