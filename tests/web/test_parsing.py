"""The rules for what people type: taken, refused, and never anything but Invalid."""

import unicodedata
from collections.abc import Callable
from datetime import date
from typing import Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from portal.web.parsing import (
    Invalid,
    parse_choice,
    parse_count,
    parse_day,
    parse_email,
    parse_line,
    parse_money,
    parse_phone,
    parse_text,
    printable,
)
from tests import effort
from tests.web import hostile

# Lone surrogates too: JSON carries them.
ANYTHING = st.text(st.characters(exclude_categories=()))
NEAR = st.text("0123456789０９,.-+/()eExX年月日 @转abc_\0\u0301\u200d\ud800\u202e\n")


def _line(raw: str) -> str:
    return parse_line(raw, least=2, most=100)


def _text(raw: str) -> str:
    return parse_text(raw, least=1, most=2000)


def _money(raw: str) -> int:
    return parse_money(raw, "CNY")


PARSERS: list[Callable[[str], Any]] = [
    _line,
    _text,
    _money,
    parse_count,
    parse_day,
    parse_email,
    parse_phone,
    lambda raw: parse_choice(raw, {"item", "gpu_hour"}),
]


def _cases(parser: Callable[[str], Any], refused: tuple[str, ...]) -> list[Any]:
    return [pytest.param(parser, raw, id=f"{parser.__name__}-{raw[:20]!a}") for raw in refused]


@pytest.mark.parametrize(
    ("parser", "raw"),
    [
        *_cases(_money, hostile.AMOUNTS_REFUSED),
        *_cases(parse_count, hostile.COUNTS_REFUSED),
        *_cases(parse_day, hostile.DAYS_REFUSED),
        *_cases(parse_email, hostile.ADDRESSES_REFUSED),
        *_cases(parse_phone, hostile.PHONES_REFUSED),
        *_cases(_line, hostile.LINES_REFUSED),
        *_cases(_text, hostile.TEXTS_REFUSED),
    ],
)
def test_hostile_input_is_refused_at_once(parser: Callable[[str], Any], raw: str) -> None:
    with effort.at_most(200), pytest.raises(Invalid):
        parser(raw)


@pytest.mark.parametrize("parser", PARSERS)
def test_nothing_typed_is_invalid_where_something_is_needed(parser: Callable[[str], Any]) -> None:
    for raw in ("", "  ", "\u3000"):
        with pytest.raises(Invalid):
            parser(raw)


@pytest.mark.parametrize("parser", PARSERS)
@given(raw=ANYTHING | NEAR)
@example(raw="a@" + "xn--a" * 10 + ".com")
@example(raw="+86 ext. 1")
@settings(max_examples=300, deadline=None)
def test_a_parser_raises_nothing_but_invalid(parser: Callable[[str], Any], raw: str) -> None:
    try:
        value = parser(raw)
    except Invalid:
        return
    if isinstance(value, str):
        # What both databases and every mail server take.
        assert "\0" not in value
        value.encode()


@given(raw=ANYTHING)
@settings(max_examples=300, deadline=None)
def test_a_line_that_is_taken_is_taken_again_unchanged(raw: str) -> None:
    try:
        line = parse_line(raw, most=100)
    except Invalid:
        return
    assert parse_line(line, most=100) == line
    assert len(line) <= 100
    assert len(line.splitlines()) <= 1
    assert line == unicodedata.normalize("NFC", line)


@given(raw=ANYTHING)
@settings(max_examples=200, deadline=None)
def test_a_text_that_is_taken_is_taken_again_unchanged(raw: str) -> None:
    try:
        text = parse_text(raw, most=2000)
    except Invalid:
        return
    assert parse_text(text, most=2000) == text
    assert "\r" not in text


@given(minor=st.integers(1, 99_999_999_999_999))
def test_an_amount_survives_being_written(minor: int) -> None:
    whole, part = divmod(minor, 100)
    for shown in (f"{whole}.{part:02}", f"{whole:,}.{part:02}"):
        assert parse_money(shown, "CNY") == minor


@pytest.mark.parametrize(("raw", "minor"), hostile.AMOUNTS_TAKEN.items())
def test_amounts(raw: str, minor: int) -> None:
    assert parse_money(raw, "CNY") == minor


def test_a_currency_without_decimals_has_none() -> None:
    assert parse_money("1,200", "JPY") == 1200
    with pytest.raises(Invalid):
        parse_money("1200.5", "JPY")


@pytest.mark.parametrize(("raw", "count"), hostile.COUNTS_TAKEN.items())
def test_counts(raw: str, count: int) -> None:
    assert parse_count(raw) == count


def test_a_count_stays_within_its_bounds() -> None:
    assert parse_count("365", 1, 365) == 365
    for raw in ("0", "366"):
        with pytest.raises(Invalid):
            parse_count(raw, 1, 365)


@pytest.mark.parametrize(("raw", "day"), hostile.DAYS_TAKEN.items())
def test_days(raw: str, day: tuple[int, int, int]) -> None:
    assert parse_day(raw) == date(*day)


@pytest.mark.parametrize(("raw", "address"), hostile.ADDRESSES_TAKEN.items())
def test_addresses(raw: str, address: str) -> None:
    assert parse_email(raw) == address


@pytest.mark.parametrize(("raw", "number"), hostile.PHONES_TAKEN.items())
def test_phone_numbers(raw: str, number: str) -> None:
    assert parse_phone(raw) == number
    assert parse_phone(number) == number


@pytest.mark.parametrize("raw", hostile.LINES_TAKEN)
def test_lines_are_kept_as_typed(raw: str) -> None:
    assert _line(f"  {raw}\u3000") == raw


def test_letters_are_composed_and_then_counted() -> None:
    assert parse_line("e\u0301" * 100, most=100) == "\u00e9" * 100


def test_every_line_break_of_a_text_becomes_a_line_feed() -> None:
    assert _text("a\r\nb\rc\nd\u2028e\u2029f\u0085g") == "a\nb\nc\nd\ne\nf\ng"
    assert _text("\n  \n    code\n\tb  \n\n") == "    code\n\tb"


def test_a_line_break_counts_once() -> None:
    assert len(parse_text("a\r\n" * 1000 + "b", most=2001)) == 2001


def test_choices_are_closed() -> None:
    assert parse_choice("item", {"item", "gpu_hour"}) == "item"
    for raw in ("Item", "item ", "superpublished", "<b>", "x" * 1_000_000, "\ud800"):
        with pytest.raises(Invalid):
            parse_choice(raw, {"item", "gpu_hour"})


def test_an_empty_line_may_be_allowed() -> None:
    assert parse_line(" ", most=10) == ""
    assert parse_text(" \r\n", most=10) == ""


def test_what_was_typed_can_stand_in_a_page() -> None:
    assert printable("a\0b\ud800c\x1b d\n\t字") == "a\ufffdb\ufffdc\ufffd d\n\t字"
