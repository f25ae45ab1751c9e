"""Where the editor shows which field: its sections, and what stands in a row together.

Drawn from fields.RULES: a new field appears in its section without a word here. What has a shape
of its own (price, discounts, pairs, pictures, description) is drawn by the editor's template.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any, Final

from portal.listings.content import PARTS
from portal.listings.fields import RULES, SECTIONS

_TOGETHER: Final = (
    ("kind", "delivery", "brand"),
    ("own_number", "own_category"),
    ("gpu_count", "gpu_memory_gib", "interconnect"),
    ("pcie_generation", "pcie_lanes"),
    ("cpu_model", "cpu_cores", "ram_gib"),
    ("disk_gib", "disk_type"),
    ("network_down_mbps", "network_up_mbps"),
    ("fabric", "fabric_gbps"),
    ("item_quantity", "item_unit"),
    ("stock", "min_order", "min_gpus", "delivery_days"),
    ("min_term", "max_term", "term_unit"),
    ("available_from", "available_until"),
)
_SHAPED: Final = {
    "offer": ("attributes",),
    "price": ("price", "currency", "unit", "discounts"),
    "time": ("valid_until", "no_end_date"),
    "pictures": ("images",),
    "description": ("description",),
}
"""Fields that are not in RULES, by their section."""
_ROW_OF: Final = {name: row for row in _TOGETHER for name in row}
_PART_OF: Final = {name: part for part, names in PARTS.items() for name in names}


@dataclass(frozen=True)
class Section:
    """One part of the editor: its id in the page, its name, its fields row by row."""

    key: str
    label: Any
    rows: tuple[tuple[str, ...], ...]

    @property
    def id(self) -> str:
        """Of its element in the page."""
        return f"section-{self.key}"

    @property
    def fields(self) -> frozenset[str]:
        """Every field that stands in it."""
        return frozenset(name for row in self.rows for name in row) | frozenset(
            _SHAPED.get(self.key, ())
        )


@cache
def sections() -> tuple[Section, ...]:
    """The editor's sections in their order."""
    return tuple(Section(key, label, _rows_of(key)) for key, label in SECTIONS.items())


def _rows_of(section: str) -> tuple[tuple[str, ...], ...]:
    names = [name for name, rule in RULES.items() if rule.section == section]
    # A dictionary: each row once, where its first field stands.
    return tuple({_ROW_OF.get(name, (name,)): None for name in names})


def section_of(field: str) -> str:
    """The key of the section that holds a field; `attributes-2-name` stands where its list does."""
    stem = field.partition("-")[0]
    return next((one.key for one in sections() if stem in one.fields), "offer")


def part_of(field: str) -> str:
    """The part (see content.PARTS) that a field belongs to."""
    return _PART_OF.get(field, field)


def outline(errors: Iterable[str], missing: Iterable[str]) -> list[Mapping[str, Any]]:
    """The sections for the list that leads to them, see the macro `section_nav`.

    Args:
        errors: names of the fields that need another look.
        missing: names of the fields that buyers would miss.
    """
    wrong = [section_of(name) for name in errors]
    open_ones = {section_of(name) for name in missing}
    return [
        {
            "id": one.id,
            "label": one.label,
            "errors": wrong.count(one.key),
            "is_done": one.key not in open_ones,
        }
        for one in sections()
    ]
