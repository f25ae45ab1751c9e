"""Tables of listings, and truths about one listing."""

import json
from datetime import date
from enum import StrEnum
from typing import Any

from sqlalchemy import JSON, BigInteger, CheckConstraint, ForeignKey, Index, String, Text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from portal import clock
from portal.database import Base, BigId, Code, Identifier, Seconds


class Status(StrEnum):
    """Where a listing is in its life."""

    DRAFT = "draft"
    IN_REVIEW = "in_review"
    LIVE = "live"
    PAUSED = "paused"
    EXPIRED = "expired"
    ARCHIVED = "archived"


class Unit(StrEnum):
    """What one price buys. 件 (item) is whatever the seller says it is: it cannot be converted."""

    ITEM = "item"
    GPU_HOUR = "gpu_hour"
    MACHINE_HOUR = "machine_hour"
    GPU_DAY = "gpu_day"
    MACHINE_DAY = "machine_day"
    GPU_MONTH = "gpu_month"
    MACHINE_MONTH = "machine_month"


class Currency(StrEnum):
    """Currencies in which an offer may be priced (ISO 4217)."""

    CNY = "CNY"
    USD = "USD"
    EUR = "EUR"
    HKD = "HKD"


def _one_of(column: str, values: type[StrEnum]) -> CheckConstraint:
    listed = ", ".join(f"'{value}'" for value in values)
    return CheckConstraint(f"{column} IN ({listed})", name=column)


class Listing(Base):
    """One offer of one provider.

    `version` counts saves of what the seller wrote and is what an edit form was opened with;
    `counters_version` counts changes of the columns kept for upper floors (views, inquiries), so
    that a drawn row can be kept by (id, version, counters_version, language).
    """

    __tablename__ = "listings"
    __table_args__ = (
        _one_of("status", Status),
        _one_of("unit", Unit),
        _one_of("currency", Currency),
        CheckConstraint("price_minor > 0", name="price_positive"),
        CheckConstraint("delivery_days >= 0", name="delivery_days"),
        CheckConstraint("length(title) BETWEEN 2 AND 100", name="title_length"),
        Index("ix_listings_provider_updated", "provider_id", "updated_at", "id"),
        Index("ix_listings_provider_status_updated", "provider_id", "status", "updated_at", "id"),
        Index("ix_listings_provider_gpu_updated", "provider_id", "gpu_model", "updated_at", "id"),
        Index("ix_listings_provider_place_updated", "provider_id", "place", "updated_at", "id"),
        Index("ix_listings_provider_views", "provider_id", "views_total", "id"),
        Index("ix_listings_status_published", "status", "published_at", "id"),
        Index("ix_listings_status_gpu", "status", "gpu_model", "published_at"),
        Index("ix_listings_status_place", "status", "place", "published_at"),
        Index("ix_listings_valid_until", "status", "valid_until"),
    )

    id: Mapped[Identifier]
    provider_id: Mapped[int] = mapped_column(BigId, ForeignKey("providers.id"))
    status: Mapped[str] = mapped_column(String(16), default=Status.DRAFT)
    title: Mapped[str] = mapped_column(String(100))
    gpu_model: Mapped[Code | None]
    """Key in the hardware catalogue."""
    gpu_count: Mapped[int | None]
    """GPUs in one machine of this offer."""
    price_minor: Mapped[int | None] = mapped_column(BigInteger)
    """Minor units (fen) of `currency`; None: negotiable (面议)."""
    currency: Mapped[str] = mapped_column(String(3), default=Currency.CNY)
    unit: Mapped[str] = mapped_column(String(16), default=Unit.ITEM)
    delivery_days: Mapped[int | None]
    """Days from payment to delivery; None: not stated."""
    place: Mapped[Code | None]
    """GB/T 2260 code in portal.places."""
    valid_until: Mapped[date | None]
    """Last marketplace day of the offer; None: no end date (长期有效)."""
    description: Mapped[str] = mapped_column(Text, default="")
    """Markdown as typed."""
    version: Mapped[int] = mapped_column(default=1)
    created_at: Mapped[Seconds]
    updated_at: Mapped[Seconds]
    """The last change of substance; nothing else moves it."""
    published_at: Mapped[int | None] = mapped_column(BigInteger)
    form_nonce: Mapped[str | None] = mapped_column(String(32), unique=True)
    """Of the form it was made with: a second copy of the same form makes no second listing."""
    previous_site_views: Mapped[int | None] = mapped_column(BigInteger)
    """Views counted by the site it was imported from; never mixed into own counts."""

    # Kept for upper floors through actions of this feature.
    views_total: Mapped[int] = mapped_column(BigInteger, default=0)
    views_recent: Mapped[str] = mapped_column(Text, default="[]")
    """JSON: human views of the last 14 marketplace days up to `views_day`, oldest first."""
    views_day: Mapped[date | None]
    inquiries_total: Mapped[int] = mapped_column(default=0)
    counters_version: Mapped[int] = mapped_column(default=0)

    attributes: Mapped[list["Attribute"]] = relationship(
        order_by="Attribute.position", cascade="all, delete-orphan", lazy="raise"
    )
    images: Mapped[list["Image"]] = relationship(
        order_by="Image.position", cascade="all, delete-orphan", lazy="raise"
    )

    @property
    def is_live(self) -> bool:
        """Whether buyers see it today."""
        return self.status == Status.LIVE and not self.has_ended

    @property
    def has_ended(self) -> bool:
        """Whether its last day has passed."""
        return self.valid_until is not None and self.valid_until < clock.today()

    @property
    def was_public(self) -> bool:
        """Whether buyers could see it once: then its address answers 410, not 404."""
        return self.published_at is not None

    @property
    def recent_views(self) -> list[int]:
        """Human views of the last 14 days, oldest first."""
        return [int(count) for count in json.loads(self.views_recent)]


class Attribute(Base):
    """One of the seller's own pairs: name and value are both free text, shown as typed."""

    __tablename__ = "listing_attributes"

    listing_id: Mapped[int] = mapped_column(
        BigId, ForeignKey("listings.id", ondelete="CASCADE"), primary_key=True
    )
    position: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(String(50))
    value: Mapped[str] = mapped_column(String(200))


class Image(Base):
    """One picture: a WebP file named by its random key in the media folder."""

    __tablename__ = "listing_images"
    __table_args__ = (Index("ix_listing_images_listing_id", "listing_id", "position"),)

    id: Mapped[Identifier]
    listing_id: Mapped[int] = mapped_column(BigId, ForeignKey("listings.id", ondelete="CASCADE"))
    position: Mapped[int]
    # 128 random bits in hex: who does not know the key cannot find the file.
    key: Mapped[str] = mapped_column(String(32), unique=True)
    alt: Mapped[str] = mapped_column(String(200), default="")
    width: Mapped[int]
    height: Mapped[int]
    size: Mapped[int]
    """Bytes of the stored file."""


class Revision(Base):
    """What the seller had written at one version of a listing."""

    __tablename__ = "listing_revisions"

    listing_id: Mapped[int] = mapped_column(
        BigId, ForeignKey("listings.id", ondelete="CASCADE"), primary_key=True
    )
    version: Mapped[int] = mapped_column(primary_key=True)
    content: Mapped[dict[str, Any]] = mapped_column(JSON)
    person_id: Mapped[int | None] = mapped_column(BigId, ForeignKey("people.id"))
    at: Mapped[Seconds]


class ListingCount(Base):
    """How many listings of a provider are in a status, kept by the database's own triggers.

    Counting a thousand index entries for each status cost more than the rest of the index page.
    The triggers stand in the migration: whoever writes listings, by whatever way, keeps it true.
    """

    __tablename__ = "listing_counts"

    provider_id: Mapped[int] = mapped_column(BigId, primary_key=True, autoincrement=False)
    status: Mapped[str] = mapped_column(String(16), primary_key=True)
    listings: Mapped[int] = mapped_column(BigInteger)
