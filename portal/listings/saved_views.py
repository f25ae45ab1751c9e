"""Saved views: a person's questions to the index under names, shared in the provider or not."""

from functools import reduce
from operator import add
from typing import Any, Final

from sqlalchemy import ColumnElement, Select, String, bindparam, case, cast, func, or_, select

from portal.accounts.models import Person
from portal.database import Missing
from portal.extensions import db
from portal.listings.models import SavedView

MOST: Final = 30
"""Views that a person may have, and that a provider's people may share."""
# Neither sign can be in a name or a query: no field takes a control character.
BETWEEN: Final = "\x1f"
AFTER: Final = "\x1e"
_t: Final = SavedView.__table__.c


def seen_by(provider_id: Any, person_id: Any) -> tuple[ColumnElement[bool], ...]:
    """Conditions for the views that a person has: own ones, and what colleagues share."""
    return (
        _t.provider_id == provider_id,
        or_(_t.person_id == person_id, _t.is_shared.is_(True)),
    )


def _joined(*parts: ColumnElement[str]) -> ColumnElement[str]:
    return reduce(lambda text, part: add(add(text, BETWEEN), part), parts)


_IS_OWN: Final = _t.person_id == bindparam("person_id")
# As one text, so that it comes with the page's counts and not in a statement of its own.
TABS: Final[Select[Any]] = select(
    func.aggregate_strings(
        _joined(
            cast(_t.id, String),
            _t.name,
            _t.query,
            case((_t.is_shared.is_(True), "1"), else_="0"),
            case((_IS_OWN, "1"), else_="0"),
            cast(_t.position, String),
        ),
        AFTER,
    )
).where(*seen_by(bindparam("provider_id"), bindparam("person_id")))
"""The views of the person `person_id` of the provider `provider_id`: see bars.saved_in."""


def views_of(provider_id: int, person_id: int) -> list[Any]:
    """The views that the person has with whose they are, own ones first."""
    rows = db.session.execute(
        select(
            _t.id,
            _t.name,
            _t.query,
            _t.is_shared,
            (_t.person_id == person_id).label("is_own"),
            Person.name.label("owner"),
        )
        .join(Person, Person.id == _t.person_id)
        .where(*seen_by(provider_id, person_id))
        .order_by(case((_t.person_id == person_id, 0), else_=1), _t.position, _t.id)
    )
    return list(rows.all())


def view_of(provider_id: int, person_id: int, view_id: int) -> Any:
    """One of them.

    Raises:
        Missing: the person has no such view.
    """
    for view in views_of(provider_id, person_id):
        if view.id == view_id:
            return view
    raise Missing
