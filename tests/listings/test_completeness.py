"""Completeness: what a buyer would miss, what stands in the wrong place, and the index's word for it."""

from dataclasses import replace
from typing import Any, Final

import pytest
from sqlalchemy import select

from portal.accounts.models import Provider
from portal.extensions import db
from portal.listings.completeness import (
    CHECKS,
    completeness,
    hints,
    is_incomplete,
    misplaced,
)
from portal.listings.content import Content, snapshot
from portal.listings.models import INCOMPLETE, Listing
from tests import factories
from tests.listings.conftest import REAL, Made
from tests.pages import PagesClient

WHOLE: Final = replace(
    REAL,
    unit="item",
    item_quantity=1,
    item_unit="machine_month",
    delivery="bare_metal",
    interconnect="pcie",
    cpu_cores=64,
    ram_gib=512,
    disk_gib=4000,
    network_down_mbps=1000,
    network_up_mbps=1000,
    stock=0,
    min_term=1,
    term_unit="month",
    delivery_days=0,
    description="推理" * 60,
    attributes=(("网络", "IB 400G"), ("显存", "24 GB")),
    images=(("a" * 32, "机房"),),
)
"""An offer that lacks nothing; no machine free and delivery on the same day are said too."""


def fields(content: Content) -> set[str]:
    return {hint.field for hint in hints(content)}


def test_the_real_offer_is_told_what_it_lacks() -> None:
    found = fields(REAL)
    assert {"delivery_days", "item_quantity", "images", "attributes-2-name"} <= found
    assert "place" not in found


def test_a_whole_offer_has_no_hints() -> None:
    complete = completeness(WHOLE)
    assert complete.met == complete.total == len(CHECKS)
    assert hints(WHOLE) == []


@pytest.mark.parametrize("check", CHECKS, ids=lambda check: check.field)
def test_each_thing_that_is_missing_is_named_once(check: Any) -> None:
    emptied: dict[str, Any] = {
        "description": {"description": ""},
        "price": {"price_minor": None},
        "images": {"images": ()},
    }.get(check.field, {check.field: None})
    found = completeness(replace(WHOLE, **emptied))
    assert check.field in {hint.field for hint in found.missing}
    assert found.met == found.total - len(found.missing)
    assert len(found.missing) == 1


def test_what_does_not_concern_an_offer_is_not_asked_of_it() -> None:
    single = completeness(replace(WHOLE, gpu_count=1, interconnect=None, unit="gpu_hour"))
    assert single.missing == ()
    assert single.total == len(CHECKS) - 2


def test_the_essential_comes_first() -> None:
    order = [hint.field for hint in completeness(Content(title="ab")).missing]
    essential = [check.field for check in CHECKS if check.is_essential]
    assert order[: len(essential)] == essential


@pytest.mark.parametrize("lacking", [{}, *({check.field: None} for check in CHECKS)])
def test_the_index_calls_the_same_offers_incomplete(made: Made, lacking: dict[str, Any]) -> None:
    changed = {
        {"price": "price_minor"}.get(name, name): "" if name == "description" else value
        for name, value in lacking.items()
        if name != "images"
    }
    if "item_quantity" in changed:
        changed["item_unit"] = None
    whole = {name: value for name, value in vars(WHOLE).items() if name != "images"}
    one = made(**(whole | changed))
    said = db.session.scalar(select(Listing.id).where(Listing.id == one, INCOMPLETE)) is not None
    db.session.rollback()
    assert said == is_incomplete(replace(WHOLE, **changed))


def test_a_company_or_a_gpu_among_the_names_is_pointed_out() -> None:
    odd = replace(REAL, gpu_model=None, attributes=(("某某有限公司", "x"), ("英伟达", "4090")))
    assert {"attributes-0-name", "attributes-1-name"} <= {hint.field for hint in misplaced(odd)}
    assert "gpu_model" in fields(odd)


def test_the_editor_links_each_hint_to_its_field(staff: PagesClient, made: Made) -> None:
    one = made()
    html = staff.get(f"/portal/listings/{one}/edit").get_data(as_text=True)
    for hint in hints(REAL):
        assert f'href="#{hint.field}"' in html
        assert f'id="{hint.field}"' in html
    done = completeness(REAL)
    assert f"{done.met} of {done.total} things buyers look for" in html


def test_the_snapshot_is_what_a_buyer_was_promised(provider: Provider) -> None:
    listing = factories.listing(provider, title="RTX 4090", delivery_days=3)
    assert snapshot(listing) == {
        "title": "RTX 4090",
        "price_minor": 1_100_000,
        "currency": "CNY",
        "unit": "item",
        "delivery_days": 3,
        "stock": None,
        "place": "110000",
        "valid_until": None,
        "version": 1,
    }
