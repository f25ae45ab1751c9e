"""One reader never sees another's page, and a right that is gone is gone at once."""

from collections.abc import Callable

import pytest
from sqlalchemy import delete

from portal.accounts.models import PersonRole, Provider, SignInSession
from portal.database import transaction
from portal.permissions import Role
from tests import factories
from tests.pages import PagesClient

ClientFor = Callable[..., PagesClient]


@pytest.mark.parametrize("email", ["a\0b@c.example", "\0", "a@b.example\x03", "\ufffd@b.example"])
def test_p07_an_address_with_control_characters_does_not_sign_in(
    visitor: PagesClient, email: str
) -> None:
    answer = visitor.post("/sign-in", data={"email": email, "password": "x\0y"})
    assert answer.status_code == 422


def test_t11_two_people_never_get_each_others_frame(
    client_for: ClientFor, provider: Provider, other_provider: Provider
) -> None:
    one = client_for(provider, Role.STAFF, Role.SELLER)
    other = client_for(other_provider, Role.STAFF, Role.SELLER)
    mine = factories.listing(provider, title="Only provider A sells this")
    theirs = factories.listing(other_provider, title="Only provider B sells this")
    seen: dict[PagesClient, set[str]] = {one: set(), other: set()}
    for _round in range(3):
        for client, own, strange in ((one, mine, theirs), (other, theirs, mine)):
            page = client.get("/portal/listings/").text
            assert own.title in page
            assert strange.title not in page
            seen[client] |= set(page.split('name="csrf_token" value="')[1:2])
    assert provider.name not in other.get("/portal/listings/").text
    tokens = [{page.split('"')[0] for page in pages} for pages in seen.values()]
    assert not tokens[0] & tokens[1]


def test_t09_a_role_taken_away_is_gone_from_a_kept_page_and_from_an_open_form(
    staff: PagesClient, provider: Provider
) -> None:
    listing = factories.listing(provider)
    assert "/edit" in staff.get("/portal/listings/").text
    with transaction() as session:
        session.execute(delete(PersonRole).where(PersonRole.role == Role.STAFF))
    assert staff.get("/portal/listings/").status_code == 403
    answer = staff.post(f"/portal/listings/{listing.id}/publish")
    assert answer.status_code == 403


def test_t09_buttons_of_staff_do_not_reach_a_seller_of_the_same_provider(
    client_for: ClientFor, provider: Provider
) -> None:
    listing = factories.listing(provider)
    assert (
        f"/portal/listings/{listing.id}/edit"
        in client_for(provider, Role.STAFF).get("/portal/listings/").text
    )
    assert (
        f"/portal/listings/{listing.id}/edit"
        not in client_for(provider, Role.SELLER).get("/portal/listings/").text
    )


def test_s09_a_cookie_whose_session_is_gone_opens_nothing(staff: PagesClient) -> None:
    assert staff.get("/portal/listings/").status_code == 200
    with transaction() as session:
        session.execute(delete(SignInSession))
    assert staff.get("/portal/listings/").status_code == 302
    assert staff.get("/portal/account/").status_code == 302


@pytest.mark.parametrize("value", ["a\0b", "\x03csrf_token\x03", "\x02", "\ud7ff\uffff", "9" * 300])
def test_p07_hostile_words_in_an_address_are_no_error(
    client_for: ClientFor, visitor: PagesClient, provider: Provider, value: str
) -> None:
    both = client_for(provider, Role.STAFF, Role.SELLER)
    factories.listing(provider)
    names = ("q", "gpu", "place", "status", "sort", "page", "back", "queue", "unit", "days", "lang")
    asked = dict.fromkeys((*names, "currency", "open", "since", "price_from", "next"), value)
    for path in ("listings/", "listings/new", "inquiries/", "inquiries/news", "statistics/"):
        assert both.get(f"/portal/{path}", query_string=asked).status_code == 200
    for path in ("/", f"/providers/{provider.id}", "/sign-in", "/robots.txt"):
        assert visitor.get(path, query_string=asked).status_code == 200


@pytest.mark.parametrize("nonce", ["a\0b", "x" * 5000, "\x03"])
def test_l20_a_hostile_nonce_of_a_new_listing_is_no_error(staff: PagesClient, nonce: str) -> None:
    typed = {"title": "Two machines", "price": "1", "currency": "CNY", "unit": "item"}
    fields = {**typed, "no_end_date": "y", "form_nonce": nonce}
    answer = staff.post("/portal/listings/new", data=fields)
    assert answer.status_code in {303, 422}


def test_t05_the_nonce_of_another_tenants_form_is_no_error_and_shows_nothing(
    client_for: ClientFor, provider: Provider, other_provider: Provider
) -> None:
    typed = {"title": "Two machines", "price": "1", "currency": "CNY", "unit": "item"}
    fields = {**typed, "no_end_date": "y", "form_nonce": "abc"}
    for tenant in (provider, other_provider):
        client = client_for(tenant, Role.STAFF)
        answers = [client.post("/portal/listings/new", data=fields) for _ in range(2)]
        assert [answer.status_code for answer in answers] == [303, 303]
        assert answers[0].location == answers[1].location
