"""Journey 5: a view is counted once and shown, to its provider and to the marketplace."""

import re
import urllib.request

import pytest
from playwright.sync_api import Page, expect

from tests.journeys.conftest import Visit
from tests.serving.server import Server, until


def _views(page: Page) -> int:
    """The views of these days, from the table behind the chart."""
    cells = page.locator("details table").first.locator("tbody tr td:nth-of-type(1)")
    return sum(int(re.sub(r"\D", "", text) or 0) for text in cells.all_text_contents())


@pytest.mark.parametrize("javascript", [True, False], ids=["script", "plain"])
def test_a_view_is_counted_once(visit: Visit, site: Server, width: int, javascript: bool) -> None:
    listing = {(1440, True): 2, (1440, False): 3, (390, True): 12, (390, False): 14}
    number = listing[width, javascript]
    staff = visit(f"/portal/statistics/listings/{number}", as_="staff@a.example")
    before = _views(staff)
    reader = visit(f"/offers/{number}", javascript=javascript)
    reader.reload()
    robot = urllib.request.Request(f"{site.url}/offers/{number}", headers={"User-Agent": "curl/8"})
    with urllib.request.urlopen(robot) as answer:
        assert answer.status == 200

    def is_counted() -> bool:
        staff.reload()
        return _views(staff) > before

    until(is_counted, seconds=15, pause=0.3)
    assert _views(staff) == before + 1


def test_a_colleague_who_looks_is_no_view(visit: Visit, site: Server) -> None:
    staff = visit("/portal/statistics/listings/9", as_="staff@a.example")
    before = _views(staff)
    staff.goto("/offers/9")
    staff.wait_for_load_state("networkidle")
    visitor = visit("/offers/9")
    visitor.wait_for_load_state("networkidle")
    staff.goto("/portal/statistics/listings/9")

    def is_counted() -> bool:
        staff.reload()
        return _views(staff) > before

    until(is_counted, seconds=15, pause=0.3)
    assert _views(staff) == before + 1


@pytest.mark.parametrize("who", ["staff@a.example", "seller@a.example", "admin@portal.example"])
def test_thirty_days_as_a_chart_with_its_table(visit: Visit, who: str) -> None:
    page = visit("/portal/statistics/", as_=who)
    expect(page.locator("svg[role=img]").first).to_be_visible()
    page.locator("details:has(table) > summary").first.click()
    rows = page.locator("details table").first.locator("tbody tr")
    expect(rows).to_have_count(30)
    figures = page.locator(".kpis")
    for name in ("Views", "Inquiries", "Median first response"):
        expect(figures.get_by_text(name, exact=True).first).to_be_visible()


def test_the_marketplace_sees_every_provider(visit: Visit) -> None:
    page = visit("/portal/statistics/", as_="admin@portal.example")
    for name in ("猿界算力", "Nordlicht Compute"):
        expect(page.get_by_role("link", name=name).first).to_be_visible()
    page.get_by_role("link", name="Nordlicht Compute").first.click()
    expect(page.get_by_role("heading", level=1)).to_contain_text("Nordlicht Compute")
