"""Placeholders of snippets, such as `{price}`: filled in from the thread's offer, or named as missing.

Each has a name in both languages and either is understood in any text. What the offer does not
state stays as it is, so that nobody sends a blank; an answer that still holds one is refused.
Anything else in braces is text.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Final


class Placeholder(StrEnum):
    """What a snippet can ask for; the value is its English name."""

    PRICE = "price"
    STOCK = "stock"
    DELIVERY = "delivery"
    VALID_UNTIL = "valid_until"
    TITLE = "title"
    PLACE = "place"
    BUYER = "buyer"
    COMPANY = "company"
    SELLER = "seller"
    PROVIDER = "provider"


CHINESE: Final = {
    Placeholder.PRICE: "价格",
    Placeholder.STOCK: "库存",
    Placeholder.DELIVERY: "交期",
    Placeholder.VALID_UNTIL: "有效期",
    Placeholder.TITLE: "商品",
    Placeholder.PLACE: "地点",
    Placeholder.BUYER: "买家",
    Placeholder.COMPANY: "公司",
    Placeholder.SELLER: "卖家",
    Placeholder.PROVIDER: "供应商",
}
_BY_NAME: Final = {name: one for one in Placeholder for name in (one.value, CHINESE[one])}
_LONGEST: Final = max(map(len, _BY_NAME))
# Typed on a Chinese keyboard the braces are full-width ones.
_WRITTEN: Final = re.compile(rf"[{{｛]\s{{0,3}}(\w{{1,{_LONGEST}}})\s{{0,3}}[}}｝]")


@dataclass(frozen=True)
class Filled:
    """A snippet's text with its values; `missing` still stand in it, in their order, each once."""

    text: str
    missing: tuple[Placeholder, ...]


def fill(text: str, values: Mapping[Placeholder, str | None]) -> Filled:
    """Put values into a text.

    Args:
        text: with placeholders; what is none of ours stays.
        values: as the buyer is to read them; None or absent: not stated.
    """

    def put(written: re.Match[str]) -> str:
        known = _BY_NAME.get(written.group(1).lower())
        value = values.get(known) if known else None
        return written.group() if value is None else value

    filled = _WRITTEN.sub(put, text)
    # Of the snippet, not of what was filled in: a buyer may call themselves `{price}`.
    lacking = tuple(one for one in left_in(text) if values.get(one) is None)
    return Filled(filled, lacking)


def left_in(text: str) -> tuple[Placeholder, ...]:
    """The placeholders that stand in a text, in their order, each once."""
    names = (written.group(1).lower() for written in _WRITTEN.finditer(text))
    return tuple(dict.fromkeys(_BY_NAME[name] for name in names if name in _BY_NAME))


def written(one: Placeholder, locale: str) -> str:
    """How a placeholder is written in a language: `{price}`, `{价格}`."""
    return f"{{{CHINESE[one] if locale == 'zh' else one.value}}}"
