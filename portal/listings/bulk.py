"""One change of many offers: what can be changed, what was asked for means, what each would become.

Pure: no row is read or written here. A value is plain JSON (a day is its ISO text), so that it can
wait in a job.
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date
from decimal import ROUND_HALF_UP, Decimal
from typing import Any, Final

from flask_babel import lazy_gettext as _l

from portal import clock
from portal.listings.content import Content
from portal.listings.days import own_today
from portal.listings.fields import RULES
from portal.listings.moves import Verb
from portal.listings.vocabulary import Currency
from portal.web.parsing import Invalid, parse_day, parse_money

MOST: Final = 10_000
"""Offers that one change may take."""
AT_ONCE: Final = 500
"""Offers that are changed in the request itself; more are changed by the worker, in such batches."""
UNDOABLE: Final = clock.DAY
"""Seconds for which a change can be taken back."""
_PERCENT: Final = re.compile(r"([+-]?)([0-9]{1,4})(?:\.([0-9]{1,2}))?")
_LEAST_PERCENT, _MOST_PERCENT = Decimal(-99), Decimal(1000)
_LARGEST_PRICE: Final = 10**14 - 1
Sent = Mapping[str, str]


class Refused(Exception):  # noqa: N818 - an answer, not a fault
    """An offer that is left as it is; `why` is a key of wording's or of REFUSALS."""

    def __init__(self, why: str) -> None:
        super().__init__(why)
        self.why = why


@dataclass(frozen=True)
class Act:
    """One way to change many offers.

    Args:
        name: in forms and in the table of changes.
        label: on its button, translated.
        icon: beside it.
        is_first: whether it stands in the bar itself, not in the menu beside.
        verb: of moves, where it changes what becomes of the offer.
        part: of content.PARTS, where it changes a value.
        field: how its value is asked for: `percent`, `amount`, `count`, `day`, `place`, `line`.
        read: what was sent → the value; raises Invalid.
        made: the value and an offer's content → new values of Content; raises Refused.
    """

    name: str
    label: Any
    icon: str
    is_first: bool = False
    verb: Verb | None = None
    part: str = ""
    field: str = ""
    read: Callable[[Sent], Any] = lambda _sent: None
    made: Callable[[Any, Content], dict[str, Any]] = lambda _value, _content: {}


def _read_percent(sent: Sent) -> str:
    match = _PERCENT.fullmatch(sent.get("value", "").strip().removesuffix("%").strip())
    if match is None:
        raise Invalid(_l("Enter a percentage such as -5 or 7.5."))
    percent = Decimal(f"{match[1]}{match[2]}.{match[3] or 0}")
    if not _LEAST_PERCENT <= percent <= _MOST_PERCENT or percent == 0:
        raise Invalid(_l("Enter a percentage from -99 to 1000, and not 0."))
    return str(percent)


def _by_percent(value: str, content: Content) -> dict[str, Any]:
    if content.price_minor is None:
        raise Refused("negotiable")
    exact = content.price_minor * (100 + Decimal(value)) / 100
    price = int(exact.quantize(Decimal(1), ROUND_HALF_UP))
    if not 1 <= price <= _LARGEST_PRICE:
        raise Refused("price")
    return {"price_minor": price}


def _read_amount(sent: Sent) -> int:
    # Every currency of offers has two decimals: see vocabulary.Currency.
    return parse_money(sent.get("value", ""), Currency.CNY)


def _read_day(sent: Sent) -> str | None:
    typed, is_endless = sent.get("value", ""), bool(sent.get("no_end_date"))
    if is_endless and typed.strip():
        raise Invalid(_l("Either fill this in or tick the box beside it."))
    if is_endless:
        return None
    if not typed.strip():
        raise Invalid(_l("Enter a day, or tick that there is no end date."))
    day = parse_day(typed)
    if day < own_today():
        raise Invalid(_l("This day has passed: choose today or a later day."))
    return day.isoformat()


def _to_day(value: str | None, _content: Content) -> dict[str, Any]:
    return {"valid_until": date.fromisoformat(value) if value else None}


def _of_rule(name: str, label: Any, icon: str, field: str) -> Act:
    rule = RULES[name]

    def read(sent: Sent) -> Any:
        value = rule.read(sent.get("value", ""))
        return rule.nothing if value is None else value

    return Act(
        name, label, icon, part=name, field=field, read=read, made=lambda value, _c: {name: value}
    )


_ACTS: Final = (
    Act("publish", _l("Publish"), "circle-play", is_first=True, verb=Verb.PUBLISH),
    Act("withdraw", _l("Pause"), "circle-pause", is_first=True, verb=Verb.WITHDRAW),
    Act("confirm", _l("Confirm availability"), "circle-check", is_first=True, verb=Verb.CONFIRM),
    Act(
        "price_by", _l("Change prices by percent"), "arrow-up-down", is_first=True, part="price",
        field="percent", read=_read_percent, made=_by_percent,
    ),
    Act(
        "price_to", _l("Set the price"), "tag", part="price", field="amount", read=_read_amount,
        made=lambda value, _content: {"price_minor": value},
    ),
    _of_rule("stock", _l("Set the stock"), "package", "count"),
    Act(
        "valid_until", _l("Set the last day"), "calendar-clock", part="valid_until", field="day",
        read=_read_day, made=_to_day,
    ),
    _of_rule("delivery_days", _l("Set the delivery time"), "clock", "count"),
    _of_rule("place", _l("Set the place"), "map-pin", "place"),
    _of_rule("own_category", _l("Set your category"), "layers", "line"),
    Act("archive", _l("Archive"), "archive", verb=Verb.ARCHIVE),
    Act("unarchive", _l("Take out of the archive"), "undo-2", verb=Verb.UNARCHIVE),
    Act("delete", _l("Delete drafts"), "trash-2", verb=Verb.DELETE),
)  # fmt: skip
ACTS: Final = {act.name: act for act in _ACTS}
"""Every act by its name, in the order of the bar."""
REFUSALS: Final = {
    "negotiable": _l("It has no price to count from."),
    "price": _l("The price would be too small or too large."),
    "same": _l("It is so already."),
    "changed": _l("Somebody changed it meanwhile: look at it again."),
    "gone": _l("It is not there any more."),
    "move": _l("Not possible from where it stands."),
    "known": _l("Buyers saw it or asked about it: put it into the archive."),
    "waiting": _l("Not done yet."),
}
"""Why an offer is left as it is, besides wording.REASONS."""
