"""Placeholders are filled in from what is stated; what is not stated stays and is named."""

import pytest
from hypothesis import given
from hypothesis import strategies as some

from portal.inquiries.placeholders import Placeholder, fill, left_in, written

VALUES = {Placeholder.PRICE: "11000.00元/件", Placeholder.BUYER: "王芳", Placeholder.STOCK: None}


@pytest.mark.parametrize(
    ("text", "filled"),
    [
        ("{buyer}，价格是 {price}。", "王芳，价格是 11000.00元/件。"),
        ("{买家}，价格是 {价格}。", "王芳，价格是 11000.00元/件。"),
        ("｛价格｝ and { Price }", "11000.00元/件 and 11000.00元/件"),
        ("{nothing} {} {price", "{nothing} {} {price"),
        ("{{price}}", "{11000.00元/件}"),
    ],
)
def test_what_is_stated_is_filled_in(text: str, filled: str) -> None:
    assert fill(text, VALUES).text == filled
    assert fill(text, VALUES).missing == ()


def test_what_is_not_stated_stays_and_is_named_once() -> None:
    result = fill("{stock}, {库存} {delivery} {price}", VALUES)
    assert result.text == "{stock}, {库存} {delivery} 11000.00元/件"
    assert result.missing == (Placeholder.STOCK, Placeholder.DELIVERY)


def test_a_value_is_not_read_for_placeholders() -> None:
    result = fill("{buyer}", {Placeholder.BUYER: "{stock}"})
    assert result.text == "{stock}"
    assert result.missing == ()


@pytest.mark.parametrize("one", Placeholder)
@pytest.mark.parametrize("locale", ["zh", "en"])
def test_each_is_read_as_it_is_written(one: Placeholder, locale: str) -> None:
    assert left_in(f"a {written(one, locale)} b") == (one,)


@given(some.text(alphabet="{}｛｝ priceé价格\n\t", max_size=200))
def test_any_text_is_taken(text: str) -> None:
    assert set(left_in(text)) <= {Placeholder.PRICE}
    assert left_in(fill(text, {Placeholder.PRICE: "x"}).text) == ()
