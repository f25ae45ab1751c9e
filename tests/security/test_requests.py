"""Requests that no browser of ours would send: each is refused, none is an error of the server."""

import re
from collections.abc import Mapping
from urllib.parse import quote

import pytest
from flask import Flask

from portal.accounts.models import Provider
from portal.listings import actions
from portal.listings.models import Status
from portal.mail.blocks import with_links
from portal.permissions import Role
from tests import factories
from tests.conftest import ClientFor
from tests.pages import PagesClient

NO_ADDRESS = "http://["
NUMBERS = [
    "page",
    "before",
    "from",
    "days",
    "sort",
    "price_from",
    "price_to",
    "per_page",
    "ids",
    "columns",
    "outcome",
    "queue",
    "open",
    "draft",
]
ORIGIN = "http://127.0.0.1:8000"


def test_x02_an_origin_that_is_no_address_is_refused(visitor: PagesClient) -> None:
    for path in ("/", "/sign-in", "/language/en", "/portal/listings/"):
        assert visitor.post(path, headers={"Origin": NO_ADDRESS}, csrf=False).status_code == 403


@pytest.mark.parametrize("header", ["HX-Current-URL", "Referer"])
def test_x09_a_page_that_is_no_address_is_not_returned_to(
    visitor: PagesClient, header: str
) -> None:
    answer = visitor.get("/portal/listings/", headers={"HX-Request": "true", header: NO_ADDRESS})
    assert answer.status_code == 401
    assert answer.headers["HX-Redirect"] == "/sign-in"


@pytest.mark.parametrize(
    ("kind", "body"),
    [
        ("application/json", '{"title": "\\ud800"}'),
        ("application/xml", "<a/>"),
        ("text/xml", "<a/>"),
        ("application/vnd.api+json", "{}"),
    ],
)
def test_l29_l30_a_body_that_is_no_form_publishes_nothing(
    staff: PagesClient, provider: Provider, kind: str, body: str
) -> None:
    listing = factories.listing(provider, status=Status.LIVE)
    for path in (f"/portal/listings/{listing.id}/withdraw", "/sign-out", "/sign-in"):
        assert staff.post(path, data=body, content_type=kind).status_code == 415
    assert listing.status == Status.LIVE
    assert staff.get("/portal/listings/").status_code == 200


def test_p02_seventy_thousand_fields_are_too_many(visitor: PagesClient) -> None:
    body = "&".join(f"f{n}=1" for n in range(70_000))
    kind = "application/x-www-form-urlencoded"
    for path in ("/sign-in", "/offers/1/inquiries", "/language/en", "/portal/listings/new"):
        assert visitor.post(path, data=body, content_type=kind, csrf=False).status_code == 413


@pytest.mark.parametrize(
    "value",
    ["-1", "0", str(10**18), "9" * 60, "9" * 5000, "x", "１", "[]", "1;drop table jobs", "\0"],
)
def test_p08_no_number_of_an_address_is_an_error_of_ours(
    app: Flask,
    client_for: ClientFor,
    visitor: PagesClient,
    provider: Provider,
    value: str,
) -> None:
    listing = factories.listing(provider)
    actions.set_values(provider.id, listing.id, {"stock": 1}, 1, by=None)
    own = {"listing_id": listing.id, "provider_id": provider.id}
    clients = (visitor, client_for(provider, Role.STAFF, Role.SELLER), client_for(None, Role.ADMIN))
    query = dict.fromkeys(NUMBERS, value) | {"to": "1"}
    rules = [rule for rule in app.url_map.iter_rules() if "GET" in (rule.methods or set())]
    addresses = [
        rule.build({name: own.get(name, 1) for name in rule.arguments - set(rule.defaults or ())})
        for rule in rules
        if rule.endpoint != "static"
    ]
    for client in clients:
        for built in addresses:
            assert built is not None
            answer = client.get(built[1], query_string=query)
            assert answer.status_code < 500, (built[1], value)
            answer.close()


def _with_parts(rule: str, parts: Mapping[str, object]) -> str:
    """The rule as an address, whether its places would take these parts or not."""
    return re.sub(r"<(?:[^:>]+:)?([^>]+)>", lambda found: quote(str(parts[found[1]])), rule)


@pytest.mark.parametrize("value", ["\0", "x" * 5000, "’", "1" * 19, str(2**62), str(2**31)])
def test_p07_no_part_of_an_address_is_an_error_of_ours(
    app: Flask, client_for: ClientFor, visitor: PagesClient, provider: Provider, value: str
) -> None:
    listing = factories.listing(provider)
    staff = client_for(provider, Role.STAFF, Role.SELLER)
    for rule in app.url_map.iter_rules():
        names = list(rule._converters)
        # One place of the address at a time: what stands before it is there.
        for odd in (name for name in names if rule.endpoint != "static"):
            parts = dict.fromkeys(names, listing.id) | {odd: value}
            address = _with_parts(rule.rule, parts)
            for client, method in ((staff, "GET"), (staff, "POST"), (visitor, "GET")):
                answer = client.open(address, method=method, data={"version": "1"})
                assert answer.status_code < 500, (method, rule.rule)
                answer.close()


def test_headers_are_on_every_answer_of_static_files(visitor: PagesClient) -> None:
    sent = visitor.get("/static/manifest.json", buffered=True)
    if sent.status_code == 404:
        pytest.skip("the assets are not built")
    sent.close()
    known = {"If-Modified-Since": sent.headers["Last-Modified"]}
    answers = [
        sent,
        visitor.get("/static/manifest.json", headers=known),
        visitor.post("/static/manifest.json", csrf=False),
    ]
    assert [answer.status_code for answer in answers] == [200, 304, 405]
    for answer in answers:
        assert answer.headers.getlist("X-Content-Type-Options") == ["nosniff"]
        assert answer.headers["Cross-Origin-Resource-Policy"] == "same-origin"
        assert answer.headers["Referrer-Policy"] == "strict-origin-when-cross-origin"


@pytest.mark.parametrize(
    "typed",
    [
        "http://evil.example/",
        "https://127.0.0.1:8000/",
        "http://127.0.0.1:8000@evil.example/",
        "http://127.0.0.1:8000.evil.example/",
        "http://127.0.0.1:8000\\@evil.example/",
        "http://[",
    ],
)
def test_q08_only_our_own_links_are_clickable_in_mails(typed: str) -> None:
    ours = f"{ORIGIN}/threads/abc"
    html = with_links(f"{typed} {ours}", ORIGIN)
    assert html.count("<a ") == 1
    assert f'<a href="{ours}">' in html
