"""Values edited in their row: saved, refused, merged, or asked about; with and without htmx."""

from dataclasses import replace
from datetime import date, timedelta

import pytest

from portal import clock
from portal.accounts.models import Provider
from portal.listings import actions
from portal.permissions import Role
from tests.conftest import ClientFor
from tests.listings.conftest import REAL, Made, Statements, content, row
from tests.pages import PagesClient
from tests.web.hostile import AMOUNTS_REFUSED, AMOUNTS_TAKEN


def test_the_cell_opens_and_closes(staff: PagesClient, made: Made, hx: bool) -> None:
    one = made()
    opened = staff.get(f"/portal/listings/{one}/price", hx=hx).get_data(as_text=True)
    assert 'value="11000.00"' in opened
    assert ("<!doctype" in opened) is not hx
    closed = staff.get(f"/portal/listings/{one}/", hx=hx).get_data(as_text=True)
    assert "data-inline-edit" not in closed
    assert f'id="listings-row-{one}"' in closed


def test_a_price_is_saved(staff: PagesClient, provider: Provider, made: Made, hx: bool) -> None:
    one = made()
    form = {"price": "12,500.5", "version": "1", "back": "/portal/listings/?status=live"}
    answer = staff.post(f"/portal/listings/{one}/price", data=form, hx=hx)
    if hx:
        assert answer.status_code == 200
        assert f'<tr id="listings-row-{one}"' in answer.get_data(as_text=True)
        assert b"CNY 12,500.50" in answer.data
    else:
        assert (answer.status_code, answer.location) == (303, "/portal/listings/?status=live")
    assert content(provider, one).price_minor == 1_250_050


def test_what_is_no_price_is_refused_in_the_cell_with_what_was_typed(
    staff: PagesClient, provider: Provider, made: Made
) -> None:
    one = made()
    for typed in [*AMOUNTS_REFUSED, ""]:
        form = {"price": typed.encode("utf-8", "surrogatepass"), "version": "1"}
        answer = staff.post(f"/portal/listings/{one}/price", data=form, hx=True)
        assert answer.status_code == 422, ascii(typed)
        html = answer.get_data(as_text=True)
        assert 'aria-invalid="true"' in html
        if typed.isascii() and typed.isalnum():
            assert f'value="{typed}"' in html
    assert content(provider, one).price_minor == 1_100_000


def test_what_is_a_price_is_taken(staff: PagesClient, provider: Provider, made: Made) -> None:
    for typed, minor in AMOUNTS_TAKEN.items():
        one = made(price_minor=3)
        form = {"price": typed, "version": "1"}
        assert staff.post(f"/portal/listings/{one}/price", data=form).status_code == 303
        assert content(provider, one).price_minor == minor


def test_the_box_makes_it_negotiable(
    staff: PagesClient, provider: Provider, made: Made, hx: bool
) -> None:
    one = made()
    form = {"price": "", "negotiable": "y", "version": "1"}
    assert staff.post(f"/portal/listings/{one}/price", data=form, hx=hx).status_code in {200, 303}
    assert content(provider, one).price_minor is None


def test_an_unrelated_change_merges(
    staff: PagesClient, provider: Provider, made: Made, hx: bool
) -> None:
    one = made()
    actions.save(provider.id, one, replace(REAL, title="New title"), 1, by=None)
    form = {"price": "77", "version": "1"}
    assert staff.post(f"/portal/listings/{one}/price", data=form, hx=hx).status_code in {200, 303}
    now = content(provider, one)
    assert (now.title, now.price_minor) == ("New title", 7700)


def test_another_price_is_shown_before_it_is_replaced(
    staff: PagesClient, provider: Provider, made: Made, hx: bool
) -> None:
    one = made()
    actions.set_values(provider.id, one, {"price_minor": 1_200_000}, 1, by=None)
    form = {"price": "13000", "version": "1"}
    answer = staff.post(f"/portal/listings/{one}/price", data=form, hx=hx)
    assert answer.status_code == 409
    html = answer.get_data(as_text=True)
    assert "CNY 12,000.00" in html
    assert "CNY 11,000.00" in html
    assert 'value="13000"' in html
    assert 'name="version" value="2"' in html
    assert content(provider, one).price_minor == 1_200_000
    again = {"price": "13000", "version": "2"}
    assert staff.post(f"/portal/listings/{one}/price", data=again).status_code == 303
    assert content(provider, one).price_minor == 1_300_000


def test_the_first_of_two_prices_counts(staff: PagesClient, provider: Provider, made: Made) -> None:
    one = made()
    staff.post(f"/portal/listings/{one}/price", data={"price": ["1", "2"], "version": "1"})
    assert content(provider, one).price_minor == 100


def test_nobody_elses_price(
    client_for: ClientFor, provider: Provider, other_provider: Provider, made: Made, hx: bool
) -> None:
    one = made()
    bo = client_for(other_provider, Role.STAFF, Role.SELLER)
    for method in (bo.get, bo.post):
        theirs = method(f"/portal/listings/{one}/price", data={"price": "1", "version": "1"}, hx=hx)
        nowhere = method("/portal/listings/987654321/price", data={"price": "1"}, hx=hx)
        assert theirs.status_code == nowhere.status_code == 404
    assert content(provider, one).price_minor == 1_100_000


def test_a_seller_may_not(seller: PagesClient, made: Made, hx: bool) -> None:
    one = made()
    assert seller.get(f"/portal/listings/{one}/price", hx=hx).status_code == 403
    assert (
        seller.post(f"/portal/listings/{one}/price", data={"price": "1"}, hx=hx).status_code == 403
    )


@pytest.mark.parametrize(
    ("cell", "form", "name", "expected"),
    [
        ("stock", {"stock": "12"}, "stock", 12),
        ("stock", {"stock": "１２"}, "stock", 12),
        ("stock", {"stock": "0"}, "stock", 0),
        ("stock", {"stock": ""}, "stock", None),
        ("valid-until", {"valid_until": "2099-01-31"}, "valid_until", date(2099, 1, 31)),
        ("valid-until", {"valid_until": "", "no_end_date": "y"}, "valid_until", None),
    ],
)
def test_other_values_are_saved_in_their_cell(
    staff: PagesClient, provider: Provider, made: Made, hx: bool, cell: str,
    form: dict[str, str], name: str, expected: object,
) -> None:  # fmt: skip
    one = made(stock=5, valid_until=date(2098, 1, 1))
    opened = staff.get(f"/portal/listings/{one}/{cell}", hx=hx).get_data(as_text=True)
    assert "data-inline-edit" in opened
    answer = staff.post(f"/portal/listings/{one}/{cell}", data={**form, "version": "1"}, hx=hx)
    assert answer.status_code == (200 if hx else 303)
    assert getattr(content(provider, one), name) == expected


@pytest.mark.parametrize(
    ("cell", "form"),
    [
        ("stock", {"stock": "-1"}),
        ("stock", {"stock": "9" * 5000}),
        ("stock", {"stock": "9223372036854775808"}),
        ("stock", {}),
        ("valid-until", {"valid_until": "2024-02-30"}),
        ("valid-until", {"valid_until": "2020-01-01"}),
        ("valid-until", {"valid_until": "10000-01-01"}),
        ("valid-until", {"valid_until": "2024-01-01\0"}),
        ("valid-until", {"valid_until": "2099-01-01", "no_end_date": "y"}),
        ("valid-until", {}),
        ("status", {"move": "superpublished"}),
        ("status", {"move": "approve"}),
        ("status", {}),
    ],
)
def test_what_a_cell_cannot_hold_is_refused_in_it(
    staff: PagesClient, provider: Provider, made: Made, hx: bool, cell: str, form: dict[str, str]
) -> None:
    one = made(stock=5)
    answer = staff.post(f"/portal/listings/{one}/{cell}", data={**form, "version": "1"}, hx=hx)
    assert answer.status_code == 422
    assert 'aria-invalid="true"' in answer.get_data(as_text=True)
    assert row(provider, one).version == 1


def test_the_status_in_the_row_offers_what_is_possible_and_does_it(
    staff: PagesClient, provider: Provider, made: Made, hx: bool
) -> None:
    one = made()
    opened = staff.get(f"/portal/listings/{one}/status", hx=hx).get_data(as_text=True)
    assert 'value="publish"' in opened
    assert 'value="withdraw"' not in opened
    answer = staff.post(f"/portal/listings/{one}/status", data={"move": "publish"}, hx=hx)
    assert answer.status_code == (200 if hx else 303)
    assert row(provider, one).status == "live"
    if hx:
        assert 'id="listings-counts" hx-swap-oob="true"' in answer.get_data(as_text=True)


def test_a_quick_choice_fills_the_last_day_in_without_saving(
    staff: PagesClient, provider: Provider, made: Made
) -> None:
    one = made()
    data = {"until": "30", "version": "1", "valid_until": ""}
    html = staff.post(f"/portal/listings/{one}/valid-until", data=data).get_data(as_text=True)
    assert f'value="{clock.today() + timedelta(days=30)}"' in html
    assert content(provider, one).valid_until is None


def test_a_row_keeps_the_columns_of_the_list_it_stands_in(staff: PagesClient, made: Made) -> None:
    one = made(own_number="HX-7")
    back = "/portal/listings/?columns=own_number&columns=stock"
    form = {"stock": "3", "version": "1", "back": back}
    html = staff.post(f"/portal/listings/{one}/stock", data=form, hx=True).get_data(as_text=True)
    assert "HX-7" in html
    assert 'data-col="views"' not in html


def test_a_save_in_a_row_takes_few_statements(
    staff: PagesClient, made: Made, statements: Statements
) -> None:
    one = made()
    statements()
    staff.post(f"/portal/listings/{one}/price", data={"price": "5", "version": "1"}, hx=True)
    seen = statements()
    lock = any("FOR UPDATE" in one for one in seen)
    assert len(seen) <= 7 + lock, seen
