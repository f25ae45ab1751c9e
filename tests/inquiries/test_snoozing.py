"""Until when a thread can be put aside: in the provider's working time, ahead of now."""

from datetime import date, datetime

import pytest

from portal.clock import MARKET_ZONE
from portal.inquiries import snoozing
from portal.inquiries.snoozing import Snooze
from portal.inquiries.workhours import WorkHours

HOURS = WorkHours("Asia/Shanghai")


def at(text: str) -> int:
    """The UTC second of a moment told in Shanghai, such as `09-21 12:00`."""
    return int(datetime.fromisoformat(f"2026-{text}").replace(tzinfo=MARKET_ZONE).timestamp())


def told(moment: int) -> str:
    """And back."""
    return datetime.fromtimestamp(moment, MARKET_ZONE).strftime("%m-%d %H:%M")


@pytest.mark.parametrize(
    ("when", "offered"),
    [
        # Monday; a week on it is Monday again, which is said once.
        (
            "09-21 10:00",
            {"later": "09-21 14:00", "tomorrow": "09-22 09:00", "monday": "09-28 09:00"},
        ),
        # In the evening nobody is there in four hours.
        (
            "09-22 21:00",
            {"tomorrow": "09-23 09:00", "monday": "09-28 09:00", "week": "09-29 09:00"},
        ),
        # The day before Mid-Autumn: Friday to Sunday are off, so tomorrow is Monday.
        ("09-24 10:00", {"later": "09-24 14:00", "tomorrow": "09-28 09:00", "week": "10-08 09:00"}),
        # In the week of the National Day everything is the eighth.
        ("10-01 10:00", {"tomorrow": "10-08 09:00"}),
    ],
)
def test_the_choices_are_when_the_desk_is_open(when: str, offered: dict[str, str]) -> None:
    found = snoozing.choices(HOURS, at(when))
    assert {choice.key.value: told(choice.until) for choice in found} == offered


def test_a_day_is_its_opening_and_lies_ahead() -> None:
    now_ = at("09-21 10:00")
    saturday = date(2026, 9, 26)
    assert told(snoozing.until(HOURS, Snooze.DAY, now_, saturday)) == "09-26 09:00"
    for wrong in (None, date(2026, 9, 21), date(2026, 9, 20), date(2027, 9, 23)):
        with pytest.raises(snoozing.NotAhead):
            snoozing.until(HOURS, Snooze.DAY, now_, wrong)
