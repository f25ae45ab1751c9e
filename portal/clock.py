"""The one place that asks what time it is: UTC seconds for tables, Shanghai days for people."""

import time
from datetime import date, datetime, timedelta
from datetime import timezone as offset
from functools import lru_cache
from typing import Final
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

MARKET_ZONE: Final = ZoneInfo("Asia/Shanghai")
MINUTE: Final = 60
HOUR: Final = 60 * MINUTE
DAY: Final = 24 * HOUR
_LAST_ON_EARTH: Final = offset(timedelta(hours=-12))


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
    return _day_in(MARKET_ZONE, now())


def start_of(day: date) -> int:
    """The first UTC second of a marketplace day."""
    return int(datetime(day.year, day.month, day.day, tzinfo=MARKET_ZONE).timestamp())


@lru_cache(maxsize=64)
def zone_of(name: str) -> ZoneInfo:
    """The zone of an IANA name; the marketplace's own for a name that this system lacks."""
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError):
        return MARKET_ZONE


def today_in(zone: str) -> date:
    """The present calendar day in the zone of an IANA name."""
    return _day_in(zone_of(zone), now())


def day_in(zone: str, moment: int) -> date:
    """The calendar day in the zone of an IANA name in which `moment` (UTC seconds) falls."""
    return _day_in(zone_of(zone), moment)


@lru_cache(maxsize=64)
def _day_in(zone: ZoneInfo, moment: int) -> date:
    """Kept for the second: a page asks several times."""
    return datetime.fromtimestamp(moment, zone).date()


def earliest_today() -> date:
    """The earliest day that it still is anywhere (UTC-12): the days before it are over for all."""
    return datetime.fromtimestamp(now(), _LAST_ON_EARTH).date()


def moment_in(zone: str, day: date, hour: int = 0) -> int:
    """The UTC second of a full hour on a day in the zone of an IANA name.

    An hour that the zone leaves out (summer time begins) is counted on from the one before.
    """
    return int(datetime(day.year, day.month, day.day, hour, tzinfo=zone_of(zone)).timestamp())
