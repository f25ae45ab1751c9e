"""Hints for the seller: what a buyer would miss, and what stands in the wrong place."""

from dataclasses import replace

from portal.accounts.models import Provider
from portal.listings.completeness import hints
from portal.listings.content import Content, snapshot
from tests import factories
from tests.listings.conftest import REAL


def fields(content: Content) -> set[str]:
    return {hint.field for hint in hints(content)}


def test_the_real_offer_is_told_what_it_lacks() -> None:
    found = fields(REAL)
    assert {"delivery_days", "unit", "description", "attributes-2-name"} <= found
    assert "place" not in found


def test_a_whole_offer_has_no_hints() -> None:
    whole = replace(
        REAL,
        unit="gpu_hour",
        delivery_days=3,
        description="推理" * 60,
        attributes=(("网络", "IB 400G"), ("显存", "24 GB")),
    )
    assert hints(whole) == []


def test_a_company_or_a_gpu_among_the_names_is_pointed_out() -> None:
    odd = replace(REAL, gpu_model=None, attributes=(("某某有限公司", "x"), ("英伟达", "4090")))
    assert {"attributes-0-name", "attributes-1-name", "gpu_model"} <= fields(odd)


def test_an_empty_draft_lacks_everything() -> None:
    assert {"description", "place", "gpu_model", "price"} <= fields(Content(title="ab"))


def test_the_snapshot_is_what_a_buyer_was_promised(provider: Provider) -> None:
    listing = factories.listing(provider, title="RTX 4090", delivery_days=3)
    assert snapshot(listing) == {
        "title": "RTX 4090",
        "price_minor": 1_100_000,
        "currency": "CNY",
        "unit": "item",
        "delivery_days": 3,
        "place": "110000",
        "valid_until": None,
        "version": 1,
    }
