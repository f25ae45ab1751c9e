"""Public pages say that shared caches may keep them, and how to ask again; no other page does."""

import pytest

from portal.accounts.models import Provider
from tests import factories
from tests.pages import PagesClient


@pytest.fixture
def addresses(provider: Provider) -> list[str]:
    offer = factories.listing(provider)
    return [
        "/",
        "/?q=4090",
        f"/offers/{offer.id}",
        f"/providers/{provider.id}",
        "/robots.txt",
        "/sitemap.xml",
    ]


def test_a_public_page_may_be_kept_and_is_known_again(
    visitor: PagesClient, addresses: list[str], hx: bool
) -> None:
    for url in addresses:
        first = visitor.get(url, hx=hx)
        assert first.status_code == 200, url
        assert first.headers["Cache-Control"] == "public, max-age=0, must-revalidate", url
        assert {"Accept-Language", "Cookie"} <= set(first.vary), url
        assert "Set-Cookie" not in first.headers, url
        tag, is_weak = first.get_etag()
        assert tag, url
        assert not is_weak, url
        again = visitor.get(url, hx=hx, headers={"If-None-Match": f'"{tag}"'})
        assert (again.status_code, again.data) == (304, b""), url
        assert again.headers["Cache-Control"] == first.headers["Cache-Control"], url
        assert again.get_etag() == (tag, False), url
        # A proxy that compresses makes the tag a weak one: it is the same copy.
        weak = visitor.get(url, hx=hx, headers={"If-None-Match": f'W/"{tag}"'})
        assert weak.status_code == 304, url


def test_a_signed_in_reader_gets_the_same_public_page(
    staff: PagesClient, visitor: PagesClient, addresses: list[str]
) -> None:
    english = {"Accept-Language": "en"}
    for url in addresses:
        theirs, anybodys = (client.get(url, headers=english) for client in (staff, visitor))
        assert theirs.get_etag() == anybodys.get_etag(), url
        assert theirs.headers["Cache-Control"].startswith("public"), url


def test_another_language_theme_or_form_is_another_copy(
    visitor: PagesClient, addresses: list[str]
) -> None:
    for url in addresses[:4]:
        tag = visitor.get(url).headers["ETag"]
        known = {"If-None-Match": tag}
        assert visitor.get(url, headers=known | {"Accept-Language": "en"}).status_code == 200, url
        assert visitor.get(url, headers=known, hx=True).status_code == 200, url
        visitor.set_cookie("theme", "dark")
        assert visitor.get(url, headers=known).status_code == 200, url
        visitor.delete_cookie("theme")


def test_what_is_gone_or_missing_is_not_kept(visitor: PagesClient, provider: Provider) -> None:
    offer = factories.listing(provider, status="paused")
    for url, status in ((f"/offers/{offer.id}", 410), ("/offers/999999", 404)):
        answer = visitor.get(url)
        assert answer.status_code == status
        assert answer.headers["Cache-Control"] == "no-store"
