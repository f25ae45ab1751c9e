"""Reads of the statistics pages: rolled-up tables and inquiries by index, one statement a page."""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from datetime import date, timedelta
from functools import lru_cache
from typing import Any, Final

from sqlalchemy import (
    BigInteger,
    ColumnElement,
    Date,
    Select,
    bindparam,
    case,
    func,
    literal_column,
    or_,
    select,
)

from portal import clock
from portal.accounts.models import Provider
from portal.database import Missing
from portal.extensions import db
from portal.inquiries.jsonrows import json_rows
from portal.inquiries.models import Inquiry
from portal.inquiries.vocabulary import State
from portal.listings.models import Listing, ListingCount
from portal.statistics.models import ListingDay, ProviderDay
from portal.statistics.periods import Period
from portal.statistics.report import Report, Shop, Side, Top, answers_of, days_of

TOPS: Final = 10
"""Listings in the table of the most viewed."""
CANDIDATES: Final = 200
"""Listings with the most views ever among which the period's most viewed are looked for.

Adding up a month of 30,000 listings takes seconds; of 200 it takes milliseconds, and is exact for
every provider that has no more.
"""
SHOPS: Final = 200
"""Providers in the marketplace's table, most viewed first."""
_KINDS: Final = ("human", "served", "robot", "preview", "staff", "repeated")
_EPOCH: Final = date(1970, 1, 1)
Rows = Iterable[Mapping[str, Any]]


def _literal(number: int) -> ColumnElement[int]:
    # PostgreSQL takes two parameters of one value for two expressions, which GROUP BY refuses.
    return literal_column(str(number), BigInteger)


def _bound(name: str) -> Any:
    return bindparam(name, type_=BigInteger)


def _day(name: str) -> Any:
    return bindparam(name, type_=Date)


_FIRST, _LAST, _BEFORE = _day("first"), _day("last"), _day("before")
_START, _END, _BEFORE_START = _bound("start"), _bound("end"), _bound("before_start")
_PROVIDER, _LISTING = _bound("provider_id"), _bound("listing_id")
# Asia/Shanghai has kept UTC+8 the whole year since 1991.
_DAY_NUMBER: Final = (Inquiry.created_at + _literal(8 * clock.HOUR)) // _literal(clock.DAY)
_TOOK: Final = Inquiry.first_answered_at - Inquiry.created_at
_SECONDS: Final = case((_TOOK > _literal(0), _TOOK), else_=_literal(0))  # noqa: SIM300
_IS_ANSWERED: Final = Inquiry.first_answered_at.is_not(None)
_IS_REAL: Final = Inquiry.state != State.SPAM


def _asked(*where: Any) -> Any:
    """Inquiries by day number, with what became of them."""
    is_old = Inquiry.created_at <= _bound("now") - _literal(clock.DAY)
    number = _DAY_NUMBER.label("number")
    return (
        select(
            number,
            func.count().label("inquiries"),
            func.count().filter(_IS_ANSWERED).label("answered"),
            func.count().filter(or_(_IS_ANSWERED, is_old)).label("decided"),
            func.count().filter(_TOOK <= clock.DAY).label("in_time"),
        )
        .where(*where, _IS_REAL, Inquiry.created_at >= _BEFORE_START, Inquiry.created_at < _END)
        .group_by(number)
        .subquery()
    )


def _ranked(group: Any, since: Any, *where: Any) -> Any:
    """First answers at the middle and at the 90th percentile of each group, by rank: exact."""
    part = group.label("part")
    each = (
        select(
            part,
            _SECONDS.label("seconds"),
            func.row_number().over(partition_by=group, order_by=_SECONDS).label("place"),
            func.count().over(partition_by=group).label("total"),
        )
        .where(*where, _IS_REAL, _IS_ANSWERED)
        .where(Inquiry.created_at >= since, Inquiry.created_at < _END)
        .subquery()
    )
    total = each.c.total
    places = (
        (total + _literal(1)) // _literal(2),
        total // _literal(2) + _literal(1),
        (_literal(9) * total + _literal(9)) // _literal(10),
    )
    return select(each).where(or_(*(each.c.place == place for place in places))).subquery()


def _parts(views: Any, since: Any, *about: Any) -> tuple[Any, ...]:
    """The columns that every page has: daily views and inquiries, answer times, first day."""
    is_now = case((Inquiry.created_at >= _START, _literal(1)), else_=_literal(0))
    return (
        json_rows(views).label("views"),
        json_rows(_asked(*about)).label("asked"),
        json_rows(_ranked(is_now, _BEFORE_START, *about)).label("ranks"),
        since.scalar_subquery().label("since"),
    )


def _views_of(table: Any, *about: Any) -> tuple[Any, Any]:
    counts = [getattr(table, kind) for kind in _KINDS]
    in_both = (table.day >= _BEFORE, table.day <= _LAST)
    views = select(table.day, *counts).where(*about, *in_both).subquery()
    return views, select(func.min(table.day)).where(*about)


@lru_cache(maxsize=2)
def _of_listing(of_any: bool) -> Select[Any]:
    own = () if of_any else (Listing.provider_id == _PROVIDER,)
    return (
        select(
            Listing.id,
            Listing.title,
            Listing.status,
            Listing.provider_id,
            Listing.previous_site_views,
            Provider.name.label("provider_name"),
            *_parts(
                *_views_of(ListingDay, ListingDay.listing_id == _LISTING),
                Inquiry.listing_id == _LISTING,
            ),
        )
        .join(Provider, Provider.id == Listing.provider_id)
        .where(Listing.id == _LISTING, *own)
    )


@lru_cache(maxsize=1)
def _of_provider() -> Select[Any]:
    tops = _tops()
    trend = (
        select(ListingDay.listing_id, ListingDay.day, ListingDay.human)
        .join(tops, tops.c.id == ListingDay.listing_id)
        .where(ListingDay.day >= _FIRST, ListingDay.day <= _LAST)
        .subquery()
    )
    inquiries = (
        select(func.count())
        .select_from(Inquiry)
        .where(Inquiry.listing_id == tops.c.id, _IS_REAL)
        .where(Inquiry.created_at >= _START, Inquiry.created_at < _END)
        .scalar_subquery()
    )
    listings = select(func.sum(ListingCount.listings)).where(ListingCount.provider_id == _PROVIDER)
    return select(
        Provider.id,
        Provider.name,
        *_parts(
            *_views_of(ProviderDay, ProviderDay.provider_id == _PROVIDER),
            Inquiry.provider_id == _PROVIDER,
        ),
        json_rows(select(tops, inquiries.label("inquiries")).subquery()).label("tops"),
        json_rows(trend).label("trend"),
        listings.scalar_subquery().label("listings"),
    ).where(Provider.id == _PROVIDER)


def _tops() -> Any:
    """The period's most viewed of the listings with the most views ever."""
    candidates = (
        select(Listing.id, Listing.title, Listing.status)
        .where(Listing.provider_id == _PROVIDER)
        .order_by(Listing.views_total.desc(), Listing.id.desc())
        .limit(_literal(CANDIDATES))
        .cte("candidates")
    )
    views = (
        select(func.coalesce(func.sum(ListingDay.human), _literal(0)))
        .where(ListingDay.listing_id == candidates.c.id)
        .where(ListingDay.day >= _FIRST, ListingDay.day <= _LAST)
        .scalar_subquery()
        .label("views")
    )
    return (
        select(candidates, views)
        .order_by(views.desc(), candidates.c.id)
        .limit(_literal(TOPS))
        .cte("tops")
    )


@lru_cache(maxsize=1)
def _of_market() -> Select[Any]:
    sums = [func.sum(getattr(ProviderDay, kind)).label(kind) for kind in _KINDS]
    views = (
        select(ProviderDay.day, *sums)
        .where(ProviderDay.day >= _BEFORE, ProviderDay.day <= _LAST)
        .group_by(ProviderDay.day)
        .subquery()
    )
    return select(
        *_parts(views, select(func.min(ProviderDay.day))),
        json_rows(_shops()).label("shops"),
        json_rows(_ranked(Inquiry.provider_id, _START)).label("shop_ranks"),
    )


def _shops() -> Any:
    views = (
        select(ProviderDay.provider_id, func.sum(ProviderDay.human).label("views"))
        .where(ProviderDay.day >= _FIRST, ProviderDay.day <= _LAST)
        .group_by(ProviderDay.provider_id)
        .subquery()
    )
    asked = (
        select(
            Inquiry.provider_id,
            func.count().label("inquiries"),
            func.count().filter(_IS_ANSWERED).label("answered"),
        )
        .where(_IS_REAL, Inquiry.created_at >= _START, Inquiry.created_at < _END)
        .group_by(Inquiry.provider_id)
        .subquery()
    )
    seen = func.coalesce(views.c.views, _literal(0)).label("views")
    return (
        select(
            Provider.id,
            Provider.name,
            seen,
            func.coalesce(asked.c.inquiries, _literal(0)).label("inquiries"),
            func.coalesce(asked.c.answered, _literal(0)).label("answered"),
        )
        .outerjoin(views, views.c.provider_id == Provider.id)
        .outerjoin(asked, asked.c.provider_id == Provider.id)
        .order_by(seen.desc(), Provider.id)
        .limit(_literal(SHOPS))
        .subquery()
    )


def of_provider(provider_id: int | None, period: Period) -> Report:
    """The statistics of one provider.

    Raises:
        Missing: there is no such provider.
    """
    row = _row(_of_provider(), period, provider_id=provider_id)
    daily: dict[int, dict[date, int]] = defaultdict(dict)
    for one in row.trend or ():
        daily[int(one["listing_id"])][date.fromisoformat(one["day"])] = int(one["human"])
    tops = [
        Top(
            one["id"],
            one["title"],
            one["status"],
            int(one["views"]),
            int(one["inquiries"]),
            [daily[one["id"]].get(day, 0) for day in period.days],
        )
        for one in row.tops or ()
    ]
    tops.sort(key=lambda top: (-top.views, top.id))
    is_every_top = int(row.listings or 0) <= CANDIDATES
    return _report(row, period, subject=row, tops=tops, is_every_top=is_every_top)


def of_listing(provider_id: int | None, listing_id: int, period: Period) -> Report:
    """The statistics of one listing.

    Args:
        provider_id: whose it has to be; None: anybody's.
        listing_id: which.
        period: the days asked for.

    Raises:
        Missing: there is none, or it is another provider's.
    """
    statement = _of_listing(provider_id is None)
    row = _row(statement, period, provider_id=provider_id, listing_id=listing_id)
    return _report(row, period, subject=row)


def of_market(period: Period) -> Report:
    """The statistics of all providers together, and of each in a table."""
    row = _row(_of_market(), period)
    ranks: dict[int, list[Mapping[str, Any]]] = defaultdict(list)
    for one in row.shop_ranks or ():
        ranks[int(one["part"])].append(one)
    shops = [
        Shop(
            one["id"],
            one["name"],
            int(one["views"]),
            int(one["inquiries"]),
            int(one["answered"]),
            answers_of(ranks[one["id"]]),
        )
        for one in row.shops or ()
    ]
    shops.sort(key=lambda shop: (-shop.views, shop.id))
    return _report(row, period, shops=shops)


def _row(statement: Select[Any], period: Period, **about: int | None) -> Any:
    if any(value is not None and not 0 <= value < 1 << 63 for value in about.values()):
        raise Missing
    before = period.before
    row = db.session.execute(
        statement,
        {
            **about,
            "first": period.first,
            "last": period.last,
            "before": before.first,
            "start": period.start,
            "end": period.end,
            "before_start": before.start,
            "now": clock.now(),
        },
    ).one_or_none()
    if row is None:
        raise Missing
    return row


def _report(row: Any, period: Period, **more: Any) -> Report:
    asked = [_dated(one) for one in row.asked or ()]
    ranks: dict[int, list[Mapping[str, Any]]] = defaultdict(list)
    for one in row.ranks or ():
        ranks[int(one["part"])].append(one)
    now, before = (
        Side(days_of(span, row.views or (), asked), answers_of(ranks[part]))
        for span, part in ((period, 1), (period.before, 0))
    )
    return Report(period, now, before, row.since, **more)


def _dated(row: Mapping[str, Any]) -> dict[str, Any]:
    counts = dict(row)
    return {"day": _EPOCH + timedelta(days=int(counts.pop("number"))), **counts}
