"""Offers as rows of a sheet, read a few hundred at a time: no read lasts as long as the download."""

from collections.abc import Iterator, Sequence
from datetime import date
from types import SimpleNamespace
from typing import Any, Final

from sqlalchemy import select

from portal.extensions import db
from portal.listings import queries
from portal.listings.filters import Filters
from portal.listings.many import pairs_of
from portal.listings.models import Attribute, Listing
from portal.listings.sheet_columns import SheetColumn
from portal.web.sheets import Cell

_AT_ONCE: Final = 200
_t: Final = Listing.__table__.c


def rows_of(
    provider_id: int, filters: Filters, columns: Sequence[SheetColumn], own_day: date
) -> Iterator[list[Cell]]:
    """The provider's listings that match, in the index's order, a cell for each column.

    `own_day` is the provider's day, in which its offers end.

    Which they are is read once, at the beginning; what they say, as each batch's turn comes. One
    that is deleted meanwhile is left out. No transaction stays open between two batches: a long
    one would keep SQLite's log from being cut.
    """
    ids = queries.matching(provider_id, filters, own_day=own_day)
    db.session.rollback()
    for start in range(0, len(ids), _AT_ONCE):
        for row in _batch(provider_id, ids[start : start + _AT_ONCE]):
            yield [column.show(row) for column in columns]
        db.session.rollback()


def _batch(provider_id: int, ids: Sequence[int]) -> Iterator[Any]:
    found = db.session.connection().execute(
        select(*_t).where(_t.id.in_(ids), _t.provider_id == provider_id)
    )
    by_id = {row.id: row for row in found}
    pairs = pairs_of(Attribute.listing_id, Attribute.name, Attribute.value, list(by_id))
    for listing_id in ids:
        if listing_id in by_id:
            yield SimpleNamespace(**by_id[listing_id]._mapping, attributes=pairs[listing_id])
