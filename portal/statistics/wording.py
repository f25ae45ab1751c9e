"""Figures in words: each card's value, how it changed, and what it is compared with."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final

from flask_babel import gettext

from portal.statistics.definitions import DEFINITIONS
from portal.statistics.report import Report, Side
from portal.web.formatting import current_locale, format_day, format_duration, format_number


@dataclass(frozen=True)
class Card:
    """One figure as its card shows it; `direction` is up, down or None, `good` None: neither."""

    key: str
    label: Any
    value: str
    change: str | None = None
    direction: str | None = None
    good: bool | None = None
    comparison: str | None = None


@dataclass(frozen=True)
class _Kind:
    """How one kind of figure is said, and how a difference of two of them."""

    say: Callable[[Any], str]
    differ: Callable[[Any, Any], str]
    is_more_better: bool = True


def _(text: str, **values: Any) -> str:
    return str(gettext(text, **values))


def percent(share: float | None) -> str:
    """`0.84%`, `100%`; a dash for None."""
    return "—" if share is None else f"{share * 100:.{2 if share < 0.1 else 0}f}%"


def _duration(seconds: int) -> str:
    said: str = format_duration(seconds, current_locale())
    return said


def _relative(now: int, before: int) -> str:
    return f"{abs(now - before) / before * 100:.1f}%"


def _points(now: float, before: float) -> str:
    return _("%(number)s points", number=f"{abs(now - before) * 100:.2f}")


_COUNT: Final = _Kind(format_number, _relative)
_RATE: Final = _Kind(percent, _points)
_SPAN: Final = _Kind(
    _duration, lambda now, before: _duration(abs(now - before)), is_more_better=False
)
_SHOWN: Final[dict[str, tuple[_Kind, Callable[[Side], Any]]]] = {
    "views": (_COUNT, lambda side: side.total("human")),
    "inquiries": (_COUNT, lambda side: side.total("inquiries")),
    "rate": (_RATE, lambda side: side.rate),
    "median": (_SPAN, lambda side: side.answers.median),
    "in_time": (_RATE, lambda side: side.in_time),
}
_OF_VIEWS: Final = frozenset({"views", "rate"})
"""What can be compared only where views were counted through all of the previous period."""


def cards(report: Report) -> list[Card]:
    """The figures at the head of a statistics page."""
    return [_card(key, report) for key in _SHOWN]


def _card(key: str, report: Report) -> Card:
    kind, read = _SHOWN[key]
    now, before, label = read(report.now), read(report.before), DEFINITIONS[key].name
    if now is None:
        return Card(key, label, "—", comparison=_("too few to say"))
    if key in _OF_VIEWS and not report.has_before:
        return Card(key, label, kind.say(now), comparison=_since(report))
    said = _before(kind, before, report)
    if not before:
        return Card(key, label, kind.say(now), comparison=said)
    if now == before:
        return Card(key, label, kind.say(now), _("unchanged"), comparison=said)
    is_good = (now > before) == kind.is_more_better
    direction = "up" if now > before else "down"
    return Card(
        key, label, kind.say(now), kind.differ(now, before), direction, is_good, comparison=said
    )


def _before(kind: _Kind, before: Any, report: Report) -> str:
    days = report.period.length
    if before is None:
        return _("too few in the %(days)s days before to compare", days=days)
    return _("%(days)s days before: %(value)s", days=days, value=kind.say(before))


def _since(report: Report) -> str:
    if report.since is None:
        return _("no views counted yet")
    return _("counted since %(day)s", day=format_day(report.since, current_locale()))
