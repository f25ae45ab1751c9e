"""What a buyer would miss in an offer, and what its seller put in the wrong place: hints, no rules.

Each check is one thing that buyers look for. The essential ones are, word for word, what the
index calls incomplete (models.INCOMPLETE): a test holds the two together.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any, Final

from flask_babel import lazy_gettext as _l

from portal import hardware, places
from portal.listings.content import Content
from portal.listings.models import Unit

_COMPANY_SIGNS: Final = ("公司", "有限", "集团", "企业", "服务商", "提供商", "co.", "ltd", "inc.")
_SHORT_DESCRIPTION: Final = 80


@dataclass(frozen=True)
class Hint:
    """One thing to look at: the id of its field, and a translated sentence."""

    field: str
    text: Any


@dataclass(frozen=True)
class Check:
    """One thing that buyers look for.

    Args:
        field: where it is stated.
        is_met: whether the content states it.
        text: what a buyer misses without it, translated.
        is_essential: whether an offer without it counts as incomplete.
        concerns: whether it is asked of this content at all.
    """

    field: str
    is_met: Callable[[Content], bool]
    text: Any
    is_essential: bool = False
    concerns: Callable[[Content], bool] = lambda _content: True


@dataclass(frozen=True)
class Completeness:
    """How much of what buyers look for an offer states, and what it lacks, the essential first."""

    met: int
    total: int
    missing: tuple[Hint, ...]


def _is_by_item(content: Content) -> bool:
    return content.price_minor is not None and content.unit == Unit.ITEM


def _has_several_gpus(content: Content) -> bool:
    return (content.gpu_count or 0) > 1


def _is_stated(*names: str) -> Callable[[Content], bool]:
    return lambda content: all(getattr(content, name) not in (None, "", ()) for name in names)


CHECKS: Final = (
    Check(
        "description",
        _is_stated("description"),
        _l("There is no description: buyers see an empty space where you could convince them."),
        is_essential=True,
    ),
    Check(
        "gpu_model",
        _is_stated("gpu_model"),
        _l("No GPU model is chosen: buyers who filter by model never see this offer."),
        is_essential=True,
    ),
    Check(
        "gpu_count",
        _is_stated("gpu_count"),
        _l("How many GPUs a machine has is not stated: buyers cannot plan their job."),
        is_essential=True,
    ),
    Check(
        "price",
        _is_stated("price_minor"),
        _l("There is no price: it cannot be compared, and fewer buyers ask."),
        is_essential=True,
    ),
    Check(
        "delivery_days",
        _is_stated("delivery_days"),
        _l("Delivery time is not stated: buyers do not know when they could start."),
        is_essential=True,
    ),
    Check(
        "place",
        _is_stated("place"),
        _l("The place is not stated: buyers cannot judge latency or where their data would be."),
        is_essential=True,
    ),
    Check(
        "item_quantity",
        _is_stated("item_quantity", "item_unit"),
        _l("What one item is, is not said: its price cannot be compared with any other."),
        concerns=_is_by_item,
    ),
    Check(
        "images",
        _is_stated("images"),
        _l("There is no picture: in the list a bare icon stands for this offer."),
    ),
    Check(
        "delivery",
        _is_stated("delivery"),
        _l("Bare metal, virtual machine or container? Buyers ask that first."),
    ),
    Check(
        "interconnect",
        _is_stated("interconnect"),
        _l("How the GPUs are linked is not stated: who trains on several cards looks elsewhere."),
        concerns=_has_several_gpus,
    ),
    Check(
        "cpu_cores",
        _is_stated("cpu_cores", "ram_gib"),
        _l(
            "CPU cores and RAM are not both stated: buyers cannot tell whether data loading keeps up."
        ),
    ),
    Check(
        "disk_gib",
        _is_stated("disk_gib"),
        _l("The disk is not stated: buyers do not know whether their data set fits."),
    ),
    Check(
        "network_down_mbps",
        _is_stated("network_down_mbps", "network_up_mbps"),
        _l(
            "Internet speed is not stated both ways: buyers cannot tell how long their data travels."
        ),
    ),
    Check(
        "stock",
        _is_stated("stock"),
        _l("How many machines are free is not stated: buyers must ask before they can decide."),
    ),
    Check(
        "min_term",
        _is_stated("min_term"),
        _l("The shortest rental is not stated: buyers do not know whether a trial is possible."),
    ),
)
"""Everything that is looked for."""


def completeness(content: Content) -> Completeness:
    """How complete an offer is."""
    asked = [check for check in CHECKS if check.concerns(content)]
    missed = [check for check in asked if not check.is_met(content)]
    missed.sort(key=lambda check: not check.is_essential)
    hints = tuple(Hint(check.field, check.text) for check in missed)
    return Completeness(len(asked) - len(missed), len(asked), hints)


def is_incomplete(content: Content) -> bool:
    """Whether something essential is missing: the same as models.INCOMPLETE says of the row."""
    return any(check.is_essential and not check.is_met(content) for check in CHECKS)


def hints(content: Content) -> list[Hint]:
    """What is worth another look, the most telling first."""
    return [*completeness(content).missing, *misplaced(content)]


def misplaced(content: Content) -> list[Hint]:
    """What could say more, and what stands where nobody looks for it."""
    return list(_misplaced(content))


def _misplaced(content: Content) -> Iterator[Hint]:
    if content.description and len(content.description) < _SHORT_DESCRIPTION:
        yield Hint("description", _l("The description is very short."))
    for number, (name, value) in enumerate(content.attributes):
        field = f"attributes-{number}-name"
        if places.find(name):
            yield Hint(
                field, _l("“%(name)s” is a place: it belongs into the place field.", name=name)
            )
        elif _is_company(name) or _is_company(value):
            yield Hint(
                field,
                _l("“%(name)s” names a company: your profile already says who you are.", name=name),
            )
        elif not content.gpu_model and (gpu := hardware.match(value) or hardware.match(name)):
            yield Hint(
                field,
                _l(
                    "“%(name)s” looks like %(gpu)s: choose it as GPU model.",
                    name=name,
                    gpu=gpu.name,
                ),
            )


def _is_company(text: str) -> bool:
    return any(sign in text.lower() for sign in _COMPANY_SIGNS)
