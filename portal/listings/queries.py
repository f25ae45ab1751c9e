"""Reads of a provider's listings: rows for the index, one listing for its editor; nobody else's."""

from collections import namedtuple
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Final

from sqlalchemy import (
    BigInteger,
    ColumnElement,
    Select,
    bindparam,
    false,
    func,
    select,
    tuple_,
)

from portal import places
from portal.accounts.models import Person
from portal.extensions import db
from portal.listings import search
from portal.listings.content import Content
from portal.listings.filters import Filters
from portal.listings.models import Listing, ListingCount, Revision, Status
from portal.listings.whole import whole
from portal.reading import Reading

Shown = tuple[Any, ...]
"""A row of the index: the values of _ROW, as the driver gives them."""
AnyRow = Any
"""A listing's columns by name."""
PAGE: Final = 50
"""Rows of the index a page."""
_t: Final = Listing.__table__.c
# What a row shows, and nothing more: the drawn row is kept by exactly these values.
_ROW: Final = (
    _t.id,
    _t.title,
    _t.gpu_model,
    _t.gpu_count,
    _t.place,
    _t.price_minor,
    _t.currency,
    _t.unit,
    _t.status,
    _t.valid_until,
    _t.views_total,
    _t.views_recent,
    _t.views_day,
    _t.inquiries_total,
    _t.updated_at,
)
_Named: Final = namedtuple("_Named", [column.name for column in _ROW])  # type: ignore[misc]
_VIEWS: Final = _ROW.index(_t.views_total)
_UPDATED: Final = _ROW.index(_t.updated_at)
_OWN: Final = _t.provider_id == bindparam("provider_id")


_c: Final = ListingCount.__table__.c


def _count(status: Status) -> Select[Any]:
    in_status = (_c.provider_id == bindparam("provider_id"), _c.status == status.value)
    return select(func.coalesce(func.max(_c.listings), 0)).where(*in_status)


COUNTS: Final[dict[str, Select[Any]]] = {
    status.value: _count(status)
    for status in (
        Status.LIVE,
        Status.IN_REVIEW,
        Status.DRAFT,
        Status.PAUSED,
        Status.EXPIRED,
    )
}
"""Status → how many listings of the bind parameter `provider_id` are in it."""
TOTAL: Final = select(func.coalesce(func.sum(_c.listings), 0)).where(
    _c.provider_id == bindparam("provider_id")
)
"""All listings of the provider."""


def listings_of(
    provider_id: int, filters: Filters, cursor: tuple[bool, tuple[Any, ...]] | None
) -> Sequence[Shown]:
    """Up to PAGE + 1 rows of the provider in reading direction, after the cursor.

    Args:
        provider_id: whose.
        filters: what to leave out, and the order.
        cursor: direction and the sort key of the row to go on from, see pagination.decode.
    """
    backwards, key = cursor or (False, ())
    parameters: dict[str, Any] = {"provider_id": provider_id}
    terms: tuple[bool, ...] = ()
    if filters.q:
        wanted = search.asked(filters.q, db.engine.dialect.name, provider_id=provider_id)
        if wanted is None:
            return []
        terms = wanted.shape
        parameters |= wanted.parameters
    codes = tuple(sorted(places.descendants(filters.place))) if filters.place else ()
    reading = _index(
        _Shape(
            by_status=bool(filters.status),
            by_gpu=bool(filters.gpu),
            codes=codes,
            sort=filters.sort,
            is_backwards=backwards,
            goes_on=bool(key),
            terms=terms,
            dialect=db.engine.dialect.name,
        )
    )
    if filters.status:
        parameters["status"] = filters.status
    if filters.gpu:
        parameters["gpu"] = filters.gpu
    if key:
        parameters |= {"key": key[0], "key_id": key[1]}
    if not codes:
        return reading.rows(parameters)
    # A Reading runs no list of values.
    found = db.session.connection().execute(reading.statement, parameters)
    return [tuple(row) for row in found]


def _in(codes: tuple[str, ...]) -> ColumnElement[bool]:
    return _t.place == codes[0] if len(codes) == 1 else _t.place.in_(codes)


def matching(provider_id: int, filters: Filters) -> list[int]:
    """Ids of all the provider's listings that the filters leave, in the index's order."""
    column = _t.views_total if filters.sort == "views" else _t.updated_at
    ascends = filters.sort == "oldest"
    statement = select(_t.id).where(_OWN)
    if filters.status:
        statement = statement.where(_t.status == filters.status)
    if filters.gpu:
        statement = statement.where(_t.gpu_model == filters.gpu)
    if filters.place:
        statement = statement.where(_in(tuple(sorted(places.descendants(filters.place)))))
    if filters.q:
        found = search.matches(filters.q, db.engine.dialect.name, provider_id=provider_id)
        statement = statement.where(false() if found is None else found)
    statement = statement.order_by(*((column, _t.id) if ascends else (column.desc(), _t.id.desc())))
    return list(db.session.scalars(statement, {"provider_id": provider_id}))


def sort_key(sort: str, row: Shown) -> tuple[int, int]:
    """What a cursor holds of a row in that order."""
    return row[_VIEWS if sort == "views" else _UPDATED], row[0]


def named(row: Shown) -> Any:
    """A row of the index with its columns' names."""
    return _Named._make(row)


@dataclass(frozen=True)
class _Shape:
    """What a question's statement depends on; all else are its parameters."""

    by_status: bool
    by_gpu: bool
    codes: tuple[str, ...]
    sort: str
    is_backwards: bool
    goes_on: bool
    terms: tuple[bool, ...]
    dialect: str


@lru_cache(maxsize=128)
def _index(shape: _Shape) -> Reading:
    """The statement for one shape of the question, built once."""
    column = _t.views_total if shape.sort == "views" else _t.updated_at
    descends = (shape.sort != "oldest") != shape.is_backwards
    statement: Select[Any] = select(*_ROW).where(_OWN)
    if shape.by_status:
        statement = statement.where(_t.status == bindparam("status"))
    if shape.by_gpu:
        statement = statement.where(_t.gpu_model == bindparam("gpu"))
    if shape.codes:
        statement = statement.where(_in(shape.codes))
    if shape.goes_on:
        here: ColumnElement[Any] = tuple_(column, _t.id)
        there = tuple_(bindparam("key", type_=BigInteger), bindparam("key_id", type_=BigInteger))
        statement = statement.where(here < there if descends else here > there)
    order = (column.desc(), _t.id.desc()) if descends else (column, _t.id)
    statement = statement.order_by(*order).limit(PAGE + 1)
    if shape.terms:
        statement = search.narrowed(
            statement, shape.terms, shape.dialect, most=PAGE + 1, is_of_one_provider=True
        )
    return Reading(statement)


def listing_of(provider_id: int, listing_id: int) -> tuple[AnyRow, Content]:
    """One listing's columns, and what its seller wrote.

    Raises:
        Missing: there is no such listing of this provider.
    """
    found = whole(provider_id, listing_id)
    return found.row, found.content


def content_at(provider_id: int, listing_id: int, version: int) -> Content | None:
    """What the seller had written at a version; None where that is not known."""
    stored = db.session.scalar(
        select(Revision.content)
        .join(Listing, Listing.id == Revision.listing_id)
        .where(
            Listing.provider_id == provider_id,
            Revision.listing_id == listing_id,
            Revision.version == version,
        )
    )
    return Content.from_json(stored) if stored is not None else None


def revisions_of(provider_id: int, listing_id: int, *, most: int = 50) -> list[AnyRow]:
    """Version, time and person of the last saves, newest first."""
    rows = db.session.execute(
        select(Revision.version, Revision.at, Person.name)
        .join(Listing, Listing.id == Revision.listing_id)
        .outerjoin(Person, Person.id == Revision.person_id)
        .where(Listing.provider_id == provider_id, Revision.listing_id == listing_id)
        .order_by(Revision.version.desc())
        .limit(most)
    )
    return list(rows.all())
