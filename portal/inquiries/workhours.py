"""A provider's working time: which days and hours count, and when so many minutes of it have passed.

Pure arithmetic. A working day is one stretch from opening to closing, by the clocks on the wall
there; a pause at noon is a part of it. Chinese public holidays and the weekend days worked in
exchange come from chinese_calendar, which knows a year once the State Council has published it (in
November of the year before); further ahead a week is a plain week.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from functools import lru_cache
from typing import Final

import structlog
from chinese_calendar import constants

from portal import clock
from portal.clock import MINUTE

log = structlog.get_logger()
WHOLE_DAY: Final = 24 * 60
"""Minutes from one midnight to the next, by the clocks on the wall."""
_LONGEST_LOOK: Final = 400
"""Days looked through for a working one: nobody closes longer."""
_ONE_DAY: Final = timedelta(days=1)


@dataclass(frozen=True)
class WorkHours:
    """When a provider works.

    Args:
        zone: IANA name.
        opens_at: minutes after midnight.
        closes_at: minutes after midnight, later than `opens_at`, 1440 at most.
        days: ISO weekdays, such as `12345`.
        keeps_holidays: whether Chinese public holidays are off and their make-up workdays on.
    """

    zone: str
    opens_at: int = 9 * 60
    closes_at: int = 18 * 60
    days: str = "12345"
    keeps_holidays: bool = True

    @property
    def minutes_a_day(self) -> int:
        """Of a working day."""
        return self.closes_at - self.opens_at

    def is_workday(self, day: date) -> bool:
        """Whether anybody works on this day.

        On a public holiday nobody does, also who works on Saturdays otherwise; on a weekend day
        that is worked in exchange everybody does.
        """
        is_usual = str(day.isoweekday()) in self.days
        if not self.keeps_holidays:
            return is_usual
        if day in constants.workdays:
            return True
        _warn_of_unknown(day.year)
        return is_usual and day not in constants.holidays

    def opening(self, day: date) -> int:
        """UTC second at which a day opens; whether it is a working day is not asked."""
        return moment_at(self.zone, day, self.opens_at)

    def closing(self, day: date) -> int:
        """UTC second at which a day closes."""
        return moment_at(self.zone, day, self.closes_at)

    def after(self, moment: int, minutes: int) -> int:
        """The UTC second at which so many working minutes have passed since `moment`.

        Outside working hours nothing passes: what comes at night counts from the next opening.
        Where no day is a working day, wall time counts.
        """
        left = minutes * MINUTE
        for opens, closes in self._stretches(clock.day_in(self.zone, moment)):
            begins = max(moment, opens)
            if begins < closes:
                if left <= closes - begins:
                    return begins + left
                left -= closes - begins
        return moment + minutes * MINUTE

    def _stretches(self, day: date) -> Iterator[tuple[int, int]]:
        """Opening and closing of the working days from `day` on; ends after long without any."""
        looked = 0
        while looked < _LONGEST_LOOK:
            stretch = _stretch(self, day)
            if stretch is not None:
                looked = 0
                yield stretch
            day += _ONE_DAY
            looked += 1

    def next_workday(self, day: date) -> date | None:
        """The first working day from `day` on, itself included; None: there is none for long."""
        days = (day + timedelta(days=ahead) for ahead in range(_LONGEST_LOOK))
        return next((one for one in days if self.is_workday(one)), None)

    def last_closing(self, day: date) -> int:
        """UTC second of the last closing until the end of `day`; its own midnight for none at all."""
        for back in range(_LONGEST_LOOK):
            earlier = day - timedelta(days=back)
            if self.is_workday(earlier):
                return self.closing(earlier)
        return moment_at(self.zone, day, WHOLE_DAY)


def known_until() -> int:
    """The last year whose public holidays are known."""
    return _known_years()[1]


@lru_cache(maxsize=8192)
def _stretch(hours: WorkHours, day: date) -> tuple[int, int] | None:
    """Opening and closing of a working day, None of another: every write of a thread asks."""
    return (hours.opening(day), hours.closing(day)) if hours.is_workday(day) else None


def moment_at(zone: str, day: date, minutes: int) -> int:
    """The UTC second at which clocks there show so many minutes after midnight (1440: the next).

    Sums within one zone go by the clock on the wall, so nine is nine on days of 23 or 25 hours too.
    """
    midnight = datetime(day.year, day.month, day.day, tzinfo=clock.zone_of(zone))
    return int((midnight + timedelta(minutes=minutes)).timestamp())


@lru_cache(maxsize=1)
def _known_years() -> tuple[int, int]:
    days: list[date] = list(constants.holidays)
    return min(days).year, max(days).year


@lru_cache(maxsize=256)
def _warn_of_unknown(year: int) -> None:
    """Say so once a process and year."""
    first, last = _known_years()
    if not first <= year <= last:
        log.warning("public holidays of this year are not known: weekends count", year=year)
