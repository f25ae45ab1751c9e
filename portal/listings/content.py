"""What a seller writes about an offer, as one plain value: compared, merged, kept as revisions."""

from collections.abc import Mapping
from dataclasses import dataclass, fields
from datetime import date
from typing import Any, Final, Self

from portal import hardware, places
from portal.listings.models import Listing

Pair = tuple[str, str]


@dataclass(frozen=True, kw_only=True)
class Content:
    """Everything on an offer that its seller decides; nothing else can be written by a form.

    Money is in minor units (None: negotiable), `delivery_days` are days from payment (None: not
    stated), `valid_until` is the last marketplace day (None: no end date).
    """

    title: str
    gpu_model: str | None = None
    gpu_count: int | None = None
    price_minor: int | None = None
    currency: str = "CNY"
    unit: str = "item"
    delivery_days: int | None = None
    place: str | None = None
    valid_until: date | None = None
    description: str = ""
    attributes: tuple[Pair, ...] = ()

    @classmethod
    def of(cls, listing: Listing) -> Self:
        """What stands in a listing whose attribute pairs are loaded."""
        columns = {name: getattr(listing, name) for name in COLUMNS}
        return cls(**columns, attributes=tuple((p.name, p.value) for p in listing.attributes))

    @classmethod
    def from_json(cls, stored: Mapping[str, Any]) -> Self:
        """What `to_json` gave; names it does not know are left out, missing ones get defaults."""
        known = {field.name: stored[field.name] for field in fields(cls) if field.name in stored}
        day = known.get("valid_until")
        known["valid_until"] = date.fromisoformat(day) if day else None
        known["attributes"] = tuple((pair[0], pair[1]) for pair in known.get("attributes", ()))
        return cls(**known)

    def to_json(self) -> dict[str, Any]:
        """The same in what JSON knows: days as text, pairs as lists."""
        values = {field.name: getattr(self, field.name) for field in fields(self)}
        values["valid_until"] = self.valid_until.isoformat() if self.valid_until else None
        values["attributes"] = [list(pair) for pair in self.attributes]
        return values

    def part(self, name: str) -> tuple[Any, ...]:
        """The values of one of PARTS, to be compared."""
        return tuple(getattr(self, column) for column in PARTS[name])


PARTS: Final[dict[str, tuple[str, ...]]] = {
    "title": ("title",),
    "gpu_model": ("gpu_model",),
    "gpu_count": ("gpu_count",),
    # An amount without its currency and unit is no price: what two people changed in it overlaps.
    "price": ("price_minor", "currency", "unit"),
    "delivery_days": ("delivery_days",),
    "place": ("place",),
    "valid_until": ("valid_until",),
    "description": ("description",),
    # The order of the pairs means something, and two half-merged lists would be nobody's intent.
    "attributes": ("attributes",),
}
"""What counts as one field when two people change it: its name, and the values it is made of."""
COLUMNS: Final = tuple(field.name for field in fields(Content) if field.name != "attributes")
"""The columns of a listing that hold its content."""


def snapshot(listing: Listing) -> dict[str, Any]:
    """What a buyer is promised now, in plain JSON: kept beside what they ask about it."""
    return {
        "title": listing.title,
        "price_minor": listing.price_minor,
        "currency": listing.currency,
        "unit": listing.unit,
        "delivery_days": listing.delivery_days,
        "place": listing.place,
        "valid_until": listing.valid_until.isoformat() if listing.valid_until else None,
        "version": listing.version,
    }


def searchable(content: Content, provider_name: str) -> str:
    """All words by which an offer is to be found, its place and GPU in both languages."""
    words = [content.title, *(word for pair in content.attributes for word in pair)]
    if content.gpu_model and (gpu := hardware.model(content.gpu_model)):
        words += [gpu.vendor, gpu.name]
    if content.place:
        words += [places.label(content.place, language) for language in ("zh", "en")]
    return "\n".join([*words, provider_name, content.description])
