"""Figures in words: each card's value, how it changed, and what it is compared with."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final

from flask_babel import gettext

from portal.statistics.definitions import DEFINITIONS
from portal.statistics.report import Report, Side
from portal.web.comparing import COUNT, RATE, TIME, Measure, difference
from portal.web.formatting import current_locale, format_day


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


def _(text: str, **values: Any) -> str:
    return str(gettext(text, **values))


_SHOWN: Final[dict[str, tuple[Measure, Callable[[Side], Any]]]] = {
    "views": (COUNT, lambda side: side.total("human")),
    "inquiries": (COUNT, lambda side: side.total("inquiries")),
    "rate": (RATE, lambda side: side.rate),
    "median": (TIME, lambda side: side.answers.median),
    "in_time": (RATE, lambda side: side.in_time),
}
_OF_VIEWS: Final = frozenset({"views", "rate"})
"""What can be compared only where views were counted through all of the previous period."""


def cards(report: Report) -> list[Card]:
    """The figures at the head of a statistics page."""
    return [_card(key, report) for key in _SHOWN]


def _card(key: str, report: Report) -> Card:
    measure, read = _SHOWN[key]
    now, before, label = read(report.now), read(report.before), DEFINITIONS[key].name
    if now is None:
        return Card(key, label, "—", comparison=_("too few to say"))
    if key in _OF_VIEWS and not report.has_before:
        return Card(key, label, measure.say(now), comparison=_since(report))
    said = _before(measure, before, report)
    if not before:
        return Card(key, label, measure.say(now), comparison=said)
    one = difference(measure, now, before)
    return Card(
        key, label, measure.say(now), one.amount, one.direction, one.is_good, comparison=said
    )


def _before(measure: Measure, before: Any, report: Report) -> str:
    days = report.period.length
    if before is None:
        return _("too few in the %(days)s days before to compare", days=days)
    return _("%(days)s days before: %(value)s", days=days, value=measure.say(before))


def _since(report: Report) -> str:
    if report.since is None:
        return _("no views counted yet")
    return _("counted since %(day)s", day=format_day(report.since, current_locale()))
