"""How a desk works, as its people read it: the settings, the hours, and what they mean by examples."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any, Final

from sqlalchemy import bindparam, func, select

from portal import clock
from portal.clock import MINUTE
from portal.inquiries.models import Desk, Inquiry
from portal.inquiries.moves import OPEN
from portal.inquiries.vocabulary import Assigns
from portal.inquiries.workhours import WorkHours, known_until
from portal.reading import Reading

DEFAULTS: Final[dict[str, Any]] = {
    "assigns": Assigns.BY_HAND.value,
    "keeps_buyers": True,
    "answer_minutes": 480,
    "opens_at": 540,
    "closes_at": 1080,
    "working_days": "12345",
    "keeps_holidays": True,
    "keeps_personal_days": 365,
}
"""Of a desk that nothing was written in yet, as the table has them."""
_LATE: Final = 30 * MINUTE
"""Before closing: the rest of the day is too short for most promises."""
_AHEAD: Final = 370
_NEAR: Final = timedelta(days=62)
_DESK: Final = Reading(
    select(*(getattr(Desk, name) for name in DEFAULTS)).where(
        Desk.provider_id == bindparam("provider_id")
    )
)
_MINE: Final = Reading(
    select(func.count()).where(
        Inquiry.provider_id == bindparam("provider_id"),
        Inquiry.assignee_id == bindparam("person_id"),
        Inquiry.stage.in_(sorted(OPEN)),
    )
)


@dataclass(frozen=True)
class Example:
    """A question's moment and that by which it must be answered, UTC seconds."""

    asked_at: int
    due_at: int


def desk_of(provider_id: int) -> dict[str, Any]:
    """The settings of a provider's desk by the names of their columns."""
    rows = _DESK.rows({"provider_id": provider_id})
    if not rows:
        return dict(DEFAULTS)
    found = dict(zip(DEFAULTS, rows[0], strict=True))
    # SQLite's driver gives 0 or 1.
    return found | {name: bool(found[name]) for name in ("keeps_buyers", "keeps_holidays")}


def hours_of(desk: dict[str, Any], zone: str) -> WorkHours:
    """When a provider in this zone works by these settings."""
    return WorkHours(
        zone,
        desk["opens_at"],
        desk["closes_at"],
        desk["working_days"],
        desk["keeps_holidays"],
    )


def open_threads_of(provider_id: int, person_id: int) -> int:
    """How many open threads a person has."""
    ((number,),) = _MINE.rows({"provider_id": provider_id, "person_id": person_id})
    return int(number)


def examples(hours: WorkHours, minutes: int) -> Iterator[Example]:
    """A question shortly before the next day off, and one before the next long holidays."""
    today = clock.today_in(hours.zone)
    days = (_before_days_off(hours, today, at_least) for at_least in (1, 3))
    for day in dict.fromkeys(one for one in days if one is not None):
        asked_at = max(hours.opening(day), hours.closing(day) - _LATE)
        yield Example(asked_at, hours.after(asked_at, minutes))


def _before_days_off(hours: WorkHours, today: date, at_least: int) -> date | None:
    """The next working day after which nobody works for so many days."""
    for ahead in range(_AHEAD):
        day = today + timedelta(days=ahead)
        if not hours.is_workday(day):
            continue
        following = hours.next_workday(day + timedelta(days=1))
        if following is not None and (following - day).days > at_least:
            return day
    return None


def unknown_year(hours: WorkHours) -> int | None:
    """A year that is near and whose public holidays are not known here; None: there is none."""
    near = (clock.today_in(hours.zone) + _NEAR).year
    return near if hours.keeps_holidays and near > known_until() else None
