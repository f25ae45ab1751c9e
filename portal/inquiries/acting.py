"""How acts on threads are asked for and told: what a button sends, what it means, the words for it.

A button sends `act` as its name and, where that needs it, what the act is about: `assign:12`,
`snooze:tomorrow`. Sum, reason and day are fields beside it.
"""

import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from functools import reduce
from operator import add
from typing import Any, Final

from babel.dates import format_skeleton
from flask_babel import lazy_gettext as _l
from sqlalchemy import ColumnElement, Select, String, bindparam, case, cast, func, select

from portal import clock
from portal.accounts.models import Person, PersonRole
from portal.inquiries import snoozing
from portal.inquiries.actions import Doing
from portal.inquiries.actions.undo import UNDOABLE
from portal.inquiries.assigning import ANSWERERS
from portal.inquiries.models import Desk
from portal.inquiries.moves import MOVES, Act
from portal.inquiries.snoozing import Choice, NotAhead, Snooze
from portal.inquiries.timeline import Thread
from portal.inquiries.vocabulary import Event, LostReason
from portal.inquiries.workhours import WorkHours
from portal.listings.vocabulary import Currency
from portal.web.formatting import current_locale, plain_amount
from portal.web.parsing import Invalid, parse_day, parse_money

LABELS: Final = {
    Act.ASSIGN: _l("Assign"),
    Act.SNOOZE: _l("Snooze"),
    Act.WAKE: _l("Wake"),
    Act.WON: _l("Close as won"),
    Act.LOST: _l("Close as lost"),
    Act.REOPEN: _l("Reopen"),
    Act.SPAM: _l("Spam"),
    Act.RELEASE: _l("Not spam"),
    Act.EMPTY: _l("Empty the spam queue"),
}
"""What each act is called on its button and in the list of changes."""
DONE: Final = {
    Act.ASSIGN: _l("Assigned."),
    Act.SNOOZE: _l("Snoozed."),
    Act.WAKE: _l("It is awake again."),
    Act.WON: _l("Closed as won."),
    Act.LOST: _l("Closed as lost."),
    Act.REOPEN: _l("It is open again."),
    Act.SPAM: _l("Marked as spam."),
    Act.RELEASE: _l("Not spam: what was held back goes out now."),
    Act.EMPTY: _l("Deleted for good."),
}
"""What is said of an act on one thread."""
REFUSALS: Final = {
    "closed": _l("It is closed already."),
    "spam": _l("It lies in the spam queue: take it out first."),
    "move": _l("Not possible from where it stands."),
    "same": _l("It is so already."),
    "changed": _l("Something happened in it meanwhile: look at it again."),
    "gone": _l("It is not there any more."),
}
"""Why a thread is left as it is."""
SNOOZES: Final = {
    Snooze.LATER: _l("Later today"),
    Snooze.TOMORROW: _l("Next working day"),
    Snooze.MONDAY: _l("Next week"),
    Snooze.WEEK: _l("In a week"),
}
REASONS: Final = {
    LostReason.PRICE: _l("Price"),
    LostReason.STOCK: _l("Not enough in stock"),
    LostReason.TIMING: _l("Time"),
    LostReason.COMPETITOR: _l("Bought elsewhere"),
    LostReason.NO_REPLY: _l("No more reply"),
    LostReason.NOT_SERIOUS: _l("Not meant seriously"),
    LostReason.OTHER: _l("Something else"),
}
"""The reasons that a seller may choose; BUYER_CLOSED is the buyer's."""
CURRENCIES: Final = tuple(one.value for one in Currency)
_BETWEEN: Final = "\x1f"
_AFTER: Final = "\x1e"


class Unreadable(Exception):  # noqa: N818 - an answer, not a fault
    """What was sent means no act at all: no button of ours sends it."""


def _joined(*parts: Any) -> ColumnElement[str]:
    return reduce(lambda text, part: add(add(text, _BETWEEN), part), parts)


def _or_nothing(column: Any) -> ColumnElement[str]:
    return func.coalesce(cast(column, String), "")


_answers = (
    select(PersonRole.person_id)
    .where(PersonRole.person_id == Person.id, PersonRole.role.in_(ANSWERERS))
    .exists()
)
# As texts, so that they come with the page's counts and not in a statement of their own.
PANEL: Final[dict[str, Select[Any]]] = {
    "colleagues": select(
        func.aggregate_strings(
            _joined(
                cast(Person.id, String),
                Person.name,
                _or_nothing(Person.away_from),
                _or_nothing(Person.away_until),
            ),
            _AFTER,
        )
    ).where(Person.provider_id == bindparam("provider_id"), Person.is_active, _answers),
    "working_time": select(
        _joined(
            cast(Desk.opens_at, String),
            cast(Desk.closes_at, String),
            Desk.working_days,
            case((Desk.keeps_holidays, "1"), else_="0"),
        )
    ).where(Desk.provider_id == bindparam("provider_id")),
}
"""Selects for navigation.count(): who can have a thread, and when the desk works."""


@dataclass(frozen=True)
class Colleague:
    """Somebody who can have a thread."""

    id: int
    name: str
    away_until: date | None
    """The last day out of office, where today is one."""


@dataclass(frozen=True)
class Panel:
    """What the menus of acts offer at this moment."""

    colleagues: list[Colleague]
    snoozes: list[Choice]
    nonce: str
    """Of the forms of this page: a second copy of one is known by it."""


def panel(counts: Mapping[str, Any], zone: str) -> Panel:
    """What PANEL's texts say.

    Args:
        counts: of navigation.count().
        zone: the provider's, IANA name.
    """
    today = clock.today_in(zone)
    rows = [row.split(_BETWEEN) for row in (counts["colleagues"] or "").split(_AFTER) if row]
    people = [Colleague(int(row[0]), row[1], _away_until(row[2], row[3], today)) for row in rows]
    people.sort(key=lambda one: (one.away_until is not None, one.name, one.id))
    hours = working_time(counts, zone)
    return Panel(people, list(snoozing.choices(hours, clock.now())), secrets.token_hex(16))


@dataclass(frozen=True)
class Undoable:
    """An act that can be taken back where it stands in the thread."""

    act_id: int
    event_id: int


def undoable(thread: Thread | None) -> Undoable | None:
    """The last thing that happened in a thread, where it is an act with an undo left."""
    last = max(thread.events, key=lambda one: one.id, default=None) if thread else None
    if last is None or "change" not in last.facts or last.event == Event.RELEASED:
        return None
    is_over = clock.now() - last.at > UNDOABLE
    return None if is_over else Undoable(last.facts["change"], last.id)


def context(counts: Mapping[str, Any], zone: str, thread: Thread | None) -> dict[str, Any]:
    """What the templates of the menus read; see panel() for counts and zone."""
    return {
        "acts_undo": undoable(thread),
        "acts_panel": panel(counts, zone),
        "acts_words": {
            "snoozes": SNOOZES,
            "reasons": REASONS,
            "currencies": [(code, code) for code in CURRENCIES],
            "moment": lambda moment: _when(moment, zone),
            "plain_amount": plain_amount,
        },
    }


def _when(moment: int, zone: str) -> str:
    """A moment ahead (UTC seconds), as `Tue, Sep 22 09:00`."""
    there = datetime.fromtimestamp(moment, clock.zone_of(zone))
    return f"{format_skeleton('MMMEd', there, locale=current_locale())} {there:%H:%M}"


def working_time(counts: Mapping[str, Any], zone: str) -> WorkHours:
    """When the desk works, of PANEL's text; as usual before the desk's first write."""
    text = counts["working_time"]
    if not text:
        return WorkHours(zone)
    opens, closes, days, keeps_holidays = text.split(_BETWEEN)
    return WorkHours(zone, int(opens), int(closes), days, keeps_holidays == "1")


def _away_until(since: str, until: str, today: date) -> date | None:
    if not until or date.fromisoformat(until) < today:
        return None
    if since and date.fromisoformat(since) > today:
        return None
    return date.fromisoformat(until)


def read(sent: Mapping[str, str], hours: WorkHours) -> Doing:
    """The act that a form asks for.

    Args:
        sent: the form's fields; `act` is the button's.
        hours: of the provider.

    Raises:
        Unreadable: it is none of ours.
        Invalid: a sum, a day or a reason that cannot be; its message says why.
    """
    name, _colon, value = sent.get("act", "").partition(":")
    if name not in set(Act):
        raise Unreadable
    act = Act(name)
    if MOVES[act].is_bare != (not _colon) and act not in {Act.WON, Act.LOST}:
        raise Unreadable
    if act is Act.ASSIGN:
        return Doing(act=act, to=_person(value))
    if act is Act.SNOOZE:
        return Doing(act=act, until=_until(value, sent, hours))
    if act is Act.WON:
        return _won(sent)
    if act is Act.LOST:
        return Doing(act=act, reason=_reason(sent))
    return Doing(act=act)


def _person(value: str) -> int | None:
    if not value:
        return None
    if not (value.isascii() and value.isdecimal()) or len(value) > 18:
        raise Unreadable
    return int(value)


def _until(value: str, sent: Mapping[str, str], hours: WorkHours) -> int:
    if value not in set(Snooze):
        raise Unreadable
    key = Snooze(value)
    day = parse_day(sent.get("day", "")) if key is Snooze.DAY else None
    try:
        return snoozing.until(hours, key, clock.now(), day)
    except NotAhead:
        raise Invalid(_l("Choose a day from tomorrow on, within a year.")) from None


def _won(sent: Mapping[str, str]) -> Doing:
    typed, currency = sent.get("amount", "").strip(), sent.get("currency", "")
    if not typed:
        return Doing(act=Act.WON)
    if currency not in CURRENCIES:
        raise Invalid(_l("Choose a currency."))
    return Doing(act=Act.WON, minor=parse_money(typed, currency), currency=currency)


def _reason(sent: Mapping[str, str]) -> str:
    reason = sent.get("reason", "")
    if reason not in REASONS:
        raise Invalid(_l("Choose why nothing came of it."))
    return reason
