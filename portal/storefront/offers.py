"""An offer as its public page shows it, and what its price means for one GPU and one hour."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from decimal import ROUND_HALF_UP, Decimal
from typing import Any, Final

from markupsafe import Markup

from portal import hardware
from portal.listings.models import Unit
from portal.storefront.pictures import Picture, described, first_pictures

HOURS_OF: Final = {
    Unit.GPU_HOUR.value: 1,
    Unit.MACHINE_HOUR.value: 1,
    Unit.GPU_DAY.value: 24,
    Unit.MACHINE_DAY.value: 24,
    Unit.GPU_MONTH.value: 720,
    Unit.MACHINE_MONTH.value: 720,
}
"""Hours in one unit; a month is counted as 30 days, and the page says so. 件 has none."""
_OF_MACHINES: Final = {Unit.MACHINE_HOUR, Unit.MACHINE_DAY, Unit.MACHINE_MONTH}


@dataclass(frozen=True)
class Price:
    """An amount in minor units of `currency`, and what it buys."""

    price_minor: int
    currency: str
    unit: str


@dataclass(frozen=True)
class ProviderCard:
    """Who offers; `verified_at` and `created_at` are UTC seconds."""

    id: int
    name: str
    place: str | None
    website: str | None
    verified_at: int | None
    created_at: int


@dataclass(frozen=True)
class Offer:
    """Everything `storefront/_offer_body.html` reads.

    Money is in minor units (None: negotiable), `delivery_days` days from payment (None: not
    stated), `valid_until` the last marketplace day (None: no end date), moments UTC seconds.
    """

    id: int
    title: str
    gpu_name: str | None
    gpu_memory_gib: int | float | None
    gpu_count: int | None
    price_minor: int | None
    currency: str
    unit: str
    delivery_days: int | None
    place: str | None
    valid_until: date | None
    published_at: int | None
    updated_at: int
    views: int
    """Human views counted here."""
    previous_site_views: int | None
    """Views that the site it was imported from had counted; never added to `views`."""
    attributes: Sequence[tuple[str, str]]
    description: Markup
    """Safe HTML with its pictures; empty when nothing was written."""
    pictures: Sequence[Picture]
    """Pictures that the description does not show."""
    first_picture: Picture | None
    provider: ProviderCard

    @property
    def gpu_hour(self) -> Price | None:
        """The price of one GPU for one hour, see gpu_hour_price()."""
        return gpu_hour_price(self)

    @property
    def is_priced_by_machine(self) -> bool:
        """Whether the price is for a whole machine."""
        return self.unit in _OF_MACHINES


def gpu_hour_price(offer: Any) -> Price | None:
    """The price of one GPU for one hour, rounded half up to the minor unit.

    None where it cannot be said: no price, an item (件), a machine of unknown size, or less than
    half a minor unit.

    Args:
        offer: anything with price_minor, currency, unit and gpu_count.
    """
    hours = HOURS_OF.get(offer.unit)
    cards = offer.gpu_count if offer.unit in _OF_MACHINES else 1
    if offer.price_minor is None or not hours or not cards:
        return None
    exact = Decimal(offer.price_minor) / (hours * cards)
    minor = int(exact.quantize(Decimal(1), ROUND_HALF_UP))
    return Price(minor, offer.currency, Unit.GPU_HOUR.value) if minor else None


def offer_of(row: Any, pairs: Sequence[Any], images: Sequence[Any]) -> Offer:
    """The offer from its rows.

    Args:
        row: as queries.offer_row gives it.
        pairs: rows with `name` and `value`.
        images: rows with `name` (key), `value` (alternative text), `width` and `height` in pixels.
    """
    gpu = hardware.model(row.gpu_model) if row.gpu_model else None
    stored = [Picture(one.name, one.value, one.width, one.height) for one in images]
    description, left = described(row.description, stored)
    return Offer(
        id=row.id,
        title=row.title,
        gpu_name=gpu.name if gpu else row.gpu_model,
        gpu_memory_gib=gpu.memory_gib if gpu else None,
        gpu_count=row.gpu_count,
        price_minor=row.price_minor,
        currency=row.currency,
        unit=row.unit,
        delivery_days=row.delivery_days,
        place=row.place,
        valid_until=row.valid_until,
        published_at=row.published_at,
        updated_at=row.updated_at,
        views=row.views_total,
        previous_site_views=row.previous_site_views,
        attributes=[(pair.name, pair.value) for pair in pairs],
        description=description,
        pictures=left,
        first_picture=next(iter(first_pictures(row.description, stored)), None),
        provider=ProviderCard(
            id=row.provider_id,
            name=row.provider_name,
            place=row.provider_place,
            website=row.provider_website,
            verified_at=row.provider_verified_at,
            created_at=row.provider_created_at,
        ),
    )
