"""Reads of a listing's revisions: each save as it was, with who made it and when."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy import ColumnElement, select

from portal.accounts.models import Person
from portal.database import Missing
from portal.extensions import db
from portal.listings.content import Content
from portal.listings.models import Listing, Revision

PAGE: Final = 20
"""Revisions of one page of the history."""


@dataclass(frozen=True)
class Saving:
    """One revision.

    Args:
        version: its number, counted from 1.
        at: UTC seconds.
        person: name of who saved it; None: an import, or the product itself.
        restored_from: number of the revision that it brought back.
        stored: its content as JSON.
    """

    version: int
    at: int
    person: str | None
    restored_from: int | None
    stored: Mapping[str, Any]

    def content(self, like: Content | None = None) -> Content:
        """What the seller had written; of what this revision does not know, `like`'s."""
        return Content.from_json(self.stored, like)


@dataclass(frozen=True)
class Saved:
    """Some revisions of a listing, and how it is called and at which version it is now."""

    id: int
    title: str
    version: int
    savings: list[Saving]


def revisions_of(provider_id: int, listing_id: int, *, before: int | None = None) -> Saved:
    """Up to PAGE + 1 revisions, newest first; the last one is only there to be compared with.

    Args:
        provider_id: whose listing it must be.
        listing_id: which.
        before: only revisions with a smaller number.

    Raises:
        Missing: there is no such listing of this provider.
    """
    # From the listing: one that has no revision is still there.
    numbers = Revision.listing_id == Listing.id
    if before is not None:
        numbers &= Revision.version < before
    return _saved(listing_id, _select(provider_id, listing_id, numbers))


def two_revisions(provider_id: int, listing_id: int, first: int, second: int) -> Saved:
    """Two revisions, the newer one first.

    Raises:
        Missing: one of them does not exist, or is another provider's.
    """
    numbers = (Revision.listing_id == Listing.id) & Revision.version.in_({first, second})
    found = _saved(listing_id, _select(provider_id, listing_id, numbers))
    if len(found.savings) != len({first, second}):
        raise Missing
    return found


def _select(provider_id: int, listing_id: int, numbers: ColumnElement[bool]) -> Any:
    return (
        select(
            Listing.title,
            Listing.version.label("newest"),
            Revision.version,
            Revision.at,
            Person.name,
            Revision.restored_from,
            Revision.content,
        )
        .outerjoin(Revision, numbers)
        .outerjoin(Person, Person.id == Revision.person_id)
        .where(Listing.provider_id == provider_id, Listing.id == listing_id)
        .order_by(Revision.version.desc())
        .limit(PAGE + 1)
    )


def _saved(listing_id: int, statement: Any) -> Saved:
    rows = db.session.execute(statement).all()
    if not rows:
        raise Missing
    savings = [Saving(*row[2:]) for row in rows if row.version is not None]
    return Saved(listing_id, rows[0].title, rows[0].newest, savings)
