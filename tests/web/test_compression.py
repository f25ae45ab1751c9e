"""Compressed pages: the same page, its tag still known, its length saying nothing."""

import gzip

from portal.accounts.models import Provider
from tests import factories
from tests.pages import PagesClient

GZIP = {"Accept-Encoding": "gzip, br"}


def test_a_page_is_compressed_for_who_takes_it(visitor: PagesClient, provider: Provider) -> None:
    page = f"/offers/{factories.listing(provider).id}"
    plain = visitor.get(page)
    small = visitor.get(page, headers=GZIP)
    assert "Content-Encoding" not in plain.headers
    assert small.headers["Content-Encoding"] == "gzip"
    assert "Accept-Encoding" in ", ".join(plain.headers.getlist("Vary"))
    assert len(small.data) < len(plain.data) / 2
    assert gzip.decompress(small.data).startswith(b"<!doctype html>")


def test_the_compressed_copy_is_confirmed_by_its_own_tag(
    visitor: PagesClient, provider: Provider
) -> None:
    page = f"/offers/{factories.listing(provider).id}"
    tag = visitor.get(page, headers=GZIP).headers["ETag"]
    assert tag.startswith("W/")
    again = visitor.get(page, headers={**GZIP, "If-None-Match": tag})
    assert (again.status_code, again.data) == (304, b"")


def test_the_length_of_a_page_varies(visitor: PagesClient) -> None:
    lengths = {len(visitor.get("/sign-in", headers=GZIP).data) for _ in range(20)}
    assert len(lengths) > 5


def test_what_refuses_gzip_is_heard(visitor: PagesClient) -> None:
    answer = visitor.get("/sign-in", headers={"Accept-Encoding": "gzip;q=0"})
    assert "Content-Encoding" not in answer.headers
