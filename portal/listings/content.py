"""What a seller writes about an offer, as one plain value: compared, merged, kept as revisions."""

from collections.abc import Mapping
from dataclasses import dataclass, fields, replace
from datetime import date
from typing import Any, Final, Self

from portal import hardware, places
from portal.listings.models import Listing

Pair = tuple[str, str]
Discount = tuple[int, int]
"""From so many months on, so many percent less."""


@dataclass(frozen=True, kw_only=True)
class Content:
    """Everything on an offer that its seller decides; nothing else can be written by a form.

    Money is in minor units (None: negotiable); of texts "" and of everything else None mean "not
    stated". What the fields mean stands at the columns of models.Listing.
    """

    title: str
    own_number: str = ""
    own_category: str = ""
    kind: str | None = None
    delivery: str | None = None
    brand: str = ""
    gpu_model: str | None = None
    gpu_count: int | None = None
    gpu_memory_gib: int | None = None
    interconnect: str | None = None
    pcie_generation: int | None = None
    pcie_lanes: int | None = None
    cpu_model: str = ""
    cpu_cores: int | None = None
    ram_gib: int | None = None
    disk_gib: int | None = None
    disk_type: str | None = None
    network_up_mbps: int | None = None
    network_down_mbps: int | None = None
    fabric: str | None = None
    fabric_gbps: int | None = None
    price_minor: int | None = None
    currency: str = "CNY"
    unit: str = "item"
    item_quantity: int | None = None
    item_unit: str | None = None
    stock: int | None = None
    min_order: int | None = None
    min_gpus: int | None = None
    min_term: int | None = None
    max_term: int | None = None
    term_unit: str | None = None
    discounts: tuple[Discount, ...] = ()
    delivery_days: int | None = None
    available_from: date | None = None
    available_until: date | None = None
    maintenance: str = ""
    place: str | None = None
    valid_until: date | None = None
    description: str = ""
    attributes: tuple[Pair, ...] = ()
    images: tuple[Pair, ...] = ()
    """Key and alternative text of each picture; the first is the cover."""

    @classmethod
    def of(cls, listing: Listing) -> Self:
        """What stands in a listing whose attribute pairs and pictures are loaded."""
        columns = {name: getattr(listing, name) for name in COLUMNS}
        return cls.from_columns(
            columns,
            attributes=tuple((pair.name, pair.value) for pair in listing.attributes),
            images=tuple((image.key, image.alt) for image in listing.images),
        )

    @classmethod
    def from_columns(
        cls, columns: Mapping[str, Any], *, attributes: tuple[Pair, ...], images: tuple[Pair, ...]
    ) -> Self:
        """The same from the values of COLUMNS."""
        values = {name: columns[name] for name in COLUMNS}
        values["discounts"] = _discounts(values["discounts"])
        return cls(**values, attributes=attributes, images=images)

    @classmethod
    def from_json(cls, stored: Mapping[str, Any], like: Self | None = None) -> Self:
        """What `to_json` gave, names it does not know left out.

        Args:
            stored: may come from an earlier release and lack what that one did not know.
            like: gives the values that are missing; None: they are "not stated".
        """
        known = {field.name: stored[field.name] for field in fields(cls) if field.name in stored}
        for name in DAYS & known.keys():
            known[name] = date.fromisoformat(known[name]) if known[name] else None
        if "discounts" in known:
            known["discounts"] = _discounts(known["discounts"])
        for name in {"attributes", "images"} & known.keys():
            known[name] = tuple((pair[0], pair[1]) for pair in known[name])
        return replace(like, **known) if like else cls(**known)

    def to_json(self) -> dict[str, Any]:
        """The same in what JSON knows: days as text, pairs as lists."""
        values = {field.name: getattr(self, field.name) for field in fields(self)}
        for name in DAYS:
            values[name] = values[name].isoformat() if values[name] else None
        for name in ("discounts", "attributes", "images"):
            values[name] = [list(pair) for pair in values[name]]
        return values

    def columns(self) -> dict[str, Any]:
        """The values of COLUMNS as a listing's row holds them."""
        values = {name: getattr(self, name) for name in COLUMNS}
        values["discounts"] = [list(pair) for pair in self.discounts] or None
        return values

    def part(self, name: str) -> tuple[Any, ...]:
        """The values of one of PARTS, to be compared."""
        return tuple(getattr(self, column) for column in PARTS[name])


def _discounts(stored: Any) -> tuple[Discount, ...]:
    return tuple((int(months), int(percent)) for months, percent in stored or ())


_TOGETHER: Final = {
    # An amount without its currency and unit is no price: what two people changed in it overlaps.
    "price": ("price_minor", "currency", "unit"),
    "item": ("item_quantity", "item_unit"),
    "term": ("min_term", "max_term", "term_unit"),
    "availability": ("available_from", "available_until"),
    "fabric": ("fabric", "fabric_gbps"),
    "disk": ("disk_gib", "disk_type"),
    "pcie": ("pcie_generation", "pcie_lanes"),
}
# The order of the pairs and pictures means something, and two half-merged lists would be nobody's
# intent: each list is one part.
_WHOLE: Final = {column: part for part, columns in _TOGETHER.items() for column in columns}


def _parts() -> dict[str, tuple[str, ...]]:
    names = (_WHOLE.get(field.name, field.name) for field in fields(Content))
    return {name: _TOGETHER.get(name, (name,)) for name in names}


PARTS: Final[dict[str, tuple[str, ...]]] = _parts()
"""What counts as one field when two people change it: its name, and the values it is made of."""
DAYS: Final = frozenset({"available_from", "available_until", "valid_until"})
"""The values that are days."""
COLUMNS: Final = tuple(
    field.name for field in fields(Content) if field.name not in {"attributes", "images"}
)
"""The columns of a listing that hold its content."""


def snapshot(listing: Listing) -> dict[str, Any]:
    """What a buyer is promised now, in plain JSON: kept beside what they ask about it."""
    return {
        "title": listing.title,
        "price_minor": listing.price_minor,
        "currency": listing.currency,
        "unit": listing.unit,
        "delivery_days": listing.delivery_days,
        "stock": listing.stock,
        "place": listing.place,
        "valid_until": listing.valid_until.isoformat() if listing.valid_until else None,
        "version": listing.version,
    }


def searchable(content: Content, provider_name: str) -> str:
    """All words by which an offer is to be found, its place and GPU in both languages."""
    words = [content.title, *(word for pair in content.attributes for word in pair)]
    if content.gpu_model and (gpu := hardware.model(content.gpu_model)):
        words += [gpu.vendor, gpu.name]
    words += [content.own_number, content.own_category, content.brand, content.cpu_model]
    if content.place:
        words += [places.label(content.place, language) for language in ("zh", "en")]
    return "\n".join([*words, provider_name, content.description])
