"""Reads of the public pages: offers that are live today, one offer, a provider; nothing private."""

from typing import Any, Final

from sqlalchemy import (
    ColumnElement,
    CompoundSelect,
    Date,
    Integer,
    Row,
    and_,
    bindparam,
    func,
    literal_column,
    null,
    select,
    union_all,
)

from portal import clock
from portal.accounts.models import Provider
from portal.extensions import db
from portal.listings.models import Attribute, Image, Listing, Status

AnyRow = Row[*tuple[Any, ...]]
SITEMAP_IDS: Final = 10_000
"""Ids a part of the sitemap spans."""
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


CARD: Final = (
    _t.id,
    _t.title,
    _t.gpu_model,
    _t.gpu_count,
    _t.gpu_memory_gib,
    _t.price_minor,
    _t.currency,
    _t.unit,
    _t.item_quantity,
    _t.item_unit,
    _t.delivery_days,
    _t.place,
    _t.published_at,
    _t.updated_at,
    _t.provider_id,
    _p.name.label("provider_name"),
    _p.verified_at,
    _first(Image.key),
)
"""What a card in a list shows."""


def is_live(today: Any) -> ColumnElement[bool]:
    """Whether buyers see an offer: its status says so, and its last day is not over."""
    return and_(_t.status == Status.LIVE.value, is_not_over(today))


def is_not_over(today: Any) -> ColumnElement[bool]:
    """Whether the last day of an offer has not passed; guards against a worker that stands still.

    In lists that is a day over for everybody: no offer is hidden before its provider's midnight,
    and no list has to ask in which zone each offer is. Who opens one is told exactly, see
    has_ended(). As it leaves hardly any out, it is put so that no index is read for it.
    """
    last: ColumnElement[Any] = func.coalesce(_t.valid_until, literal_column("'9999-12-31'", Date))
    is_there: ColumnElement[bool] = last >= today
    return is_there


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


_OWN: Final = _ONE.where(_t.provider_id == bindparam("provider_id"))


def own_offer_row(provider_id: int, listing_id: int) -> AnyRow | None:
    """The same of a listing of this provider; None for anybody else's."""
    given = {"listing_id": listing_id, "provider_id": provider_id}
    return db.session.connection().execute(_OWN, given).one_or_none()


_PARTS: Final[CompoundSelect[*tuple[Any, ...]]] = union_all(
    select(
        literal_column("0").label("kind"),
        Attribute.position.label("position"),
        Attribute.name.label("name"),
        Attribute.value.label("value"),
        null().cast(Integer).label("width"),
        null().cast(Integer).label("height"),
        literal_column("''").label("widths"),
    ).where(Attribute.listing_id == bindparam("listing_id")),
    select(
        literal_column("1"),
        Image.position,
        Image.key,
        Image.alt,
        Image.width,
        Image.height,
        Image.widths,
    ).where(Image.listing_id == bindparam("listing_id")),
).order_by("kind", "position")


def parts_of(listing_id: int) -> tuple[list[AnyRow], list[AnyRow]]:
    """A listing's attribute pairs (name, value) and pictures (name: key, value: alt), in order."""
    rows = db.session.connection().execute(_PARTS, {"listing_id": listing_id}).all()
    return [row for row in rows if row.kind == 0], [row for row in rows if row.kind == 1]


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
        select(_t.id, _t.updated_at).where(is_live(clock.earliest_today()), span).order_by(_t.id)
    )
    return list(db.session.execute(statement).all())


def has_ended(row: Any) -> bool:
    """Whether the last day of an offer (as offer_row gives it) has passed where its provider is."""
    last = row.valid_until
    return last is not None and last < clock.today_in(row.provider_timezone)


def is_offered(row: Any) -> bool:
    """Whether buyers see an offer (as offer_row gives it) now."""
    return row.status == Status.LIVE and not has_ended(row)
