"""Working time: Chinese holidays with their make-up workdays, nights, weekends, zones, unknown years."""

from datetime import UTC, date, datetime, timedelta
from typing import Any, Final
from zoneinfo import ZoneInfo

import pytest
import structlog
from hypothesis import assume, given
from hypothesis import strategies as st

from portal import clock
from portal.inquiries import workhours
from portal.inquiries.workhours import WorkHours, known_until

SHANGHAI: Final = WorkHours("Asia/Shanghai")
NEW_YORK: Final = WorkHours("America/New_York", days="1234567", keeps_holidays=False)
DAY: Final = 9 * 60
"""Minutes of the usual working day."""


def at(text: str, zone: str = "Asia/Shanghai") -> int:
    """UTC second of `2026-09-25 17:30` by the clock on the wall in a zone."""
    return int(datetime.fromisoformat(text).replace(tzinfo=ZoneInfo(zone)).timestamp())


def shown(moment: int, zone: str = "Asia/Shanghai") -> str:
    """The moment as the clock on the wall shows it there."""
    return f"{datetime.fromtimestamp(moment, ZoneInfo(zone)):%Y-%m-%d %H:%M}"


def due(text: str, minutes: int, hours: WorkHours = SHANGHAI) -> str:
    """When so many minutes after a moment are over, both by the clock on the wall."""
    return shown(hours.after(at(text, hours.zone), minutes), hours.zone)


# Which days


@pytest.mark.parametrize(
    ("first", "last"),
    [
        ("2025-01-28", "2025-02-04"),  # Spring Festival
        ("2025-10-01", "2025-10-08"),  # National Day with the Mid-autumn Festival
        ("2026-01-01", "2026-01-03"),
        ("2026-02-15", "2026-02-23"),  # Spring Festival
        ("2026-05-01", "2026-05-05"),
        ("2026-09-25", "2026-09-27"),
        ("2026-10-01", "2026-10-07"),  # National Day
    ],
)
@pytest.mark.parametrize("days", ["12345", "123456", "1234567"])
def test_nobody_works_on_a_public_holiday(first: str, last: str, days: str) -> None:
    hours = WorkHours("Asia/Shanghai", days=days)
    day = date.fromisoformat(first)
    while day <= date.fromisoformat(last):
        assert not hours.is_workday(day), day
        day += timedelta(days=1)


@pytest.mark.parametrize(
    "day",
    [
        "2025-01-26",
        "2025-02-08",
        "2025-04-27",
        "2025-09-28",
        "2025-10-11",
        "2026-01-04",
        "2026-02-14",
        "2026-02-28",
        "2026-05-09",
        "2026-09-20",
        "2026-10-10",
    ],
)
def test_a_weekend_day_worked_in_exchange_is_a_workday_for_those_who_keep_holidays(
    day: str,
) -> None:
    exchanged = date.fromisoformat(day)
    assert exchanged.isoweekday() >= 6
    assert SHANGHAI.is_workday(exchanged)
    assert not WorkHours("Asia/Shanghai", keeps_holidays=False).is_workday(exchanged)


def test_who_keeps_no_holidays_works_on_them() -> None:
    assert WorkHours("Asia/Shanghai", keeps_holidays=False).is_workday(date(2026, 10, 1))


def test_who_works_on_saturdays_works_on_plain_ones_and_not_on_those_of_a_holiday() -> None:
    hours = WorkHours("Asia/Shanghai", days="123456")
    assert hours.is_workday(date(2026, 9, 19))
    assert not hours.is_workday(date(2026, 10, 3))
    assert hours.is_workday(date(2026, 10, 10))  # in exchange
    assert not hours.is_workday(date(2026, 9, 13))  # a Sunday


def test_every_published_day_is_on_one_side_only() -> None:
    holidays, workdays = workhours.constants.holidays, workhours.constants.workdays
    assert not set(holidays) & set(workdays)
    assert all(day.isoweekday() >= 6 for day in workdays)
    assert known_until() >= 2026


def test_a_year_that_is_not_known_is_plain_weeks_and_said_once() -> None:
    workhours._warn_of_unknown.cache_clear()
    with structlog.testing.capture_logs() as logs:
        days = [date(2190, 1, 1) + timedelta(days=number) for number in range(365)]
        assert all(SHANGHAI.is_workday(day) is (day.isoweekday() <= 5) for day in days)
    assert [one["year"] for one in logs] == [2190]
    assert logs[0]["log_level"] == "warning"


def test_a_known_year_is_no_reason_to_warn() -> None:
    workhours._warn_of_unknown.cache_clear()
    with structlog.testing.capture_logs() as logs:
        assert SHANGHAI.is_workday(date(known_until(), 12, 31)) is not None
        WorkHours("Asia/Shanghai", keeps_holidays=False).is_workday(date(2190, 1, 1))
    assert not logs


# So many minutes later


@pytest.mark.parametrize(
    ("asked", "minutes", "is_due"),
    [
        ("2026-09-21 10:00", 60, "2026-09-21 11:00"),
        ("2026-09-21 11:30", 120, "2026-09-21 13:30"),  # a pause at noon is a part of the day
        ("2026-09-21 09:00", DAY, "2026-09-21 18:00"),
        ("2026-09-21 09:00", DAY + 1, "2026-09-22 09:01"),
        ("2026-09-21 17:30", 60, "2026-09-22 09:30"),
        ("2026-09-21 18:00", 60, "2026-09-22 10:00"),
        ("2026-09-21 03:00", 60, "2026-09-21 10:00"),
        ("2026-09-21 23:59", 60, "2026-09-22 10:00"),
        # A plain weekend.
        ("2026-09-11 17:30", 90, "2026-09-14 10:00"),
        ("2026-09-12 12:00", 90, "2026-09-14 10:30"),
        # Monday after a Sunday worked in exchange: the Sunday counts.
        ("2026-09-19 12:00", 90, "2026-09-20 10:30"),
        # National Day: eight days off but for the Saturday worked after it.
        ("2026-09-30 17:30", 90, "2026-10-08 10:00"),
        ("2026-10-09 17:30", 90, "2026-10-10 10:00"),
        ("2026-10-10 17:30", 90, "2026-10-12 10:00"),
        # Spring Festivals.
        ("2026-02-13 17:30", 90, "2026-02-14 10:00"),
        ("2026-02-14 17:30", 90, "2026-02-24 10:00"),
        ("2025-01-27 17:30", 90, "2025-02-05 10:00"),
        # Whole days.
        ("2026-09-29 09:00", 3 * DAY, "2026-10-08 18:00"),
        ("2026-09-29 09:00", 5 * DAY, "2026-10-10 18:00"),
    ],
)
def test_minutes_pass_in_working_time_only(asked: str, minutes: int, is_due: str) -> None:
    assert due(asked, minutes) == is_due


def test_the_second_counts() -> None:
    moment = at("2026-09-21 17:59") + 59
    assert SHANGHAI.after(moment, 1) == at("2026-09-22 09:00") + 59


def test_a_day_that_closes_at_midnight_goes_on_with_the_next() -> None:
    hours = WorkHours("Asia/Shanghai", opens_at=0, closes_at=24 * 60, days="1234567")
    assert hours.minutes_a_day == 24 * 60
    assert hours.closing(date(2026, 9, 21)) == hours.opening(date(2026, 9, 22))
    assert due("2026-09-21 23:30", 60, hours) == "2026-09-22 00:30"
    evening = WorkHours("Asia/Shanghai", opens_at=20 * 60, closes_at=24 * 60)
    assert due("2026-09-21 23:30", 60, evening) == "2026-09-22 20:30"


def test_each_provider_works_by_its_own_clock() -> None:
    # Urumqi is two hours behind Beijing by its own time.
    urumqi = WorkHours("Asia/Urumqi")
    moment = at("2026-09-21 09:00")
    assert shown(moment, "Asia/Urumqi") == "2026-09-21 07:00"
    assert urumqi.after(moment, 60) == at("2026-09-21 10:00", "Asia/Urumqi")
    assert urumqi.after(moment, 60) == at("2026-09-21 12:00")


@pytest.mark.parametrize(
    ("asked", "minutes", "is_due"),
    [
        # Summer time begins on 8 March 2026 and ends on 1 November: nine is nine all the same.
        ("2026-03-07 17:30", 60, "2026-03-08 09:30"),
        ("2026-03-08 08:00", 60, "2026-03-08 10:00"),
        ("2026-10-31 17:30", 60, "2026-11-01 09:30"),
        ("2026-11-01 09:00", 540, "2026-11-01 18:00"),
    ],
)
def test_clocks_that_change_leave_the_hours_where_they_are(
    asked: str, minutes: int, is_due: str
) -> None:
    assert due(asked, minutes, NEW_YORK) == is_due


@pytest.mark.parametrize(("day", "length"), [("2026-03-08", 23), ("2026-11-01", 25)])
def test_who_never_closes_has_days_of_23_and_25_hours(day: str, length: int) -> None:
    always = WorkHours("America/New_York", 0, 24 * 60, "1234567", keeps_holidays=False)
    one = date.fromisoformat(day)
    assert always.closing(one) - always.opening(one) == length * clock.HOUR
    moment = at(f"{day} 00:00", "America/New_York")
    assert always.after(moment, length * 60 + 30) == moment + length * clock.HOUR + 1800


def test_a_zone_that_is_not_known_is_the_marketplaces() -> None:
    assert WorkHours("Nowhere/Land").after(at("2026-09-21 10:00"), 60) == at("2026-09-21 11:00")


def test_without_any_working_day_wall_time_counts() -> None:
    never = WorkHours("Asia/Shanghai", days="", keeps_holidays=False)
    moment = at("2026-09-21 10:00")
    assert never.after(moment, 90) == moment + 90 * 60
    assert never.next_workday(date(2026, 9, 21)) is None
    assert never.last_closing(date(2026, 9, 21)) == at("2026-09-22 00:00")
    # Only the days worked in exchange are left: the next one is within the year.
    assert due("2026-09-21 10:00", 90, WorkHours("Asia/Shanghai", days="")) == "2026-10-10 10:30"


@pytest.mark.parametrize(
    ("day", "closes"),
    [
        ("2026-09-22", "2026-09-22 18:00"),
        ("2026-09-13", "2026-09-11 18:00"),
        ("2026-10-04", "2026-09-30 18:00"),
        ("2026-10-10", "2026-10-10 18:00"),
        ("2026-10-11", "2026-10-10 18:00"),
    ],
)
def test_a_day_off_ends_with_the_closing_before_it(day: str, closes: str) -> None:
    assert shown(SHANGHAI.last_closing(date.fromisoformat(day))) == closes


def test_the_next_working_day() -> None:
    assert SHANGHAI.next_workday(date(2026, 9, 21)) == date(2026, 9, 21)
    assert SHANGHAI.next_workday(date(2026, 10, 1)) == date(2026, 10, 8)


# Whatever the hours

moments = st.integers(at("2024-01-01 00:00"), at("2027-12-31 00:00"))
minutes_ = st.integers(1, 30 * DAY)


@st.composite
def any_hours(draw: Any) -> WorkHours:
    """Hours of some provider with at least one working day a week."""
    opens, closes = sorted(draw(st.sets(st.integers(0, 24 * 4), min_size=2, max_size=2)))
    return WorkHours(
        draw(st.sampled_from(["Asia/Shanghai", "Asia/Urumqi", "America/New_York", "Asia/Beirut"])),
        opens * 15,
        closes * 15,
        "".join(sorted(draw(st.sets(st.sampled_from("1234567"), min_size=1)))),
        draw(st.booleans()),
    )


@given(any_hours(), moments, st.integers(0, 10 * clock.DAY), minutes_)
def test_who_asks_later_is_not_due_earlier(
    hours: WorkHours, moment: int, gap: int, minutes: int
) -> None:
    assert hours.after(moment, minutes) <= hours.after(moment + gap, minutes)


@given(any_hours(), moments, minutes_, minutes_)
def test_two_spans_are_their_sum(hours: WorkHours, moment: int, one: int, other: int) -> None:
    assert hours.after(hours.after(moment, one), other) == hours.after(moment, one + other)


@given(any_hours(), moments, minutes_)
def test_it_ends_while_work_is_done(hours: WorkHours, moment: int, minutes: int) -> None:
    end = hours.after(moment, minutes)
    assert end >= moment + minutes * 60
    # A closing at midnight is the next day's first second.
    day = clock.day_in(hours.zone, end - 1)
    assert hours.is_workday(day)
    assert hours.opening(day) < end <= hours.closing(day)


@given(any_hours(), moments, minutes_)
def test_it_is_what_counting_each_minute_finds(hours: WorkHours, moment: int, minutes: int) -> None:
    moment -= moment % 60
    minutes = minutes % (2 * DAY) + 1
    end = hours.after(moment, minutes)
    assume(end - moment < 12 * clock.DAY)
    # An hour that comes twice is open once for us, twice for who looks at the clock each minute.
    zone = ZoneInfo(hours.zone)
    begun, ended = (datetime.fromtimestamp(one, zone) for one in (moment - clock.DAY, end))
    assume(begun.utcoffset() == ended.utcoffset())
    worked = 0
    for minute in range(moment, end, 60):
        there = datetime.fromtimestamp(minute, UTC).astimezone(zone)
        since_midnight = there.hour * 60 + there.minute
        is_open = hours.opens_at <= since_midnight < hours.closes_at
        worked += is_open and hours.is_workday(there.date())
    assert worked == minutes
