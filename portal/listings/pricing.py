"""What a price comes to in other units, and for longer terms: exact arithmetic, rounded once.

A month is counted as 30 days, which is 720 hours; whoever shows a converted amount says so. An
amount is rounded half up to the minor unit, from the exact fraction of the stated price: two
conversions in a row never add up their roundings.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from fractions import Fraction
from typing import Final

from flask_babel import lazy_gettext as _l

from portal.listings.vocabulary import Unit

DAYS_OF_MONTH: Final = 30
HOURS_OF: Final = {
    Unit.GPU_HOUR: 1,
    Unit.GPU_DAY: 24,
    Unit.GPU_MONTH: 24 * DAYS_OF_MONTH,
    Unit.MACHINE_HOUR: 1,
    Unit.MACHINE_DAY: 24,
    Unit.MACHINE_MONTH: 24 * DAYS_OF_MONTH,
}
"""Hours in one unit, in the order in which rates are shown. 件 (item) has none of its own."""
OF_MACHINES: Final = frozenset({Unit.MACHINE_HOUR, Unit.MACHINE_DAY, Unit.MACHINE_MONTH})
"""Units that buy a whole machine; the others buy one GPU."""


class Reason(StrEnum):
    """Why a price is not converted, or not into every unit."""

    NO_PRICE = "no-price"
    ITEM_UNDEFINED = "item-undefined"
    GPUS_UNKNOWN = "gpus-unknown"


REASONS: Final = {
    Reason.NO_PRICE: _l("There is no amount to convert."),
    Reason.ITEM_UNDEFINED: _l("Not convertible: nobody has said what one item is."),
    Reason.GPUS_UNKNOWN: _l("Between one GPU and a machine: only once the GPUs are counted."),
}
"""Each reason as a sentence."""


@dataclass(frozen=True)
class Amount:
    """An amount in minor units of `currency` and what it buys, as the filter `price` shows it."""

    price_minor: int
    currency: str
    unit: str


@dataclass(frozen=True)
class Converted:
    """A price in other units.

    Args:
        rates: unit and amount in minor units of the price's currency, in the order of HOURS_OF;
            without the unit that the price is in, and without amounts that round to nothing.
        reason: why there is none, or why only GPUs or only machines are there.
    """

    rates: tuple[tuple[Unit, int], ...]
    reason: Reason | None = None

    def rate(self, unit: Unit) -> int | None:
        """The amount in one unit, in minor units; None where it is not there."""
        return dict(self.rates).get(unit)


def conversions(
    price_minor: int | None,
    currency: str,
    unit: str,
    *,
    gpu_count: int | None = None,
    item_quantity: int | None = None,
    item_unit: str | None = None,
) -> Converted:
    """What a price comes to for one GPU and one machine by the hour, day and month.

    Args:
        price_minor: amount in minor units; None: negotiable.
        currency: of the amount, and of every rate.
        unit: what the amount buys, see vocabulary.Unit.
        gpu_count: GPUs in one machine.
        item_quantity: one item is so many of `item_unit`; read for the unit `item` only.
        item_unit: see there.
    """
    if price_minor is None:
        return Converted((), Reason.NO_PRICE)
    bought, quantity = Unit(unit), 1
    if bought == Unit.ITEM:
        if not item_quantity or item_unit is None or item_unit == Unit.ITEM:
            return Converted((), Reason.ITEM_UNDEFINED)
        bought, quantity = Unit(item_unit), item_quantity
    hourly = Fraction(price_minor, quantity * HOURS_OF[bought])
    rates = []
    for other, hours in HOURS_OF.items():
        factor = _factor(bought, other, gpu_count)
        if other == unit or factor is None:
            continue
        if minor := half_up(hourly * hours * factor):
            rates.append((other, minor))
    return Converted(tuple(rates), None if gpu_count else Reason.GPUS_UNKNOWN)


def _factor(bought: Unit, other: Unit, gpu_count: int | None) -> Fraction | None:
    """By what the hourly price of one is multiplied for the other; None: not known."""
    if (bought in OF_MACHINES) == (other in OF_MACHINES):
        return Fraction(1)
    if not gpu_count:
        return None
    return Fraction(gpu_count) if other in OF_MACHINES else Fraction(1, gpu_count)


def discounted(
    price_minor: int | None, discounts: Sequence[Sequence[int]]
) -> tuple[tuple[int, int, int], ...]:
    """Months from which on it holds, percent off, and the price then in minor units.

    Args:
        price_minor: amount in minor units; None (negotiable) has no discounted price.
        discounts: pairs of months and percent, see content.Discount.
    """
    if price_minor is None:
        return ()
    return tuple(
        (months, percent, half_up(Fraction(price_minor * (100 - percent), 100)))
        for months, percent in sorted((pair[0], pair[1]) for pair in discounts)
    )


def half_up(amount: Fraction) -> int:
    """The nearest whole number of an amount that is not negative; a half goes up."""
    return (2 * amount.numerator + amount.denominator) // (2 * amount.denominator)
