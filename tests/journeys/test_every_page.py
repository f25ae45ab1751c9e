"""Every page in both languages and themes: axe-core finds nothing, nothing scrolls sideways."""

import pytest
from flask import Flask
from playwright.sync_api import Browser

from tests.browser import Theme, accessibility_faults, new_context, scrolls_sideways, watch
from tests.conftest import dispose
from tests.journeys.conftest import sign_in
from tests.serving.server import Server

PAGES = {
    None: (
        "/",
        "/?q=4090&place=110000",
        "/?q=nothing-like-this",
        "/offers/1",
        "/offers/6",
        "/offers/1/inquiries/nowhere",
        "/providers/1",
        "/sign-in",
        "/threads/",
        "/threads/sent",
        "/unsubscribe/lost",
    ),
    "staff@a.example": (
        "/portal/listings/",
        "/portal/listings/?q=nothing-like-this",
        "/portal/listings/new",
        "/portal/listings/1/edit",
        "/offers/1/preview",
        "/portal/listings/drafts",
        "/portal/listings/1/",
        "/portal/listings/1/history",
        "/portal/listings/1/history/compare?from=1&to=2",
        "/portal/listings/?sort=cheapest&columns=own_number&columns=completeness&density=compact",
        "/portal/listings/1/price",
        "/portal/listings/1/status",
        "/portal/listings/2/valid-until",
        "/portal/listings/bulk",
        "/portal/listings/views/",
        "/portal/imports/",
        "/portal/statistics/",
        "/portal/statistics/listings/1",
        "/portal/account/",
    ),
    "seller@a.example": (
        "/portal/inquiries/",
        "/portal/inquiries/2",
        "/portal/listings/1/",
        "/portal/inquiries/desk",
        "/portal/inquiries/hand-over",
        "/portal/inquiries/changes",
        "/portal/inquiries/numbers",
        "/portal/inquiries/numbers?from=2020-01-01&to=2020-02-01",
        "/portal/inquiries/snippets/",
    ),
    "manager@a.example": ("/portal/inquiries/spam/empty", "/portal/inquiries/desk"),
    "admin@portal.example": (
        "/portal/reviews/",
        "/portal/reviews/?queue=changed",
        "/portal/reviews/20",
        "/portal/statistics/",
        "/portal/statistics/providers/1",
        "/portal/providers/",
        "/portal/providers/1",
    ),
}
LOOKS = [("zh", "light", 1440), ("en", "dark", 1440), ("en", "light", 390), ("zh", "dark", 390)]


@pytest.mark.parametrize(("language", "theme", "width"), LOOKS)
@pytest.mark.parametrize("who", list(PAGES), ids=lambda who: who or "visitor")
def test_nothing_is_found_on_any_page(
    site: Server, browser: Browser, who: str | None, language: str, theme: Theme, width: int
) -> None:
    context = new_context(browser, site.url, width=width, language=language, theme=theme)
    page = context.new_page()
    faults = watch(page)
    if who:
        sign_in(page, who)
    found: list[str] = []
    for path in PAGES[who]:
        page.goto(path)
        found += [f"{path}: {fault}" for fault in accessibility_faults(page)]
        if scrolls_sideways(page):
            found.append(f"{path} scrolls sideways")
    context.close()
    assert not found + faults


def test_no_page_of_the_portal_is_forgotten(site: Server) -> None:
    from portal import create_app

    app: Flask = create_app(site.settings)
    seen = {path.partition("?")[0] for paths in PAGES.values() for path in paths}
    adapter = app.url_map.bind("127.0.0.1")
    covered = {adapter.match(path)[0] for path in seen if "nowhere" not in path}
    dispose(app)
    pages = {
        rule.endpoint
        for rule in app.url_map.iter_rules()
        if "GET" in (rule.methods or set()) and rule.endpoint not in _NO_PAGES
    }
    assert pages <= covered, pages - covered


_NO_PAGES = {
    "accounts.home",  # leads on
    "crawlers.robots",
    "crawlers.sitemap",
    "crawlers.sitemap_part",
    "health.alive",
    "health.ready",
    # looked at in journey 8, where there is an import
    "imports.columns",
    "imports.progress",
    "imports.refused_csv",
    "imports.refused_xlsx",
    "imports.show",
    "inquiries.fill_snippet",  # JSON for the answer's box
    "inquiries.news",  # a fragment for polling
    "inquiries.show_change",  # looked at in test_bulk, where something was changed
    "inquiries.numbers_file",
    "listings.export_csv",
    "listings.export_xlsx",
    "listings.numbers",  # a fragment that comes after its page
    "listings.show_bulk",  # looked at in journey 7, where something was changed
    "media.picture",
    "statistics.days",
    "statistics.listing_days",
    "statistics.provider_days",
    "threads.deletion",  # looked at in journey 11, where there is a link
    "threads.show",  # looked at in journey 2, where there is a link
    "views.pixel",
}


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_a_button_under_the_pointer_is_readable(
    site: Server, browser: Browser, theme: Theme
) -> None:
    context = new_context(browser, site.url, language="en", theme=theme)
    page = context.new_page()
    page.goto("/sign-in")
    page.locator(".btn--primary").hover()
    found = accessibility_faults(page)
    context.close()
    assert not found
