"""Reads of the public pages: offers that are live today, one offer, a provider; nothing private."""

from functools import lru_cache
from typing import Any, Final

from sqlalchemy import (
    BigInteger,
    ColumnElement,
    CompoundSelect,
    Date,
    Integer,
    Row,
    Select,
    and_,
    bindparam,
    case,
    func,
    literal,
    literal_column,
    null,
    or_,
    select,
    tuple_,
    union_all,
)

from portal import clock, places
from portal.accounts.models import Provider
from portal.extensions import db
from portal.listings import search
from portal.listings.models import Attribute, Image, Listing, Status
from portal.storefront.filters import CHEAPEST, NEWEST, NO, YES, Filters

AnyRow = Row[*tuple[Any, ...]]
Cursor = tuple[bool, tuple[Any, ...]]
PAGE: Final = 24
"""Offers a page."""
RELATED: Final = 4
"""Related offers beside one offer."""
COUNT_CAP: Final = 1000
"""Matching offers are counted up to here, and shown as "1000+" beyond."""
SITEMAP_IDS: Final = 10_000
"""Ids a part of the sitemap spans."""
_LARGEST: Final = (1 << 63) - 1
_RECENT: Final = 200
"""Of this many newest offers the nearest in price is looked for."""
_t: Final = Listing.__table__.c
_p: Final = Provider.__table__.c


def _first(column: Any) -> Any:
    """A column of the listing's first picture."""
    picture = Image.__table__.alias()
    return (
        select(picture.c[column.key])
        .where(picture.c.listing_id == _t.id)
        .order_by(picture.c.position, picture.c.id)
        .limit(1)
        .scalar_subquery()
        .label(f"image_{column.key}")
    )


_CARD: Final = (
    _t.id,
    _t.title,
    _t.gpu_model,
    _t.gpu_count,
    _t.price_minor,
    _t.currency,
    _t.unit,
    _t.delivery_days,
    _t.place,
    _t.published_at,
    _t.updated_at,
    _t.provider_id,
    _p.name.label("provider_name"),
    _p.verified_at,
    _first(Image.key),
)
_PRICE_KEY: Final = func.coalesce(_t.price_minor, literal_column(str(_LARGEST), BigInteger))
"""Offers without a price come last where the cheapest comes first."""


def _is_live(today: Any) -> ColumnElement[bool]:
    """Whether buyers see an offer.

    Its status says so; the day guards against a worker that stands still. In lists that is a day
    over for everybody: no offer is hidden before its provider's midnight, and no list has to ask
    in which zone each offer is. Who opens one is told exactly, see has_ended().
    """
    return and_(
        _t.status == Status.LIVE.value, or_(_t.valid_until.is_(None), _t.valid_until >= today)
    )


def live_offers(filters: Filters, cursor: Cursor | None) -> tuple[list[AnyRow], int]:
    """Up to PAGE + 1 cards in reading direction after the cursor, and the capped count of all.

    Args:
        filters: what to leave out, and the order.
        cursor: direction and sort key of the row to go on from, see pagination.decode.
    """
    conditions = _conditions(filters)
    if conditions is None:
        return [], 0
    counted: Select[Any] = select(literal_column("1")).select_from(Listing).where(*conditions)
    total = db.session.scalar(
        select(func.count()).select_from(counted.limit(COUNT_CAP + 1).subquery())
    )
    statement = _page(filters.sort, cursor).where(*conditions)
    return list(db.session.connection().execute(statement).all()), total or 0


def live_offers_of(provider_id: int, cursor: Cursor | None) -> list[AnyRow]:
    """Up to PAGE + 1 cards of one provider, newest first, as live_offers()."""
    own = (_is_live(clock.earliest_today()), _t.provider_id == provider_id)
    return list(db.session.execute(_page(NEWEST, cursor).where(*own)).all())


def sort_key(sort: str, row: AnyRow) -> tuple[int, int]:
    """What a cursor holds of a row in that order."""
    if sort == NEWEST:
        return row.published_at or 0, row.id
    return (row.price_minor if row.price_minor is not None else _LARGEST), row.id


def _page(sort: str, cursor: Cursor | None) -> Select[Any]:
    backwards, key = cursor or (False, ())
    column: Any = _t.published_at if sort == NEWEST else _PRICE_KEY
    if sort not in {NEWEST, CHEAPEST}:
        # The other way round offers without a price come last as well.
        column = func.coalesce(_t.price_minor, literal_column("0", BigInteger))
    descends = (sort != CHEAPEST) != backwards
    statement = select(*_CARD).join(Provider, _p.id == _t.provider_id)
    if key:
        here: ColumnElement[Any] = tuple_(column, _t.id)
        there = tuple_(literal(key[0], BigInteger), literal(key[1], BigInteger))
        statement = statement.where(here < there if descends else here > there)
    order = (column.desc(), _t.id.desc()) if descends else (column, _t.id)
    return statement.order_by(*order).limit(PAGE + 1)


def _conditions(filters: Filters) -> list[ColumnElement[bool]] | None:
    """What an offer must meet; None: nothing can."""
    wanted = [_is_live(clock.earliest_today())]
    if filters.q:
        found = search.matches(filters.q, db.engine.dialect.name)
        if found is None:
            return None
        wanted.append(found)
    if filters.gpu:
        wanted.append(_t.gpu_model == filters.gpu)
    if filters.place:
        wanted.append(_t.place.in_(sorted(places.descendants(filters.place))))
    if filters.unit:
        wanted.append(_t.unit == filters.unit)
    return wanted + _price_conditions(filters)


def _price_conditions(filters: Filters) -> list[ColumnElement[bool]]:
    wanted: list[ColumnElement[bool]] = []
    if filters.currency:
        # An offer without a price has no currency either.
        same = _t.currency == filters.currency
        wanted.append(same if filters.has_range else or_(same, _t.price_minor.is_(None)))
    if filters.price_from is not None:
        wanted.append(_t.price_minor >= filters.price_from)
    if filters.price_to is not None:
        wanted.append(_t.price_minor <= filters.price_to)
    if filters.negotiable == YES:
        wanted.append(_t.price_minor.is_(None))
    elif filters.negotiable == NO:
        wanted.append(_t.price_minor.is_not(None))
    return wanted


_ONE: Final = (
    select(
        *_t,
        _p.name.label("provider_name"),
        _p.place.label("provider_place"),
        _p.website.label("provider_website"),
        _p.verified_at.label("provider_verified_at"),
        _p.created_at.label("provider_created_at"),
        _p.timezone.label("provider_timezone"),
    )
    .join(Provider, _p.id == _t.provider_id)
    .where(_t.id == bindparam("listing_id"))
)


def offer_row(listing_id: int) -> AnyRow | None:
    """A listing in any state with its provider's card; who asks decides what may be shown."""
    return db.session.connection().execute(_ONE, {"listing_id": listing_id}).one_or_none()


_PARTS: Final[CompoundSelect[*tuple[Any, ...]]] = union_all(
    select(
        literal_column("0").label("kind"),
        Attribute.position.label("position"),
        Attribute.name.label("name"),
        Attribute.value.label("value"),
        null().cast(Integer).label("width"),
        null().cast(Integer).label("height"),
    ).where(Attribute.listing_id == bindparam("listing_id")),
    select(
        literal_column("1"), Image.position, Image.key, Image.alt, Image.width, Image.height
    ).where(Image.listing_id == bindparam("listing_id")),
).order_by("kind", "position")


def parts_of(listing_id: int) -> tuple[list[AnyRow], list[AnyRow]]:
    """A listing's attribute pairs (name, value) and pictures (name: key, value: alt), in order."""
    rows = db.session.connection().execute(_PARTS, {"listing_id": listing_id}).all()
    return [row for row in rows if row.kind == 0], [row for row in rows if row.kind == 1]


def related_to(offer: Any) -> list[AnyRow]:
    """Up to RELATED other live offers: same GPU first, then same place, then near in price.

    Args:
        offer: anything with a listing's columns; it need not be live itself.
    """
    price = offer.price_minor
    given = {
        "listing_id": offer.id,
        "today": clock.earliest_today(),
        "gpu": offer.gpu_model,
        "place": offer.place,
        "currency": offer.currency,
        "unit": offer.unit,
        "low": (price or 0) // 2,
        "high": min((price or 0) * 2, _LARGEST),
    }
    statement, names = _related(bool(offer.gpu_model), bool(offer.place), price is not None)
    rows = db.session.connection().execute(statement, {name: given[name] for name in names})
    found: dict[int, AnyRow] = {}
    for row in rows:
        found.setdefault(row.id, row)
    return list(found.values())[:RELATED]


@lru_cache(maxsize=8)
def _related(by_gpu: bool, by_place: bool, by_price: bool) -> tuple[Select[Any], list[str]]:
    """The statement for one shape of an offer, built once, and the names of its parameters."""
    near = union_all(*_near(by_gpu, by_place, by_price)).subquery()
    statement: Select[Any] = (
        select(*_CARD, near.c.nearness)
        .select_from(near)
        .join(Listing, _t.id == near.c.id)
        .join(Provider, _p.id == _t.provider_id)
        .order_by(near.c.nearness, _t.published_at.desc(), _t.id.desc())
    )
    names = ["listing_id", "today", *(["gpu"] if by_gpu else []), *(["place"] if by_place else [])]
    return statement, names + (["currency", "unit", "low", "high"] if by_price else [])


def _near(by_gpu: bool, by_place: bool, by_price: bool) -> list[Select[Any]]:
    """Selects of (id, nearness), each bounded, so that none reads all offers."""
    is_live = _is_live(bindparam("today", type_=Date))
    live = select(_t.id).where(is_live, _t.id != bindparam("listing_id"))
    newest = live.order_by(_t.published_at.desc(), _t.id.desc())
    branches = []
    if by_gpu:
        branches.append((0, newest.where(_t.gpu_model == bindparam("gpu")).limit(RELATED)))
    if by_place:
        branches.append((1, newest.where(_t.place == bindparam("place")).limit(RELATED)))
    recent = newest.add_columns(_band(by_price).label("band")).limit(_RECENT).subquery()
    closest = select(recent.c.id).order_by(recent.c.band, recent.c.id.desc()).limit(RELATED)
    branches.append((2, closest))
    return [
        select(each.c.id, literal_column(str(rank)).label("nearness"))
        for rank, each in ((rank, statement.subquery()) for rank, statement in branches)
    ]


def _band(by_price: bool) -> ColumnElement[int]:
    """0 for a price of the same currency and unit between half and double, else 1."""
    if not by_price:
        return literal_column("1", Integer)
    is_near = and_(
        _t.currency == bindparam("currency"),
        _t.unit == bindparam("unit"),
        _t.price_minor.between(bindparam("low"), bindparam("high")),
    )
    return case((is_near, 0), else_=1)


def provider_row(provider_id: int) -> AnyRow | None:
    """A provider's public profile."""
    return db.session.execute(
        select(_p.id, _p.name, _p.about, _p.place, _p.website, _p.verified_at, _p.created_at).where(
            _p.id == provider_id
        )
    ).one_or_none()


def sitemap_parts() -> int:
    """How many parts the sitemap has: at least one."""
    highest = db.session.scalar(select(func.max(_t.id))) or 0
    return highest // SITEMAP_IDS + 1


def sitemap_part(part: int) -> list[AnyRow]:
    """Id and time of the last change of the live offers in one part, counted from 0."""
    span = _t.id.between(part * SITEMAP_IDS, (part + 1) * SITEMAP_IDS - 1)
    statement = (
        select(_t.id, _t.updated_at).where(_is_live(clock.earliest_today()), span).order_by(_t.id)
    )
    return list(db.session.execute(statement).all())


def has_ended(row: Any) -> bool:
    """Whether the last day of an offer (as offer_row gives it) has passed where its provider is."""
    last = row.valid_until
    return last is not None and last < clock.today_in(row.provider_timezone)
