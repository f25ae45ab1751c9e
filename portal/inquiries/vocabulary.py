"""Closed sets of inquiries: whose turn it is, where a thread stands, what happened in it."""

from enum import StrEnum
from typing import Final

FAR: Final = 20_000_000_000
"""A moment after all others; see Inquiry.rank."""


class State(StrEnum):
    """Whose turn it is in a thread."""

    NEW = "new"
    """Nobody has answered yet."""
    ANSWERED = "answered"
    """The last word is ours."""
    WAITING = "waiting"
    """The buyer wrote back after an answer."""
    SPAM = "spam"
    """Held back: no mail went out."""


class Outcome(StrEnum):
    """How a thread ended."""

    WON = "won"
    LOST = "lost"


class Stage(StrEnum):
    """Where a thread stands, each in one: the database works it out from the other columns."""

    US = "us"
    """The buyer waits for us."""
    BUYER = "buyer"
    """We wait for the buyer."""
    SNOOZED = "snoozed"
    WON = "won"
    LOST = "lost"
    SPAM = "spam"


class LostReason(StrEnum):
    """Why nothing came of it."""

    PRICE = "price"
    STOCK = "stock"
    TIMING = "timing"
    COMPETITOR = "competitor"
    NO_REPLY = "no_reply"
    NOT_SERIOUS = "not_serious"
    BUYER_CLOSED = "buyer_closed"
    """The buyer closed the thread."""
    OTHER = "other"


class SpamSign(StrEnum):
    """What makes a question look as if a program had sent it, the surest first."""

    TRAP = "trap"
    """A field that people do not see was filled in."""
    QUICK = "quick"
    """Sent sooner than a person can read the form."""
    REPEATED = "repeated"
    """The same text came from several buyers of several networks within a day."""
    LINKS = "links"
    """The first message is full of links."""


class Author(StrEnum):
    """Which side wrote a message."""

    BUYER = "buyer"
    SELLER = "seller"


class Event(StrEnum):
    """What happened in a thread besides words."""

    ASSIGNED = "assigned"
    """Facts: `to` (person id, null: nobody), `how` (hand, turn, buyer, away)."""
    SNOOZED = "snoozed"
    """Facts: `until` (UTC seconds)."""
    WOKEN = "woken"
    """Facts: `why` (time, buyer, hand)."""
    WON = "won"
    """Facts: `minor`, `currency`."""
    LOST = "lost"
    """Facts: `reason`."""
    REOPENED = "reopened"
    """Facts: `why` (hand, buyer)."""
    SPAM = "spam"
    """Facts: `reason` (a SpamSign; none where a seller said so)."""
    RELEASED = "released"
    CALL_ASKED = "call_asked"
    """Facts: `phone`, `when` (the buyer's words)."""
    DELETION_ASKED = "deletion_asked"
    """Facts: `at` (UTC seconds from which the data goes)."""
    DELETION_WITHDRAWN = "deletion_withdrawn"
    FORGOTTEN = "forgotten"
    LINK_SENT = "link_sent"
    """The private link went to the buyer again, at the wish of a seller or of the buyer."""
    MAIL_FAILED = "mail_failed"
    """A mail to the buyer was given up. Facts: `message` (id), `reason`."""
    MAIL_AGAIN = "mail_again"
    """Facts: `message` (id)."""


class Writing(StrEnum):
    """What one person types in a thread."""

    ANSWER = "answer"
    NOTE = "note"


class Assigns(StrEnum):
    """How a provider's new inquiries find their seller."""

    BY_HAND = "by_hand"
    IN_TURN = "in_turn"
    """To the sellers in turn, those away left out."""
