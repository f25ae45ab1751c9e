"""What the index is asked for: filters, order and looks, read from an address and written into one.

An address has one canonical form: defaults are left out of it, what is none of ours too. Amounts
compare only within one currency and unit, so a price range, or the order by price, brings both with
it; what is about buyers (ending soon, unconfirmed for long) asks for live offers unless another
status is named. Both then stand in the filters for everybody to see.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields, replace
from functools import cached_property, lru_cache
from typing import Any, Final
from urllib.parse import parse_qsl, urlencode

from portal import hardware, places
from portal.listings.vocabulary import Currency, Kind, Status, Unit
from portal.web.formatting import plain_amount
from portal.web.parsing import Invalid, parse_money, printable

INDEX: Final = "/portal/listings/"
SORTS: Final = ("updated", "oldest", "views", "cheapest", "dearest", "stock", "ends")
"""Last changed first, last changed last, most viewed first, by price, fewest in stock first, ending
soonest first."""
ENDING_DAYS: Final = (7, 14, 30)
STALE_DAYS: Final = (30, 60, 90)
COLUMNS: Final = (
    "own_number", "model", "price", "stock", "status", "ends", "trend", "views", "inquiries",
    "confirmed", "completeness", "own_category", "updated",
)  # fmt: skip
"""What a row may show beside its title, in this order."""
SHOWN: Final = (
    "model", "price", "stock", "status", "ends", "trend", "views", "inquiries", "updated",
)  # fmt: skip
"""What it shows where nobody chose."""
DENSITIES: Final = ("comfortable", "compact")
_LONGEST: Final = {"q": 100, "category": 64}
_BY_PRICE: Final = frozenset({"cheapest", "dearest"})


@dataclass(frozen=True)
class Filters:
    """What the index is asked for; empty means: all (of statuses: all but the archive).

    `price_from` and `price_to` are in minor units of `currency` for one `unit`; `expiring` and
    `stale` are days.
    """

    q: str = ""
    status: str = ""
    gpu: str = ""
    place: str = ""
    kind: str = ""
    category: str = ""
    unit: str = ""
    currency: str = ""
    price_from: int | None = None
    price_to: int | None = None
    expiring: int = 0
    stale: int = 0
    incomplete: bool = False
    sort: str = SORTS[0]
    columns: tuple[str, ...] = SHOWN
    density: str = DENSITIES[0]

    @cached_property
    def given(self) -> tuple[str, ...]:
        """Names of the filters that leave something out."""
        return tuple(name for name in _NARROWING if getattr(self, name) not in {"", None, 0})

    @cached_property
    def address(self) -> str:
        """The index's address with them."""
        return url_of(self)

    @property
    def is_set(self) -> bool:
        """Whether they leave anything out."""
        return bool(self.given)

    @property
    def compares_prices(self) -> bool:
        """Whether amounts are compared, which needs one currency and unit."""
        return self.price_from is not None or self.price_to is not None or self.sort in _BY_PRICE


_NARROWING: Final = tuple(
    field.name for field in fields(Filters) if field.name not in {"sort", "columns", "density"}
)


@lru_cache(maxsize=512)
def read(query: bytes) -> tuple[Filters, str | None]:
    """The filters and the cursor in an address's query, as `asked` reads them.

    Kept by the query: the same list is looked at again and again.
    """
    pairs = parse_qsl(query.decode("utf-8", "replace"), errors="replace")
    arguments = dict(reversed(pairs))
    columns = [value for name, value in pairs if name == "columns"]
    return asked(arguments, columns), arguments.get("page")


def asked(arguments: Mapping[str, str], columns: Sequence[str] = ()) -> Filters:
    """The filters in an address; what is none of ours is left out.

    Args:
        arguments: the first value of each name.
        columns: all values of `columns`.
    """

    def one_of(name: str, allowed: Any) -> str:
        value = arguments.get(name, "")
        return value if value in allowed else ""

    def days_of(name: str, allowed: tuple[int, ...]) -> int:
        value = one_of(name, set(map(str, allowed)))
        return int(value or 0)

    gpu, place = arguments.get("gpu", ""), arguments.get("place", "")
    chosen = Filters(
        q=_line(arguments, "q"),
        status=one_of("status", set(Status)),
        gpu=gpu if gpu and hardware.model(gpu) else "",
        place=place if place and places.place(place) else "",
        kind=one_of("kind", set(Kind)),
        category=_line(arguments, "category"),
        unit=one_of("unit", set(Unit)),
        currency=one_of("currency", set(Currency)),
        price_from=_amount(arguments, "price_from"),
        price_to=_amount(arguments, "price_to"),
        expiring=days_of("expiring", ENDING_DAYS),
        stale=days_of("stale", STALE_DAYS),
        incomplete=arguments.get("incomplete") == "1",
        columns=tuple(name for name in COLUMNS if name in columns) or SHOWN,
        density=one_of("density", DENSITIES) or DENSITIES[0],
    )
    return _completed(replace(chosen, sort=one_of("sort", SORTS) or _natural_sort(chosen)))


def _line(arguments: Mapping[str, str], name: str) -> str:
    return printable(arguments.get(name, "")).strip()[: _LONGEST[name]]


def _amount(arguments: Mapping[str, str], name: str) -> int | None:
    try:
        # A currency without two decimals is none of ours: see vocabulary.Currency.
        return parse_money(arguments[name], Currency.CNY) if arguments.get(name) else None
    except Invalid:
        return None


def _completed(filters: Filters) -> Filters:
    """With the currency and unit, or the status, that the others need."""
    if filters.compares_prices:
        filters = replace(
            filters,
            unit=filters.unit or Unit.ITEM.value,
            currency=filters.currency or Currency.CNY.value,
        )
    if (filters.expiring or filters.stale or filters.sort == "ends") and not filters.status:
        filters = replace(filters, status=Status.LIVE.value)
    return filters


def _natural_sort(filters: Filters) -> str:
    """The order that needs no name: what is asked for by time comes by time."""
    if filters.expiring:
        return "ends"
    return "oldest" if filters.stale else SORTS[0]


@lru_cache(maxsize=4096)
def url_of(filters: Filters, *, page: str | None = None, **changed: Any) -> str:
    """The index's address with these filters, some changed."""
    query = query_of(filters, page=page, **changed)
    return f"{INDEX}?{query}" if query else INDEX


def query_of(filters: Filters, *, page: str | None = None, **changed: Any) -> str:
    """The query of that address, in its canonical form."""
    pairs = pairs_of(replace(filters, **changed))
    if page:
        pairs.append(("page", page))
    return urlencode(pairs)


def pairs_of(filters: Filters) -> list[tuple[str, str]]:
    """Name and text of all that is not as it would be anyway, as forms send it."""
    texts: dict[str, str] = {name: getattr(filters, name) for name in _NARROWING}
    for name in ("price_from", "price_to"):
        amount = getattr(filters, name)
        texts[name] = plain_amount(amount, filters.currency) if amount is not None else ""
    for name in ("expiring", "stale"):
        texts[name] = str(getattr(filters, name) or "")
    texts["incomplete"] = "1" if filters.incomplete else ""
    texts["sort"] = "" if filters.sort == _natural_sort(filters) else filters.sort
    texts["density"] = "" if filters.density == DENSITIES[0] else filters.density
    shown = [] if filters.columns == SHOWN else [("columns", name) for name in filters.columns]
    return [(name, text) for name, text in texts.items() if text] + shown
