"""Many listings of one provider at once, whole: what imports compare a sheet with."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy import ColumnElement, select

from portal.extensions import db
from portal.listings.content import COLUMNS, Content, Pair
from portal.listings.models import Attribute, Image, Listing

_AT_ONCE: Final = 500
"""Values of one question: databases take only so many."""
_t: Final = Listing.__table__.c


@dataclass(frozen=True)
class Present:
    """A listing as it is: its version, and what its seller wrote."""

    version: int
    content: Content


def presents(provider_id: int, ids: Collection[int]) -> dict[int, Present]:
    """The provider's listings among `ids`, by id."""
    found: dict[int, Present] = {}
    for some in _batched(ids):
        rows = db.session.connection().execute(
            select(*_t).where(_t.id.in_(some), _t.provider_id == provider_id)
        )
        pairs = pairs_of(Attribute.listing_id, Attribute.name, Attribute.value, some)
        pictures = pairs_of(Image.listing_id, Image.key, Image.alt, some)
        for row in rows:
            content = Content.from_columns(
                {name: getattr(row, name) for name in COLUMNS},
                attributes=tuple(pairs[row.id]),
                images=tuple(pictures[row.id]),
            )
            found[row.id] = Present(row.version, content)
    return found


def pairs_of(listing_id: Any, name: Any, value: Any, ids: Sequence[int]) -> dict[int, list[Pair]]:
    """Attributes or pictures of listings, in their order, by the listing's id."""
    found: dict[int, list[Pair]] = defaultdict(list)
    statement = select(listing_id, name, value).where(listing_id.in_(ids))
    position = listing_id.class_.position
    for owner, one, other in db.session.connection().execute(
        statement.order_by(listing_id, position)
    ):
        found[owner].append((one, other))
    return found


def ids_by_own_number(provider_id: int, numbers: Collection[str]) -> dict[str, int]:
    """Own number → id of the provider's listing that has it."""
    return dict(_found(provider_id, _t.own_number, numbers))


def ids_by_nonce(provider_id: int, nonces: Collection[str]) -> dict[str, int]:
    """Nonce of the form (or of the row of a sheet) → id of the listing made with it."""
    return dict(_found(provider_id, _t.form_nonce, nonces))


def _found(
    provider_id: int, column: ColumnElement[Any], values: Collection[str]
) -> Iterator[tuple[str, int]]:
    for some in _batched(values):
        yield from (
            (value, listing_id)
            for value, listing_id in db.session.connection().execute(
                select(column, _t.id).where(column.in_(some), _t.provider_id == provider_id)
            )
        )


def _batched(values: Iterable[Any]) -> Iterator[Sequence[Any]]:
    listed = list(values)
    for start in range(0, len(listed), _AT_ONCE):
        yield listed[start : start + _AT_ONCE]
