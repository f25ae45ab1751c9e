"""Journey 7: staff find offers, edit in their rows, change many at once, take it back, keep a view."""

import re

import pytest
from playwright.sync_api import Page, expect

from tests.browser import accessibility_faults, scrolls_sideways
from tests.journeys.conftest import Visit

STAFF = "staff@a.example"
SAID = {
    "en": {"undo": "Undo", "pause": "Pause", "keep": "Keep this view", "saved": "Saved views"},
    "zh": {"undo": "撤销", "pause": "暂停", "keep": "保存此视图", "saved": "已存视图"},
}


def _ready(page: Page) -> None:
    """The tabs have their numbers: whatever comes after the page has come."""
    expect(page.locator("#listings-in-all")).not_to_be_empty()


def test_stock_and_status_in_the_row(visit: Visit) -> None:
    page = visit("/portal/listings/", as_=STAFF)
    page.locator("#listings-stock-9").click()
    field = page.locator("#listings-row-9 [name=stock]")
    expect(field).to_be_focused()
    field.fill("-3")
    field.press("Enter")
    expect(page.locator("#listings-row-9 [aria-invalid=true]")).to_have_value("-3")
    page.locator("#listings-row-9 [name=stock]").fill("41")
    page.locator("#listings-row-9 [name=stock]").press("Enter")
    expect(page.locator("#listings-stock-9")).to_contain_text("41")
    expect(page.locator("#listings-stock-9")).to_be_focused()
    page.locator("#listings-status-9").click()
    choice = page.locator("#listings-row-9 select")
    expect(choice).to_be_focused()
    choice.press("Escape")
    expect(page.locator("#listings-status-9")).to_be_focused()


@pytest.mark.parametrize("language", ["en", "zh"])
def test_many_are_changed_looked_at_first_and_taken_back(visit: Visit, language: str) -> None:
    page = visit("/portal/listings/?sort=views", as_=STAFF, language=language)
    _ready(page)
    bar = page.locator(".bulk")
    expect(bar).to_be_hidden()
    boxes = page.locator("input[data-select]")
    boxes.nth(1).click()
    boxes.nth(3).click(modifiers=["Shift"])
    expect(page.locator("input[data-select]:checked")).to_have_count(3)
    expect(bar).to_be_visible()
    assert not accessibility_faults(page)
    assert not scrolls_sideways(page)
    bar.locator("[value=price_by]").click()
    page.locator("[name=value]").first.fill("-10")
    page.locator("[name=value]").first.press("Enter")
    expect(page.locator("ins").first).to_be_visible()
    assert not accessibility_faults(page)
    page.locator("form[action$='/confirm'] button[type=submit]").click()
    page.wait_for_url(re.compile(r"/bulk/\d+"))
    assert not accessibility_faults(page)
    assert not scrolls_sideways(page)
    undo = page.locator("[data-undo] button", has_text=SAID[language]["undo"])
    undo.click()
    expect(page.locator("[data-undo]")).to_have_count(0)
    expect(page.locator(".notice.is-note")).to_be_visible()


def test_the_keyboard_alone(visit: Visit, width: int) -> None:
    if width < 1000:
        pytest.skip("a phone has no keys")
    page = visit("/portal/listings/", as_=STAFF)
    _ready(page)
    page.keyboard.press("j")
    page.keyboard.press("j")
    page.keyboard.press("x")
    expect(page.locator("tr.is-current input[data-select]")).to_be_checked()
    page.keyboard.press("x")
    expect(page.locator("input[data-select]:checked")).to_have_count(0)
    page.keyboard.press("?")
    expect(page.locator("#shortcuts")).to_be_visible()
    page.keyboard.press("Escape")
    page.keyboard.press("/")
    expect(page.locator("[data-search]")).to_be_focused()
    page.keyboard.type("xj?")
    expect(page.locator("[data-search]")).to_have_value("xj?")
    expect(page.locator("input[data-select]:checked")).to_have_count(0)


@pytest.mark.parametrize("language", ["en", "zh"])
def test_a_view_is_kept_and_the_way_back_from_the_editor_leads_to_it(
    visit: Visit, width: int, language: str
) -> None:
    # A question of its own each time: one that is kept already needs no second name.
    column = (
        {"en": "price", "zh": "stock"}[language]
        if width > 1000
        else {"en": "ends", "zh": "trend"}[language]
    )
    asked = f"status=live&sort=views&columns={column}"
    page = visit(f"/portal/listings/?{asked}", as_=STAFF, language=language)
    _ready(page)
    name = f"Most seen {width} {language}"
    page.locator(".tabs__end summary", has_text=SAID[language]["saved"]).click()
    page.locator("#view-name").fill(name)
    page.get_by_role("button", name=SAID[language]["keep"]).click()
    expect(page.locator(".tabs__link[aria-current]")).to_contain_text(name)
    page.locator("tbody a[data-edit]").first.click()
    page.wait_for_url("**/edit**")
    page.go_back()
    expect(page).to_have_url(re.compile(asked))


def test_many_without_script(visit: Visit, width: int) -> None:
    page = visit("/portal/listings/?sort=views", as_=STAFF, javascript=False)
    page.locator("input[data-select]").nth(0 if width > 1000 else 4).check()
    page.locator(".bulk [value=confirm]").click()
    page.locator("form[action$='/confirm'] button[type=submit]").click()
    page.wait_for_url(re.compile(r"/bulk/\d+"))
    expect(page.locator("ins").first).to_be_visible()


@pytest.mark.parametrize("language", ["en", "zh"])
def test_a_phone_shows_offers_before_filters(visit: Visit, width: int, language: str) -> None:
    if width > 1000:
        pytest.skip("a wide window has room for all of them")
    page = visit("/portal/listings/?sort=views&gpu=rtx-4090", as_=STAFF, language=language)
    _ready(page)
    first = page.locator("tbody tr").first.bounding_box()
    assert first is not None
    # Frame, heading with its actions, counts, tabs, search: five lines of 44 px and their gaps. The
    # word of a draft that another journey left stands beside the counts.
    unsaved = page.locator("#listings-unsaved a")
    assert first["y"] < 270 + (20 if unsaved.count() else 0)
    fold = page.locator("details[data-fold]")
    expect(page.locator("#gpu")).to_be_hidden()
    expect(fold.locator("[data-fold-count]")).to_have_text("1")
    assert not scrolls_sideways(page)
    fold.locator("summary").first.click()
    page.locator("#status").select_option("live")
    expect(fold.locator("[data-fold-count]")).to_have_text("2")
    assert not accessibility_faults(page)
    page.locator("#listings-filters .filters__go button").click()
    expect(page).to_have_url(re.compile("status=live"))
    plain = visit("/portal/listings/", as_=STAFF, language=language, javascript=False)
    expect(plain.locator("#gpu")).to_be_visible()
    assert not scrolls_sideways(plain)
