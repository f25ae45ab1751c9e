"""Journey 9: a listing is changed twice, both changes are read, two versions compared, one brought back."""

import pytest
from playwright.sync_api import expect

from tests.journeys.conftest import Visit

_WORDS = {
    "en": {
        "version": "Version {n}",
        "gone": "Restored from version {n}",
        "compare": "Compare the two chosen versions",
        "restore": "Restore version {n}",
        "older": "Compare version {n} as the older one",
        "both": "Versions {n} and {m}",
    },
    "zh": {
        "version": "第 {n} 版",
        "gone": "由第 {n} 版恢复",
        "compare": "比较所选的两个版本",
        "restore": "恢复第 {n} 版",
        "older": "以第 {n} 版为较旧版本进行比较",
        "both": "第 {n} 版与第 {m} 版",
    },
}


@pytest.mark.parametrize("javascript", [True, False], ids=["script", "plain"])
@pytest.mark.parametrize("language", ["en", "zh"])
def test_two_saves_compared_and_the_first_brought_back(
    visit: Visit, width: int, language: str, javascript: bool
) -> None:
    words = _WORDS[language]
    first = f"A40 history {width} {language} {'script' if javascript else 'plain'}"
    page = visit(
        "/portal/listings/new", as_="staff@a.example", language=language, javascript=javascript
    )
    save = page.locator(".save-bar .btn--primary")
    page.locator("[name=title]").fill(first)
    page.locator("[name=negotiable]").check()
    page.locator("[name=description]").fill("one\n\ntwo\n\nthree")
    save.click()
    page.wait_for_url("**/edit**")
    listing = page.url.partition("/edit")[0]
    for title, description in (("Second title", "one\n\n2\n\nthree"), ("Third title", "one")):
        page.locator("[name=title]").fill(title)
        page.locator("[name=description]").fill(description)
        with page.expect_navigation():
            save.click()

    page.goto(f"{listing}/history")
    newest = page.locator(".timeline > li").first
    expect(newest).to_contain_text(words["version"].format(n=3))
    expect(newest.locator("del").first).to_contain_text("Second title")
    expect(newest.locator("ins").first).to_contain_text("Third title")
    page.get_by_role("radio", name=words["older"].format(n=1)).check()
    page.get_by_role("button", name=words["compare"]).click()
    expect(page.get_by_role("heading", level=1)).to_have_text(words["both"].format(n=1, m=3))
    expect(page.locator("#listing-compare del").first).to_contain_text(first)
    page.get_by_role("button", name=words["restore"].format(n=1)).click()
    page.wait_for_url("**/history")
    expect(page.locator(".timeline > li").first).to_contain_text(words["gone"].format(n=1))
    expect(page.locator(".timeline > li")).to_have_count(4)
    page.goto(f"{listing}/edit")
    expect(page.locator("[name=title]")).to_have_value(first)
    expect(page.locator("[name=description]")).to_have_value("one\n\ntwo\n\nthree")
