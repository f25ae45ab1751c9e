"""Offers like another one: the same GPU first, then the same place and price band.

Each kind is read from its own index, a bounded number of rows of it, however many there are; all
in one statement.
"""

from functools import lru_cache
from typing import Any, Final

from sqlalchemy import (
    BigInteger,
    ColumnElement,
    CompoundSelect,
    Date,
    Select,
    and_,
    bindparam,
    case,
    literal_column,
    select,
    union_all,
)

from portal import clock
from portal.accounts.models import Provider
from portal.extensions import db
from portal.listings.models import Listing
from portal.storefront.queries import CARD, AnyRow, is_live

RELATED: Final = 4
"""Related offers beside one offer."""
_RECENT: Final = 50
"""Of so many newest offers of the same GPU, and of the same place, the nearest are taken."""
_LARGEST: Final = (1 << 63) - 1
_t: Final = Listing.__table__.c
_p: Final = Provider.__table__.c


def related_to(offer: Any) -> list[AnyRow]:
    """Up to RELATED other live offers, of any provider, nearest first.

    Those of the same GPU come first, among them those of the same place; then those of the same
    place, among them those of its price band; then the nearest in price; then the newest. Of what
    is equally near the newest comes first.

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
        "price": price,
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
    near = _near(by_gpu, by_place, by_price).subquery()
    statement: Select[Any] = (
        select(*CARD, near.c.nearness)
        .select_from(near)
        .join(Listing, _t.id == near.c.id)
        .join(Provider, _p.id == _t.provider_id)
        .order_by(near.c.nearness, _t.published_at.desc(), _t.id.desc())
    )
    names = ["listing_id", "today", *(["gpu"] if by_gpu else []), *(["place"] if by_place else [])]
    return statement, names + (["currency", "unit", "price", "low", "high"] if by_price else [])


def _near(by_gpu: bool, by_place: bool, by_price: bool) -> CompoundSelect[Any]:
    """Ids with their nearness, 0 the nearest; an offer may be there more than once."""
    live = select(_t.id).where(
        is_live(bindparam("today", type_=Date)), _t.id != bindparam("listing_id")
    )
    newest = live.order_by(_t.published_at.desc(), _t.id.desc())
    is_here = _t.place == bindparam("place") if by_place else None
    in_band = _is_in_band() if by_price else None
    kinds = [newest.add_columns(_rank(9)).limit(RELATED)]
    if by_gpu:
        of_gpu = newest.where(_t.gpu_model == bindparam("gpu"))
        kinds.append(_best(of_gpu.add_columns(_rank(0, is_here, in_band))))
    if is_here is not None:
        kinds.append(_best(newest.where(is_here).add_columns(_rank(4, in_band))))
    if in_band is not None:
        price, near = bindparam("price", type_=BigInteger), live.where(in_band)
        dearer = near.where(_t.price_minor >= price).order_by(_t.price_minor, _t.id)
        cheaper = near.where(_t.price_minor < price).order_by(_t.price_minor.desc(), _t.id.desc())
        kinds += [each.add_columns(_rank(8)).limit(RELATED) for each in (dearer, cheaper)]
    found = [kind.subquery() for kind in kinds]
    return union_all(*(select(each.c.id, each.c.nearness) for each in found))


def _best(newest: Select[Any]) -> Select[Any]:
    """The nearest few of the newest some."""
    some = newest.limit(_RECENT).add_columns(_t.published_at).subquery()
    by = (some.c.nearness, some.c.published_at.desc(), some.c.id.desc())
    return select(some.c.id, some.c.nearness).order_by(*by).limit(RELATED)


def _rank(first: int, *nearer: ColumnElement[bool] | None) -> Any:
    """`first` for what meets all conditions; each one missed costs more the earlier it stands."""
    rank: Any = literal_column(str(first))
    for power, condition in enumerate(reversed(nearer)):
        if condition is not None:
            rank = rank + case((condition, 0), else_=literal_column(str(1 << power)))
    return rank.label("nearness")


def _is_in_band() -> ColumnElement[bool]:
    """Whether a price is of the same currency and unit, from half to double."""
    return and_(
        _t.currency == bindparam("currency"),
        _t.unit == bindparam("unit"),
        _t.price_minor.between(bindparam("low"), bindparam("high")),
    )
