"""Spans of marketplace days that a statistics page speaks about, and the span before each."""

from dataclasses import dataclass
from datetime import date, timedelta
from typing import Final

from portal import clock

LENGTHS: Final = (7, 30, 90)
"""Days a page may cover."""
USUAL: Final = 30
"""Days covered when nothing, or nothing we know, is asked for."""


@dataclass(frozen=True)
class Period:
    """Marketplace days (Asia/Shanghai) from `first` to `last`, both included."""

    first: date
    last: date

    @property
    def length(self) -> int:
        """How many days it covers."""
        return (self.last - self.first).days + 1

    @property
    def days(self) -> list[date]:
        """Its days, oldest first."""
        return [self.first + timedelta(days=n) for n in range(self.length)]

    @property
    def before(self) -> "Period":
        """As many days, ending the day before it begins."""
        return Period(self.first - timedelta(days=self.length), self.first - timedelta(days=1))

    @property
    def start(self) -> int:
        """Its first UTC second."""
        return clock.start_of(self.first)

    @property
    def end(self) -> int:
        """The first UTC second after it."""
        return clock.start_of(self.last + timedelta(days=1))


def length_asked(text: str | None) -> int:
    """Days named in a page's address; the usual number for anything but the known ones."""
    known = {str(length): length for length in LENGTHS}
    return known.get(text or "", USUAL)


def latest(length: int) -> Period:
    """The last `length` marketplace days, today (so far) included."""
    today = clock.today()
    return Period(today - timedelta(days=length - 1), today)
