"""What the journeys share: a served site with the demo's data, a real browser, readers of it."""

import itertools
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from flask import Flask
from playwright.sync_api import Browser, Page, sync_playwright

from portal.config import Settings
from portal.demo.load import load
from tests.browser import find_chromium, launch, new_context, watch
from tests.conftest import settings_for
from tests.serving.server import Server, running

_readers = itertools.count(1)
PASSWORD = Settings().demo_password
Visit = Callable[..., Page]


def _load_demo(app: Flask) -> None:
    load(app.config["PORTAL"])


@pytest.fixture(scope="session")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """The product as `make run` serves it."""
    folder: Path = tmp_path_factory.mktemp("site")
    settings = settings_for(folder, "sqlite", "journeys")
    # As behind a proxy: each reader below says an address of its own, since what one address may
    # send in a minute is limited.
    with running(settings, _load_demo, PORTAL_TRUSTED_PROXIES="1") as server:
        yield server


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    """The machine's Chromium."""
    if find_chromium() is None:
        pytest.skip("no Chromium on this machine")
    with sync_playwright() as playwright:
        started = launch(playwright)
        yield started
        started.close()


@pytest.fixture(params=[1440, 390], ids=["laptop", "phone"])
def width(request: pytest.FixtureRequest) -> int:
    """Both sizes of window, in pixels."""
    return int(request.param)


@pytest.fixture
def visit(site: Server, browser: Browser, width: int) -> Iterator[Visit]:
    """A function that opens a page for a new reader; nothing may go wrong on any page it opened.

    visit("/portal/", as_="staff@a.example", language="zh", javascript=False)
    """
    faults: list[list[str]] = []
    contexts = []

    def open_page(
        path: str, *, as_: str | None = None, language: str = "en", javascript: bool = True
    ) -> Page:
        context = new_context(
            browser, site.url, width=width, language=language, javascript=javascript
        )
        context.set_extra_http_headers({"X-Forwarded-For": f"192.0.2.{next(_readers) % 250}"})
        contexts.append(context)
        page = context.new_page()
        faults.append(watch(page))
        if as_:
            sign_in(page, as_)
        page.goto(path)
        return page

    yield open_page
    for context in contexts:
        context.close()
    assert not any(faults), faults


def sign_in(page: Page, email: str) -> None:
    """Sign in as one of the demo's people."""
    page.goto("/sign-in")
    page.locator("[name=email]").fill(email)
    page.locator("[name=password]").fill(PASSWORD)
    page.locator("form button[type=submit]").last.click()
    page.wait_for_url("**/portal/**")
