"""The offer of an inquiry, as the buyer saw it and as it stands now, in one shape to compare."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any, Final

from portal.listings.models import Currency, Unit

PARTS: Final = ("price", "stock", "delivery_days", "valid_until", "title")
"""What a seller must know to have changed, in the order in which it is told."""


@dataclass(frozen=True)
class Offer:
    """What of a listing matters for an answer; a price of None is negotiable (面议)."""

    title: str
    price_minor: int | None
    currency: str
    unit: str
    delivery_days: int | None
    valid_until: date | None
    stock: int | None = None
    """Of its unit; None: not stated."""
    knows_stock: bool = True
    """False for an offer kept before stock was."""

    @property
    def price(self) -> tuple[int | None, str, str]:
        """What must be equal for the price to be the same."""
        return self.price_minor, self.currency, self.unit

    def differs(self, other: "Offer", part: str) -> bool:
        """Whether one of PARTS is another in `other`; what one of them does not know is not."""
        if part == "stock" and not (self.knows_stock and other.knows_stock):
            return False
        return bool(getattr(self, part) != getattr(other, part))


@dataclass(frozen=True)
class Change:
    """One part of the offer that was changed after the buyer had asked."""

    version: int
    at: int
    person_name: str | None
    part: str
    before: Offer
    after: Offer
    kind = "change"


def then(kept: Mapping[str, Any]) -> Offer:
    """The offer as it was kept with the inquiry; what was not kept reads as not stated."""
    return Offer(
        title=kept["title"],
        price_minor=kept.get("price_minor"),
        currency=kept.get("currency", Currency.CNY),
        unit=kept.get("unit", Unit.ITEM),
        delivery_days=kept.get("delivery_days"),
        valid_until=_day(kept.get("valid_until")),
        stock=kept.get("stock"),
        knows_stock="stock" in kept,
    )


def now(row: Any) -> Offer:
    """The offer as its listing stands in a row of conversation.py."""
    return Offer(
        title=row.title,
        price_minor=row.price_minor,
        currency=row.currency,
        unit=row.unit,
        delivery_days=row.delivery_days,
        valid_until=row.valid_until,
        stock=row.stock,
    )


def changes(
    asked_about: Offer, revisions: Iterable[Mapping[str, Any]], *, most: int
) -> list[Change]:
    """What was changed in an offer since a buyer asked about it, oldest first.

    Args:
        asked_about: the offer as the buyer saw it.
        revisions: later ones, oldest first: the values of Offer with all of them as JSON has them, `version`,
            `at` (UTC seconds) and `person_name` (None: an import).
        most: the revisions to be told of; the one before the last so many is what they changed.
    """
    saved = list(revisions)
    before, told = asked_about, saved[-most:]
    if len(saved) > most:
        before = _of_revision(saved[-most - 1])
    found = []
    for one in told:
        after = _of_revision(one)
        found += [
            Change(one["version"], one["at"], one["person_name"], part, before, after)
            for part in PARTS
            if before.differs(after, part)
        ]
        before = after
    return found


def _of_revision(values: Mapping[str, Any]) -> Offer:
    return Offer(
        title=values["title"],
        price_minor=_number(values["price_minor"]),
        currency=values["currency"],
        unit=values["unit"],
        delivery_days=_number(values["delivery_days"]),
        valid_until=_day(values["valid_until"]),
        stock=_number(values["stock"]),
    )


def _number(stored: Any) -> int | None:
    return None if stored is None else int(stored)


def _day(stored: str | None) -> date | None:
    return date.fromisoformat(stored) if stored else None
