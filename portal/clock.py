"""The one place that asks what time it is: UTC seconds for tables, Shanghai days for people."""

import time
from datetime import date, datetime
from typing import Final
from zoneinfo import ZoneInfo

MARKET_ZONE: Final = ZoneInfo("Asia/Shanghai")
MINUTE: Final = 60
HOUR: Final = 60 * MINUTE
DAY: Final = 24 * HOUR


def now() -> int:
    """The present moment in UTC seconds since 1970."""
    return int(time.time())


def milliseconds() -> int:
    """The present moment in UTC milliseconds since 1970, where a second is too coarse."""
    return int(time.time() * 1000)


def day_of(moment: int) -> date:
    """The marketplace's calendar day (Asia/Shanghai) in which `moment` (UTC seconds) falls."""
    return datetime.fromtimestamp(moment, MARKET_ZONE).date()


def today() -> date:
    """The marketplace's present calendar day."""
    return day_of(now())


def start_of(day: date) -> int:
    """The first UTC second of a marketplace day."""
    return int(datetime(day.year, day.month, day.day, tzinfo=MARKET_ZONE).timestamp())
