"""Saved views: kept, found as tabs, shared, ordered, forgotten; each person's own."""

import re

import pytest

from portal.accounts.models import Provider
from portal.listings import actions, saved_views
from portal.listings.actions import viewing
from portal.permissions import Role
from tests.conftest import ClientFor
from tests.pages import PagesClient

VIEWS = "/portal/listings/views/"
INDEX = "/portal/listings/"


def kept(client: PagesClient, name: str, query: str = "status=paused", **fields: str) -> None:
    data = {"name": name, "query": query, **fields}
    assert client.post(VIEWS, data=data).status_code == 303


def tabs(client: PagesClient) -> list[str]:
    html = client.get(INDEX).get_data(as_text=True)
    return re.findall(r'class="tabs__link"[^>]*>(.*?) <span', html)


def ids(client: PagesClient) -> list[str]:
    return re.findall(r'views/(\d+)/delete"', client.get(VIEWS).get_data(as_text=True))


def test_a_view_is_a_tab_that_asks_its_question(staff: PagesClient) -> None:
    kept(staff, "Paused H100", "gpu=h100-sxm&status=paused&page=x&evil=1")
    page = staff.get(INDEX).get_data(as_text=True)
    assert "Paused H100" in page
    assert "/portal/listings/?status=paused&amp;gpu=h100-sxm" in page
    there = staff.get(f"{INDEX}?status=paused&gpu=h100-sxm").get_data(as_text=True)
    assert re.search(r'aria-current="page">Paused H100', there)


def test_only_what_is_shared_is_seen_by_colleagues(
    client_for: ClientFor, provider: Provider, other_provider: Provider
) -> None:
    ann, bob = (client_for(provider, Role.STAFF) for _ in range(2))
    eve = client_for(other_provider, Role.STAFF)
    kept(ann, "Mine alone")
    kept(ann, "For all", "status=expired", shared="1")
    assert {"Mine alone", "For all"} <= set(tabs(ann))
    assert "For all" in tabs(bob)
    assert "Mine alone" not in tabs(bob)
    assert not {"Mine alone", "For all"} & set(tabs(eve))


def test_a_seller_keeps_views_and_shares_none(
    client_for: ClientFor, provider: Provider, seller: PagesClient
) -> None:
    kept(seller, "Of a seller", shared="1")
    assert "Of a seller" in tabs(seller)
    assert "Of a seller" not in tabs(client_for(provider, Role.STAFF))


def test_staff_may_forget_what_a_colleague_shares_and_a_seller_may_not(
    client_for: ClientFor, provider: Provider, seller: PagesClient
) -> None:
    ann, bob = (client_for(provider, Role.STAFF) for _ in range(2))
    kept(ann, "For all", shared="1")
    (one,) = ids(ann)
    assert seller.post(f"{VIEWS}{one}/delete").status_code == 404
    assert bob.post(f"{VIEWS}{one}/delete").status_code == 303
    assert "For all" not in tabs(ann)


def test_nobody_reaches_a_view_of_another_tenant_or_an_own_one_of_a_colleague(
    client_for: ClientFor, provider: Provider, other_provider: Provider
) -> None:
    ann = client_for(provider, Role.STAFF)
    kept(ann, "Mine alone")
    (one,) = ids(ann)
    for other in (client_for(provider, Role.STAFF), client_for(other_provider, Role.STAFF)):
        for verb in ("", "/delete", "/move"):
            answer = other.post(f"{VIEWS}{one}{verb}", data={"name": "Taken", "to": "earlier"})
            assert answer.status_code == 404
    assert "Mine alone" in tabs(ann)


def test_a_view_is_renamed_and_put_in_order(staff: PagesClient) -> None:
    kept(staff, "One")
    kept(staff, "Two", "status=expired")
    _first, second = ids(staff)
    staff.post(f"{VIEWS}{second}/move", data={"to": "earlier"})
    assert tabs(staff)[-2:] == ["Two", "One"]
    staff.post(f"{VIEWS}{second}", data={"name": "Zwei"})
    assert tabs(staff)[-2:] == ["Zwei", "One"]


@pytest.mark.parametrize("name", ["", "   ", "a" * 51, "a\0b", "two\nlines", "\u202egnp.exe"])
def test_a_name_that_is_none_is_refused_with_what_was_typed(staff: PagesClient, name: str) -> None:
    answer = staff.post(VIEWS, data={"name": name, "query": "status=live"})
    assert answer.status_code == 422
    html = answer.get_data(as_text=True)
    assert 'aria-invalid="true"' in html
    assert 'name="query" value="status=live"' in html


def test_a_name_stands_once_for_each_person(
    client_for: ClientFor, provider: Provider, staff: PagesClient
) -> None:
    kept(staff, "Same")
    assert staff.post(VIEWS, data={"name": "Same", "query": ""}).status_code == 422
    kept(client_for(provider, Role.STAFF), "Same")


def test_there_is_room_for_thirty(staff: PagesClient, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(viewing, "MOST", 2)
    kept(staff, "One")
    kept(staff, "Two")
    assert staff.post(VIEWS, data={"name": "Three", "query": ""}).status_code == 422
    assert saved_views.MOST == 30
    assert actions.TooManyViews


def test_a_name_is_shown_literally(staff: PagesClient) -> None:
    kept(staff, "<script>x</script>{{7*7}}")
    for page in (staff.get(INDEX), staff.get(VIEWS)):
        html = page.get_data(as_text=True)
        assert "<script>x" not in html
        assert "&lt;script&gt;x&lt;/script&gt;{{7*7}}" in html


def test_the_numbers_of_tabs_come_after_the_page(staff: PagesClient, provider: Provider) -> None:
    kept(staff, "Paused ones")
    answer = staff.get(f"{INDEX}numbers?status=paused", hx=True)
    html = answer.get_data(as_text=True)
    assert 'id="listings-matching" hx-swap-oob="true">0<' in html
    assert 'id="listings-in-attention"' in html
    assert "listings-unsaved" not in html
    staff.post(f"{INDEX}drafts", data={"form_nonce": "0" * 32, "title": "Half typed"}, hx=True)
    html = staff.get(f"{INDEX}numbers", hx=True).get_data(as_text=True)
    assert "1 unsaved<" in html
    assert 'href="/portal/listings/drafts"' in html
    plain = staff.get(f"{INDEX}numbers?status=paused")
    assert (plain.status_code, plain.location) == (302, f"{INDEX}?status=paused")
