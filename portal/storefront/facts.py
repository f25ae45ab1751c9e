"""What an offer states and what its GPU is known for, in words and in groups, as its page shows it.

Nothing here has words of its own for a field: labels, values and the sentences about prices are
those that the seller saw in the editor.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final

from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l

from portal.hardware import GpuModel
from portal.listings import pricing
from portal.listings.content import Content
from portal.listings.fields import SECTIONS
from portal.listings.vocabulary import Unit
from portal.listings.wording import PART_NAMES, part_in_words
from portal.web.formatting import current_locale, format_number, unit_label

Fact = tuple[Any, str]
"""A label and a value in words."""
GROUPS: Final = {
    "offer": ("kind", "delivery", "brand", "own_number"),
    "machine": (
        "gpu_model",
        "gpu_count",
        "gpu_memory_gib",
        "interconnect",
        "pcie",
        "cpu_model",
        "cpu_cores",
        "ram_gib",
        "disk",
    ),
    "network": ("network_down_mbps", "network_up_mbps", "fabric"),
    "price": ("item", "stock", "min_order", "min_gpus", "term"),
    "time": ("availability", "maintenance"),
}
"""Parts of a content by the section they are shown in; the others have places of their own.

The seller's own category is nobody else's: it sorts the seller's list and says nothing to a buyer.
"""
_TO_BUYERS: Final = {"own_number": _l("Seller's number")}
"""Labels that speak to the seller in the editor."""
_RATES: Final = (
    ("tflops_fp64", "FP64", "TFLOPS"),
    ("tflops_fp32", "FP32", "TFLOPS"),
    ("tflops_tf32", "TF32", "TFLOPS"),
    ("tflops_16bit", _l("FP16 or BF16"), "TFLOPS"),
    ("tflops_fp8", "FP8", "TFLOPS"),
    ("tops_int8", "INT8", "TOPS"),
)
_NOTHING: Final = Content(title="")


@dataclass(frozen=True)
class Group:
    """Facts under one heading."""

    key: str
    title: Any
    facts: Sequence[Fact]


@dataclass(frozen=True)
class Discount:
    """What a longer term costs: words, and the price then in minor units of the offer's currency."""

    words: str
    price_minor: int | None
    currency: str
    unit: str


def stated(content: Content) -> list[Group]:
    """The typed fields that are stated; a group without any is left out."""
    groups = (Group(key, SECTIONS[key], _stated(content, parts)) for key, parts in GROUPS.items())
    return [group for group in groups if group.facts]


def _stated(content: Content, parts: Sequence[str]) -> list[Fact]:
    return [
        (_TO_BUYERS.get(part, PART_NAMES[part]), words)
        for part in parts
        if (words := _words(content, part))
    ]


def _words(content: Content, part: str) -> str:
    """A part in words; empty where it is not stated, or means nothing here."""
    words = part_in_words(content, part)
    if words == part_in_words(_NOTHING, part):
        return ""
    if part == "item" and content.unit != Unit.ITEM:
        return ""
    if part == "min_order":
        return f"{words} × {unit_label(content.unit, current_locale())}"
    return words


def catalogue(gpu: GpuModel | None) -> list[Fact]:
    """What the maker says of the GPU: memory, bandwidth, links, peak rates, power."""
    return list(_catalogue(gpu)) if gpu else []


def _catalogue(gpu: GpuModel) -> Iterator[Fact]:
    if gpu.memory_gib:
        yield _("Memory"), f"{format_number(gpu.memory_gib)} GiB {gpu.memory_type}".rstrip()
    if gpu.bandwidth_gb_s:
        yield _("Bandwidth"), f"{format_number(gpu.bandwidth_gb_s)} GB/s"
    if gpu.interconnect:
        yield _("Links"), gpu.interconnect
    for name, label, unit in _RATES:
        if rate := getattr(gpu, name):
            yield label, f"{format_number(rate)} {unit}"
    if gpu.tdp_w:
        yield _("Power"), f"{format_number(gpu.tdp_w)} W"


def conversions(content: Content) -> pricing.Converted:
    """What the price comes to in other units."""
    return pricing.conversions(
        content.price_minor,
        content.currency,
        content.unit,
        gpu_count=content.gpu_count,
        item_quantity=content.item_quantity,
        item_unit=content.item_unit,
    )


def discounts(content: Content) -> list[Discount]:
    """The discounts for longer terms, the shortest term first, each with its price."""
    if not content.discounts:
        return []
    in_order = replace(content, discounts=tuple(sorted(content.discounts)))
    reduced = pricing.discounted(content.price_minor, in_order.discounts)
    prices: list[int | None] = [price for _months, _percent, price in reduced]
    lines = part_in_words(in_order, "discounts").splitlines()
    return [
        Discount(words, price, content.currency, content.unit)
        for words, price in zip(lines, prices or [None] * len(lines), strict=True)
    ]
