"""Reads of a provider's imports: the list, one import, its rows; nobody else's."""

from collections.abc import Iterator, Sequence
from typing import Any, Final

from sqlalchemy import Row, select

from portal.accounts.models import Person
from portal.database import Missing
from portal.extensions import db
from portal.imports.matching import Matching, digest_of_headings, guessed
from portal.imports.models import Import, ImportMapping, ImportRow, Outcome

AnyRow = Row[*tuple[Any, ...]]
PAGE: Final = 50
"""Rows of a sheet a page."""
_LISTED: Final = 50
_AT_ONCE: Final = 500
_r: Final = ImportRow.__table__.c


def imports_of(provider_id: int) -> Sequence[AnyRow]:
    """The provider's last imports with who sent them, newest first."""
    t = Import.__table__.c
    return db.session.execute(
        select(t.id, t.file_name, t.state, t.total, t.counts, t.created_at, Person.name)
        .outerjoin(Person, Person.id == t.person_id)
        .where(t.provider_id == provider_id)
        .order_by(t.id.desc())
        .limit(_LISTED)
    ).all()


def import_of(provider_id: int, import_id: int) -> AnyRow:
    """One import's columns.

    Raises:
        Missing: there is no such import of this provider.
    """
    row = db.session.execute(
        select(*Import.__table__.c).where(
            Import.__table__.c.id == import_id, Import.__table__.c.provider_id == provider_id
        )
    ).one_or_none()
    if row is None:
        raise Missing
    return row


def rows_of(
    import_id: int, outcome: str, cursor: tuple[bool, tuple[Any, ...]] | None
) -> Sequence[AnyRow]:
    """Up to PAGE + 1 rows of an import in reading direction, after the cursor.

    Args:
        import_id: of an import that is the reader's.
        outcome: of the rows; empty: all.
        cursor: direction and number of the row to go on from, see pagination.decode.
    """
    backwards, key = cursor or (False, ())
    statement = select(*_r).where(_r.import_id == import_id)
    if outcome:
        statement = statement.where(_r.outcome == outcome)
    if key:
        statement = statement.where(_r.number < key[0] if backwards else _r.number > key[0])
    order = _r.number.desc() if backwards else _r.number
    return db.session.execute(statement.order_by(order).limit(PAGE + 1)).all()


def refused_rows(import_id: int) -> Iterator[AnyRow]:
    """All refused rows in their order, read some hundreds at a time."""
    last = 0
    while True:
        rows = db.session.execute(
            select(*_r)
            .where(_r.import_id == import_id, _r.outcome == Outcome.REFUSED.value, _r.number > last)
            .order_by(_r.number)
            .limit(_AT_ONCE)
        ).all()
        db.session.rollback()
        if not rows:
            return
        yield from rows
        last = rows[-1].number


def matching_for(provider_id: int, headings: Sequence[str]) -> tuple[Matching, bool]:
    """How the provider read the last sheet with these headings, else what they suggest.

    The second value says whether it is remembered.
    """
    stored = db.session.execute(
        select(ImportMapping.mapping, ImportMapping.options).where(
            ImportMapping.provider_id == provider_id,
            ImportMapping.headings_digest == digest_of_headings(headings),
        )
    ).one_or_none()
    if stored is None:
        return guessed(headings), False
    return Matching.stored(stored.mapping, stored.options), True
