"""Tables of listings, and truths about one listing."""

import json
from datetime import date
from enum import StrEnum
from typing import Annotated, Any, Final

from sqlalchemy import (
    JSON,
    BigInteger,
    CheckConstraint,
    ForeignKey,
    Index,
    String,
    Text,
    TextClause,
    text,
)
from sqlalchemy.orm import Mapped, mapped_column, relationship

from portal.database import Base, BigId, Code, Identifier, Seconds
from portal.listings import vocabulary
from portal.listings.vocabulary import Currency, Status, Unit

__all__ = [
    "Attribute",
    "BulkChange",
    "Currency",
    "EditDraft",
    "Image",
    "Listing",
    "ListingCount",
    "Revision",
    "SavedView",
    "Status",
    "Unit",
]


def _one_of(column: str, values: type[StrEnum]) -> CheckConstraint:
    listed = ", ".join(f"'{value}'" for value in values)
    return CheckConstraint(f"{column} IN ({listed})", name=column)


def _partial(name: str, condition: TextClause, *columns: str, unique: bool = False) -> Index:
    return Index(name, *columns, unique=unique, sqlite_where=condition, postgresql_where=condition)


# Columns that the release before them does not write: the database fills them in for it.
ShortLine = Annotated[str, mapped_column(String(64), default="", server_default="")]
Line = Annotated[str, mapped_column(String(200), default="", server_default="")]

INCOMPLETE: Final = text(
    "(description = '' OR place IS NULL OR delivery_days IS NULL OR gpu_model IS NULL"
    " OR gpu_count IS NULL OR price_minor IS NULL)"
)
"""What an offer lacks that buyers look for. Word for word the condition of a partial index."""


_COUNTED: Final = {
    "gpu_memory_gib": 1,
    "pcie_generation": 1,
    "pcie_lanes": 1,
    "cpu_cores": 1,
    "ram_gib": 1,
    "disk_gib": 1,
    "network_up_mbps": 1,
    "network_down_mbps": 1,
    "fabric_gbps": 1,
    "stock": 0,
    "min_order": 1,
    "min_gpus": 1,
    "item_quantity": 1,
    "min_term": 1,
    "max_term": 1,
}
"""Columns that count something, and the least they may hold."""


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
        _one_of("kind", vocabulary.Kind),
        _one_of("delivery", vocabulary.Delivery),
        _one_of("interconnect", vocabulary.Interconnect),
        _one_of("disk_type", vocabulary.DiskType),
        _one_of("fabric", vocabulary.Fabric),
        _one_of("item_unit", Unit),
        _one_of("term_unit", vocabulary.TermUnit),
        CheckConstraint("item_unit <> 'item'", name="item_unit_convertible"),
        CheckConstraint("(item_quantity IS NULL) = (item_unit IS NULL)", name="item_whole"),
        CheckConstraint("min_term <= max_term", name="term_order"),
        CheckConstraint("available_from <= available_until", name="availability_order"),
        *(CheckConstraint(f"{name} >= {least}", name=name) for name, least in _COUNTED.items()),
        Index("ix_listings_provider_updated", "provider_id", "updated_at", "id"),
        Index("ix_listings_provider_status_updated", "provider_id", "status", "updated_at", "id"),
        Index("ix_listings_provider_gpu_updated", "provider_id", "gpu_model", "updated_at", "id"),
        Index("ix_listings_provider_place_updated", "provider_id", "place", "updated_at", "id"),
        Index("ix_listings_provider_views", "provider_id", "views_total", "id"),
        Index("ix_listings_status_published", "status", "published_at", "id"),
        Index("ix_listings_status_gpu", "status", "gpu_model", "published_at"),
        Index("ix_listings_status_place", "status", "place", "published_at"),
        Index("ix_listings_valid_until", "status", "valid_until"),
        Index("ix_listings_provider_valid_until", "provider_id", "status", "valid_until", "id"),
        Index("ix_listings_price", "status", "currency", "unit", "price_minor", "id"),
        Index("ix_listings_provider_price", "provider_id", "price_minor", "id"),
        Index("ix_listings_provider_stock", "provider_id", "stock", "id"),
        _partial(
            "ix_listings_provider_kind",
            text("kind IS NOT NULL"),
            "provider_id",
            "kind",
            "updated_at",
            "id",
        ),
        Index("ix_listings_status_delivery", "status", "delivery", "published_at"),
        _partial("ix_listings_waiting", text("submitted_at IS NOT NULL"), "submitted_at", "id"),
        _partial(
            "uq_listings_own_number",
            text("own_number <> ''"),
            "provider_id",
            "own_number",
            unique=True,
        ),
        _partial("ix_listings_incomplete", INCOMPLETE, "provider_id", "updated_at", "id"),
    )

    id: Mapped[Identifier]
    provider_id: Mapped[int] = mapped_column(BigId, ForeignKey("providers.id"))
    status: Mapped[str] = mapped_column(String(16), default=Status.DRAFT)
    title: Mapped[str] = mapped_column(String(100))
    own_number: Mapped[ShortLine]
    """The provider's own number of the offer, unique there: imports update by it."""
    own_category: Mapped[ShortLine]
    """The provider's own grouping of its offers."""
    kind: Mapped[Code | None]
    delivery: Mapped[Code | None]
    brand: Mapped[ShortLine]
    """Maker of the machine."""
    gpu_model: Mapped[Code | None]
    """Key in the hardware catalogue."""
    gpu_count: Mapped[int | None]
    """GPUs in one machine of this offer."""
    gpu_memory_gib: Mapped[int | None]
    """Memory of one GPU where it is not the catalogue's."""
    interconnect: Mapped[Code | None]
    pcie_generation: Mapped[int | None]
    pcie_lanes: Mapped[int | None]
    """PCIe lanes to each GPU."""
    cpu_model: Mapped[ShortLine]
    cpu_cores: Mapped[int | None]
    """Physical or virtual cores of one machine, as its seller counts them."""
    ram_gib: Mapped[int | None]
    disk_gib: Mapped[int | None]
    disk_type: Mapped[Code | None]
    network_up_mbps: Mapped[int | None]
    """Megabits a second to the internet, as those down from it."""
    network_down_mbps: Mapped[int | None]
    fabric: Mapped[Code | None]
    fabric_gbps: Mapped[int | None]
    """Gigabits a second of one machine into the network between machines."""
    price_minor: Mapped[int | None] = mapped_column(BigInteger)
    """Minor units (fen) of `currency`; None: negotiable (面议)."""
    currency: Mapped[str] = mapped_column(String(3), default=Currency.CNY)
    unit: Mapped[str] = mapped_column(String(16), default=Unit.ITEM)
    item_quantity: Mapped[int | None]
    """One 件 is this many of `item_unit`; None: not defined, and then not convertible."""
    item_unit: Mapped[Code | None]
    stock: Mapped[int | None]
    """Machines (or items) free to be rented; None: not stated."""
    min_order: Mapped[int | None]
    """Fewest units of the price that one order may have."""
    min_gpus: Mapped[int | None]
    """Fewest GPUs that one order may have."""
    min_term: Mapped[int | None]
    """Shortest rental in `term_unit`."""
    max_term: Mapped[int | None]
    term_unit: Mapped[Code | None]
    discounts: Mapped[list[list[int]] | None] = mapped_column(JSON(none_as_null=True))
    """Pairs of months and percent: from so many months on, so much less."""
    available_from: Mapped[date | None]
    available_until: Mapped[date | None]
    maintenance: Mapped[Line]
    """When machines may be down for maintenance, in the seller's words."""
    delivery_days: Mapped[int | None]
    """Days from payment to delivery; None: not stated."""
    place: Mapped[Code | None]
    """GB/T 2260 code in portal.places."""
    valid_until: Mapped[date | None]
    """Last day of the offer where its provider is; None: no end date (长期有效)."""
    description: Mapped[str] = mapped_column(Text, default="")
    """Markdown as typed."""
    version: Mapped[int] = mapped_column(default=1)
    created_at: Mapped[Seconds]
    updated_at: Mapped[Seconds]
    """The last change of substance; nothing else moves it."""
    published_at: Mapped[int | None] = mapped_column(BigInteger)
    form_nonce: Mapped[str | None] = mapped_column(String(32), unique=True)
    """Of the form it was made with: a second copy of the same form makes no second listing."""
    confirmed_at: Mapped[int | None] = mapped_column(BigInteger)
    """When its seller last said that it can still be had; changes nothing else."""
    submitted_at: Mapped[int | None] = mapped_column(BigInteger)
    """Since when it waits for a reviewer: handed in, or changed after it was approved."""
    rejection: Mapped[dict[str, str] | None] = mapped_column(JSON(none_as_null=True))
    """Part (see content.PARTS) → what the reviewer wants changed; kept until the next hand-in."""
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
        order_by="Image.position", foreign_keys="Image.listing_id", lazy="raise", viewonly=True
    )

    def is_live(self, today: date) -> bool:
        """Whether buyers see it, on a day in its provider's zone."""
        return self.status == Status.LIVE and not self.has_ended(today)

    def has_ended(self, today: date) -> bool:
        """Whether its last day has passed, on a day in its provider's zone."""
        return self.valid_until is not None and self.valid_until < today

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
    """One picture: WebP files named by its random key in the media folder.

    It stands in a listing (`listing_id`), or it was uploaded for one (`kept_for`) and stands in
    none: not saved yet, or taken out again and still part of an older revision.
    """

    __tablename__ = "listing_images"
    __table_args__ = (
        Index("ix_listing_images_listing_id", "listing_id", "position"),
        Index("ix_listing_images_kept_for", "kept_for"),
        Index("ix_listing_images_provider", "provider_id", "created_at"),
        Index("ix_listing_images_loose", "shown_at", "created_at"),
    )

    id: Mapped[Identifier]
    listing_id: Mapped[int | None] = mapped_column(
        BigId, ForeignKey("listings.id", ondelete="CASCADE")
    )
    provider_id: Mapped[int | None] = mapped_column(BigId, ForeignKey("providers.id"))
    """Whose it is; None in rows of the first release, which knew it by the listing only."""
    kept_for: Mapped[int | None] = mapped_column(
        BigId, ForeignKey("listings.id", ondelete="CASCADE")
    )
    """The listing whose form it was uploaded in; None: the form of one that is not there yet."""
    position: Mapped[int]
    # 128 random bits in hex: who does not know the key cannot find the file.
    key: Mapped[str] = mapped_column(String(32), unique=True)
    alt: Mapped[str] = mapped_column(String(200), default="")
    width: Mapped[int]
    height: Mapped[int]
    size: Mapped[int]
    """Bytes of the largest stored file."""
    widths: Mapped[str] = mapped_column(String(32), default="", server_default="")
    """Widths in pixels of its smaller files, such as `160 640`."""
    created_at: Mapped[int] = mapped_column(BigInteger, default=0, server_default="0")
    shown_at: Mapped[int | None] = mapped_column(BigInteger)
    """When it first stood in a saved listing; None: nobody would miss it."""


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
    restored_from: Mapped[int | None]
    """The version that this one brought back."""


class EditDraft(Base):
    """What somebody typed into an editor and has not saved: another device goes on with it."""

    __tablename__ = "listing_drafts"
    __table_args__ = (
        Index("uq_listing_drafts_place", "person_id", "place", unique=True),
        Index("ix_listing_drafts_saved_at", "saved_at"),
    )

    id: Mapped[Identifier]
    provider_id: Mapped[int] = mapped_column(BigId, ForeignKey("providers.id"))
    person_id: Mapped[int] = mapped_column(BigId, ForeignKey("people.id", ondelete="CASCADE"))
    listing_id: Mapped[int | None] = mapped_column(
        BigId, ForeignKey("listings.id", ondelete="CASCADE")
    )
    place: Mapped[str] = mapped_column(String(40))
    """The listing's id, or the nonce of the form of one that is not there yet."""
    fields: Mapped[list[list[str]]] = mapped_column(JSON)
    """The form's names and texts as they were sent."""
    revision: Mapped[int] = mapped_column(default=1)
    """Counts its saves: a device that holds an older one is told, not overruled."""
    saved_at: Mapped[Seconds]


class SavedView(Base):
    """A question to the index that a person kept under a name, shared with colleagues or not."""

    __tablename__ = "saved_views"
    __table_args__ = (
        Index("ix_saved_views_provider", "provider_id", "is_shared", "position"),
        Index("ix_saved_views_person", "person_id", "position"),
    )

    id: Mapped[Identifier]
    provider_id: Mapped[int] = mapped_column(BigId, ForeignKey("providers.id"))
    person_id: Mapped[int] = mapped_column(BigId, ForeignKey("people.id", ondelete="CASCADE"))
    name: Mapped[str] = mapped_column(String(50))
    query: Mapped[str] = mapped_column(String(1000))
    """The index's query in its canonical form."""
    is_shared: Mapped[bool] = mapped_column(default=False)
    position: Mapped[int] = mapped_column(default=0)
    created_at: Mapped[Seconds]


class BulkChange(Base):
    """One change of many listings at once, and what it takes to undo it."""

    __tablename__ = "bulk_changes"
    __table_args__ = (Index("ix_bulk_changes_provider", "provider_id", "id"),)

    id: Mapped[Identifier]
    provider_id: Mapped[int] = mapped_column(BigId, ForeignKey("providers.id"))
    person_id: Mapped[int | None] = mapped_column(BigId, ForeignKey("people.id"))
    act: Mapped[str] = mapped_column(String(32))
    form_nonce: Mapped[str] = mapped_column(String(32), unique=True)
    """Of the preview it was confirmed in: confirmed twice, it is done once."""
    changes: Mapped[list[dict[str, Any]]] = mapped_column(JSON)
    """For each listing its id, the version it then had, and what stood there before."""
    refused: Mapped[list[dict[str, Any]]] = mapped_column(JSON)
    """For each listing left as it was its id and why."""
    at: Mapped[Seconds]
    undone_at: Mapped[int | None] = mapped_column(BigInteger)


class ListingCount(Base):
    """How many listings of a provider are in a status, kept by the database's own triggers.

    Counting a thousand index entries for each status cost more than the rest of the index page.
    The triggers stand in the migration: whoever writes listings, by whatever way, keeps it true.
    """

    __tablename__ = "listing_counts"

    provider_id: Mapped[int] = mapped_column(BigId, primary_key=True, autoincrement=False)
    status: Mapped[str] = mapped_column(String(16), primary_key=True)
    listings: Mapped[int] = mapped_column(BigInteger)
