"""The editor's typed fields: each has its place, is saved, refused at its field, and worked out."""

from typing import Final

import pytest

from portal.accounts.models import Provider
from portal.listings.fields import RULES
from tests.listings.conftest import REAL, Made, body, content
from tests.pages import PagesClient


def test_a_number_that_another_offer_has_is_refused_at_its_field(
    staff: PagesClient, provider: Provider, made: Made, hx: bool
) -> None:
    first, second = made(own_number="A-1"), made()
    for url, fields in (
        (f"/portal/listings/{second}/edit", body(1)),
        ("/portal/listings/new", body(form_nonce="e" * 32)),
    ):
        answer = staff.post(url, data=fields | {"own_number": "A-1", "title": "Typed"}, hx=hx)
        html = answer.get_data(as_text=True)
        assert answer.status_code == 422
        assert f"Your offer #{first} has this number already." in html
        assert 'id="own_number-error"' in html
        assert 'value="Typed"' in html


TYPED: Final[dict[str, str]] = {
    "kind": "rental",
    "delivery": "bare_metal",
    "brand": "Supermicro",
    "own_number": "A-77",
    "own_category": "4090",
    "gpu_memory_gib": "48",
    "interconnect": "pcie",
    "pcie_generation": "4",
    "pcie_lanes": "16",
    "cpu_model": "EPYC 7763",
    "cpu_cores": "128",
    "ram_gib": "512",
    "disk_gib": "7680",
    "disk_type": "nvme",
    "network_down_mbps": "1000",
    "network_up_mbps": "500",
    "fabric": "infiniband",
    "fabric_gbps": "400",
    "item_quantity": "1",
    "item_unit": "machine_month",
    "stock": "0",
    "min_order": "1",
    "min_gpus": "8",
    "min_term": "1",
    "max_term": "36",
    "term_unit": "month",
    "available_from": "2030-01-01",
    "available_until": "2031-01-01",
    "maintenance": "Tuesdays 2 to 4",
}


def test_every_typed_field_has_a_place_and_is_saved(
    staff: PagesClient, provider: Provider, made: Made
) -> None:
    one = made()
    url = f"/portal/listings/{one}/edit"
    assert staff.post(url, data=body(1) | TYPED).status_code == 303
    saved = content(provider, one)
    for name, text in TYPED.items():
        assert RULES[name].show(getattr(saved, name)) == text, name
    html = staff.get(url).get_data(as_text=True)
    for name in RULES:
        assert html.count(f'name="{name}"') == 1, name


@pytest.mark.parametrize(
    ("wrong", "field"),
    [
        ({"item_quantity": "1"}, "item_unit"),
        ({"min_term": "3"}, "term_unit"),
        ({"min_term": "3", "max_term": "2", "term_unit": "day"}, "max_term"),
        ({"available_from": "2031-01-01", "available_until": "2030-01-01"}, "available_until"),
        ({"stock": "-1"}, "stock"),
        ({"ram_gib": "0"}, "ram_gib"),
        ({"fabric": "token-ring"}, "fabric"),
        ({"brand": "x" * 65}, "brand"),
        ({"discounts-0-months": "3", "discounts-0-percent": "101"}, "discounts"),
        ({"images-0-key": "../../x", "images-0-alt": ""}, "images"),
    ],
)
def test_what_cannot_be_is_refused_at_its_field(
    staff: PagesClient, provider: Provider, made: Made, wrong: dict[str, str], field: str
) -> None:
    one = made()
    answer = staff.post(f"/portal/listings/{one}/edit", data=body(1) | wrong)
    html = answer.get_data(as_text=True)
    assert answer.status_code == 422
    assert f'href="#{field}' in html
    assert "entry needs another look" in html
    assert content(provider, one) == REAL


def test_figures_stand_beside_what_they_are_of(staff: PagesClient, made: Made, hx: bool) -> None:
    one = made()
    url = f"/portal/listings/{one}/edit"
    fields = body(1, unit="machine_month", gpu_model="h100-sxm", title="unsaved")
    fields |= {"discounts-0-months": "12", "discounts-0-percent": "15"}
    price = staff.post(url, data=fields | {"preview": "price"}, hx=hx).get_data(as_text=True)
    for text in ("CNY 1.91 / GPU-hour", "From 12 months: CNY 9,350.00"):
        assert text in price
    gpu = staff.post(url, data=fields | {"preview": "gpu"}, hx=hx).get_data(as_text=True)
    assert "80 GiB" in gpu
    assert ("<!doctype" in gpu) is not hx
    assert hx or 'value="unsaved"' in gpu
    item = staff.get(url).get_data(as_text=True)
    assert "nobody has said what one item is" in item
    odd = staff.post(url, data=body(1, price="x", preview="price"), hx=hx)
    assert odd.status_code == 200
