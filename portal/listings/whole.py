"""One listing whole, read in one statement: its columns, and what its seller wrote."""

import json
from collections import namedtuple
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any, Final

from sqlalchemy import String, bindparam, cast, exists, func, select
from sqlalchemy.orm import Session

from portal.accounts.models import Provider
from portal.database import Missing
from portal.listings.content import DAYS, Content
from portal.listings.models import Attribute, Image, Listing, Revision
from portal.reading import Reading

_t: Final = Listing.__table__.c

# Neither sign can be in a name or value (no control character can), so the pairs of a listing
# come whole in one column, however many.
_BETWEEN, _AFTER = "\x1f", "\x1e"


def _rows_of(table: type[Attribute] | type[Image], name: Any, value: Any) -> Any:
    text = cast(table.position, String) + _BETWEEN + name + _BETWEEN + value
    return (
        select(func.aggregate_strings(text, _AFTER))
        .where(table.listing_id == _t.id)
        .scalar_subquery()
    )


_OWN: Final = (
    _t.provider_id == bindparam("provider_id"),
    _t.id == bindparam("listing_id"),
)
_WHOLE: Final = Reading(
    select(
        *_t,
        _rows_of(Attribute, Attribute.name, Attribute.value).label("pairs"),
        _rows_of(Image, Image.key, Image.alt).label("pictures"),
        select(Provider.name).where(Provider.id == _t.provider_id).scalar_subquery().label("owner"),
        select(Provider.reviews_listings)
        .where(Provider.id == _t.provider_id)
        .scalar_subquery()
        .label("is_reviewed"),
        exists()
        .where(Revision.listing_id == _t.id, Revision.version == _t.version)
        .label("has_revision"),
    ).where(*_OWN)
)
_LOCK: Final = select(_t.id).where(*_OWN).with_for_update()
_Row: Final = namedtuple("_Row", _WHOLE.names)  # type: ignore[misc]
_DAYS: Final = tuple(_Row._fields.index(name) for name in (*DAYS, "views_day"))
_JSON: Final = tuple(_Row._fields.index(name) for name in ("discounts", "rejection"))


@dataclass(frozen=True)
class Whole:
    """One listing: `row` has its columns by name, and `owner`, the provider's name.

    `has_revision` says whether the present version is kept as a revision.
    """

    row: Any
    content: Content
    has_revision: bool


def whole(provider_id: int, listing_id: int) -> Whole:
    """One listing of the provider.

    Raises:
        Missing: there is no such listing of this provider.
    """
    found = _WHOLE.rows({"provider_id": provider_id, "listing_id": listing_id})
    if not found:
        raise Missing
    values = list(found[0])
    # SQLite's driver gives days and JSON as text.
    for at in _DAYS:
        if isinstance(values[at], str):
            values[at] = date.fromisoformat(values[at])
    for at in _JSON:
        if isinstance(values[at], str):
            values[at] = json.loads(values[at])
    row: Any = _Row._make(values)
    columns: Mapping[str, Any] = row._asdict()
    content = Content.from_columns(
        columns, attributes=_split(row.pairs), images=_split(row.pictures)
    )
    return Whole(row, content, bool(row.has_revision))


def locked_whole(session: Session, provider_id: int, listing_id: int) -> Whole:
    """The same inside a transaction, nobody else's to change until its end; raises the same."""
    session.flush()
    connection = session.connection()
    if connection.dialect.name != "sqlite":
        # A statement of its own: what a lock waited for is seen by the next statement only. On
        # SQLite whoever writes is alone from the start.
        connection.execute(_LOCK, {"provider_id": provider_id, "listing_id": listing_id})
    return whole(provider_id, listing_id)


def _split(pairs: str | None) -> tuple[tuple[str, str], ...]:
    if not pairs:
        return ()
    found = [pair.split(_BETWEEN) for pair in pairs.split(_AFTER)]
    return tuple((name, value) for _, name, value in sorted(found, key=lambda one: int(one[0])))
