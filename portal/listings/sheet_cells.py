"""Cells of a sheet of offers: what their texts mean, and the texts for what an offer says.

Words of choices are written in the reader's language and understood in both. Otherwise the rules
are those of the forms (fields.RULES, portal.web.parsing).
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal
from functools import lru_cache
from typing import Any, Final

from flask_babel import force_locale
from flask_babel import lazy_gettext as _l

from portal import hardware, places
from portal.listings.content import Discount, Pair
from portal.listings.fields import RULES, Choice, Rule, units
from portal.listings.lists import MOST_DISCOUNTS, MOST_MONTHS, MOST_PERCENT
from portal.web.formatting import current_locale, plain_amount, unit_label
from portal.web.languages import LANGUAGES
from portal.web.pairs import MOST_PAIRS, parse_pair
from portal.web.parsing import Invalid, parse_count, parse_money
from portal.web.sheets import Cell


def plain(text: str) -> str:
    """A text by which headings and words are compared: without case, blanks and signs."""
    return "".join(sign for sign in text.casefold() if sign.isalnum())


@lru_cache(maxsize=64)
def _codes(name: str) -> dict[str, str]:
    """Each word for a choice in each language → its value."""
    rule = RULES[name]
    assert isinstance(rule, Choice)
    found: dict[str, str] = {}
    for language in LANGUAGES.values():
        with force_locale(language):
            found |= {plain(text): value for value, text in _flat(rule.options())}
    # A value itself is never taken for another's word.
    return found | {plain(value): value for value in set(found.values())}


def _flat(options: Any) -> Iterator[tuple[str, str]]:
    groups = options.values() if isinstance(options, dict) else [options]
    for group in groups:
        for value, text in group:
            yield str(value), str(text)


def read_choice(rule: Rule, text: str) -> Any:
    """The value of a choice, given as itself or in the words of either language."""
    return (_codes(rule.name).get(plain(text)) if text.strip() else None) or rule.read(text)


def read_place(text: str) -> str | None:
    """The code of a place, given as itself or by a name that only one place has."""
    found = places.find(text) if len(text) <= _LONGEST_NAME else None
    return found.code if found else RULES["place"].read(text)


def read_gpu(text: str) -> str | None:
    """The key of a GPU model, given by a name as people write it.

    Raises:
        UnknownGpu: the catalogue has no such name.
    """
    if not text.strip():
        return None
    known = _codes("gpu_model").get(plain(text)) if len(text) <= _LONGEST_NAME else None
    if known:
        return known
    if gpu := hardware.match(text):
        return gpu.key
    raise UnknownGpu(_l("No GPU of the catalogue has this name: say above which one it is."))


class UnknownGpu(Invalid):
    """The name of a GPU that the catalogue does not know."""


_LONGEST_NAME: Final = 100


# ---- price ----

_SIGNS: Final = {
    "¥": "CNY", "￥": "CNY", "元": "CNY", "人民币": "CNY", "RMB": "CNY", "CNY": "CNY",
    "$": "USD", "US$": "USD", "USD": "USD", "美元": "USD",
    "€": "EUR", "EUR": "EUR", "欧元": "EUR",
    "HK$": "HKD", "HKD": "HKD", "港元": "HKD", "港币": "HKD",
}  # fmt: skip
"""What stands for a currency in a cell."""
_AMOUNT: Final = re.compile(
    r"\s*([^0-9０-９.,]{0,4}?)\s*([0-9０-９][0-9０-９.,．，]*)\s*([^0-9.,]{0,4}?)\s*"
)
_ZEROS: Final = re.compile(r"(\.[0-9]{2})0+$")
_NEGOTIABLE: Final = frozenset(
    plain(words) for words in ("面议", "电议", "negotiable", "Price on request", "on request", "-")
)


@dataclass(frozen=True)
class Amount:
    """A price's number as typed, and the currency it names itself (None: it names none)."""

    typed: str
    currency: str | None

    def minor(self, currency: str) -> int:
        """Minor units of `currency`.

        Raises:
            Invalid: no amount of this currency.
        """
        if self.currency not in {None, currency}:
            raise Invalid(
                _l(
                    "The cell says %(named)s, the row %(currency)s.",
                    named=self.currency,
                    currency=currency,
                )
            )
        return parse_money(self.typed, currency)


def read_amount(text: str) -> Amount | None:
    """A price as people write it: `40.97`, `$40.97`, `11,000元`; None: on request."""
    if plain(text[:_LONGEST_NAME]) in _NEGOTIABLE or not text.strip():
        return None
    match = _AMOUNT.fullmatch(text) if len(text) < _LONGEST_NAME else None
    if match is None:
        return Amount(text, None)
    signs = [sign.strip().upper() for sign in (match[1], match[3]) if sign.strip()]
    currencies = {_SIGNS[sign] for sign in signs if sign in _SIGNS}
    if len(signs) != sum(sign in _SIGNS for sign in signs) or len(currencies) > 1:
        return Amount(text, None)
    return Amount(_ZEROS.sub(r"\1", match[2]), next(iter(currencies), None))


def read_currency(text: str) -> str:
    """The code of a currency, given by code, sign or name."""
    known = _SIGNS.get(text.strip().upper())
    if known is None:
        raise Invalid(_l("Write the currency as CNY, USD, EUR or HKD."))
    return known


@lru_cache(maxsize=1)
def _unit_codes() -> dict[str, str]:
    found: dict[str, str] = {}
    for language in LANGUAGES.values():
        with force_locale(language):
            found |= {plain(text): value for value, text in units()}
    return found | {plain(value): value for value in set(found.values())}


def read_unit(text: str) -> str:
    """What one price buys, given as its code or in the words of either language."""
    known = _unit_codes().get(plain(text[:_LONGEST_NAME]))
    if known is None:
        raise Invalid(_l("Choose one of the listed values."))
    return known


def show_price(row: Any) -> Cell:
    """The amount as a number."""
    minor = row.price_minor
    return None if minor is None else Decimal(plain_amount(minor, row.currency))


def show_unit(row: Any) -> Cell:
    """What it buys, in the reader's words."""
    return unit_label(row.unit, current_locale())


# ---- lists ----

_DISCOUNT: Final = re.compile(r"\s*([0-9]+)\s*[:：=]\s*([0-9]+)\s*[%％]?\s*")


def show_discounts(row: Any) -> Cell:
    """Such as `3: 5%; 12: 15%`."""
    return "; ".join(f"{months}: {percent}%" for months, percent in row.discounts or ()) or None


def read_discounts(text: str) -> tuple[Discount, ...]:
    """`3: 5%; 12: 15%`: from so many months on, so much less."""
    found: dict[int, int] = {}
    for part in filter(str.strip, re.split(r"[;；\n]", text[:_LONGEST_LIST])):
        match = _DISCOUNT.fullmatch(part)
        if match is None:
            raise Invalid(_l("Write discounts as months and per cent, such as 3: 5; 12: 15."))
        months = parse_count(match[1], 1, MOST_MONTHS)
        if months in found:
            raise Invalid(_l("The same number of months stands here twice."))
        found[months] = parse_count(match[2], 1, MOST_PERCENT)
    if len(found) > MOST_DISCOUNTS:
        raise Invalid(_l("At most %(most)s: remove some.", most=MOST_DISCOUNTS))
    return tuple(sorted(found.items()))


_LONGEST_LIST: Final = 30_000
_COLON: Final = re.compile(r"(?<!\\)((?:\\\\)*)[:：]\s*")


def show_pairs(row: Any) -> Cell:
    """A pair a line: `name: value`."""
    lines = (f"{_escaped(name)}: {value}" for name, value in row.attributes)
    return "\n".join(lines) or None


def _escaped(name: str) -> str:
    return re.sub(r"([\\:：])", r"\\\1", name)


def read_pairs(text: str) -> tuple[Pair, ...]:
    """A pair a line, `name: value`; a colon inside a name has a backslash before it."""
    pairs = []
    for line in text[:_LONGEST_LIST].splitlines():
        if not line.strip():
            continue
        match = _COLON.search(line)
        if match is None:
            raise Invalid(_l("Write one attribute a line, as name: value."))
        name = re.sub(r"\\([\\:：])", r"\1", line[: match.start()] + match[1])
        pairs.append(parse_pair(name, line[match.end() :]))
    if len(pairs) > MOST_PAIRS:
        raise Invalid(_l("At most %(most)s: remove some.", most=MOST_PAIRS))
    return tuple(pairs)
