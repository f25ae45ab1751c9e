"""Requests that no browser of ours would send: each is refused, none is an error of the server."""

import pytest

from portal.accounts.models import Provider
from portal.listings.models import Status
from portal.mail.rendering import _paragraphs
from tests import factories
from tests.pages import PagesClient

NO_ADDRESS = "http://["
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
    (html,) = _paragraphs(f"{typed} {ours}", ORIGIN)
    assert html.count("<a ") == 1
    assert f'<a href="{ours}">' in html
