"""What search knows of listings, brought up to date: after an update, and for a renamed provider."""

from typing import Final

from sqlalchemy import select
from sqlalchemy.orm import selectinload

from portal.accounts.models import Provider
from portal.database import transaction
from portal.extensions import db
from portal.listings import search
from portal.listings.content import Content, searchable
from portal.listings.models import Listing

_BATCH: Final = 200
"""Listings a transaction: nobody waits long for it."""


def reindex() -> int:
    """Index each listing that search does not know, or knows as it was; says how many it were.

    A listing is behind if it was saved by a release that had another index, or
    in a way that touched no word of it.
    """
    return search.catch_up(_index, _BATCH)


def reindex_provider(provider_id: int) -> int:
    """Index all listings of a provider, whose name is among what they are found by."""
    ids = list(db.session.scalars(select(Listing.id).where(Listing.provider_id == provider_id)))
    return sum(_index(ids[first : first + _BATCH]) for first in range(0, len(ids), _BATCH))


def _index(ids: list[int]) -> int:
    with transaction() as session:
        # Locked: a save between reading and writing would be undone in the index.
        rows = session.execute(
            select(Listing, Provider.name)
            .join(Provider, Provider.id == Listing.provider_id)
            .where(Listing.id.in_(ids))
            .options(selectinload(Listing.attributes), selectinload(Listing.images))
            .with_for_update(of=Listing)
            .execution_options(populate_existing=True)
        ).all()
        search.index_many(
            session,
            [(row.Listing.id, searchable(Content.of(row.Listing), row.name)) for row in rows],
        )
        return len(rows)
