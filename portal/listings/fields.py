"""The typed fields of an offer: name, rule and words of each, once for forms, sheets and pages.

Price, end date, discounts, description, attribute pairs and pictures have shapes of their own: see
forms.py and wording.py.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from typing import Any, Final

from flask_babel import lazy_gettext as _l

from portal import hardware, places
from portal.listings import vocabulary
from portal.web.formatting import current_locale, format_day, format_number, unit_label
from portal.web.parsing import parse_choice, parse_count, parse_day, parse_line

Options = Mapping[str, Sequence[tuple[str, Any]]] | Sequence[tuple[str, Any]]
"""Value and text of each choice, or such pairs by the heading of their group."""


@dataclass(frozen=True, kw_only=True)
class Rule:
    """One typed field.

    Args:
        name: in Content and in forms.
        label: translated.
        section: of the editor, a key of SECTIONS.
        suffix: translated unit behind the box.
        hint: translated sentence below it.
    """

    name: str
    label: Any
    section: str
    suffix: Any = None
    hint: Any = None
    nothing: Any = None
    """The value of an empty field."""

    def read(self, raw: str) -> Any:
        """What a text means; of an empty one `nothing`.

        Raises:
            portal.web.parsing.Invalid: nothing this field can hold.
        """
        raise NotImplementedError

    def show(self, value: Any) -> str:
        """The text that `read` takes for the value."""
        return "" if value in {None, ""} else str(value)

    def words(self, value: Any) -> str:
        """A value that is stated, as people read it."""
        return str(value)


@dataclass(frozen=True, kw_only=True)
class Line(Rule):
    """Free text of `least` to `most` characters."""

    most: int
    least: int = 0
    nothing: Any = ""

    def read(self, raw: str) -> str:
        """The line."""
        return parse_line(raw, most=self.most, least=self.least)


@dataclass(frozen=True, kw_only=True)
class Count(Rule):
    """A whole number from `least` to `most`."""

    least: int = 1
    most: int

    def read(self, raw: str) -> int | None:
        """The number."""
        return parse_count(raw, self.least, self.most) if raw.strip() else None

    def words(self, value: int) -> str:
        """The number with its unit."""
        return f"{format_number(value)} {self.suffix}" if self.suffix else format_number(value)


@dataclass(frozen=True, kw_only=True)
class Choice(Rule):
    """One of a closed set; `texts` are its values' words, or a function that gives its options."""

    texts: Mapping[Any, Any] | Callable[[], Options]

    def options(self) -> Options:
        """What a select offers."""
        return self.texts() if callable(self.texts) else list(self.texts.items())

    def _all(self) -> dict[str, Any]:
        options = self.options()
        groups = options.values() if isinstance(options, Mapping) else [options]
        return {value: text for group in groups for value, text in group}

    def read(self, raw: str) -> str | None:
        """The choice's value."""
        return parse_choice(raw, self._all()) if raw.strip() else None

    def words(self, value: str) -> str:
        """The choice's text."""
        return str(self._all().get(value, value))


@dataclass(frozen=True, kw_only=True)
class PlaceChoice(Choice):
    """A place of the closed tree, told with its province."""

    def words(self, value: str) -> str:
        """The place's name."""
        return places.label(value, current_locale())


@dataclass(frozen=True, kw_only=True)
class Day(Rule):
    """A calendar day."""

    def read(self, raw: str) -> date | None:
        """The day."""
        return parse_day(raw) if raw.strip() else None

    def words(self, value: date) -> str:
        """The day in the reader's form."""
        return format_day(value, current_locale())


SECTIONS: Final = {
    "offer": _l("Offer"),
    "machine": _l("GPU and machine"),
    "network": _l("Network"),
    "price": _l("Price and terms"),
    "time": _l("Place and time"),
    "pictures": _l("Pictures"),
    "description": _l("Description"),
}
"""The editor's sections in their order."""
KINDS: Final = {
    vocabulary.Kind.RENTAL: _l("Rental"),
    vocabulary.Kind.SUPPLY: _l("Supply"),
    vocabulary.Kind.SERVICE: _l("Service"),
    vocabulary.Kind.USED: _l("Second-hand"),
    vocabulary.Kind.CLEARANCE: _l("Clearance stock"),
}
DELIVERIES: Final = {
    vocabulary.Delivery.BARE_METAL: _l("Bare metal"),
    vocabulary.Delivery.VIRTUAL_MACHINE: _l("Virtual machine"),
    vocabulary.Delivery.CONTAINER: _l("Container"),
    vocabulary.Delivery.CLUSTER: _l("Cluster"),
    vocabulary.Delivery.HOSTING: _l("Hosting of your machines"),
    vocabulary.Delivery.HARDWARE: _l("Hardware for sale"),
}
INTERCONNECTS: Final = {
    vocabulary.Interconnect.NVSWITCH: _l("NVLink with NVSwitch"),
    vocabulary.Interconnect.NVLINK: _l("NVLink bridges"),
    vocabulary.Interconnect.INFINITY_FABRIC: _l("Infinity Fabric"),
    vocabulary.Interconnect.HCCS: _l("HCCS"),
    vocabulary.Interconnect.OTHER: _l("Another direct link"),
    vocabulary.Interconnect.PCIE: _l("PCIe only"),
}
DISK_TYPES: Final = {
    vocabulary.DiskType.NVME: _l("NVMe"),
    vocabulary.DiskType.SSD: _l("SATA or SAS SSD"),
    vocabulary.DiskType.HDD: _l("Hard disks"),
}
FABRICS: Final = {
    vocabulary.Fabric.INFINIBAND: _l("InfiniBand"),
    vocabulary.Fabric.ROCE: _l("RoCE"),
    vocabulary.Fabric.ETHERNET: _l("Ethernet"),
}
TERM_UNITS: Final = {
    vocabulary.TermUnit.HOUR: _l("hours"),
    vocabulary.TermUnit.DAY: _l("days"),
    vocabulary.TermUnit.MONTH: _l("months"),
    vocabulary.TermUnit.YEAR: _l("years"),
}


def units(*, but: StrEnum | None = None) -> list[tuple[str, str]]:
    """Units of a price with their names, without `but`."""
    locale = current_locale()
    return [(unit.value, unit_label(unit, locale)) for unit in vocabulary.Unit if unit != but]


def _item_units() -> list[tuple[str, str]]:
    return units(but=vocabulary.Unit.ITEM)


def _places() -> Options:
    return places.choices(current_locale())


_RULES: Final[tuple[Rule, ...]] = (
    Line(
        name="title",
        label=_l("Title"),
        section="offer",
        most=100,
        least=2,
        hint=_l("2 to 100 characters; what buyers search for comes first."),
    ),
    Choice(name="kind", label=_l("Kind of offer"), section="offer", texts=KINDS),
    Choice(name="delivery", label=_l("Handed over as"), section="offer", texts=DELIVERIES),
    Line(name="brand", label=_l("Maker of the machine"), section="offer", most=64),
    Line(
        name="own_number",
        label=_l("Your number"),
        section="offer",
        most=64,
        hint=_l("Your own number of this offer; a sheet with it updates the offer."),
    ),
    Line(name="own_category", label=_l("Your category"), section="offer", most=64),
    Choice(name="gpu_model", label=_l("GPU model"), section="machine", texts=hardware.choices),
    Count(name="gpu_count", label=_l("GPUs in one machine"), section="machine", most=1024),
    Count(
        name="gpu_memory_gib",
        label=_l("Memory of one GPU"),
        section="machine",
        most=4096,
        suffix=_l("GiB"),
        hint=_l("Only where it is not the maker's."),
    ),
    Choice(
        name="interconnect", label=_l("Between the GPUs"), section="machine", texts=INTERCONNECTS
    ),
    Count(name="pcie_generation", label=_l("PCIe generation"), section="machine", most=9),
    Count(name="pcie_lanes", label=_l("PCIe lanes of a GPU"), section="machine", most=32),
    Line(name="cpu_model", label=_l("CPU"), section="machine", most=64),
    Count(name="cpu_cores", label=_l("CPU cores"), section="machine", most=8192),
    Count(name="ram_gib", label=_l("RAM"), section="machine", most=65_536, suffix=_l("GiB")),
    Count(name="disk_gib", label=_l("Disk"), section="machine", most=100_000_000, suffix=_l("GiB")),
    Choice(name="disk_type", label=_l("Kind of disk"), section="machine", texts=DISK_TYPES),
    Count(
        name="network_down_mbps",
        label=_l("Internet, down"),
        section="network",
        most=10_000_000,
        suffix=_l("Mbit/s"),
    ),
    Count(
        name="network_up_mbps",
        label=_l("Internet, up"),
        section="network",
        most=10_000_000,
        suffix=_l("Mbit/s"),
    ),
    Choice(name="fabric", label=_l("Between machines"), section="network", texts=FABRICS),
    Count(
        name="fabric_gbps",
        label=_l("Speed between machines"),
        section="network",
        most=100_000,
        suffix=_l("Gbit/s"),
    ),
    Count(
        name="item_quantity",
        label=_l("One item holds"),
        section="price",
        most=1_000_000,
        hint=_l("Only for a price per item, such as 1 machine-month: without it nothing compares."),
    ),
    Choice(name="item_unit", label=_l("Counted in"), section="price", texts=_item_units),
    Count(
        name="stock",
        label=_l("Machines free"),
        section="price",
        least=0,
        most=1_000_000,
        hint=_l("Machines or items that can be rented now."),
    ),
    Count(name="min_order", label=_l("Smallest order"), section="price", most=1_000_000),
    Count(name="min_gpus", label=_l("Fewest GPUs of an order"), section="price", most=1_000_000),
    Count(name="min_term", label=_l("Shortest rental"), section="price", most=100_000),
    Count(name="max_term", label=_l("Longest rental"), section="price", most=100_000),
    Choice(name="term_unit", label=_l("Counted in"), section="price", texts=TERM_UNITS),
    Count(
        name="delivery_days",
        label=_l("Days from payment to delivery"),
        section="price",
        least=0,
        most=3650,
        suffix=_l("days"),
    ),
    PlaceChoice(name="place", label=_l("Place"), section="time", texts=_places),
    Day(name="available_from", label=_l("Available from"), section="time"),
    Day(name="available_until", label=_l("Available until"), section="time"),
    Line(
        name="maintenance",
        label=_l("Maintenance windows"),
        section="time",
        most=200,
        hint=_l("Such as: Tuesdays 2 to 4 o'clock."),
    ),
)
RULES: Final = {rule.name: rule for rule in _RULES}
"""Every typed field by its name, in the editor's order."""
