"""Journey 8: a price list goes from the file to the drafts in the browser, and a sheet goes out and back."""

import re
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from tests.browser import accessibility_faults, scrolls_sideways
from tests.imports.conftest import CLOUDS, CLOUDS_FORM, as_csv
from tests.journeys.conftest import Visit

STAFF = "staff@a.example"
WORDS = {
    "en": {"send": "Upload", "check": "Check the rows", "again": "Check again", "unknown": "that the catalogue does not know", "good": r"Import \d+ rows", "done": "Look at the drafts", "nothing": "There is nothing to import"},
    "zh": {"send": "上传", "check": "检查各行", "again": "再检查一次", "unknown": "目录里没有的 GPU", "good": r"导入 \d+ 行", "done": "查看草稿", "nothing": "没有可导入的内容"},
}  # fmt: skip


def _sheet(folder: Path, mark: str) -> Path:
    path = folder / "clouds.csv"
    rows = [CLOUDS[0], *([f"{row[0]} {mark}", *row[1:]] for row in CLOUDS[1:])]
    # An answer about a GPU is remembered: each test asks about one of its own.
    path.write_bytes(as_csv(rows).replace(b"Zeta 9", f"Zeta {mark}".encode()))
    return path


def _sound(page: Page) -> None:
    """What every page is held to."""
    assert accessibility_faults(page) == []
    assert not scrolls_sideways(page)


def _send(page: Page, path: Path, words: dict[str, str]) -> None:
    page.locator("input[type=file]").set_input_files(path)
    page.get_by_role("button", name=words["send"], exact=True).click()
    page.wait_for_url("**/columns")


@pytest.mark.parametrize("language", ["en", "zh"])
def test_a_price_list_is_matched_checked_and_brought_in(
    visit: Visit, tmp_path: Path, language: str, width: int
) -> None:
    words = WORDS[language]
    path = _sheet(tmp_path, f"{language}{width}")
    page = visit("/portal/imports/", as_=STAFF, language=language)
    _sound(page)
    _send(page, path, words)
    for name, value in CLOUDS_FORM.items():
        control = page.locator(f"[name={name}]")
        if name == "title":
            control.fill(value)
        else:
            control.select_option(value)
    _sound(page)
    page.get_by_role("button", name=words["check"]).click()
    # The open page finds out by itself that the work is done.
    expect(page.locator("#import-sheet")).to_be_visible(timeout=20_000)
    expect(page.locator("#import-gpus")).to_contain_text(words["unknown"])
    expect(page.locator(".sheet__error").first).to_be_visible()
    _sound(page)
    page.locator("[name=gpu-0]").select_option("l40s")
    page.get_by_role("button", name=words["again"]).click()
    start = page.get_by_role("button", name=re.compile(words["good"]))
    expect(start).to_be_visible(timeout=20_000)
    expect(page.locator("#import-gpus")).to_have_count(0)
    start.click()
    expect(page.get_by_role("link", name=words["done"])).to_be_visible(timeout=20_000)
    _sound(page)
    page.locator(".tabs__link[href*='outcome=refused']").click()
    expect(page.locator("#import-sheet tbody tr")).to_have_count(1)

    page.goto("/portal/imports/")
    _send(page, path, words)
    page.get_by_role("button", name=words["check"]).click()
    expect(page.locator("#import")).to_contain_text(words["nothing"], timeout=20_000)


def test_without_script_the_same_is_done_by_reloading(
    visit: Visit, tmp_path: Path, width: int
) -> None:
    page = visit("/portal/imports/", as_=STAFF, javascript=False)
    _send(page, _sheet(tmp_path, f"plain{width}"), WORDS["en"])
    for name, value in CLOUDS_FORM.items():
        control = page.locator(f"[name={name}]")
        if name == "title":
            control.fill(value)
        else:
            control.select_option(value)
    page.get_by_role("button", name="Check the rows").click()
    for _turn in range(60):
        if page.locator("#import-sheet").count():
            break
        page.wait_for_timeout(250)
        page.reload()
    page.get_by_role("button", name=re.compile(r"Import \d+ rows")).click()
    for _turn in range(60):
        if page.get_by_role("link", name="Look at the drafts").count():
            break
        page.wait_for_timeout(250)
        page.reload()
    expect(page.get_by_role("link", name="Look at the drafts")).to_be_visible()


def test_a_sheet_goes_out_and_comes_back_without_a_change(visit: Visit, tmp_path: Path) -> None:
    page = visit("/portal/listings/", as_=STAFF)
    with page.expect_download() as download:
        page.evaluate("() => { location.href = '/portal/listings/export.xlsx'; }")
    path = tmp_path / "offers.xlsx"
    download.value.save_as(path)
    page.goto("/portal/imports/")
    _send(page, path, WORDS["en"])
    page.locator("[name=key]").select_option("id")
    page.get_by_role("button", name="Check the rows").click()
    expect(page.locator("#import")).to_contain_text("There is nothing to import", timeout=20_000)
    expect(page.locator(".sheet__error")).to_have_count(0)
