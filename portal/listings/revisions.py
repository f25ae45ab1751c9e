"""Reads of a listing's revisions: each save as it was, with who made it and when."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy import select

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


def revisions_of(provider_id: int, listing_id: int, *, before: int | None = None) -> list[Saving]:
    """Up to PAGE + 1 revisions, newest first; the last one is only there to be compared with.

    Args:
        provider_id: whose listing it must be.
        listing_id: which.
        before: only revisions with a smaller number.
    """
    statement = _select(provider_id, listing_id).order_by(Revision.version.desc()).limit(PAGE + 1)
    if before is not None:
        statement = statement.where(Revision.version < before)
    return [Saving(*row) for row in db.session.execute(statement)]


def two_revisions(
    provider_id: int, listing_id: int, first: int, second: int
) -> tuple[Saving, Saving]:
    """Two revisions, the older one first.

    Raises:
        Missing: one of them does not exist, or is another provider's.
    """
    statement = _select(provider_id, listing_id).where(Revision.version.in_({first, second}))
    found = {row.version: Saving(*row) for row in db.session.execute(statement)}
    if not {first, second} <= found.keys():
        raise Missing
    return found[min(first, second)], found[max(first, second)]


def _select(provider_id: int, listing_id: int) -> Any:
    return (
        select(Revision.version, Revision.at, Person.name, Revision.restored_from, Revision.content)
        .join(Listing, Listing.id == Revision.listing_id)
        .outerjoin(Person, Person.id == Revision.person_id)
        .where(Listing.provider_id == provider_id, Revision.listing_id == listing_id)
    )
