"""Where a reader may be sent, and what is refused before a view runs."""

import pytest

from portal.web.guard import safe_next
from tests.pages import PagesClient


@pytest.mark.parametrize(
    "target",
    [
        "//evil.example",
        "https://evil.example",
        "javascript:alert(1)",
        "/\\evil.example",
        "\\\\evil.example",
        "http:///evil.example",
        "http://127.0.0.1@evil.example",
        "/portal\r\nSet-Cookie: a=b",
        "/\t/evil.example",
        "/" + "a" * 9000,
        "",
        None,
        "portal/",
    ],
)
def test_no_redirect_leads_off_the_site(target: str | None) -> None:
    assert safe_next(target) is None


@pytest.mark.parametrize(
    "target", ["/", "/portal/listings/?q=4090&status=live", "/offers/1?a=北京"]
)
def test_a_path_of_ours_is_kept(target: str) -> None:
    assert safe_next(target) == target


@pytest.mark.parametrize(
    "next_page", ["//evil.example", "https://evil.example", "/\\evil.example", "a" * 9000]
)
def test_the_language_switch_stays_on_the_site(visitor: PagesClient, next_page: str) -> None:
    answer = visitor.post("/language/en", data={"next": next_page}, csrf=False)
    assert (answer.status_code, answer.location) == (303, "/")


@pytest.mark.parametrize(
    "host", ["evil.example", "127.0.0.1.evil.example", "127.0.0.1@evil.example"]
)
def test_a_foreign_host_is_not_answered(visitor: PagesClient, host: str) -> None:
    answer = visitor.get("/healthz", headers={"Host": host})
    assert answer.status_code == 400
    assert host.encode() not in answer.data


def test_a_forwarded_host_is_not_believed(visitor: PagesClient) -> None:
    answer = visitor.get("/portal/account/", headers={"X-Forwarded-Host": "evil.example"})
    assert "evil" not in answer.location


@pytest.mark.parametrize("number", [2**63, 10**30, -1])
@pytest.mark.parametrize("path", ["/offers/{}", "/providers/{}", "/portal/listings/{}/edit"])
def test_an_id_that_no_table_can_hold_is_no_address(
    staff: PagesClient, path: str, number: int
) -> None:
    assert staff.get(path.format(number)).status_code == 404
