"""What an offer's page says of its typed fields, its price and its GPU, in both languages."""

import html
import json
import re
from dataclasses import replace
from datetime import date
from typing import Any

import pytest
import time_machine

from portal import clock
from portal.accounts.models import Provider
from portal.listings.content import PARTS, Content
from portal.listings.models import Listing
from portal.storefront import facts
from portal.storefront.offers import gpu_hour_price
from tests import factories
from tests.storefront.conftest import Get

WHOLE: dict[str, Any] = {
    "own_number": "YJ-8",
    "own_category": "推理整机",
    "kind": "rental",
    "delivery": "bare_metal",
    "brand": "浪潮",
    "gpu_model": "rtx-4090",
    "gpu_count": 8,
    "gpu_memory_gib": 48,
    "interconnect": "pcie",
    "pcie_generation": 4,
    "pcie_lanes": 16,
    "cpu_model": "2 × EPYC 7543",
    "cpu_cores": 64,
    "ram_gib": 512,
    "disk_gib": 7680,
    "disk_type": "nvme",
    "network_up_mbps": 1000,
    "network_down_mbps": 2000,
    "fabric": "roce",
    "fabric_gbps": 100,
    "unit": "machine_month",
    "price_minor": 1_280_000,
    "stock": 14,
    "min_order": 2,
    "min_gpus": 16,
    "min_term": 1,
    "max_term": 12,
    "term_unit": "month",
    "discounts": [[12, 15], [3, 5]],
    "available_from": date(2026, 1, 5),
    "available_until": date(2027, 1, 5),
    "maintenance": "每周二 2:00 至 4:00",
    "delivery_days": 2,
}
SAID = {
    "en": (
        "YJ-8", "Rental", "Bare metal", "浪潮", "GeForce RTX 4090", "48 GiB",
        "PCIe only", "PCIe 4.0 x16", "2 × EPYC 7543", "<dd>64</dd>", "512 GiB", "7,680 GiB · NVMe",
        "1,000 Mbit/s", "2,000 Mbit/s", "RoCE · 100 Gbit/s", "<dd>14</dd>", "2 × machine-month",
        "<dd>16</dd>", "1 to 12 months", "5 Jan 2026 to 5 Jan 2027", "每周二 2:00 至 4:00",
        "Within 2 days of payment", "≈ CNY 2.22 / GPU-hour", "≈ CNY 1,600.00 / GPU-month",
        "a month is counted as 30 days",
        "<dt>from 3 months: 5% less</dt><dd>CNY 12,160.00 / machine-month</dd>",
        "<dt>from 12 months: 15% less</dt><dd>CNY 10,880.00 / machine-month</dd>",
        "24 GiB GDDR6X", "1,008 GB/s", "PCIe 4.0 x16", "165.2 TFLOPS", "660.6 TOPS", "450 W",
        "Source: NVIDIA Ada GPU architecture whitepaper (2022)",
    ),
    "zh": (
        "YJ-8", "租赁", "裸金属", "浪潮", "GeForce RTX 4090", "48 GiB", "7,680 GiB · NVMe",
        "2 × 台月", "1 至 12 个月", "2026-01-05 至 2027-01-05", "≈ 2.22元/卡时", "≈ 1600.00元/卡月",
        "12160.00元/台月", "10880.00元/台月", "24 GiB GDDR6X", "165.2 TFLOPS", "厂商公布的参数",
    ),
}  # fmt: skip
_ELSEWHERE = {
    "title", "price", "place", "delivery_days", "valid_until", "discounts", "description",
    "attributes", "images", "own_category",
}  # fmt: skip


def _structured(page: str) -> Any:
    (found,) = re.findall(r'<script type="application/ld\+json">(.*?)</script>', page, re.DOTALL)
    return json.loads(found)


def test_every_part_of_an_offer_has_its_place() -> None:
    in_groups = [part for parts in facts.GROUPS.values() for part in parts]
    assert sorted([*in_groups, *_ELSEWHERE]) == sorted(PARTS)


def test_all_that_is_stated_is_said(get: Get, provider: Provider, language: str) -> None:
    offer = factories.listing(provider, **WHOLE)
    page = html.unescape(get(f"/offers/{offer.id}", language).text)
    for words in SAID[language]:
        assert words in page, words
    assert page.index("12,160.00" if language == "en" else "12160.00") < page.index(
        "10,880.00" if language == "en" else "10880.00"
    )


def test_what_is_not_stated_is_left_out(get: Get, provider: Provider) -> None:
    offer = factories.listing(provider)
    page = get(f"/offers/{offer.id}").text.partition('id="related-title"')[0]
    assert "Specification and terms" not in page
    assert "Not stated" not in page
    assert "Availability confirmed" not in page
    assert "Delivery time not stated: ask the seller." in page


def test_an_offer_stated_in_part_has_the_groups_it_needs() -> None:
    content = Content(title="GPU", stock=0, unit="gpu_hour", item_quantity=3, item_unit="gpu_day")
    (group,) = facts.stated(content)
    assert (group.key, [value for _label, value in group.facts]) == ("price", ["0"])
    assert [g.key for g in facts.stated(replace(content, stock=None, min_term=2))] == []


@pytest.mark.parametrize(
    ("language", "defined", "undefined"),
    [
        ("en", "One item is 720 × GPU-hour.", "Not convertible: nobody has said what one item is."),
        ("zh", "1 件为 720 × 卡时。", "比较之前"),
    ],
)
def test_an_item_is_converted_once_it_is_defined(
    get: Get, provider: Provider, language: str, defined: str, undefined: str
) -> None:
    known = factories.listing(provider, item_quantity=720, item_unit="gpu_hour", price_minor=72_000)
    unknown = factories.listing(provider)
    page = html.unescape(get(f"/offers/{known.id}", language).text)
    assert defined in page
    assert ("≈ CNY 1.00 / GPU-hour" if language == "en" else "≈ 1.00元/卡时") in page
    other = html.unescape(get(f"/offers/{unknown.id}", language).text)
    own = other.partition('id="related-title"')[0]
    assert undefined in own
    assert "≈" not in own


def test_an_items_gpu_hour_is_exact() -> None:
    of_machines = Listing(
        unit="item", item_quantity=3, item_unit="machine_day", gpu_count=8, price_minor=57_600,
        currency="CNY",
    )  # fmt: skip
    found = gpu_hour_price(of_machines)
    assert found is not None
    assert found.price_minor == 100


@pytest.mark.parametrize(("days", "state"), [(3, "is-live"), (10, "is-due"), (60, "is-danger")])
def test_the_age_of_a_confirmation_is_said(
    get: Get, provider: Provider, days: int, state: str
) -> None:
    with time_machine.travel(1_790_000_000, tick=False):
        offer = factories.listing(provider, confirmed_at=clock.now() - days * clock.DAY)
        page = get(f"/offers/{offer.id}").text
    said = re.search(r'<div class="freshness"><span class="([\w-]+)">(.*?)</div>', page, re.DOTALL)
    assert said
    assert said[1] == state
    assert "Availability confirmed" in said[2]
    if days == 3:
        assert "3 days ago" in said[2]


@pytest.mark.parametrize(
    ("fields", "availability"),
    [
        ({}, "InStock"),
        ({"stock": 3}, "InStock"),
        ({"stock": 0}, "OutOfStock"),
        ({"available_from": date(2100, 1, 1)}, "PreOrder"),
        ({"available_from": date(2020, 1, 1)}, "InStock"),
    ],
)
def test_machines_are_told_what_can_be_had(
    get: Get, provider: Provider, fields: dict[str, Any], availability: str
) -> None:
    offer = factories.listing(provider, **fields)
    told = _structured(get(f"/offers/{offer.id}").text)["offers"]
    assert told["availability"] == f"https://schema.org/{availability}"
    assert told.get("inventoryLevel", {}).get("value") == fields.get("stock")


def test_machines_are_told_the_facts(get: Get, provider: Provider) -> None:
    offer = factories.listing(provider, ("型号", "RTX 4090"), **WHOLE)
    product = _structured(get(f"/offers/{offer.id}").text)
    told = {one["name"]: one["value"] for one in product["additionalProperty"]}
    assert told["型号"] == "RTX 4090"
    assert told["RAM"] == "512 GiB"
    assert told["Between machines"] == "RoCE · 100 Gbit/s"
    assert "Machines free" not in told, "terms belong to the offer, not to the product"
    assert (product["brand"]["name"], product["sku"]) == ("浪潮", "YJ-8")
    assert product["offers"]["deliveryLeadTime"]["value"] == 2
    assert product["offers"]["availabilityEnds"] == "2027-01-05"
