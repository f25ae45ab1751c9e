"""Every route of the real URL map, asked by those who may not: nothing opens by accident."""

from collections.abc import Iterator

import pytest
from flask import Flask
from werkzeug.routing import IntegerConverter, Rule

from portal.accounts.models import Provider
from portal.permissions import PUBLIC, SIGNED_IN, Permission, Role, permissions_of
from portal.web.guard import access_of, refuse_undeclared, requires
from tests.conftest import ClientFor
from tests.pages import PagesClient


def _address(rule: Rule) -> str:
    """The rule's URL with a sample in each of its places."""
    with_samples = {
        name: 1 if isinstance(converter, IntegerConverter) else "x"
        for name, converter in rule._converters.items()
    }
    built = rule.build(with_samples)
    assert built is not None
    return built[1]


def _private_calls(app: Flask) -> Iterator[tuple[str, str, Permission | str]]:
    for rule in app.url_map.iter_rules():
        access = access_of(app, rule.endpoint)
        assert access is not None
        if access is not PUBLIC:
            for method in sorted((rule.methods or set()) & {"GET", "POST"}):
                yield method, _address(rule), access


def test_a_visitor_is_sent_to_sign_in_from_every_private_route(
    app: Flask, visitor: PagesClient, hx: bool
) -> None:
    calls = list(_private_calls(app))
    assert len(calls) > 10
    for method, url, _access in calls:
        answer = visitor.open(url, method=method, hx=hx)
        assert answer.status_code == (401 if hx else 302), (method, url)
        place = answer.headers["HX-Redirect" if hx else "Location"]
        assert place.startswith("/sign-in"), (method, url)


@pytest.mark.parametrize("role", list(Role))
def test_a_role_opens_what_its_permissions_say_and_nothing_else(
    app: Flask, client_for: ClientFor, provider: Provider, role: Role
) -> None:
    client = client_for(None if role is Role.ADMIN else provider, role)
    allowed = permissions_of(frozenset({role}))
    for method, url, access in _private_calls(app):
        if access is SIGNED_IN or url == "/sign-out":
            continue
        status = client.open(url, method=method).status_code
        assert (status == 403) == (access not in allowed), (method, url, status)


def test_a_write_without_a_token_changes_nothing(app: Flask, staff: PagesClient) -> None:
    for method, url, _access in _private_calls(app):
        if method == "POST":
            assert staff.post(url, csrf=False).status_code in {400, 403}, url


@pytest.mark.parametrize(
    "headers",
    [
        {"Sec-Fetch-Site": "cross-site"},
        {"Origin": "https://evil.example"},
        {"Origin": "null"},
    ],
)
def test_a_write_from_another_site_is_refused(
    app: Flask, staff: PagesClient, headers: dict[str, str]
) -> None:
    for rule in app.url_map.iter_rules():
        if "POST" in (rule.methods or set()):
            url = _address(rule)
            assert staff.post(url, headers=headers).status_code == 403, url


def test_every_mutating_route_refuses_other_methods(app: Flask, staff: PagesClient) -> None:
    for rule in app.url_map.iter_rules():
        if rule.methods == {"POST", "OPTIONS"}:
            for method in ("GET", "HEAD", "PUT", "DELETE"):
                answer = staff.open(_address(rule), method=method)
                others = [r for r in app.url_map.iter_rules() if r.rule == rule.rule]
                if len(others) == 1:
                    assert answer.status_code == 405, (method, rule.rule)


def test_an_endpoint_that_declares_nothing_stops_start_up() -> None:
    app = Flask("undeclared")

    @app.get("/declared")
    @requires(PUBLIC)
    def declared() -> str:
        return ""

    app.add_url_rule("/forgotten", "forgotten", lambda: "")
    with pytest.raises(RuntimeError, match="forgotten"):
        refuse_undeclared(app)
