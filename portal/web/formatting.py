"""Values as readers see them: prices, days, moments, places and numbers, in Chinese and English.

Everything here is short, closed and read by row, so the two languages stand side by side as data
and the answers are kept by value: a table of fifty rows costs less than one look into Babel.
"""

import math
from collections.abc import Callable, Sequence
from datetime import UTC, date, datetime
from functools import lru_cache
from typing import Any, Final, Protocol
from zoneinfo import ZoneInfo

from flask import Flask, g
from flask_babel import get_locale
from jinja2 import pass_context
from jinja2.runtime import Context
from markupsafe import Markup

from portal import clock
from portal.web.parsing import MINOR_DIGITS
from portal.web.richtext import plain_excerpt

UNITS: Final = {
    "item": {"zh": "件", "en": "item"},
    "gpu_hour": {"zh": "卡时", "en": "GPU-hour"},
    "machine_hour": {"zh": "台时", "en": "machine-hour"},
    "gpu_day": {"zh": "卡天", "en": "GPU-day"},
    "machine_day": {"zh": "台天", "en": "machine-day"},
    "gpu_month": {"zh": "卡月", "en": "GPU-month"},
    "machine_month": {"zh": "台月", "en": "machine-month"},
}
"""What one price buys, by the code in the table."""

_CURRENCIES_ZH: Final = {"CNY": "元", "USD": "美元", "EUR": "欧元", "HKD": "港元", "JPY": "日元"}
_NEGOTIABLE: Final = {"zh": "面议", "en": "Price on request"}
_MONTHS: Final = "Jan Feb Mar Apr May Jun Jul Aug Sep Oct Nov Dec".split()  # noqa: SIM905
_SPANS: Final = ((clock.DAY, "d"), (clock.HOUR, "h"), (clock.MINUTE, "min"), (1, "s"))
_SPANS_ZH: Final = {"d": "天", "h": "小时", "min": "分钟", "s": "秒"}
_SPANS_EN: Final = {"d": "day", "h": "hour", "min": "minute", "s": "second"}
_DUE: Final = {"zh": ("{}内到期", "逾期{}"), "en": ("due in {}", "overdue {}")}
_WEEK: Final = 7 * clock.DAY
_SIZES: Final = ("B", "kB", "MB", "GB", "TB")


class Priced(Protocol):
    """What has a price: a listing, or a row with these three columns."""

    @property
    def price_minor(self) -> int | None:
        """Minor units of `currency`; None: negotiable."""

    @property
    def currency(self) -> str:
        """ISO 4217 code."""

    @property
    def unit(self) -> str:
        """A key of UNITS."""


@lru_cache(maxsize=4096)
def plain_amount(minor: int, currency: str) -> str:
    """An amount without currency or grouping, such as `11000.00`: for inputs and for machines."""
    digits = MINOR_DIGITS.get(currency, 2)
    sign = "-" if minor < 0 else ""
    whole, part = divmod(abs(minor), 10**digits)
    return f"{sign}{whole}.{part:0{digits}}" if digits else f"{sign}{whole}"


@lru_cache(maxsize=4096)
def format_price_parts(minor: int | None, currency: str, unit: str, locale: str) -> tuple[str, str]:
    """Number and unit of a price apart, for tables: `("11000.00", "元/件")`."""
    if minor is None:
        return _NEGOTIABLE[locale], ""
    amount, label = plain_amount(minor, currency), unit_label(unit, locale)
    if locale == "zh":
        return amount, f"{_CURRENCIES_ZH.get(currency, currency)}/{label}"
    return f"{currency} {_grouped(amount)}", f"/ {label}"


@lru_cache(maxsize=4096)
def format_price(minor: int | None, currency: str, unit: str, locale: str) -> str:
    """`11000.00元/件` or `CNY 11,000.00 / item`; 面议 or `Price on request` for None."""
    number, rest = format_price_parts(minor, currency, unit, locale)
    return number + rest if locale == "zh" else f"{number} {rest}".rstrip()


def format_money(minor: int, currency: str, locale: str) -> str:
    """An amount with its currency: `11000.00元` or `CNY 11,000.00`."""
    amount = plain_amount(minor, currency)
    if locale == "zh":
        return f"{amount}{_CURRENCIES_ZH.get(currency, currency)}"
    return f"{currency} {_grouped(amount)}"


def unit_label(code: str, locale: str) -> str:
    """The unit's name; a code that is none stands as it is."""
    names = UNITS.get(code)
    return names[locale] if names else code


def format_day(day: date, locale: str) -> str:
    """`2024-03-05` or `5 Mar 2024`."""
    if locale == "zh":
        return f"{day.year:04}-{day.month:02}-{day.day:02}"
    return f"{day.day} {_MONTHS[day.month - 1]} {day.year}"


def format_moment(
    seconds: int, locale: str, zone: ZoneInfo, now: int, *, exact: bool = False
) -> Markup:
    """A moment (UTC seconds) as a `<time>`: how long ago, and the exact time behind it.

    Args:
        seconds: The moment.
        locale: `zh` or `en`.
        zone: In which zone to say it.
        now: The present moment, UTC seconds.
        exact: Show day and time themselves, also of a moment just past.
    """
    machine, title, short = _spelled(seconds, locale, zone)
    age = now - seconds
    # A clock a little ahead of ours is no reason to speak of the future.
    if exact or not -clock.MINUTE < age < _WEEK:
        text, hook = (title.rsplit(" ", 1)[0] if exact else short), ""
    else:
        text, hook = _ago(age, locale), " data-relative"
    return Markup(f'<time datetime="{machine}" title="{title}"{hook}>{text}</time>')  # noqa: S704 - made of numbers and own words


@lru_cache(maxsize=4096)
def _spelled(seconds: int, locale: str, zone: ZoneInfo) -> tuple[str, str, str]:
    """A moment for machines, exactly with its zone, and as a day."""
    there = datetime.fromtimestamp(seconds, zone)
    day = format_day(there.date(), locale)
    machine = datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    return machine, f"{day} {there:%H:%M} {_offset(there)}", day


def _offset(there: datetime) -> str:
    shift = there.utcoffset()
    minutes = int(shift.total_seconds()) // 60 if shift else 0
    hours, rest = divmod(abs(minutes), 60)
    return f"UTC{'-' if minutes < 0 else '+'}{hours}" + (f":{rest:02}" if rest else "")


def _ago(age: int, locale: str) -> str:
    if age < clock.MINUTE:
        return "刚刚" if locale == "zh" else "just now"
    size, name = next(span for span in _SPANS if age >= span[0])
    count = age // size
    if locale == "zh":
        return f"{count}{_SPANS_ZH[name]}前"
    return f"{count} {_SPANS_EN[name]}{'' if count == 1 else 's'} ago"


@lru_cache(maxsize=1024)
def format_duration(seconds: int, locale: str) -> str:
    """A length of time in its two largest steps: `38 分钟`, `2 h 5 min`."""
    left, parts = max(0, int(seconds)), list[str]()
    first = next((n for n, (size, _) in enumerate(_SPANS) if left >= size), len(_SPANS) - 1)
    # Seconds say nothing beside minutes.
    steps = 2 if _SPANS[first][0] > clock.MINUTE else 1
    for size, name in _SPANS[first : first + steps]:
        count, left = divmod(left, size)
        if count or not parts:
            parts.append(f"{count} {_SPANS_ZH[name] if locale == 'zh' else name}")
    return " ".join(parts)


def format_due(deadline: int, locale: str, zone: ZoneInfo, now: int) -> Markup:
    """How far a deadline (UTC seconds) is away, in one step: `due in 2h`, `overdue 1d`, `逾期1天`.

    A `<time>` that holds both sentences, so that a page standing open can go on counting.
    """
    left = deadline - now
    size, name = next((span for span in _SPANS[:3] if abs(left) >= span[0]), _SPANS[2])
    step = f"{max(1, abs(left) // size)}{_SPANS_ZH[name] if locale == 'zh' else name[0]}"
    ahead, past = _DUE[locale]
    machine, title, _short = _spelled(deadline, locale, zone)
    text = (past if left < 0 else ahead).replace("{}", step)
    return Markup(  # noqa: S704 - made of numbers and own words
        f'<time datetime="{machine}" title="{title}" data-due data-left="{ahead}"'
        f' data-over="{past}">{text}</time>'
    )


def format_clock_time(seconds: int, zone: ZoneInfo) -> str:
    """The time of day of a moment (UTC seconds), such as `15:27`."""
    return f"{datetime.fromtimestamp(seconds, zone):%H:%M}"


def format_number(number: int | float) -> str:
    """A number with its thousands grouped, as both languages do; at most one decimal."""
    if isinstance(number, float):
        return "—" if not math.isfinite(number) else f"{number:,.1f}".removesuffix(".0")
    return f"{number:,}"


def spark_points(values: Sequence[int]) -> str | None:
    """The points of a line of values in a box of 88 by 24; None where all are 0."""
    top = max(values, default=0)
    if top <= 0:
        return None
    step = 88 / max(len(values) - 1, 1)
    return " ".join([f"{at * step:.1f},{22 - 20 * n / top:.1f}" for at, n in enumerate(values)])


def format_count(number: int, cap: int = 1000) -> str:
    """A count that was not counted beyond `cap`: `1000+`."""
    return f"{cap}+" if number > cap else str(number)


def format_filesize(size: int) -> str:
    """Bytes in steps of a thousand: `812 B`, `1.2 MB`."""
    value, step = float(max(0, size)), 0
    # 999.95 would round to the next step's 1000.
    while value >= (1000 if step == 0 else 999.95) and step < len(_SIZES) - 1:
        value, step = value / 1000, step + 1
    return f"{value:.0f} B" if step == 0 else f"{value:.1f} {_SIZES[step]}"


def _grouped(amount: str) -> str:
    whole, dot, part = amount.partition(".")
    return f"{int(whole):,}{dot}{part}"


def current_locale() -> str:
    """`zh` or `en`, as Babel has it now: mails force the reader's."""
    locale = get_locale()
    return "en" if locale is not None and locale.language == "en" else "zh"


def current_zone() -> ZoneInfo:
    """The reader's zone (`flask.g.zone`: a ZoneInfo) where it is known, else the market's."""
    zone = g.get("zone")
    return zone if isinstance(zone, ZoneInfo) else clock.MARKET_ZONE


def _price(locale: str, listing: Priced) -> str:
    return format_price(listing.price_minor, listing.currency, listing.unit, locale)


def _price_parts(locale: str, listing: Priced) -> tuple[str, str]:
    return format_price_parts(listing.price_minor, listing.currency, listing.unit, locale)


def _moment(locale: str, seconds: int, *, exact: bool = False) -> Markup:
    return format_moment(seconds, locale, current_zone(), clock.now(), exact=exact)


def _due(locale: str, deadline: int) -> Markup:
    return format_due(deadline, locale, current_zone(), clock.now())


def register(app: Flask, *, place: Callable[[str, str], str]) -> None:
    """Give the templates of `app` these filters.

    Args:
        app: The application.
        place: Names a place by (code, locale). The places live a floor above this one.
    """
    by_reader: dict[str, Callable[..., Any]] = {
        "price": _price,
        "price_parts": _price_parts,
        "money": lambda locale, minor, currency: format_money(minor, currency, locale),
        "unit": lambda locale, code: unit_label(code, locale),
        "day": lambda locale, day: format_day(day, locale),
        "moment": _moment,
        "clock_time": lambda _locale, seconds: format_clock_time(seconds, current_zone()),
        "due": _due,
        "duration": lambda locale, seconds: format_duration(seconds, locale),
        "place": lambda locale, code: place(code, locale),
    }
    app.jinja_env.filters.update({name: _while_rendering(show) for name, show in by_reader.items()})
    app.jinja_env.filters.update(
        number=format_number,
        count=format_count,
        filesize=format_filesize,
        excerpt=plain_excerpt,
        plain_amount=plain_amount,
        spark_points=spark_points,
    )


def _while_rendering(show: Callable[..., Any]) -> Callable[..., Any]:
    """A filter that asks for the context: else Jinja works `'item'|unit` out once, for everyone.

    A page knows its language; asking Babel for it in each cell takes longer than the cell.
    """

    @pass_context
    def shown(context: Context, *args: Any, **kwargs: Any) -> Any:
        locale = context.parent.get("locale")
        return show(locale if locale in {"zh", "en"} else current_locale(), *args, **kwargs)

    return shown
