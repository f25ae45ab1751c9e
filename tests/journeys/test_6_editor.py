"""The editor in a browser: pictures, drafts on a second device, the guard, figures while typing, Ctrl+S."""

import json
import re
from pathlib import Path
from typing import Any, Final

import pytest
from PIL import Image
from playwright.sync_api import Page, expect

from tests.browser import accessibility_faults
from tests.journeys.conftest import Visit

STAFF: Final = "staff@a.example"
WORDS: Final = {
    "en": {
        "kept": re.compile("kept as a draft"),
        "unsaved": "Unsaved changes",
        "go_on": "Go on with them",
        "back": "Put it back",
        "svg": re.compile("Drawings"),
        "save": "Save",
        "copy": "Duplicate",
        "item": re.compile("nobody has said what one item is"),
    },
    "zh": {
        "kept": re.compile("已暂存"),
        "unsaved": "有未保存的修改",
        "go_on": "继续编辑",
        "back": "放回去",
        "svg": re.compile("矢量图"),
        "save": "保存",
        "copy": "复制",
        "item": re.compile("还没有说明一件是什么"),
    },
}


@pytest.fixture(params=["en", "zh"])
def language(request: pytest.FixtureRequest) -> str:
    """Both languages."""
    return str(request.param)


@pytest.fixture
def photographs(tmp_path: Path) -> list[str]:
    """Two pictures and a drawing, as files."""
    for name, colour in (("one.png", "teal"), ("two.jpg", "maroon")):
        Image.new("RGB", (900, 600), colour).save(tmp_path / name)
    (tmp_path / "three.svg").write_text("<svg xmlns='http://www.w3.org/2000/svg'/>")
    return [str(tmp_path / name) for name in ("one.png", "two.jpg", "three.svg")]


def begin(visit: Visit, language: str) -> Page:
    """A new listing of its own, saved once, in its editor."""
    page = visit("/portal/listings/new", as_=STAFF, language=language)
    page.locator("#title").fill("H100 试验整机")
    page.locator("#price").fill("72000")
    page.keyboard.press("Control+s")
    page.wait_for_url("**/edit")
    return page


def save(page: Page) -> None:
    """Press Ctrl+S and wait for the page that follows."""
    with page.expect_navigation():
        page.keyboard.press("Control+s")
    page.wait_for_load_state()


def cards(page: Page) -> list[str]:
    """Keys of the pictures, in their order."""
    found = page.locator("#pictures input[type=hidden]")
    return [str(card.get_attribute("value")) for card in found.all()]


def test_pictures_are_sent_ordered_described_and_saved(
    visit: Visit, language: str, photographs: list[str]
) -> None:
    words: Any = WORDS[language]
    page = begin(visit, language)
    page.locator("#pictures-new").set_input_files(photographs)
    expect(page.locator("#pictures .picture")).to_have_count(2)
    expect(page.locator("#uploads .errors")).to_have_text(words["svg"])
    first, second = cards(page)
    page.locator("#images-0-alt").fill("机房")
    page.locator("#pictures .picture").nth(1).locator("[data-move=cover]").click()
    assert cards(page) == [second, first]
    expect(page.locator("#images-1-alt")).to_have_value("机房")
    page.locator("#pictures .picture").nth(0).locator("[data-insert]").click()
    expect(page.locator("#description")).to_have_value(
        re.compile(rf"!\[\]\(/media/{second}.webp\)")
    )
    page.locator("#pictures .picture").nth(1).locator("[data-move=remove]").click()
    assert cards(page) == [second]
    page.get_by_role("button", name=words["back"]).click()
    assert cards(page) == [second, first]
    save(page)
    expect(page.locator("#pictures .picture")).to_have_count(2)
    assert cards(page) == [second, first]
    # Looked up anew each time: the page may still be putting the saved pictures in.
    page.wait_for_function(
        """() => {
            const image = document.querySelector("#pictures img");
            image?.scrollIntoView();
            return image?.complete && image.naturalWidth === 640;
        }"""
    )


def test_a_second_device_goes_on_and_the_first_is_told(visit: Visit, language: str) -> None:
    words: Any = WORDS[language]
    desk = begin(visit, language)
    address = desk.url
    desk.locator("#brand").fill("Typed at the desk")
    expect(desk.locator("#draft-state")).to_have_text(words["kept"], timeout=10_000)
    expect(desk.locator("[data-save-state]")).to_have_text(words["unsaved"])
    phone = visit(address, as_=STAFF, language=language)
    expect(phone.locator("#brand")).to_have_value("")
    phone.get_by_role("link", name=words["go_on"]).click()
    expect(phone.locator("#brand")).to_have_value("Typed at the desk")
    phone.locator("#brand").fill("And on the phone")
    expect(phone.locator("#draft-state")).to_have_text(words["kept"], timeout=10_000)
    desk.locator("#cpu_model").fill("Xeon")
    expect(desk.locator("#draft-state a")).to_be_visible(timeout=10_000)
    save(phone)
    expect(phone.locator("#listing-draft")).to_have_count(0)
    expect(phone.locator("#brand")).to_have_value("And on the phone")


def test_leaving_is_asked_about_only_while_something_would_be_lost(visit: Visit) -> None:
    page = begin(visit, "en")
    asked: list[str] = []
    page.on("dialog", lambda dialog: (asked.append(dialog.type), dialog.accept()))
    page.route("**/portal/listings/drafts", lambda route: route.abort())
    page.locator("#brand").fill("Lost")
    page.goto("/portal/listings/")
    assert asked == ["beforeunload"]
    page = begin(visit, "en")
    page.on("dialog", lambda dialog: (asked.append(dialog.type), dialog.accept()))
    page.locator("#brand").fill("Kept")
    expect(page.locator("#draft-state")).to_have_text(re.compile("kept"), timeout=10_000)
    page.goto("/portal/listings/")
    assert asked == ["beforeunload"]


def test_figures_follow_what_is_typed(visit: Visit, language: str) -> None:
    words: Any = WORDS[language]
    page = begin(visit, language)
    rates = page.locator("#price-rates")
    expect(rates).to_have_text(words["item"])
    page.locator("#gpu_model").select_option("h100-sxm")
    expect(page.locator("#gpu-facts")).to_contain_text("80 GiB")
    page.locator("#gpu_count").fill("8")
    page.locator("#unit").select_option("machine_month")
    expect(rates).to_contain_text("12.50")  # 72,000 / 720 hours / 8 GPUs
    page.locator("[data-pairs=discounts] [data-move=add]").click()
    page.locator("#discounts-0-months").fill("12")
    page.locator("#discounts-0-percent").fill("15")
    expect(rates).to_contain_text(re.compile("61,?200.00"))
    save(page)
    expect(page.locator("#discounts-0-months")).to_have_value("12")
    expect(rates).to_contain_text(re.compile("61,?200.00"))


def test_a_refused_save_keeps_everything_and_leads_to_the_field(visit: Visit) -> None:
    page = begin(visit, "en")
    page.locator("#title").fill("")
    page.locator("#cpu_model").fill("EPYC")
    page.keyboard.press("Control+s")
    summary = page.locator("[role=alert]")
    expect(summary).to_be_focused()
    expect(page.locator("#cpu_model")).to_have_value("EPYC")
    expect(page.locator(".sections a.is-danger")).to_have_count(1)
    summary.get_by_role("link").click()
    assert page.evaluate("document.activeElement.id || location.hash.slice(1)") == "title"


def test_without_script_pictures_drafts_and_copies_work(
    visit: Visit, language: str, photographs: list[str]
) -> None:
    words: Any = WORDS[language]
    page = visit("/portal/listings/new", as_=STAFF, language=language, javascript=False)
    page.locator("#title").fill("无脚本的商品")
    page.locator("#pictures-new").set_input_files(photographs[:1])
    page.locator("[formenctype]").click()
    expect(page.locator("#title")).to_have_value("无脚本的商品")
    expect(page.locator("#pictures .picture")).to_have_count(1)
    page.locator("#negotiable").check()
    page.locator(".save-bar .btn--primary").click()
    page.wait_for_url("**/edit")
    expect(page.locator("#pictures .picture")).to_have_count(1)
    page.get_by_role("button", name=words["copy"]).click()
    expect(page.locator("#title")).to_have_value(re.compile("无脚本的商品.+"))
    assert json.dumps(cards(page))


def test_what_begins_on_the_train_is_listed(visit: Visit) -> None:
    page = visit("/portal/listings/new", as_=STAFF)
    page.locator("#title").fill("Begun on the train")
    expect(page.locator("#draft-state")).to_have_text(re.compile("kept"), timeout=10_000)
    desk = visit("/portal/listings/drafts", as_=STAFF)
    desk.get_by_role("link", name="Begun on the train").first.click()
    expect(desk.locator("#title")).to_have_value("Begun on the train")


@pytest.mark.parametrize("javascript", [True, False], ids=["script", "plain"])
def test_why_it_is_not_published_stands_at_the_field(
    visit: Visit, language: str, javascript: bool
) -> None:
    address = begin(visit, language).url
    page = visit(address, as_=STAFF, language=language, javascript=javascript)
    page.locator("#listing-side form[action$='/publish'] button").click()
    expect(page.locator("#place-error li")).to_be_visible()
    expect(page.locator("#place")).to_have_attribute("aria-invalid", "true")
    if javascript:
        expect(page.locator("#place")).to_be_focused()
        assert not accessibility_faults(page)
    page.locator("#listing-side [role=alert] a").first.click()
    assert page.url.endswith("#place")


def test_what_an_item_is_is_asked_only_where_items_are_sold(visit: Visit, language: str) -> None:
    page = begin(visit, language)
    quantity = page.locator("#item_quantity")
    expect(quantity).to_be_visible()
    quantity.fill("3")
    page.locator("#unit").select_option("gpu_hour")
    expect(quantity).to_be_hidden()
    page.locator("#unit").select_option("item")
    expect(quantity).to_have_value("3")
    page.locator("#unit").select_option("gpu_hour")
    # A number without its unit is refused: what is to be corrected comes back into sight.
    page.keyboard.press("Control+s")
    expect(page.locator("#item_unit")).to_have_attribute("aria-invalid", "true")
    expect(page.locator("#item_unit")).to_be_visible()
    page.locator("#item_unit").select_option("machine_month")
    save(page)
    expect(quantity).to_be_hidden()
    expect(quantity).to_have_value("3")
    plain = visit(page.url, as_=STAFF, language=language, javascript=False)
    expect(plain.locator("#item_quantity")).to_be_visible()
    expect(plain.locator("#item_quantity-hint")).to_be_visible()
