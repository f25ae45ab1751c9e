"""Which language a page is answered in, and what odd choices do."""

import pytest

from portal.web.languages import _accepted
from tests.pages import PagesClient


@pytest.mark.parametrize(
    ("header", "language"),
    [
        ("", "zh"),
        ("zh-CN,zh;q=0.9,en;q=0.8", "zh"),
        ("en-US,en;q=0.9", "en"),
        ("fr,en;q=0.5", "en"),
        ("fr", "zh"),
        ("zh-TW", "zh"),
        ("en;q=abc,,;;", "zh"),
        (",".join(["en"] * 800), "zh"),
    ],
)
def test_the_browser_is_heard(header: str, language: str) -> None:
    assert _accepted(header) == language


def test_a_choice_wins_over_the_browser(visitor: PagesClient) -> None:
    visitor.post("/language/zh", data={"next": "/sign-in"}, csrf=False)
    page = visitor.get("/sign-in", headers={"Accept-Language": "en"})
    assert 'lang="zh-CN"' in page.text


@pytest.mark.parametrize("code", ["xx", "..%2f..%2fetc", "zh_Hans_CN"])
def test_an_unknown_language_changes_nothing(visitor: PagesClient, code: str) -> None:
    answer = visitor.post(f"/language/{code}", csrf=False)
    assert answer.status_code in {303, 404}
    assert "Set-Cookie" not in answer.headers


@pytest.mark.parametrize("asked", ["xx", "../../etc", "en%00", ""])
def test_an_odd_language_in_the_address_is_passed_over(visitor: PagesClient, asked: str) -> None:
    page = visitor.get(f"/sign-in?lang={asked}", headers={"Accept-Language": "zh-CN"})
    assert page.status_code == 200
    assert 'lang="zh-CN"' in page.text


def test_the_language_of_the_address_wins_on_public_pages(visitor: PagesClient) -> None:
    assert 'lang="en"' in visitor.get("/sign-in?lang=en").text


@pytest.mark.parametrize("theme", ["dark", "light"])
def test_the_theme_is_there_at_first_paint(visitor: PagesClient, theme: str) -> None:
    visitor.post(f"/theme/{theme}", csrf=False)
    assert f'data-theme="{theme}"' in visitor.get("/sign-in").text


@pytest.mark.parametrize(
    ("here", "there"),
    [
        ("/offers/1?lang=zh", "/offers/1"),
        ("/?q=%E5%8C%97%E4%BA%AC&lang=zh&gpu=rtx-4090", "/?q=%E5%8C%97%E4%BA%AC&gpu=rtx-4090"),
        ("/?q=lang", "/?q=lang"),
        ("//evil.example/?lang=zh", "/"),
    ],
)
def test_a_choice_wins_over_the_language_in_the_address(
    visitor: PagesClient, here: str, there: str
) -> None:
    answer = visitor.post("/language/en", data={"next": here}, csrf=False)
    assert answer.headers["Location"] == there
