"""The list of offers: which match, in the order asked for, the shorter way to them.

A page is short, what it is cut from may be long. How many match is counted up to a cap, and the
count says which way is short: few are looked up by what was asked for and sorted; of many, the
order's own index is walked until the page is full.
"""

from collections.abc import Callable, Iterator, Sequence
from typing import Any, Final

from sqlalchemy import (
    BigInteger,
    ColumnElement,
    CompoundSelect,
    Select,
    UnaryExpression,
    func,
    literal,
    literal_column,
    or_,
    select,
    tuple_,
    union_all,
)
from sqlalchemy.sql.operators import custom_op

from portal import clock, places
from portal.accounts.models import Provider
from portal.extensions import db
from portal.listings import search
from portal.listings.models import Currency, Listing, Status, Unit
from portal.storefront.filters import CHEAPEST, DEAREST, NEWEST, NO, YES, Filters
from portal.storefront.queries import CARD, AnyRow, is_live, is_not_over

Cursor = tuple[bool, tuple[Any, ...]]
PAGE: Final = 24
"""Offers a page."""
COUNT_CAP: Final = 1000
"""Matching offers are counted up to here, and shown as "1000+" beyond."""
_LARGEST: Final = (1 << 63) - 1
_t: Final = Listing.__table__.c
_p: Final = Provider.__table__.c
_UNPRICED: Final = {CHEAPEST: _LARGEST, DEAREST: 0}
"""What stands for the price of an offer that states none: it comes last either way."""
_CURRENCIES: Final = [currency.value for currency in Currency]
_UNITS: Final = [unit.value for unit in Unit]
_Column = Callable[[str], ColumnElement[Any]]


def live_offers(filters: Filters, cursor: Cursor | None) -> tuple[list[AnyRow], int]:
    """Up to PAGE + 1 cards in reading direction after the cursor, and the capped count of all.

    Args:
        filters: what to leave out, and the order.
        cursor: direction and sort key of the row to go on from, see pagination.decode.
    """
    dialect = db.engine.dialect.name
    if filters.q and search.asked(filters.q, dialect) is None:
        return [], 0
    wanted = [*_conditions(filters, _t.__getitem__), *_searched(filters, dialect)]
    some = select(_t.id).where(*wanted).limit(COUNT_CAP + 1).subquery()
    total = db.session.scalar(select(func.count()).select_from(some)) or 0
    order = _Order(filters.sort, cursor)
    if total <= COUNT_CAP:
        found = [_t.id.in_(select(some.c.id))]
        return order.page(order.first(_key(filters.sort), found)), total
    return order.page(_walked(order, filters, dialect)), total


def live_offers_of(provider_id: int, cursor: Cursor | None) -> list[AnyRow]:
    """Up to PAGE + 1 cards of one provider, newest first, as live_offers()."""
    order = _Order(NEWEST, cursor)
    own = [is_live(clock.earliest_today()), _t.provider_id == provider_id]
    return order.page(order.first(_key(NEWEST), own))


def sort_key(sort: str, row: AnyRow) -> tuple[int, int]:
    """What a cursor holds of a row in that order."""
    if sort == NEWEST:
        return row.published_at or 0, row.id
    return (_UNPRICED[sort] if row.price_minor is None else row.price_minor), row.id


def _key(sort: str) -> ColumnElement[int]:
    if sort == NEWEST:
        return _t.published_at
    return func.coalesce(_t.price_minor, _number(_UNPRICED[sort]))


def _number(value: int) -> ColumnElement[int]:
    return literal_column(str(value), BigInteger)


class _Order:
    """An order, the direction in which it is read, and the place from which on."""

    def __init__(self, sort: str, cursor: Cursor | None) -> None:
        backwards, self.place = cursor or (False, ())
        self.descends = (sort != CHEAPEST) != backwards

    def first(self, key: ColumnElement[int], wanted: Sequence[ColumnElement[bool]]) -> Select[Any]:
        """Ids with their keys of the first that fill a page."""
        statement = select(_t.id, key.label("key")).where(*wanted)
        if self.place:
            here: ColumnElement[Any] = tuple_(key, _t.id)
            there = tuple_(*(literal(value, BigInteger) for value in self.place))
            statement = statement.where(here < there if self.descends else here > there)
        return statement.order_by(*self._by(key, _t.id)).limit(PAGE + 1)

    def page(self, found: Select[Any] | CompoundSelect[Any]) -> list[AnyRow]:
        """The cards of what was found, in this order."""
        ids = found.subquery()
        by = self._by(ids.c.key, ids.c.id)
        # Providers join what was chosen, not what is chosen from.
        first = select(ids.c.id, ids.c.key).order_by(*by).limit(PAGE + 1).subquery()
        cards = (
            select(*CARD)
            .select_from(first)
            .join(Listing, _t.id == first.c.id)
            .join(Provider, _p.id == _t.provider_id)
            .order_by(*self._by(first.c.key, first.c.id))
        )
        return list(db.session.connection().execute(cards).all())

    def _by(self, *columns: ColumnElement[Any]) -> list[ColumnElement[Any]]:
        return [column.desc() if self.descends else column.asc() for column in columns]


def _walked(order: _Order, filters: Filters, dialect: str) -> Select[Any] | CompoundSelect[Any]:
    """What fills a page, read in its order."""

    def aside(name: str) -> ColumnElement[Any]:
        return _aside(_t[name], dialect)

    held = _searched(filters, dialect, is_walked=True)
    if filters.sort == NEWEST:

        def near(name: str) -> ColumnElement[Any]:
            # These two have indexes of their own that end in this order.
            return _t[name] if name in {"gpu_model", "place"} else aside(name)

        return order.first(_key(NEWEST), [*_conditions(filters, near), *held])
    rest = [*_other_conditions(filters, aside), *held]
    by_price = [
        order.first(key, [*stretch, *rest]).subquery() for key, stretch in _stretches(filters)
    ]
    return union_all(*(select(each.c.id, each.c.key) for each in by_price))


def _stretches(
    filters: Filters,
) -> Iterator[tuple[ColumnElement[int], list[ColumnElement[bool]]]]:
    """Pieces of the index of prices that lie in its order, with what tells each."""
    live, units = _t.status == Status.LIVE.value, [filters.unit] if filters.unit else _UNITS
    if filters.negotiable != YES:
        for unit in units:
            stretch = [live, _t.currency == filters.currency, _t.unit == unit]
            yield _t.price_minor, [*stretch, *_bounds(filters, _t.price_minor)]
    if filters.negotiable != NO and not filters.has_range:
        stretch = [live, _t.currency.in_(_CURRENCIES), _t.unit.in_(units)]
        yield _key(filters.sort), [*stretch, _t.price_minor.is_(None)]


def _aside(column: ColumnElement[Any], dialect: str) -> ColumnElement[Any]:
    """A column whose index is not to be used.

    SQLite has no idea how common a value is, and would look up and sort a third of all offers
    rather than walk past the others; `+` keeps it from that. PostgreSQL does have one.
    """
    return UnaryExpression(column, operator=custom_op("+")) if dialect == "sqlite" else column


def _searched(
    filters: Filters, dialect: str, *, is_walked: bool = False
) -> list[ColumnElement[bool]]:
    """The condition that the words searched for make."""
    condition = search.holds if is_walked else search.matches
    found = condition(filters.q, dialect) if filters.q else None
    return [] if found is None else [found]


def _conditions(filters: Filters, column: _Column) -> list[ColumnElement[bool]]:
    """What an offer must meet, apart from the words searched for.

    Args:
        filters: what was asked for.
        column: gives a listing's column in the form in which it is compared.
    """
    live = _t.status == Status.LIVE.value
    return [live, *_other_conditions(filters, column), *_price_conditions(filters, column)]


def _other_conditions(filters: Filters, column: _Column) -> list[ColumnElement[bool]]:
    wanted = [is_not_over(clock.earliest_today())]
    if filters.gpu:
        wanted.append(column("gpu_model") == filters.gpu)
    if filters.place:
        wanted.append(column("place").in_(sorted(places.descendants(filters.place))))
    if filters.delivery:
        wanted.append(column("delivery") == filters.delivery)
    if filters.in_stock:
        wanted.append(column("stock") > 0)
    return wanted


def _price_conditions(filters: Filters, column: _Column) -> list[ColumnElement[bool]]:
    wanted: list[ColumnElement[bool]] = []
    price, currency, unit = column("price_minor"), column("currency"), column("unit")
    if filters.unit:
        wanted.append(unit == filters.unit)
    elif filters.has_range or filters.negotiable == YES:
        # All there are: so that the index of prices is read at each of them.
        wanted.append(unit.in_(_UNITS))
    if filters.negotiable == YES:
        wanted += [currency.in_(_CURRENCIES), price.is_(None)]
    if filters.has_range or filters.negotiable == NO:
        wanted += _bounds(filters, price)
    if filters.currency:
        same = currency == filters.currency
        # An offer without a price has no currency either.
        is_priced = filters.has_range or filters.negotiable == NO
        wanted.append(same if is_priced else or_(same, price.is_(None)))
    return wanted


def _bounds(filters: Filters, price: ColumnElement[Any]) -> list[ColumnElement[bool]]:
    wanted: list[ColumnElement[bool]] = [price > 0]
    if filters.price_from is not None:
        wanted.append(price >= filters.price_from)
    if filters.price_to is not None:
        wanted.append(price <= filters.price_to)
    return wanted
