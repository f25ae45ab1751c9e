"""Reads of acts on threads: the latest of a provider, and one with what became of each thread."""

from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy import func, select

from portal.accounts.models import Person
from portal.database import Missing
from portal.extensions import db
from portal.inquiries.models import Change, Inquiry
from portal.inquiries.vocabulary import Stage

LATEST: Final = 50
SHOWN: Final = 100
"""Threads of one act that its page names."""


@dataclass(frozen=True)
class Line:
    """One thread of an act."""

    id: int
    name: str | None
    """The buyer; None: the thread is gone."""
    title: str | None
    why: str | None
    """A key of acting.REFUSALS, where it was left as it was; None: it was changed."""


def latest(provider_id: int) -> list[Any]:
    """The provider's last acts with who did them, how many threads they changed and left."""
    changed = func.json_array_length(Change.before)
    rows = db.session.execute(
        select(
            Change.id,
            Change.act,
            Change.at,
            Change.undone_at,
            changed.label("changed"),
            func.json_array_length(Change.refused).label("left"),
            Person.name.label("person"),
        )
        .outerjoin(Person, Person.id == Change.person_id)
        .where(Change.provider_id == provider_id, changed > 0)
        .order_by(Change.id.desc())
        .limit(LATEST)
    )
    return list(rows.all())


def change_of(provider_id: int, change_id: int) -> Change:
    """One act.

    Raises:
        Missing: there is no such act of this provider.
    """
    change = db.session.scalar(
        select(Change).where(Change.id == change_id, Change.provider_id == provider_id)
    )
    if change is None:
        raise Missing
    return change


def lines_of(change: Change) -> tuple[list[Line], list[Line]]:
    """The threads that an act changed, and those that it left; the first SHOWN of either."""
    done, left = change.before[:SHOWN], change.refused[:SHOWN]
    ids = [entry["id"] for entry in (*done, *left)]
    # What the provider does not have (any more) has no name: an id alone tells nothing.
    known = {
        row[0]: (row[1], row[2])
        for row in db.session.execute(
            select(Inquiry.id, Inquiry.name, Inquiry.listing_then["title"].as_string()).where(
                Inquiry.provider_id == change.provider_id, Inquiry.id.in_(ids)
            )
        )
    }

    def line(entry: dict[str, Any], why: str | None) -> Line:
        name, title = known.get(entry["id"], (None, None))
        return Line(entry["id"], name, title, why)

    undone = {"yes": None, "changed": "changed", "gone": "gone"}
    return (
        [line(entry, undone.get(entry.get("undone", "yes"))) for entry in done],
        [line(entry, entry["why"]) for entry in left],
    )


def spam_of(provider_id: int, most: int) -> list[int]:
    """Ids of what lies in the provider's spam queue, the oldest first."""
    return list(
        db.session.scalars(
            select(Inquiry.id)
            .where(Inquiry.provider_id == provider_id, Inquiry.stage == Stage.SPAM)
            .order_by(Inquiry.id)
            .limit(most)
        )
    )
