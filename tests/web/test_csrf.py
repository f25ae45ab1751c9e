"""A CSRF token that was accepted once: good for the same session again, and for nothing else."""

import pytest
from flask import Flask
from wtforms import ValidationError

from portal.accounts.models import Provider
from portal.permissions import Role
from tests import factories
from tests.conftest import ClientFor
from tests.pages import PagesClient

_PRICE = "/portal/listings/{}/price"


@pytest.fixture
def price(provider: Provider) -> str:
    """Where a price is saved."""
    return _PRICE.format(factories.listing(provider).id)


@pytest.fixture
def verified(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The tokens that Flask-WTF was asked about; it refuses those that are called so."""
    seen: list[str] = []

    def validate(token: str | None) -> None:
        seen.append(token or "")
        if not token or token.startswith("bad"):
            raise ValidationError("refused")

    monkeypatch.setattr("flask_wtf.csrf.validate_csrf", validate)
    return seen


def _send(client: PagesClient, path: str, token: str | None, **form: str) -> int:
    headers = {"X-CSRFToken": token} if token else {}
    form = {"price": "5", **form}
    return client.post(path, data=form, headers=headers, csrf=False).status_code


def test_it_is_verified_once(staff: PagesClient, price: str, verified: list[str]) -> None:
    token = staff.csrf_token()
    for _ in range(3):
        assert _send(staff, price, token) == 303
        assert _send(staff, price, None, csrf_token=token) == 303
    assert verified == [token]


@pytest.mark.usefixtures("verified")
@pytest.mark.parametrize("token", [None, "", "bad"])
def test_what_was_refused_is_refused_again(
    staff: PagesClient, price: str, token: str | None
) -> None:
    for _ in range(2):
        assert _send(staff, price, token) == 400


def test_another_sessions_token_is_none(
    client_for: ClientFor, provider: Provider, price: str
) -> None:
    first, second = (client_for(provider, Role.STAFF) for _ in range(2))
    for client in (first, second):
        assert _send(client, price, client.csrf_token()) == 303
    token = first.csrf_token()
    assert _send(first, price, token) == 303
    assert _send(second, price, token) == 400
    assert _send(first, price, token[:-1]) == 400


def test_another_key_ends_it(app: Flask, staff: PagesClient, price: str) -> None:
    token = staff.csrf_token()
    assert _send(staff, price, token) == 303
    keys = app.config["SECRET_KEY"], app.config["SECRET_KEY_FALLBACKS"]
    app.config.update(SECRET_KEY="k" * 64, SECRET_KEY_FALLBACKS=[keys[0]])
    try:
        # The cookie still holds by the older key; the token is of no use.
        assert _send(staff, price, token) == 400
    finally:
        app.config.update(SECRET_KEY=keys[0], SECRET_KEY_FALLBACKS=keys[1])


def test_a_field_that_may_have_been_meant_is_not_remembered_for_the_header(
    staff: PagesClient, price: str
) -> None:
    good = {"inner-csrf_token": staff.csrf_token()}
    # Flask-WTF looks at the prefixed field first: this says nothing of the header.
    assert _send(staff, price, "made up", **good) == 303
    assert _send(staff, price, "made up") == 400


def test_over_https_the_page_it_comes_from_is_looked_at_each_time(
    staff: PagesClient, price: str
) -> None:
    token = staff.csrf_token()
    assert _send(staff, price, token) == 303

    def answer(referrer: str | None) -> int:
        headers = {"X-CSRFToken": token} | ({"Referer": referrer} if referrer else {})
        data, base = {"price": "6"}, "https://localhost"
        return staff.post(price, data=data, headers=headers, base_url=base, csrf=False).status_code

    assert answer("https://localhost/portal/listings/") == 303
    for other in (None, "https://evil.example/", "http://localhost/portal/listings/"):
        assert answer(other) == 400


def test_a_time_limit_is_held(
    app: Flask, staff: PagesClient, price: str, verified: list[str]
) -> None:
    token = staff.csrf_token()
    app.config["WTF_CSRF_TIME_LIMIT"] = 60
    try:
        for _ in range(2):
            assert _send(staff, price, token) == 303
    finally:
        app.config["WTF_CSRF_TIME_LIMIT"] = None
    assert verified == [token, token]
