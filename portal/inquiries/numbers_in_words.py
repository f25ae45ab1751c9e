"""The numbers of a desk in words: what each one counts in a sentence, rates as readers see them."""

from typing import Any, Final, NamedTuple

from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l

from portal.inquiries.numbers import (
    FEWEST_ANSWERS,
    FEWEST_CLOSED,
    FEWEST_COMPARED,
    Numbers,
    Report,
    Share,
)
from portal.inquiries.vocabulary import LostReason
from portal.inquiries.wording import LOST_REASONS
from portal.web.comparing import COUNT, RATE, TIME, Difference, Measure, difference
from portal.web.formatting import format_number


class Definition(NamedTuple):
    """One number: its name, and what it counts."""

    name: Any
    text: Any


DEFINITIONS: Final = {
    "received": Definition(
        _l("Received"),
        _l(
            "Inquiries that came in on these days by the provider's clock, whatever became of them "
            "since; spam is counted apart. A seller's are those they have in hand now."
        ),
    ),
    "median": Definition(
        _l("First response"),
        _l(
            "Half of the first answers to these inquiries took no longer than the median, nine of "
            "ten no longer than the other time, nights and holidays included; of a seller, the "
            "first answers they gave themselves. Below %(fewest)s answers neither is shown.",
            fewest=FEWEST_ANSWERS,
        ),
    ),
    "in_time": Definition(
        _l("Within one working day"),
        _l(
            "Share of these inquiries whose first answer came within one working day, by the "
            "desk's hours and holidays; what may still be answered in time, or was closed before, "
            "is left out."
        ),
    ),
    "won": Definition(
        _l("Won rate"),
        _l(
            "Of these inquiries, the won ones among all that a seller closed as won or lost; what "
            "the buyer closed is neither until a seller says so. Below %(fewest)s closed ones the "
            "span is shown in which the true rate lies with 95%% confidence (Wilson's interval).",
            fewest=FEWEST_CLOSED,
        ),
    ),
    "lost": Definition(
        _l("Lost"),
        _l(
            "Of these inquiries, those that a seller closed as lost, by the reason that was given. "
            "Those that the buyer closed are counted apart."
        ),
    ),
    "open": Definition(
        _l("Open now"),
        _l(
            "Inquiries that are neither closed nor spam at this moment, whenever they came; "
            "overdue are those whose buyer should have had an answer by now."
        ),
    ),
    "before": Definition(
        _l("Days before"),
        _l(
            "As many days, right before these. How much a figure changed is said where it rests on "
            "%(fewest)s inquiries in both times; with fewer it would be chance. What came earlier "
            "has had longer to be won or lost.",
            fewest=FEWEST_COMPARED,
        ),
    ),
}
"""What each number counts, in the order of the page."""


def percent(rate: float | None) -> str:
    """`67%`; a dash for None."""
    return "—" if rate is None else f"{rate * 100:.0f}%"


def rate_or_span(share: Share) -> str:
    """`67%`; of few things the span in which the true rate lies, `39–86%`; of none a dash."""
    if share.interval is None or not share.is_small:
        return percent(share.rate)
    low, high = share.interval
    return f"{low * 100:.0f}–{percent(high)}"


def reason_words(reason: str) -> str:
    """Why something was lost, as a heading has it."""
    words = str(LOST_REASONS[LostReason(reason)]) if reason in set(LostReason) else reason
    return words[:1].upper() + words[1:]


def reasons_line(lost: tuple[tuple[str, int], ...], most: int = 2) -> str:
    """The commonest reasons in one line: `The price 3, the time 1 …`."""
    said = _(", ").join(f"{reason_words(reason)} {number}" for reason, number in lost[:most])
    return f"{said} …" if len(lost) > most else said


class Compared(NamedTuple):
    """What a figure was in the days before, and how it changed where that can be said."""

    before: str
    change: Difference | None


def compared(key: str, report: Report, days: int) -> Compared:
    """One figure of the page against the `days` days before it.

    Args:
        key: `received`, `median`, `in_time` or `won`.
        report: with both times.
        days: how many days each of them has.
    """
    now, before = report.whole, report.before
    if key == "received":
        count = COUNT if before.received >= FEWEST_COMPARED else _DIFFERENCE
        is_enough = bool(before.received)
        change = difference(count, now.received, before.received) if is_enough else None
        return _said(format_number(before.received), days, change)
    if key == "median":
        return _times(now, before, days)
    share, past = (now.in_time, before.in_time) if key == "in_time" else (now.won, before.won)
    if not past.whole:
        return _too_few(days)
    if min(share.whole, past.whole) >= FEWEST_COMPARED:
        return _said(percent(past.rate), days, difference(RATE, share.rate, past.rate))
    bare = _("%(part)s of %(whole)s", part=past.part, whole=past.whole)
    return _said(bare if past.whole < FEWEST_COMPARED else percent(past.rate), days)


_DIFFERENCE: Final = Measure(format_number, lambda now, before: format_number(abs(now - before)))


def _times(now: Numbers, before: Numbers, days: int) -> Compared:
    median, past = now.answers.median, before.answers.median
    if past is None:
        return _too_few(days)
    is_enough = min(now.answers.count, before.answers.count) >= FEWEST_COMPARED
    return _said(TIME.say(past), days, difference(TIME, median, past) if is_enough else None)


def _said(value: str, days: int, change: Difference | None = None) -> Compared:
    return Compared(_("%(days)s days before: %(value)s", days=days, value=value), change)


def _too_few(days: int) -> Compared:
    return Compared(_("too few in the %(days)s days before to compare", days=days), None)
