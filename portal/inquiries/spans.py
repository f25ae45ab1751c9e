"""The days that the numbers of a desk are about, read from an address: the provider's own days."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Final

from portal import clock
from portal.web.parsing import Invalid, parse_day

LENGTHS: Final = (7, 30, 90)
"""Numbers of days that are one click away, today included."""
USUAL: Final = 30
"""Days where nothing, or nothing of ours, is asked for."""
LONGEST: Final = 366
"""Days, so that the work for a page has an end."""
_BY_LENGTH: Final = {str(length): length for length in LENGTHS}
_ONE: Final = timedelta(days=1)


@dataclass(frozen=True)
class Span:
    """Days of a zone from `first` to `last`, both included."""

    first: date
    last: date
    zone: str
    """IANA name."""
    length: int | None = None
    """Of LENGTHS, where it was asked for as "the last so many days"."""
    is_cut: bool = False
    """Whether more days were asked for than LONGEST."""

    @property
    def start(self) -> int:
        """Its first UTC second."""
        return clock.moment_in(self.zone, self.first)

    @property
    def end(self) -> int:
        """The first UTC second after it."""
        return clock.moment_in(self.zone, self.last + _ONE)

    @property
    def days(self) -> int:
        """How many days it has."""
        return (self.last - self.first).days + 1

    @property
    def query(self) -> dict[str, str]:
        """For addresses about the same days."""
        if self.length is not None:
            return {"days": str(self.length)}
        return {"from": self.first.isoformat(), "to": self.last.isoformat()}


def read(arguments: Mapping[str, str], zone: str) -> Span:
    """The span of an address: `days`, or `from` and `to`; what is none of ours is left out.

    From one day alone it goes on until today, to one alone it has the usual length. Two days mean
    what lies between them, in either order.

    Args:
        arguments: the first value of each name.
        zone: IANA name of the zone in whose days the provider lives.
    """
    first, last = _day(arguments, "from"), _day(arguments, "to")
    today = clock.today_in(zone)
    if first is None and last is None:
        length = _BY_LENGTH.get(arguments.get("days", ""), USUAL)
        return Span(today - (length - 1) * _ONE, today, zone, length)
    last = last or today
    first = first or last - (USUAL - 1) * _ONE
    first, last = min(first, last), max(first, last)
    earliest = last - (LONGEST - 1) * _ONE
    return Span(max(first, earliest), last, zone, is_cut=first < earliest)


def _day(arguments: Mapping[str, str], name: str) -> date | None:
    try:
        return parse_day(arguments[name]) if arguments.get(name) else None
    except Invalid:
        return None
