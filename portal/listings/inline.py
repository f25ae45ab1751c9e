"""Values that are changed in their cell of the index: what a cell holds, and what was typed means."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from functools import lru_cache
from typing import Any, Final

from flask_babel import lazy_gettext as _l

from portal.listings.content import Content
from portal.listings.days import own_today
from portal.listings.fields import RULES
from portal.listings.moves import Verb
from portal.listings.wording import part_in_words
from portal.web.formatting import plain_amount
from portal.web.parsing import Invalid, parse_day, parse_money, printable

QUICK_DAYS: Final = (7, 30, 90)
"""Days from today that a cell offers as the last day: it has less room than the editor."""
_TICKED: Final = frozenset({"y", "1", "on", "yes", "true"})
_LONGEST: Final = 10_000
"""Characters of what was typed that come back."""
Sent = Mapping[str, str]


@dataclass(frozen=True)
class Cell:
    """One value: `column` of the table, `part` of the content (content.PARTS).

    Args:
        column: where it stands in a row.
        part: what it changes.
        saved: said once it is saved, translated.
        typed: a listing's row → the texts of the form's fields.
        read: texts that were sent and the row → values of Content; raises Invalid.
    """

    column: str
    part: str
    saved: Any
    typed: Callable[[Any], dict[str, str]]
    read: Callable[[Sent, Any], dict[str, Any]]


@dataclass(frozen=True)
class OpenCell:
    """A cell that is being edited, as its template reads it.

    Args:
        name: of the cell, in addresses.
        column: of the table.
        typed: what stands in its fields.
        version: of the listing that was seen.
        errors: why it was refused.
        newer: what somebody else saved meanwhile, and what was there before, in words.
        choices: of a select: value and text.
        quick: days, text and ISO day of each quick choice.
    """

    name: str
    column: str
    typed: dict[str, str]
    version: int
    errors: tuple[Any, ...] = ()
    newer: dict[str, str | None] | None = None
    choices: list[tuple[str, Any]] = field(default_factory=list)
    quick: list[tuple[int, str]] = field(default_factory=list)


def _price(row: Any) -> dict[str, str]:
    # The box starts empty: who opens the cell of a negotiable offer wants to type a price.
    amount = row.price_minor
    return {"price": "" if amount is None else plain_amount(amount, row.currency)}


def _read_price(sent: Sent, row: Any) -> dict[str, Any]:
    typed = sent.get("price", "")
    if sent.get("negotiable") in _TICKED:
        _refuse_both(typed)
        return {"price_minor": None}
    if not typed.strip():
        raise Invalid(
            _l("Enter an amount, such as 11000.00, or tick that the price is negotiable.")
        )
    return {"price_minor": parse_money(typed, row.currency)}


def _stock(row: Any) -> dict[str, str]:
    return {"stock": RULES["stock"].show(row.stock)}


def _read_stock(sent: Sent, _row: Any) -> dict[str, Any]:
    if "stock" not in sent:
        raise Invalid(_l("This must be filled in."))
    return {"stock": RULES["stock"].read(sent["stock"])}


def _last_day(row: Any) -> dict[str, str]:
    if row.valid_until is None:
        return {"valid_until": "", "no_end_date": "y"}
    return {"valid_until": row.valid_until.isoformat()}


def _read_last_day(sent: Sent, row: Any) -> dict[str, Any]:
    typed = sent.get("valid_until", "")
    if sent.get("no_end_date") in _TICKED:
        _refuse_both(typed)
        return {"valid_until": None}
    if not typed.strip():
        raise Invalid(_l("Enter a day, or tick that there is no end date."))
    day = parse_day(typed)
    # An end that has passed can stay where it is, but nobody sets one.
    if day < own_today() and day != row.valid_until:
        raise Invalid(_l("This day has passed: choose today or a later day."))
    return {"valid_until": day}


def _refuse_both(typed: str) -> None:
    if typed.strip():
        raise Invalid(_l("Either fill this in or tick the box beside it."))


VERBS: Final = {
    Verb.PUBLISH: _l("Publish"),
    Verb.SUBMIT: _l("Hand in for review"),
    Verb.WITHDRAW: _l("Pause"),
    Verb.CONFIRM: _l("Confirm availability"),
    Verb.UNARCHIVE: _l("Take out of the archive"),
    Verb.ARCHIVE: _l("Archive"),
    Verb.DELETE: _l("Delete drafts"),
}
"""What can be done to an offer as a whole, as a button says it."""
CELLS: Final = {
    "price": Cell("price", "price", _l("Price saved."), _price, _read_price),
    "stock": Cell("stock", "stock", _l("Stock saved."), _stock, _read_stock),
    "valid-until": Cell("ends", "valid_until", _l("Last day saved."), _last_day, _read_last_day),
}
"""Every cell of a value by its name in addresses."""


@lru_cache(maxsize=len(CELLS) * 2)
def saved_words(name: str, locale: str) -> str:
    """What is said once a cell is saved; `locale` is the language in force, by which it is kept."""
    return str(CELLS[name].saved)


def opened(name: str, row: Any) -> OpenCell:
    """The cell of a listing's row with what stands there."""
    cell = CELLS[name]
    return OpenCell(name, cell.column, cell.typed(row), row.version, quick=_quick(name))


def moving(row: Any, verbs: Sequence[Verb]) -> OpenCell:
    """The cell of the status with what can be done."""
    choices = [(verb.value, VERBS[verb]) for verb in verbs]
    return OpenCell("status", "status", {}, row.version, choices=choices)


def refused(name: str, row: Any, sent: Sent, *errors: Any) -> OpenCell:
    """The cell again with what was typed, and why it was refused."""
    version = version_seen(sent) or row.version
    return OpenCell(name, CELLS[name].column, _kept(sent), version, errors, quick=_quick(name))


def version_seen(sent: Sent) -> int | None:
    """The version of the listing that the cell was opened with, if it says one."""
    version = sent.get("version", "")
    if not (version.isascii() and version.isdigit() and len(version) < 10):
        return None
    return int(version) or None


def differing(name: str, row: Any, sent: Sent, theirs: Content, base: Content | None) -> OpenCell:
    """The cell with what was typed over what somebody else saved: saving again replaces it."""
    part = CELLS[name].part
    newer = {
        "theirs": part_in_words(theirs, part),
        "base": part_in_words(base, part) if base else None,
    }
    return OpenCell(
        name, CELLS[name].column, _kept(sent), row.version, newer=newer, quick=_quick(name)
    )


def ending_in(row: Any, sent: Sent, days: int) -> OpenCell:
    """The cell of the last day with that of a quick choice filled in."""
    day = own_today() + timedelta(days=days)
    return refused("valid-until", row, {**sent, "valid_until": day.isoformat(), "no_end_date": ""})


def _kept(sent: Sent) -> dict[str, str]:
    names = ("price", "negotiable", "stock", "valid_until", "no_end_date")
    return {name: printable(sent[name])[:_LONGEST] for name in names if name in sent}


def _quick(name: str) -> list[tuple[int, str]]:
    if name != "valid-until":
        return []
    today = own_today()
    return [(days, (today + timedelta(days=days)).isoformat()) for days in QUICK_DAYS]
