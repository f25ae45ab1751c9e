"""What the inbox is asked for: a queue and what narrows it, read from an address and written into one.

An address has one canonical form: what is none of ours is left out of it, and so is a filter that the
queue itself decides. The queue is always named, since the one that opens by itself depends on what
waits: a link has to lead to the same list tomorrow.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from typing import Any, Final

from portal.web.parsing import Invalid, parse_day, printable


class Queue(StrEnum):
    """One list of the inbox."""

    MINE = "mine"
    """Open threads of the reader."""
    UNASSIGNED = "unassigned"
    """Open threads of nobody."""
    US = "us"
    """The buyer waits for us."""
    OVERDUE = "overdue"
    """The buyer should have had our answer by now."""
    BUYER = "buyer"
    """We wait for the buyer."""
    SNOOZED = "snoozed"
    WON = "won"
    LOST = "lost"
    ALL = "all"
    """Everything but spam."""
    SPAM = "spam"


ME: Final = "me"
NOBODY: Final = "nobody"
LONGEST: Final = 100
"""Characters of a search."""
_FORMER: Final = {"new": Queue.US, "waiting": Queue.US, "answered": Queue.BUYER}
"""Queues by the names that addresses had before there was more than a state."""
_SETTLED: Final = frozenset({Queue.MINE, Queue.UNASSIGNED})
"""Queues that are about one assignee already."""


@dataclass(frozen=True)
class Filters:
    """What narrows a queue; empty means: nothing."""

    q: str = ""
    """Words to look for in buyer, offer and everything said."""
    assignee: str = ""
    """ME, NOBODY, or a person's id."""
    listing: int | None = None
    since: date | None = None
    """First day of those on which it was received, in the provider's zone."""
    until: date | None = None
    """The last of them, included."""

    @property
    def given(self) -> tuple[str, ...]:
        """Names of those that narrow."""
        return tuple(name for name, value in vars(self).items() if value)

    @property
    def query(self) -> dict[str, str]:
        """Name and text of each that narrows, as addresses and forms have them."""
        return {name: str(getattr(self, name)) for name in self.given}


def queue_named(text: str | None) -> Queue | None:
    """The queue of an address; None where it names none of ours."""
    if text in _FORMER:
        return _FORMER[text]
    return Queue(text) if text in set(Queue) else None


def read(arguments: Mapping[str, str], queue: Queue | None) -> Filters:
    """The filters of an address.

    Args:
        arguments: the first value of each name.
        queue: the queue that it names.
    """
    assignee = arguments.get("assignee", "")
    if queue in _SETTLED or not (assignee in {ME, NOBODY} or _row_id(assignee)):
        assignee = ""
    return Filters(
        q=printable(arguments.get("q", "")).strip()[:LONGEST],
        assignee=assignee,
        listing=_row_id(arguments.get("listing", "")),
        since=_day(arguments, "since"),
        until=_day(arguments, "until"),
    )


def _row_id(text: str) -> int | None:
    """An id; None for what no table holds."""
    if not (text.isascii() and text.isdecimal()) or len(text) > 19:
        return None
    number = int(text)
    return number if str(number) == text and 0 < number < 1 << 63 else None


def _day(arguments: Mapping[str, Any], name: str) -> date | None:
    try:
        return parse_day(arguments[name]) if arguments.get(name) else None
    except Invalid:
        return None
