"""Journey 1: a buyer finds the real offer and reads everything about it."""

import json

import pytest
from playwright.sync_api import Page, expect

from tests.browser import scrolls_sideways
from tests.journeys.conftest import Visit

TITLE = "RTX4090不合适大模型训练,为什么适合推理场景呢?猿界算力GPU租赁服务-北京-上海"


@pytest.mark.parametrize("javascript", [True, False], ids=["script", "plain"])
@pytest.mark.parametrize("words", ["北京", "4090", "RTX 4090"])
def test_the_offer_is_found(visit: Visit, words: str, javascript: bool) -> None:
    page = visit("/", javascript=javascript)
    search = page.get_by_role("searchbox").first
    search.fill(words)
    search.press("Enter")
    page.wait_for_url("**q=**")
    page.get_by_role("link", name=TITLE).first.click()
    expect(page.get_by_role("heading", level=1)).to_have_text(TITLE)


def test_filters_stay_in_the_address(visit: Visit) -> None:
    page = visit("/?gpu=rtx-4090&place=110000")
    expect(page.get_by_role("link", name=TITLE).first).to_be_visible()
    expect(page.get_by_role("link", name="H200 SXM")).to_have_count(0)
    assert not scrolls_sideways(page)


@pytest.mark.parametrize("javascript", [True, False], ids=["script", "plain"])
def test_every_fact_of_the_real_offer_is_there_in_chinese(visit: Visit, javascript: bool) -> None:
    page = visit("/offers/1", language="zh", javascript=javascript)
    facts = page.locator("dl.facts").first.inner_text()
    for words in (
        "英伟达", "4090", "型号", "RTX 4090", "猿界算力租赁服务提供商", "11000.00元/件",
        "直辖市 北京", "长期有效", "2024-03-05 15:27", "496",
    ):  # fmt: skip
        assert words in facts
    assert "自买家付款之日起 天内发货" not in page.content()
    images = page.locator(".prose img")
    expect(images).to_have_count(4)
    between = page.locator(".prose > p, .prose > figure, .prose p:has(img)")
    assert between.count() >= 8
    expect(page.get_by_role("link", name="猿界算力", exact=True).first).to_be_visible()
    assert page.locator(".offer__related a[href^='/offers/']").count() >= 3


def test_what_is_not_stated_is_said_in_words(visit: Visit) -> None:
    page = visit("/offers/1")
    expect(page.get_by_text("Delivery time not stated").first).to_be_visible()
    expect(page.get_by_text("No end date").first).to_be_visible()
    expect(page.get_by_text("496 on the previous site")).to_be_visible()


def test_pictures_load_and_nothing_scrolls_sideways(visit: Visit) -> None:
    page = visit("/offers/1")
    for image in page.locator(".prose img").all():
        image.scroll_into_view_if_needed()
        expect(image).to_have_js_property("naturalWidth", 1200)
    assert not scrolls_sideways(page)


def test_search_engines_and_chats_are_told_what_it_is(visit: Visit) -> None:
    page = visit("/offers/1?utm_source=x")
    assert _attribute(page, "link[rel=canonical]", "href").endswith("/offers/1")
    languages = page.locator("link[rel=alternate]").evaluate_all("all => all.map(l => l.hreflang)")
    assert languages == ["zh-CN", "en", "x-default"]
    assert ".webp" in _attribute(page, "meta[property='og:image']", "content")
    product = json.loads(page.locator("script[type='application/ld+json']").first.inner_text())
    assert (product["@type"], product["name"]) == ("Product", TITLE)
    assert (product["offers"]["price"], product["offers"]["priceCurrency"]) == ("11000.00", "CNY")


def _attribute(page: Page, selector: str, name: str) -> str:
    return page.locator(selector).first.get_attribute(name) or ""
