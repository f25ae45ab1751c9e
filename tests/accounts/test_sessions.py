"""Sessions: opened, listed, ended, and worth nothing afterwards."""

from flask import Flask

from portal.accounts import actions
from portal.accounts.models import Provider
from portal.permissions import Role
from tests import factories
from tests.conftest import ClientFor
from tests.pages import PagesClient


def test_private_pages_send_a_visitor_to_sign_in_and_back(visitor: PagesClient) -> None:
    answer = visitor.get("/portal/account/?a=1")
    assert answer.status_code == 302
    assert answer.location == "/sign-in?next=/portal/account/?a%3D1"


def test_htmx_of_an_ended_session_is_told_by_a_header(visitor: PagesClient) -> None:
    answer = visitor.get("/portal/account/", hx=True)
    assert answer.status_code == 401
    assert answer.headers["HX-Redirect"].startswith("/sign-in")


def test_signing_in_opens_a_session_under_a_new_id(app: Flask, provider: Provider) -> None:
    actions.add_person(
        "Li@a.example", "李敏", "correct horse", frozenset({Role.STAFF}), provider_id=provider.id
    )
    client = app.test_client()
    form = {"email": "li@A.example", "password": "correct horse", "next": "/portal/account/"}
    answer = client.post("/sign-in", data=form)
    assert (answer.status_code, answer.location) == (303, "/portal/account/")
    assert client.get("/portal/account/").status_code == 200


def test_a_signed_out_cookie_is_worth_nothing(app: Flask, provider: Provider) -> None:
    token = factories.session_of(factories.person(provider, Role.STAFF))
    client, thief = app.test_client(), app.test_client()
    client.sign_in(token)
    thief.sign_in(token)
    answer = client.post("/sign-out")
    assert answer.headers["Clear-Site-Data"] == '"cache", "storage"'
    assert thief.get("/portal/account/").status_code == 302


def test_wrong_password_and_unknown_person_get_the_same_answer(
    app: Flask, provider: Provider
) -> None:
    actions.add_person(
        "li@a.example", "李敏", "correct horse", frozenset({Role.STAFF}), provider_id=provider.id
    )
    answers = [
        app.test_client().post("/sign-in", data={"email": email, "password": "wrong"})
        for email in ("li@a.example", "no@a.example")
    ]
    assert [answer.status_code for answer in answers] == [422, 422]


def test_the_eleventh_wrong_password_waits(app: Flask, provider: Provider) -> None:
    client = app.test_client()
    form = {"email": "li@a.example", "password": "wrong"}
    statuses = [client.post("/sign-in", data=form).status_code for _ in range(11)]
    assert statuses == [422] * 10 + [429]


def test_another_session_can_be_ended(
    client_for: ClientFor, app: Flask, provider: Provider
) -> None:
    someone = factories.person(provider, Role.STAFF, language="en")
    here, there = app.test_client(), app.test_client()
    here.sign_in(factories.session_of(someone))
    there.sign_in(factories.session_of(someone))
    assert here.post("/portal/account/sessions/end-others").status_code == 303
    assert there.get("/portal/account/").status_code == 302
    assert here.get("/portal/account/").status_code == 200


def test_nobody_ends_the_session_of_another(staff: PagesClient, provider: Provider) -> None:
    factories.session_of(factories.person(provider, Role.STAFF))
    assert staff.post("/portal/account/sessions/999999/end").status_code == 404


def test_the_throttle_counts_an_ipv6_subscriber_as_one(app: Flask, provider: Provider) -> None:
    statuses = []
    for number in range(11):
        client = app.test_client()
        address = {"REMOTE_ADDR": f"2001:db8:0:1::{number:x}"}
        form = {"email": f"nobody{number}@a.example", "password": "wrong"}
        answer = client.post("/sign-in", data=form, environ_base=address)
        statuses.append(answer.status_code)
    assert statuses == [422] * 10 + [429]


def test_the_first_page_is_the_one_a_person_works_on(
    staff: PagesClient, seller: PagesClient
) -> None:
    assert staff.get("/portal/").location.endswith("/portal/listings/")
    assert seller.get("/portal/").location.endswith("/portal/inquiries/")
