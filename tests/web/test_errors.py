"""Errors as a reader meets them: a sentence in their language, the full headers, nothing of ours."""

from collections.abc import Iterator

import pytest
from flask import Flask
from sqlalchemy.exc import OperationalError

from portal.accounts import queries
from tests.pages import PagesClient


@pytest.fixture
def _quiet(app: Flask) -> Iterator[None]:
    """Let the application answer 500 itself, as it does when it serves."""
    app.config["PROPAGATE_EXCEPTIONS"] = False
    yield
    app.config["PROPAGATE_EXCEPTIONS"] = True


def test_an_unknown_address_says_so_in_both_languages(visitor: PagesClient) -> None:
    for language, words in (("zh", "页面不存在"), ("en", "Nothing here")):
        answer = visitor.get("/nowhere", headers={"Accept-Language": language})
        assert answer.status_code == 404
        assert words in answer.text
        assert answer.headers["Cache-Control"] == "no-store"


@pytest.mark.usefixtures("_quiet")
def test_a_fault_of_ours_shows_nothing_of_ours(
    visitor: PagesClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_arguments: object) -> None:
        raise ZeroDivisionError("secret detail")

    monkeypatch.setattr(queries, "identity_of", fail)
    visitor.sign_in("whoever")
    answer = visitor.get("/portal/account/", headers={"Accept-Language": "en"})
    assert answer.status_code == 500
    assert "Something went wrong on our side" in answer.text
    assert "secret detail" not in answer.text
    assert "frame-ancestors 'none'" in answer.headers["Content-Security-Policy"]


def test_a_busy_database_says_when_to_come_back(
    visitor: PagesClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_arguments: object) -> None:
        raise OperationalError("SELECT", {}, Exception("database is locked"))

    monkeypatch.setattr(queries, "identity_of", fail)
    visitor.sign_in("whoever")
    answer = visitor.get("/portal/account/", headers={"Accept-Language": "en"})
    assert answer.status_code == 503
    assert answer.headers["Retry-After"] == "5"
    assert "SELECT" not in answer.text


@pytest.mark.parametrize("size", [1024 * 1024 + 1, 10_000_000])
def test_a_body_too_large_is_refused(visitor: PagesClient, size: int) -> None:
    answer = visitor.post(
        "/sign-in",
        data=b"a=" + b"x" * size,
        csrf=False,
        content_type="application/x-www-form-urlencoded",
    )
    assert answer.status_code == 413


@pytest.mark.parametrize("path", ["/.env", "/.git/HEAD", "/console", "/portal.db", "/static/"])
def test_what_is_not_ours_to_serve_is_not_there(visitor: PagesClient, path: str) -> None:
    assert visitor.get(path).status_code == 404


@pytest.mark.parametrize("path", ["/%00", "/%ff", "/sign-in?next=%ff%fe", "/%ed%a0%80"])
def test_bytes_that_are_no_text_do_no_harm(visitor: PagesClient, path: str) -> None:
    assert visitor.get(path).status_code in {200, 400, 404}


def test_a_policy_report_is_taken(visitor: PagesClient) -> None:
    answer = visitor.post("/csp-report", data=b'{"csp-report": {}}', csrf=False)
    assert answer.status_code == 204
