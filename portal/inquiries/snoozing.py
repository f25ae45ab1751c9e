"""Until when a thread can be put aside: choices that fall into the provider's working time."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum
from typing import Final

from portal import clock
from portal.clock import HOUR
from portal.inquiries.workhours import WorkHours

LATER: Final = 4 * HOUR
LONGEST_DAYS: Final = 366
"""Days ahead that a thread can be put aside at most."""
_LOOKED_AHEAD: Final = 30
"""Days in which a working day is looked for: no holidays last longer."""
_MONDAY: Final = 1


class Snooze(StrEnum):
    """A choice of the menu."""

    LATER = "later"
    """Four hours on, where the desk is open then."""
    TOMORROW = "tomorrow"
    """The next working day's opening."""
    MONDAY = "monday"
    """The opening of next week's first working day."""
    WEEK = "week"
    """The opening a week from today, or of the working day after."""
    DAY = "day"
    """The opening of a day that is named."""


class NotAhead(ValueError):  # noqa: N818 - says what is wrong with the value
    """That moment is past, or too far ahead."""


@dataclass(frozen=True)
class Choice:
    """A line of the menu: what it is called and the UTC second that it means now."""

    key: Snooze
    until: int


def choices(hours: WorkHours, now: int) -> Iterator[Choice]:
    """What the menu offers at this moment: each later than the one before, none twice."""
    last = 0
    for key in (Snooze.LATER, Snooze.TOMORROW, Snooze.MONDAY, Snooze.WEEK):
        until = _moment(hours, key, now)
        if until > last and not (key is Snooze.LATER and not _is_open(hours, until)):
            last = until
            yield Choice(key, until)


def until(hours: WorkHours, key: Snooze, now: int, day: date | None = None) -> int:
    """The UTC second that a choice means; a day on which nobody works is taken as it is.

    Raises:
        NotAhead: of a named day: its opening is over, or it is more than a year ahead.
    """
    if key is not Snooze.DAY:
        return _moment(hours, key, now)
    if day is None:
        raise NotAhead
    moment = hours.opening(day)
    is_too_far = day > clock.day_in(hours.zone, now) + timedelta(days=LONGEST_DAYS)
    if moment <= now or is_too_far:
        raise NotAhead
    return moment


def _moment(hours: WorkHours, key: Snooze, now: int) -> int:
    today = clock.day_in(hours.zone, now)
    if key is Snooze.LATER:
        return now + LATER
    if key is Snooze.TOMORROW:
        return hours.opening(_workday(hours, today + timedelta(days=1)))
    if key is Snooze.MONDAY:
        to_monday = 7 - (today.isoweekday() - _MONDAY)
        return hours.opening(_workday(hours, today + timedelta(days=to_monday)))
    return hours.opening(_workday(hours, today + timedelta(days=7)))


def _workday(hours: WorkHours, day: date) -> date:
    """The day, or the next one on which somebody works; the day itself where nobody ever does."""
    for ahead in range(_LOOKED_AHEAD):
        later = day + timedelta(days=ahead)
        if hours.is_workday(later):
            return later
    return day


def _is_open(hours: WorkHours, moment: int) -> bool:
    day = clock.day_in(hours.zone, moment)
    return hours.is_workday(day) and hours.opening(day) <= moment <= hours.closing(day)
