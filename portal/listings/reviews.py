"""Reads of reviewers: the queue over all providers, and what changed since the last approval."""

from collections.abc import Sequence
from enum import StrEnum
from functools import lru_cache
from typing import Any, Final

from sqlalchemy import BigInteger, Row, Select, bindparam, func, select, tuple_

from portal.accounts.models import Person, Provider
from portal.audit.models import AuditEntry
from portal.extensions import db
from portal.listings.content import Content
from portal.listings.models import Listing, ListingCount, Revision, Status

AnyRow = Row[*tuple[Any, ...]]
Cursor = tuple[bool, tuple[Any, ...]]
PAGE: Final = 50
"""Offers a page of the queue."""
_t: Final = Listing.__table__.c
_PUBLISHED: Final = ("listing.approve", "listing.publish")


class Queue(StrEnum):
    """One list of the reviewer."""

    NEW = "new"
    CHANGED = "changed"


_STATUS: Final = {Queue.NEW: Status.IN_REVIEW, Queue.CHANGED: Status.LIVE}
WAITING: Final[Select[Any]] = select(func.coalesce(func.sum(ListingCount.listings), 0)).where(
    ListingCount.status == Status.IN_REVIEW.value
)
"""How many offers of all providers are handed in and not decided."""


def queue_of(queue: Queue, cursor: Cursor | None) -> Sequence[AnyRow]:
    """One more than a page of what waits, longest first, in reading direction after the cursor.

    Args:
        queue: handed in, or changed after it was approved.
        cursor: direction and the sort key of the row to go on from, see pagination.decode.
    """
    backwards, key = cursor or (False, ())
    statement = _queue(queue, backwards, bool(key))
    values = dict(zip(("key", "key_id"), key, strict=True)) if key else {}
    return db.session.execute(statement, values).all()


@lru_cache(maxsize=8)
def _queue(queue: Queue, backwards: bool, goes_on: bool) -> Select[Any]:
    statement = (
        select(
            _t.id,
            _t.title,
            _t.version,
            _t.submitted_at,
            _t.published_at,
            Provider.id.label("provider_id"),
            Provider.name.label("provider_name"),
        )
        .join(Provider, Provider.id == _t.provider_id)
        .where(_t.status == _STATUS[queue].value, _t.submitted_at.is_not(None))
    )
    if goes_on:
        here = tuple_(_t.submitted_at, _t.id)
        there = tuple_(bindparam("key", type_=BigInteger), bindparam("key_id", type_=BigInteger))
        statement = statement.where(here < there if backwards else here > there)
    order = (_t.submitted_at.desc(), _t.id.desc()) if backwards else (_t.submitted_at, _t.id)
    return statement.order_by(*order).limit(PAGE + 1)


def sort_key(row: Any) -> tuple[int, int]:
    """What a cursor holds of a row."""
    return row.submitted_at, row.id


def owner_of(listing_id: int) -> AnyRow | None:
    """Id and name of the provider whose listing it is; None where there is none."""
    return db.session.execute(
        select(Provider.id, Provider.name)
        .join(Listing, Listing.provider_id == Provider.id)
        .where(Listing.id == listing_id)
    ).one_or_none()


def last_public(listing_id: int, version: int) -> tuple[AnyRow, Content] | None:
    """When the offer was last let go public, by whom and how it read; None: never before.

    Args:
        listing_id: which.
        version: the present one: what went public just so is nothing to compare with.
    """
    entry = db.session.execute(
        select(AuditEntry.at, AuditEntry.changes, Person.name)
        .outerjoin(Person, Person.id == AuditEntry.person_id)
        .where(
            AuditEntry.subject == "listing",
            AuditEntry.subject_id == listing_id,
            AuditEntry.act.in_(_PUBLISHED),
        )
        .order_by(AuditEntry.id.desc())
        .limit(1)
    ).one_or_none()
    then = entry.changes.get("version") if entry is not None else None
    if entry is None or then is None or then == version:
        return None
    stored = db.session.scalar(
        select(Revision.content).where(Revision.listing_id == listing_id, Revision.version == then)
    )
    return (entry, Content.from_json(stored)) if stored is not None else None
