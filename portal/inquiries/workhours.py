"""A provider's working time: which days and hours count, and when so many minutes of it have passed.

Pure arithmetic. Chinese public holidays and the weekend days worked in exchange come from
chinese_calendar, which knows a year once the State Council has published it (in November of the
year before); further ahead a week is a plain week.
"""

from dataclasses import dataclass
from datetime import date, timedelta
from functools import lru_cache
from typing import Final

import chinese_calendar
import structlog

from portal import clock
from portal.clock import MINUTE

log = structlog.get_logger()
_LONGEST_LOOK: Final = 400
"""Days looked through for a working one: nobody closes longer."""


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
        """Whether anybody works on this day."""
        is_usual = str(day.isoweekday()) in self.days
        if not self.keeps_holidays:
            return is_usual
        is_public = _public_workday(day)
        if is_public is None:
            return is_usual
        # Who works on Saturdays anyway is off on a holiday only; a make-up day is a day for all.
        is_plain_weekday = day.isoweekday() <= 5
        return is_usual if is_public == is_plain_weekday else is_public

    def opening(self, day: date) -> int:
        """UTC second at which a day opens; whether it is a working day is not asked."""
        return clock.moment_in(self.zone, day) + self.opens_at * MINUTE

    def closing(self, day: date) -> int:
        """UTC second at which a day closes."""
        return clock.moment_in(self.zone, day) + self.closes_at * MINUTE

    def after(self, moment: int, minutes: int) -> int:
        """The UTC second at which so many working minutes have passed since `moment`.

        Outside working hours nothing passes: what comes at night counts from the next opening.
        Where no day is a working day, wall time counts.
        """
        left = minutes * MINUTE
        day = clock.day_in(self.zone, moment)
        looked = 0
        while looked < _LONGEST_LOOK:
            if self.is_workday(day):
                begins, ends = max(moment, self.opening(day)), self.closing(day)
                if begins < ends:
                    if left <= ends - begins:
                        return begins + left
                    left -= ends - begins
                looked = 0
            day += timedelta(days=1)
            looked += 1
        return moment + minutes * MINUTE

    def last_closing(self, day: date) -> int:
        """UTC second of the last closing until the end of `day`; its own midnight for none at all."""
        for back in range(_LONGEST_LOOK):
            earlier = day - timedelta(days=back)
            if self.is_workday(earlier):
                return self.closing(earlier)
        return clock.moment_in(self.zone, day + timedelta(days=1))


def known_until() -> int:
    """The last year whose public holidays are known."""
    days: list[date] = list(chinese_calendar.constants.holidays)
    return max(days).year


@lru_cache(maxsize=4096)
def _public_workday(day: date) -> bool | None:
    """Whether China works on this day; None where its year is not known (yet)."""
    try:
        return bool(chinese_calendar.is_workday(day))
    except NotImplementedError:
        log.warning("public holidays of this year are not known: weekends count", year=day.year)
        return None
