"""Writing the audit: called inside the transaction of the act it records."""

from collections.abc import Mapping
from typing import Any, Final, cast

from sqlalchemy import Table
from sqlalchemy.orm import Session

from portal import clock
from portal.audit.models import AuditEntry
from portal.writing import Writing

_INSERT: Final = cast(Table, AuditEntry.__table__).insert()
_ADD: Final = Writing(
    _INSERT, ("at", "act", "subject", "subject_id", "person_id", "provider_id", "changes")
)


def record(
    session: Session,
    act: str,
    *,
    subject: str,
    subject_id: int | None,
    person_id: int | None,
    provider_id: int | None,
    changes: dict[str, Any] | None = None,
) -> None:
    """Add one entry to the running transaction.

    Args:
        session: of the transaction whose act this is.
        act: verb with its room, such as `listing.publish`.
        subject: what kind of row, such as `listing`.
        subject_id: its id.
        person_id: who did it; None for a visitor or the worker.
        provider_id: whose row it is.
        changes: field → [before, after], or facts of the event. No secrets, no buyer's data.
    """
    # No object of it is needed, and every write pays for this.
    _ADD.run(
        session,
        {
            "at": clock.now(),
            "act": act,
            "subject": subject,
            "subject_id": subject_id,
            "person_id": person_id,
            "provider_id": provider_id,
            "changes": changes or {},
        },
    )


def record_many(
    session: Session,
    act: str,
    *,
    subject: str,
    changes: Mapping[int, dict[str, Any]],
    person_id: int | None,
    provider_id: int | None,
) -> None:
    """Add an entry for each of many rows to the running transaction.

    Args:
        session: of the transaction whose act this is.
        act: as in record().
        subject: as in record().
        changes: id of a row → its changes, as in record().
        person_id: as in record().
        provider_id: as in record().
    """
    now = clock.now()
    entries = [
        {
            "at": now,
            "act": act,
            "subject": subject,
            "subject_id": subject_id,
            "person_id": person_id,
            "provider_id": provider_id,
            "changes": its,
        }
        for subject_id, its in changes.items()
    ]
    if entries:
        session.connection().execute(_INSERT, entries)
