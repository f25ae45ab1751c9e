"""Reads of changes of many offers: the latest of a provider, and one whole."""

from typing import Any, Final

from flask_babel import gettext as _
from sqlalchemy import func, select

from portal import places
from portal.accounts.models import Person
from portal.database import Missing
from portal.extensions import db
from portal.listings.models import BulkChange
from portal.web.formatting import current_locale

LATEST: Final = 50


def latest(provider_id: int) -> list[Any]:
    """The provider's last changes with who made them and how many offers they changed."""
    rows = db.session.execute(
        select(
            BulkChange.id,
            BulkChange.act,
            BulkChange.at,
            BulkChange.undone_at,
            func.json_array_length(BulkChange.changes).label("changed"),
            func.json_array_length(BulkChange.refused).label("left"),
            Person.name.label("person"),
        )
        .outerjoin(Person, Person.id == BulkChange.person_id)
        .where(BulkChange.provider_id == provider_id)
        .order_by(BulkChange.id.desc())
        .limit(LATEST)
    )
    return list(rows.all())


def change_of(provider_id: int, change_id: int) -> BulkChange:
    """One change.

    Raises:
        Missing: there is no such change of this provider.
    """
    change = db.session.scalars(
        select(BulkChange).where(BulkChange.id == change_id, BulkChange.provider_id == provider_id)
    ).one_or_none()
    if change is None:
        raise Missing
    return change


def place_options() -> list[tuple[str, str]]:
    """Every place that an offer may have, told with its province."""
    locale = current_locale()
    groups = places.choices(locale)
    named = [(code, f"{group} · {name}") for group, pairs in groups.items() for code, name in pairs]
    return [("", str(_("Not stated"))), *named]
