"""What a buyer asks the list of offers for, read from an address and written into one."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final
from urllib.parse import urlencode

from portal import hardware, places
from portal.listings.models import Currency, Unit
from portal.listings.search import LONGEST_QUERY
from portal.listings.vocabulary import Delivery
from portal.web.formatting import plain_amount
from portal.web.parsing import Invalid, parse_money, printable

NEWEST, CHEAPEST, DEAREST = "newest", "price", "price-down"
SORTS: Final = (NEWEST, CHEAPEST, DEAREST)
YES, NO = "yes", "no"
_CURRENCIES: Final = frozenset(currency.value for currency in Currency)
_UNITS: Final = frozenset(unit.value for unit in Unit)
_DELIVERIES: Final = frozenset(delivery.value for delivery in Delivery)


@dataclass(frozen=True)
class Filters:
    """What the list is asked for; empty or None means: all.

    Prices are in minor units of `currency` and compared as stated, whatever their unit: who asks
    for a range or for an order by price has a currency (CNY where none was named).
    """

    q: str = ""
    gpu: str = ""
    place: str = ""
    currency: str = ""
    unit: str = ""
    price_from: int | None = None
    price_to: int | None = None
    negotiable: str = ""
    """`yes`: only offers without a price (面议); `no`: only offers with one."""
    delivery: str = ""
    """As what the compute is handed over, see vocabulary.Delivery."""
    in_stock: bool = False
    """Only offers whose stock is stated and not zero."""
    sort: str = NEWEST
    is_price_unread: bool = False
    """Whether a price stood in the address that is none."""

    @property
    def has_range(self) -> bool:
        """Whether prices are compared with a bound."""
        return self.price_from is not None or self.price_to is not None

    @property
    def is_set(self) -> bool:
        """Whether they leave anything out."""
        words = (self.q, self.gpu, self.place, self.delivery, self.negotiable)
        return any(words) or self.in_stock or any((self.currency, self.unit)) or self.has_range

    @property
    def mixes_units(self) -> bool:
        """Whether prices of different units are held against each other."""
        return not self.unit and (self.has_range or self.sort != NEWEST)

    def parameters(self) -> dict[str, str]:
        """What stands in the address; defaults are left out of it."""
        given = {
            "q": self.q,
            "gpu": self.gpu,
            "place": self.place,
            "price_from": self.amount(self.price_from),
            "price_to": self.amount(self.price_to),
            "currency": self.currency,
            "unit": self.unit,
            "negotiable": self.negotiable,
            "delivery": self.delivery,
            "in_stock": YES if self.in_stock else "",
            "sort": "" if self.sort == NEWEST else self.sort,
        }
        return {name: value for name, value in given.items() if value}

    def amount(self, minor: int | None) -> str:
        """A bound as an input shows it: `3.5`, not `3.50`."""
        if minor is None:
            return ""
        shown = plain_amount(minor, self.currency or Currency.CNY)
        return shown.rstrip("0").rstrip(".") if "." in shown else shown


def asked(arguments: Mapping[str, str]) -> Filters:
    """The filters in an address; what is none of ours is left out."""
    gpu, place = arguments.get("gpu", ""), arguments.get("place", "")
    sort = _one_of(SORTS, arguments.get("sort", "")) or NEWEST
    currency = _one_of(_CURRENCIES, arguments.get("currency", ""))
    bounds = [arguments.get(name, "")[:40] for name in ("price_from", "price_to")]
    low, high = (_money(raw, currency or Currency.CNY) for raw in bounds)
    if low is not None and high is not None and low > high:
        low, high = high, low
    if not currency and (low is not None or high is not None or sort != NEWEST):
        currency = Currency.CNY.value
    return Filters(
        q=" ".join(printable(arguments.get("q", "")[: 4 * LONGEST_QUERY]).split())[:LONGEST_QUERY],
        gpu=gpu if gpu and hardware.model(gpu) else "",
        place=place if place and places.place(place) else "",
        currency=currency,
        unit=_one_of(_UNITS, arguments.get("unit", "")),
        price_from=low,
        price_to=high,
        negotiable=_one_of((YES, NO), arguments.get("negotiable", "")),
        delivery=_one_of(_DELIVERIES, arguments.get("delivery", "")),
        in_stock=arguments.get("in_stock") == YES,
        sort=sort,
        is_price_unread=sum(map(_says_something, bounds)) > sum(b is not None for b in (low, high)),
    )


def _one_of(known: frozenset[str] | tuple[str, ...], value: str) -> str:
    return value if value in known else ""


def _says_something(raw: str) -> bool:
    # Zero is no bound, and no mistake either.
    return bool(raw.strip().strip("0."))


def _money(raw: str, currency: str) -> int | None:
    if not _says_something(raw):
        return None
    try:
        return parse_money(raw, currency)
    except Invalid:
        return None


def url_of(filters: Filters, *, without: tuple[str, ...] = (), page: str | None = None) -> str:
    """The list's address with these filters, some left out, at a page's cursor."""
    given = {k: value for k, value in filters.parameters().items() if k not in without}
    if page:
        given["page"] = page
    return f"/?{urlencode(given)}" if given else "/"
