"""The offer of an inquiry, as the buyer saw it and as it stands now, in one shape to compare."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from portal.listings.models import Currency, Unit


@dataclass(frozen=True)
class Offer:
    """What of a listing matters for an answer; a price of None is negotiable (面议)."""

    title: str
    price_minor: int | None
    currency: str
    unit: str
    delivery_days: int | None
    valid_until: date | None

    @property
    def price(self) -> tuple[int | None, str, str]:
        """What must be equal for the price to be the same."""
        return self.price_minor, self.currency, self.unit


def then(kept: Mapping[str, Any]) -> Offer:
    """The offer as it was kept with the inquiry; what was not kept reads as not stated."""
    day = kept.get("valid_until")
    return Offer(
        title=kept["title"],
        price_minor=kept.get("price_minor"),
        currency=kept.get("currency", Currency.CNY),
        unit=kept.get("unit", Unit.ITEM),
        delivery_days=kept.get("delivery_days"),
        valid_until=date.fromisoformat(day) if day else None,
    )


def now(row: Any) -> Offer:
    """The offer as its listing stands in a row of queries."""
    return Offer(
        title=row.title,
        price_minor=row.price_minor,
        currency=row.currency,
        unit=row.unit,
        delivery_days=row.delivery_days,
        valid_until=row.valid_until,
    )
