"""What a buyer would miss in an offer, and what its seller put in the wrong place: hints, no rules."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Final

from flask_babel import lazy_gettext as _l

from portal import hardware, places
from portal.listings.content import Content

_COMPANY_SIGNS: Final = ("公司", "有限", "集团", "企业", "服务商", "提供商", "co.", "ltd", "inc.")
_SHORT_DESCRIPTION: Final = 80


@dataclass(frozen=True)
class Hint:
    """One thing to look at: the id of its field, and a translated sentence."""

    field: str
    text: Any


def hints(content: Content) -> list[Hint]:
    """What is worth another look, the most telling first."""
    return [*_missing(content), *_misplaced(content)]


def _missing(content: Content) -> Iterator[Hint]:
    if not content.description:
        yield Hint("description", _l("There is no description yet."))
    elif len(content.description) < _SHORT_DESCRIPTION:
        yield Hint("description", _l("The description is very short."))
    if not content.place:
        yield Hint("place", _l("The place is not stated."))
    if content.delivery_days is None:
        yield Hint("delivery_days", _l("The delivery time is not stated: buyers will read so."))
    if not content.gpu_model:
        yield Hint("gpu_model", _l("No GPU model is chosen: filters do not find this offer."))
    elif content.gpu_count is None:
        yield Hint("gpu_count", _l("How many GPUs a machine has is not stated."))
    yield from _about_price(content)


def _about_price(content: Content) -> Iterator[Hint]:
    if content.price_minor is None:
        yield Hint("price", _l("Without a price fewer buyers ask."))
    elif content.unit == "item":
        yield Hint("unit", _l("“Item” says little: a price per GPU-hour or month can be compared."))


def _misplaced(content: Content) -> Iterator[Hint]:
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
