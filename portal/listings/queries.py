"""Reads of a provider's listings: rows for the index, one listing for its editor; nobody else's."""

import json
from collections import namedtuple
from collections.abc import Callable, Sequence
from datetime import date, timedelta
from functools import lru_cache, partial
from typing import Any, Final, NamedTuple

from sqlalchemy import (
    BigInteger,
    ColumnElement,
    Date,
    Select,
    String,
    bindparam,
    cast,
    false,
    func,
    literal,
    or_,
    select,
    tuple_,
)

from portal import clock, places
from portal.accounts.models import Person
from portal.extensions import db
from portal.listings import search
from portal.listings.content import Content
from portal.listings.filters import Filters
from portal.listings.models import INCOMPLETE, Listing, ListingCount, Revision, Status
from portal.listings.whole import whole
from portal.reading import Reading, in_one_text

Shown = tuple[Any, ...]
"""A row of the index: the values of _ROW, days as text."""
Cursor = tuple[bool, tuple[Any, ...]] | None
"""Direction, and the sort key of the row to go on from: see pagination.decode."""
AnyRow = Any
"""A listing's columns by name."""
PAGE: Final = 50
"""Rows of the index a page."""
COUNTED: Final = 1000
"""How far the matches of a view are counted: counting on costs more than the number is worth."""
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
    _t.stock,
)
_MORE: Final[dict[str, tuple[Any, ...]]] = {
    "own_number": (_t.own_number,),
    "own_category": (_t.own_category,),
    "confirmed": (_t.confirmed_at,),
    "completeness": (_t.delivery_days, (_t.description != "").label("has_description")),
}
"""What a row shows besides where that column is chosen."""
_OWN: Final = _t.provider_id == bindparam("provider_id")
_ORDERS: Final[dict[str, tuple[Any, bool]]] = {
    "updated": (_t.updated_at, True),
    "oldest": (_t.updated_at, False),
    "views": (_t.views_total, True),
    "cheapest": (_t.price_minor, False),
    "dearest": (_t.price_minor, True),
    "stock": (_t.stock, False),
    "ends": (_t.valid_until, False),
}
"""By what each of filters.SORTS orders, and whether the largest comes first."""


_c: Final = ListingCount.__table__.c


BY_STATUS: Final[dict[str, Select[Any]]] = {
    "by_status": select(
        func.aggregate_strings(_c.status + ":" + cast(_c.listings, String), " ")
    ).where(_c.provider_id == bindparam("provider_id"))
}
"""How many listings of the provider are in each status, as one text: see counts_in()."""
TOLD: Final = (Status.LIVE, Status.IN_REVIEW, Status.DRAFT, Status.PAUSED, Status.EXPIRED)
"""The statuses that the heading counts."""


@lru_cache(maxsize=1024)
def counts_in(text: str | None) -> dict[str, int]:
    """Status → how many, of those in TOLD."""
    found = dict(pair.split(":") for pair in (text or "").split())
    return {status.value: int(found.get(status.value, 0)) for status in TOLD}


def total_in(text: str | None) -> int:
    """All listings of the provider, of what BY_STATUS reads."""
    return sum(int(pair.partition(":")[2]) for pair in (text or "").split())


def listings_of(provider_id: int, filters: Filters, cursor: Cursor, own_day: date) -> str:
    """Up to PAGE + 1 rows of the provider after the cursor, as one text: see rows_in().

    Args:
        provider_id: whose.
        filters: what to leave out, and the order.
        cursor: where to go on from.
        own_day: the provider's day, in which its offers end.
    """
    backwards, key = cursor or (False, ())
    parameters: dict[str, Any] = {"provider_id": provider_id, **_values_of(filters, own_day)}
    if key:
        parameters |= {"key": key[0], "key_id": key[1]}
    terms, dialect = None, ""
    if filters.q:
        dialect = db.session.connection().dialect.name
        asked = search.asked(filters.q, dialect, provider_id=provider_id)
        if asked is None:
            return ""
        terms, parameters = asked.shape, parameters | asked.parameters
    shape = _Shape(
        _shape_of(filters), filters.sort, backwards, bool(key), terms, dialect, filters.columns
    )
    ((found,),) = _page(shape).rows(parameters)
    return found or ""


def rows_in(found: str, sort: str, cursor: Cursor) -> list[Shown]:
    """The rows that listings_of() found, in reading direction: a page backwards comes reversed."""
    backwards, _key = cursor or (False, ())
    rows = [tuple(values) for values in json.loads(f"[{found}]")]
    _column, is_falling = _ORDERS[sort]
    return sorted(rows, key=partial(sort_key, sort), reverse=is_falling != backwards)


class _Shape(NamedTuple):
    """All of a question but its values."""

    conditions: frozenset[str]
    sort: str
    backwards: bool
    goes_on: bool
    terms: tuple[bool, ...] | None
    dialect: str
    columns: tuple[str, ...]


@lru_cache(maxsize=512)
def _page(asked: _Shape) -> Reading:
    """The statement for one shape of the question, built once."""
    shape, sort, backwards, goes_on, terms, dialect, columns = asked
    column, is_falling = _ORDERS[sort]
    descends = is_falling != backwards
    statement = select(*_shown_with(columns)).where(_OWN, *_conditions(shape, sort, _parameter))
    if goes_on:
        key = _as_day(bindparam("key", type_=String))
        if sort != "ends":
            key = bindparam("key", type_=BigInteger)
        here: ColumnElement[Any] = tuple_(column, _t.id)
        there = tuple_(key, bindparam("key_id", type_=BigInteger))
        statement = statement.where(here < there if descends else here > there)
    statement = statement.order_by(*_by(column, descends))
    if terms is None:
        return Reading(in_one_text(statement.limit(PAGE + 1)))
    return Reading(
        in_one_text(
            search.narrowed(statement, terms, dialect, most=PAGE + 1, is_of_one_provider=True)
        )
    )


def _by(column: Any, descends: bool) -> tuple[Any, Any]:
    return (column.desc(), _t.id.desc()) if descends else (column, _t.id)


def _parameter(name: str) -> ColumnElement[Any]:
    return bindparam(name, type_=BigInteger if name in _NUMBERS else String)


_NUMBERS: Final = frozenset({"price_from", "price_to", "stale"})
_OVERSEAS: Final = "overseas"


@lru_cache(maxsize=512)
def _shape_of(filters: Filters) -> frozenset[str]:
    """Which conditions the filters make, besides the search."""
    names = set(filters.given) - {"q"}
    if "place" in names and len(places.descendants(filters.place)) > 1:
        names = names - {"place"} | {"overseas" if filters.place == _OVERSEAS else "places"}
    return frozenset(names)


def _values_of(filters: Filters, own_day: date) -> dict[str, Any]:
    """The values of those conditions, by the names that `_conditions` gives them."""
    if not filters.given:
        return {}
    values: dict[str, Any] = {name: getattr(filters, name) for name in filters.given}
    values.pop("incomplete", None)
    values.pop("q", None)
    if "place" in values:
        # All places of a province share its first two digits (GB/T 2260).
        values |= {"places": f"{filters.place[:2]}0000", "places_last": f"{filters.place[:2]}9999"}
    if filters.expiring:
        last = own_day + timedelta(days=filters.expiring)
        values |= {"expiring": last.isoformat(), "own_day": own_day.isoformat()}
    if filters.stale:
        # Days ago by the marketplace's midnight: the same question has the same answer all day.
        values["stale"] = clock.start_of(clock.today() - timedelta(days=filters.stale))
    return values


def _as_day(text: ColumnElement[Any]) -> ColumnElement[Any]:
    return func.date(text, type_=Date)


def _conditions(
    shape: frozenset[str], sort: str, given: Callable[[str], ColumnElement[Any]]
) -> list[Any]:
    """What leaves rows out; `given` makes the parameter, or the value, of a name."""
    found = [made(given) for name, made in _MADE.items() if name in shape]
    if "status" not in shape:
        found.append(_t.status != Status.ARCHIVED.value)
    # What an order goes by has to be stated: the page says so.
    if sort in {"cheapest", "dearest", "stock", "ends"}:
        found.append(_ORDERS[sort][0].is_not(None))
    return found


_MADE: Final[dict[str, Callable[[Callable[[str], Any]], Any]]] = {
    "status": lambda given: _t.status == given("status"),
    "gpu": lambda given: _t.gpu_model == given("gpu"),
    "place": lambda given: _t.place == given("place"),
    "places": lambda given: _t.place.between(given("places"), given("places_last")),
    "overseas": lambda _given: _t.place.in_(sorted(places.descendants(_OVERSEAS))),
    "kind": lambda given: _t.kind == given("kind"),
    "category": lambda given: _t.own_category == given("category"),
    "unit": lambda given: _t.unit == given("unit"),
    "currency": lambda given: _t.currency == given("currency"),
    "price_from": lambda given: _t.price_minor >= given("price_from"),
    "price_to": lambda given: _t.price_minor <= given("price_to"),
    "expiring": lambda given: _t.valid_until.between(
        _as_day(given("own_day")), _as_day(given("expiring"))
    ),
    "stale": lambda given: (
        (_t.updated_at < given("stale"))
        & or_(_t.confirmed_at.is_(None), _t.confirmed_at < given("stale"))
    ),
    "incomplete": lambda _given: INCOMPLETE,
}
"""Name of a filter → the condition it makes."""


def matching(
    provider_id: int, filters: Filters, *, most: int | None = None, own_day: date | None = None
) -> list[int]:
    """Ids of the provider's listings that match, in the index's order, at most `most`."""
    statement = _asked_now(select(_t.id), provider_id, filters, own_day or clock.today())
    column, is_falling = _ORDERS[filters.sort]
    statement = statement.order_by(*_by(column, is_falling)).limit(most)
    return list(db.session.connection().execute(statement).scalars())


def how_many(provider_id: int, asked: Sequence[tuple[Filters, int]], own_day: date) -> list[int]:
    """How many listings match each of these, counted to one beyond its cap, in one statement."""
    counts = []
    for filters, cap in asked:
        matches = _asked_now(select(literal(1)).select_from(Listing), provider_id, filters, own_day)
        some = matches.limit(cap + 1).subquery()
        counts.append(select(func.count()).select_from(some).scalar_subquery())
    return list(db.session.connection().execute(select(*counts)).one())


def _asked_now(
    statement: Select[Any], provider_id: int, filters: Filters, own_day: date
) -> Select[Any]:
    """The statement narrowed to what matches, with the values in it."""
    values = _values_of(filters, own_day)
    conditions = _conditions(
        _shape_of(filters), filters.sort, lambda name: literal(values[name], _parameter(name).type)
    )
    statement = statement.where(_t.provider_id == provider_id, *conditions)
    if not filters.q:
        return statement
    dialect = db.session.connection().dialect.name
    found = search.matches(filters.q, dialect, provider_id=provider_id)
    return statement.where(false() if found is None else found)


def sort_key(sort: str, row: Shown) -> tuple[int | str, int]:
    """What a cursor holds of a row in that order."""
    value = row[_KEYS[sort]]
    return (str(value) if sort == "ends" else value), row[0]


_KEYS: Final = {name: _ROW.index(column) for name, (column, _falling) in _ORDERS.items()}


def is_key(sort: str, key: tuple[Any, ...]) -> bool:
    """Whether that can be the sort key of a cursor."""
    if sort != "ends":
        return isinstance(key[0], int)
    try:
        return isinstance(key[0], str) and date.fromisoformat(key[0]) is not None
    except ValueError:
        return False


def _shown_with(columns: tuple[str, ...]) -> tuple[Any, ...]:
    return (*_ROW, *(one for name in columns for one in _MORE.get(name, ())))


@lru_cache(maxsize=256)
def _names_with(columns: tuple[str, ...]) -> Any:
    return namedtuple("Row", [column.name for column in _shown_with(columns)])


def named(row: Shown, columns: tuple[str, ...]) -> Any:
    """A row of the index with its columns' names, where these columns were chosen."""
    return _names_with(columns)._make(row)


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
