"""Prices in other units and for longer terms: exact, rounded half up, refused where unknown."""

from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from portal.listings.pricing import HOURS_OF, Reason, conversions, discounted, half_up
from portal.listings.vocabulary import Unit


def test_an_item_is_refused_until_it_is_defined() -> None:
    assert conversions(1_100_000, "CNY", "item", gpu_count=8).reason == Reason.ITEM_UNDEFINED
    assert conversions(1_100_000, "CNY", "item", gpu_count=8).rates == ()
    defined = conversions(
        1_100_000, "CNY", "item", gpu_count=8, item_quantity=1, item_unit="machine_month"
    )
    # 11000.00 a machine and month of 720 hours: 1.91 a GPU-hour (1.9097...).
    assert defined.rate(Unit.GPU_HOUR) == 191
    assert defined.rate(Unit.MACHINE_MONTH) == 1_100_000
    assert defined.reason is None


def test_a_machine_of_unknown_size_tells_machines_only() -> None:
    converted = conversions(72_000, "CNY", "machine_month")
    assert dict(converted.rates) == {Unit.MACHINE_HOUR: 100, Unit.MACHINE_DAY: 2400}
    assert converted.reason == Reason.GPUS_UNKNOWN


def test_no_price_has_no_rates() -> None:
    assert conversions(None, "CNY", "gpu_hour", gpu_count=8).reason == Reason.NO_PRICE


def test_what_rounds_to_nothing_is_left_out() -> None:
    assert conversions(1, "CNY", "gpu_month").rate(Unit.GPU_HOUR) is None
    assert conversions(360, "CNY", "gpu_month").rate(Unit.GPU_HOUR) == 1  # a half goes up


@pytest.mark.parametrize(
    ("amount", "whole"), [(Fraction(1, 2), 1), (Fraction(149, 100), 1), (Fraction(5, 2), 3)]
)
def test_a_half_goes_up(amount: Fraction, whole: int) -> None:
    assert half_up(amount) == whole


@given(
    st.integers(1, 10**12),
    st.sampled_from(list(HOURS_OF)),
    st.sampled_from(list(HOURS_OF)),
    st.integers(1, 64),
)
def test_a_rate_is_never_further_than_half_a_minor_unit_from_the_truth(
    minor: int, unit: Unit, other: Unit, gpus: int
) -> None:
    got = conversions(minor, "CNY", unit, gpu_count=gpus).rate(other)
    cards = {True: gpus, False: 1}
    truth = Fraction(minor, HOURS_OF[unit] * cards[unit.startswith("machine")])
    truth *= HOURS_OF[other] * cards[other.startswith("machine")]
    if other == unit:
        assert got is None
    else:
        assert abs((got or 0) - truth) <= Fraction(1, 2)


def test_discounts_are_told_in_the_order_of_their_terms() -> None:
    assert discounted(1_100_000, ((12, 15), (3, 5))) == ((3, 5, 1_045_000), (12, 15, 935_000))
    assert discounted(None, ((12, 15),)) == ()
    assert discounted(101, [[12, 50]]) == ((12, 50, 51),)
