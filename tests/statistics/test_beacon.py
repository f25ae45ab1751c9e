"""The beacon and the pixel: who is counted, who is not, and what is said about it."""

import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from flask import Flask
from sqlalchemy import select

from portal import clock
from portal.accounts.models import Provider
from portal.config import Settings
from portal.extensions import db
from portal.listings.models import Listing
from portal.permissions import Role
from portal.statistics import counting, drain, spool, tokens
from portal.statistics.models import ListingDay, UsedToken
from portal.statistics.spool import SpoolError
from tests import factories
from tests.conftest import ClientFor
from tests.pages import PagesClient

CHROME = "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0.0.0"
GOOGLEBOT = "Mozilla/5.0 (compatible; Googlebot/2.1; +http://www.google.com/bot.html)"
BAIDUSPIDER = "Mozilla/5.0 (compatible; Baiduspider/2.0; +http://www.baidu.com/search/spider.html)"
HEADLESS = f"{CHROME} HeadlessChrome/140.0.0.0"


@pytest.fixture
def listing(provider: Provider) -> Listing:
    """A live listing of provider A."""
    return factories.listing(provider)


@pytest.fixture
def folder(app: Flask) -> Iterator[Path]:
    """The application's spool folder, empty before and after."""
    settings: Settings = app.config["PORTAL"]
    found = counting.spool_folder(settings)
    spool.spool_in(found).close()
    shutil.rmtree(found, ignore_errors=True)
    yield found
    spool.spool_in(found).close()
    shutil.rmtree(found, ignore_errors=True)


Look = Callable[..., int]


@pytest.fixture
def look(visitor: PagesClient, listing: Listing, folder: Path) -> Look:
    """A function that sends one beacon and returns its status."""

    def send(
        client: PagesClient = visitor,
        user_agent: str = CHROME,
        token: str | None = None,
        at: int | None = None,
        address: str = "192.0.2.1",
        **headers: str,
    ) -> int:
        given = {"token": tokens.token_for(listing.id) if token is None else token}
        sent = {"User-Agent": user_agent, **{n.replace("_", "-"): v for n, v in headers.items()}}
        return client.post(
            f"/offers/{at or listing.id}/views",
            data=given,
            headers=sent,
            csrf=False,
            environ_base={"REMOTE_ADDR": address},
        ).status_code

    return send


def counts(listing: Listing, folder: Path) -> dict[str, int]:
    """What has been counted for a listing today, without the zeros."""
    drain.drain(folder)
    row = db.session.get(ListingDay, (listing.id, clock.today()), populate_existing=True)
    names = ("human", "served", "robot", "preview", "staff", "repeated")
    found = {name: getattr(row, name) for name in names} if row else {}
    return {name: count for name, count in found.items() if count}


def test_a_look_is_counted_once_a_visitor(look: Look, listing: Listing, folder: Path) -> None:
    assert [look() for _ in range(5)] == [204] * 5
    assert look(address="192.0.2.2") == 204
    assert look(user_agent=CHROME.replace("140", "139")) == 204
    assert counts(listing, folder) == {"human": 3, "repeated": 4}


def test_refused_tokens_leave_nothing(
    app: Flask, look: Look, listing: Listing, folder: Path, provider: Provider
) -> None:
    good = tokens.token_for(listing.id)
    other = factories.listing(provider)
    bad = ["", "made.up.token", good[:-1], good + "x", "x" * 100_000, tokens.token_for(other.id)]
    assert [look(token=token) for token in bad] == [204, 204, 204, 204, 413, 204]
    assert look(token=good, at=other.id) == 204
    assert not folder.exists()
    assert look(token=good) == 204
    assert [look(token=good, address=f"192.0.2.{n}") for n in range(100)] == [204] * 100
    assert counts(listing, folder) == {"human": 1}
    assert len(db.session.scalars(select(UsedToken.nonce)).all()) == 1


@pytest.mark.parametrize(("age", "expected"), [(-3600, {}), (86_000, {"human": 1}), (86_401, {})])
def test_a_token_lives_a_day(
    look: Look,
    listing: Listing,
    folder: Path,
    monkeypatch: pytest.MonkeyPatch,
    age: int,
    expected: dict[str, int],
) -> None:
    now = clock.now()
    monkeypatch.setattr(clock, "now", lambda: now - age)
    token = tokens.token_for(listing.id)
    monkeypatch.setattr(clock, "now", lambda: now)
    assert look(token=token) == 204
    assert counts(listing, folder) == expected


def test_without_a_token_it_is_not_understood(visitor: PagesClient, listing: Listing) -> None:
    answer = visitor.post(f"/offers/{listing.id}/views", data={"views": "1000"}, csrf=False)
    assert answer.status_code == 400


def test_what_else_is_sent_is_ignored(visitor: PagesClient, listing: Listing, folder: Path) -> None:
    sent = {"token": tokens.token_for(listing.id), "views": "1000", "day": "2099-01-01", "at": "9"}
    visitor.post(
        f"/offers/{listing.id}/views", data=sent, csrf=False, headers={"User-Agent": CHROME}
    )
    assert counts(listing, folder) == {"human": 1}


@pytest.mark.parametrize("agent", [GOOGLEBOT, BAIDUSPIDER, HEADLESS, "", "curl/8.5.0"])
def test_robots_are_no_views(look: Look, listing: Listing, folder: Path, agent: str) -> None:
    assert look(user_agent=agent) == 204
    assert counts(listing, folder) == {}


@pytest.mark.parametrize(
    ("agent", "purpose", "expected"),
    [
        (CHROME, {}, "served"),
        (CHROME, {"Sec-Purpose": "prefetch;prerender"}, "preview"),
        (CHROME, {"Purpose": "prefetch"}, "preview"),
        ("facebookexternalhit/1.1", {}, "preview"),
        ("Slackbot-LinkExpanding 1.0 (+https://api.slack.com/robots)", {}, "preview"),
        (GOOGLEBOT, {}, "robot"),
        (HEADLESS, {}, "robot"),
        ("", {}, "robot"),
    ],
)
def test_pages_are_told_apart_when_they_are_sent(
    app: Flask, listing: Listing, folder: Path, agent: str, purpose: dict[str, str], expected: str
) -> None:
    with app.test_request_context("/", headers={"User-Agent": agent, **purpose}):
        counting.served(listing.id, listing.provider_id)
    assert counts(listing, folder) == {expected: 1}


def test_a_page_loaded_ahead_is_no_view_until_it_is_shown(
    look: Look, listing: Listing, folder: Path
) -> None:
    token = tokens.token_for(listing.id)
    assert look(token=token, Sec_Purpose="prefetch;prerender") == 204
    assert look(token=token) == 204
    assert counts(listing, folder) == {"human": 1}


def test_own_people_are_staff_and_others_are_not(
    look: Look,
    listing: Listing,
    folder: Path,
    client_for: ClientFor,
    provider: Provider,
    other_provider: Provider,
) -> None:
    for number, client in enumerate(
        (
            client_for(provider, Role.STAFF),
            client_for(provider, Role.SELLER),
            client_for(None, Role.ADMIN),
            client_for(other_provider, Role.STAFF, Role.SELLER),
        )
    ):
        assert look(client, address=f"192.0.2.{number}") == 204
    assert counts(listing, folder) == {"staff": 3, "human": 1}


def test_the_pixel_counts_for_readers_without_script(
    visitor: PagesClient, listing: Listing, folder: Path
) -> None:
    url = f"/offers/{listing.id}/views/pixel?token={tokens.token_for(listing.id)}"
    head = visitor.head(url, headers={"User-Agent": CHROME})
    assert (head.status_code, counts(listing, folder)) == (200, {})
    answer = visitor.get(url, headers={"User-Agent": CHROME})
    assert answer.mimetype == "image/gif"
    assert answer.headers["Cache-Control"] == "no-store"
    assert "Set-Cookie" not in answer.headers
    assert answer.data[:6] == b"GIF89a"
    assert visitor.get(f"/offers/{listing.id}/views/pixel").status_code == 200
    assert counts(listing, folder) == {"human": 1}


def test_a_view_that_cannot_be_written_is_not_acknowledged(
    look: Look, app: Flask, listing: Listing, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(_self: object, _hit: object) -> None:
        raise SpoolError(28, "No space left on device")

    monkeypatch.setattr(spool.Spool, "append", full)
    assert look() == 503
    with app.test_request_context("/"):
        counting.served(listing.id, listing.provider_id)  # the page itself goes on


def test_counting_can_be_off(
    app: Flask, look: Look, listing: Listing, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    token = tokens.token_for(listing.id)
    on: Settings = app.config["PORTAL"]
    off = Settings(data_dir=on.data_dir, database_url=on.database_url, counting=False)
    monkeypatch.setitem(app.config, "PORTAL", off)
    assert tokens.token_for(listing.id) == ""
    assert look(token=token) == 204
    assert not folder.exists()


def test_addresses_are_never_written(look: Look, folder: Path) -> None:
    look(address="198.51.100.77")
    [path] = spool.files_in(folder)
    assert b"198.51.100.77" not in path.read_bytes()
