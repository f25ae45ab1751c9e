"""An offer as its public page shows it, and what its price means for one GPU and one hour."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from functools import cached_property, lru_cache
from typing import Any

from markupsafe import Markup

from portal import hardware
from portal.hardware import GpuModel
from portal.listings import pricing
from portal.listings.availability import age_of
from portal.listings.content import COLUMNS, Content
from portal.listings.models import Unit
from portal.listings.wording import part_in_words
from portal.storefront import facts
from portal.storefront.facts import Discount, Fact, Group
from portal.storefront.pictures import Picture, described


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

    Moments are UTC seconds; what the seller decides is in `content`, with its units there.
    """

    id: int
    content: Content
    gpu: GpuModel | None
    """Its GPU in the catalogue."""
    published_at: int | None
    updated_at: int
    confirmed_at: int | None
    views: int
    """Human views counted here."""
    previous_site_views: int | None
    """Views that the site it was imported from had counted; never added to `views`."""
    description: Markup
    """Safe HTML with its pictures; empty when nothing was written."""
    pictures: Sequence[Picture]
    """Pictures that the description does not show, in the seller's order."""
    cover: Picture | None
    provider: ProviderCard

    @property
    def title(self) -> str:
        """Its title."""
        return self.content.title

    @property
    def price_minor(self) -> int | None:
        """Minor units of `currency`; None: negotiable."""
        return self.content.price_minor

    @property
    def currency(self) -> str:
        """ISO 4217 code."""
        return self.content.currency

    @property
    def unit(self) -> str:
        """What one price buys."""
        return self.content.unit

    @property
    def place(self) -> str | None:
        """Code in portal.places."""
        return self.content.place

    @property
    def valid_until(self) -> date | None:
        """Last day where its provider is; None: no end date."""
        return self.content.valid_until

    @property
    def gpu_name(self) -> str | None:
        """The GPU's name; where the catalogue does not know it, what stands there."""
        return self.gpu.name if self.gpu else self.content.gpu_model

    @property
    def gpu_memory_gib(self) -> int | None:
        """Memory of one GPU: the seller's word before the maker's."""
        return self.content.gpu_memory_gib or (self.gpu.memory_gib if self.gpu else None)

    @property
    def gpu_hour(self) -> Price | None:
        """The price of one GPU for one hour, see gpu_hour_price()."""
        return gpu_hour_price(self.content)

    @property
    def is_by_machine(self) -> bool:
        """Whether the price is for whole machines."""
        unit = self.content.item_unit if self.unit == Unit.ITEM else self.unit
        return unit in pricing.OF_MACHINES

    @property
    def item(self) -> str:
        """What one item is, in words."""
        return part_in_words(self.content, "item")

    @cached_property
    def rates(self) -> list[Price]:
        """What the price comes to in other units."""
        return [Price(minor, self.currency, unit) for unit, minor in self._converted.rates]

    @property
    def why_not(self) -> Any:
        """Why it is not converted, or not into every unit: a sentence, or None."""
        reason = self._converted.reason
        return pricing.REASONS[reason] if reason else None

    @cached_property
    def _converted(self) -> pricing.Converted:
        return facts.conversions(self.content)

    @property
    def discounts(self) -> list[Discount]:
        """What longer terms cost."""
        return facts.discounts(self.content)

    @property
    def groups(self) -> list[Group]:
        """The typed fields that are stated."""
        return facts.stated(self.content)

    @property
    def catalogue(self) -> list[Fact]:
        """What the maker says of its GPU."""
        return facts.catalogue(self.gpu)

    @property
    def freshness(self) -> str:
        """How far the seller's word carries that it can still be had, see availability.age_of."""
        return age_of(self.confirmed_at)


def gpu_hour_price(offer: Any) -> Price | None:
    """The price of one GPU for one hour, rounded half up to the minor unit.

    None where it cannot be said: no price, an item (件) that nobody defined, a machine of unknown
    size, or less than half a minor unit.

    Args:
        offer: anything with a listing's columns of price, GPUs and item.
    """
    return _per_gpu_hour(
        offer.price_minor,
        offer.currency,
        offer.unit,
        (offer.gpu_count, offer.item_quantity, offer.item_unit),
    )


@lru_cache(maxsize=4096)
def _per_gpu_hour(
    price_minor: int | None,
    currency: str,
    unit: str,
    sizes: tuple[int | None, int | None, str | None],
) -> Price | None:
    """The same of plain values, kept: a page of cards asks for the same few again and again."""
    gpu_count, item_quantity, item_unit = sizes
    minor = price_minor
    if unit != Unit.GPU_HOUR:
        minor = pricing.conversions(
            price_minor,
            currency,
            unit,
            gpu_count=gpu_count,
            item_quantity=item_quantity,
            item_unit=item_unit,
        ).rate(Unit.GPU_HOUR)
    return Price(minor, currency, Unit.GPU_HOUR.value) if minor else None


def offer_of(row: Any, pairs: Sequence[Any], images: Sequence[Any]) -> Offer:
    """The offer from its rows.

    Args:
        row: as queries.offer_row gives it.
        pairs: rows with `name` and `value`.
        images: rows with `name` (key), `value` (alternative text), `width` and `height` in pixels,
            and `widths` of the smaller files.
    """
    stored = [Picture.of(one) for one in images]
    description, left = described(row.description, stored)
    content = Content.from_columns(
        {name: getattr(row, name) for name in COLUMNS},
        attributes=tuple((pair.name, pair.value) for pair in pairs),
        images=tuple((picture.key, picture.alt) for picture in stored),
    )
    return Offer(
        id=row.id,
        content=content,
        gpu=hardware.model(row.gpu_model),
        published_at=row.published_at,
        updated_at=row.updated_at,
        confirmed_at=row.confirmed_at,
        views=row.views_total,
        previous_site_views=row.previous_site_views,
        description=description,
        pictures=left,
        cover=stored[0] if stored else None,
        provider=ProviderCard(
            id=row.provider_id,
            name=row.provider_name,
            place=row.provider_place,
            website=row.provider_website,
            verified_at=row.provider_verified_at,
            created_at=row.provider_created_at,
        ),
    )
