"""Three contents in, one out: nothing that anybody wrote gets lost unasked."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from portal.listings.content import COLUMNS, PARTS, Content
from portal.listings.merge import changed_parts, merge
from tests.listings.conftest import REAL

_pairs = st.lists(st.tuples(st.sampled_from("ab"), st.sampled_from("xy")), max_size=2).map(tuple)
_contents = st.builds(
    Content,
    title=st.sampled_from(["one", "two"]),
    price_minor=st.sampled_from([None, 1, 2]),
    currency=st.sampled_from(["CNY", "USD"]),
    place=st.sampled_from([None, "110000"]),
    description=st.sampled_from(["", "text"]),
    attributes=_pairs,
)


def test_every_column_belongs_to_exactly_one_part() -> None:
    columns = [column for part in PARTS.values() for column in part]
    assert sorted(columns) == sorted([*COLUMNS, "attributes", "images"])


def test_fields_changed_on_one_side_merge() -> None:
    yours, theirs = replace(REAL, title="Yours"), replace(REAL, place="310000")
    merged = merge(REAL, yours, theirs)
    assert merged.content == replace(REAL, title="Yours", place="310000")
    assert (merged.taken, merged.overlapping) == (("place",), ())


@pytest.mark.parametrize(
    ("yours", "theirs"),
    [
        ({"price_minor": 1}, {"price_minor": 2}),
        ({"price_minor": 1}, {"currency": "USD"}),
        ({"price_minor": None}, {"unit": "gpu_hour"}),
    ],
)
def test_a_price_is_one_thing_with_its_currency_and_unit(
    yours: dict[str, object], theirs: dict[str, object]
) -> None:
    merged = merge(REAL, replace(REAL, **yours), replace(REAL, **theirs))  # type: ignore[arg-type]
    assert merged.overlapping == ("price",)


def test_without_a_base_every_difference_overlaps() -> None:
    merged = merge(None, replace(REAL, title="Yours"), replace(REAL, place=None))
    assert merged.overlapping == ("title", "place")


@given(_contents, _contents, _contents)
def test_no_change_of_either_side_is_lost(base: Content, yours: Content, theirs: Content) -> None:
    merged = merge(base, yours, theirs)
    for part in PARTS:
        mine, other, first = yours.part(part), theirs.part(part), base.part(part)
        if part in merged.overlapping:
            assert first not in (mine, other)
            assert mine != other
        else:
            assert merged.content.part(part) == (other if mine == first else mine)


@given(_contents, _contents)
def test_saving_the_same_twice_asks_nothing(base: Content, yours: Content) -> None:
    merged = merge(base, yours, yours)
    assert merged == replace(merged, content=yours, taken=(), overlapping=())
    assert changed_parts(yours, yours) == ()


@given(_contents)
def test_a_revision_gives_back_what_it_was_made_of(content: Content) -> None:
    assert Content.from_json(content.to_json()) == content
