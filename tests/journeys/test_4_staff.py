"""Journey 4: staff change a price in the row, edit everything, and meet a colleague's edit."""

import re

import pytest
from playwright.sync_api import Page, expect

from tests.journeys.conftest import Visit

STAFF = "staff@a.example"


def _row(page: Page, listing_id: int) -> str:
    return f"#listings-row-{listing_id}"


def test_the_price_in_the_row(visit: Visit) -> None:
    page = visit("/portal/listings/", as_=STAFF)
    row = page.locator(_row(page, 5))
    trigger = row.locator("#listings-price-5")
    before = trigger.locator(".num").inner_text()

    trigger.click()
    price = row.locator("[name=price]")
    expect(price).to_be_focused()
    price.fill("1.00")
    price.press("Escape")
    expect(row.locator("#listings-price-5 .num")).to_have_text(before)

    row.locator("#listings-price-5").click()
    row.locator("[name=price]").fill("12,34")
    row.locator("[name=price]").press("Enter")
    expect(row.locator("[aria-invalid=true]")).to_have_value("12,34")
    row.locator("[name=price]").fill("236.50")
    row.locator("[name=price]").press("Enter")
    expect(row.locator("#listings-price-5 .num")).to_have_text(re.compile("236.50"))
    page.goto("/offers/5")
    expect(page.get_by_text("236.50").first).to_be_visible()


def test_the_price_without_script(visit: Visit) -> None:
    page = visit("/portal/listings/?q=L20", as_=STAFF, javascript=False)
    page.locator("#listings-price-11").click()
    page.locator("[name=price]").fill("4.05")
    page.get_by_role("button", name="Save").click()
    page.wait_for_url("**q=L20**")
    expect(page.locator("#listings-price-11 .num")).to_have_text(re.compile("4.05"))


def test_writing_a_new_offer_from_draft_to_public_and_back(visit: Visit, width: int) -> None:
    page = visit("/portal/listings/new", as_=STAFF)
    title = f"RTX 6000 Ada render node {width}"
    page.locator("[name=title]").fill(title)
    page.get_by_role("button", name="Add").first.click()
    page.locator("[name='attributes-0-name']").fill("Memory")
    page.locator("[name='attributes-0-value']").fill("48 GB")
    page.get_by_role("button", name="Add").first.click()
    page.locator("[name='attributes-1-name']").fill("Cooling")
    page.locator("[name='attributes-1-value']").fill("Air")
    page.get_by_role("button", name=re.compile("up", re.I)).last.click()
    page.locator("[name=price]").fill("320")
    page.locator("[name=place]").select_option("110000")
    page.locator("[name=description]").fill("**Quiet** and cool.")
    expect(page.locator(".prose strong")).to_have_text("Quiet")
    page.get_by_role("button", name="Save").last.click()
    page.wait_for_url("**/edit**")
    expect(page.locator("[name='attributes-0-name']")).to_have_value("Cooling")
    expect(page.locator("[name='attributes-1-name']")).to_have_value("Memory")

    page.get_by_role("button", name="Publish", exact=True).click()
    public = page.get_by_role("link", name="Public page")
    expect(public).to_be_visible()
    address = public.get_attribute("href") or ""
    reader = visit(address)
    expect(reader.get_by_role("heading", level=1)).to_have_text(title)
    page.get_by_role("button", name="Withdraw", exact=True).click()
    expect(page.get_by_role("button", name="Publish", exact=True)).to_be_visible()
    answer = reader.goto(address)
    assert answer is not None
    assert answer.status == 410


@pytest.mark.parametrize("javascript", [True, False], ids=["script", "plain"])
def test_two_people_one_listing(visit: Visit, width: int, javascript: bool) -> None:
    listing = "/portal/listings/7/edit"
    mark = f"{width}-{javascript}"
    ours = visit(listing, as_=STAFF, javascript=javascript)
    theirs = visit(listing, as_=STAFF, javascript=javascript)

    theirs.locator("[name=delivery_days]").fill("6" if javascript else "9")
    theirs.get_by_role("button", name="Save").last.click()
    theirs.wait_for_load_state()
    ours.locator("[name=title]").fill(f"A800 pool, ours {mark}")
    ours.get_by_role("button", name="Save").last.click()
    ours.wait_for_load_state()
    expect(ours.locator("[name=title]")).to_have_value(f"A800 pool, ours {mark}")
    expect(ours.locator("[name=delivery_days]")).to_have_value("6" if javascript else "9")

    theirs.goto(listing)
    theirs.locator("[name=title]").fill(f"A800 pool, theirs {mark}")
    theirs.get_by_role("button", name="Save").last.click()
    expect(theirs.get_by_role("heading", level=1)).to_contain_text("theirs")
    ours.locator("[name=title]").fill(f"A800 pool, mine {mark}")
    ours.get_by_role("button", name="Save").last.click()
    conflict = ours.locator(".conflict")
    expect(conflict).to_be_visible()
    expect(conflict).to_contain_text(f"A800 pool, theirs {mark}")
    expect(conflict).to_contain_text(f"A800 pool, mine {mark}")
    expect(ours.locator("[name=title]")).to_have_value(f"A800 pool, mine {mark}")
    ours.get_by_role("button", name="Save").last.click()
    expect(ours.get_by_role("heading", level=1)).to_contain_text("mine")
