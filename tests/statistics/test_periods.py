"""Periods of marketplace days."""

from datetime import date

import pytest

from portal import clock
from portal.statistics.periods import LENGTHS, USUAL, Period, latest, length_asked

LAST = date(2026, 3, 1)


@pytest.mark.parametrize("length", LENGTHS)
def test_a_period_ends_today(length: int) -> None:
    period = latest(length_asked(str(length)))
    assert (period.last, period.length, len(period.days)) == (clock.today(), length, length)
    assert period.days[0] == period.first


@pytest.mark.parametrize("asked", [None, "", "8", "007", " 7", "７", "-30", "7.0", "x"])
def test_other_lengths_are_the_usual(asked: str | None) -> None:
    assert length_asked(asked) == USUAL


def test_the_period_before_joins_without_gap() -> None:
    period = Period(date(2026, 2, 23), LAST)
    assert period.before == Period(date(2026, 2, 16), date(2026, 2, 22))
    assert period.before.end == period.start


def test_a_day_start_shanghai_midnight() -> None:
    period = Period(LAST, LAST)
    assert clock.day_of(period.start - 1) == date(2026, 2, 28)
    assert clock.day_of(period.start) == clock.day_of(period.end - 1) == LAST
