"""Kept frames: each request's own token, name and address, whoever drew the frame first."""

import html
import json
import re

from portal.accounts.models import Provider
from portal.permissions import Role
from tests import factories
from tests.conftest import ClientFor
from tests.pages import PagesClient

INDEX = "/portal/listings/"


def _header_token(page: str) -> str:
    found = re.search(r"hx-headers:inherited='([^']*)'", page)
    assert found
    return str(json.loads(html.unescape(found[1]))["X-CSRFToken"])


def test_the_token_of_the_frame_is_good_for_a_write(staff: PagesClient, provider: Provider) -> None:
    listing = factories.listing(provider)
    for _ in range(3):  # drawn, then found
        page = staff.get(INDEX).text
        assert "\x03" not in page
        assert "\\u0003" not in page
        headers = {"X-CSRFToken": _header_token(page)}
        answer = staff.post(f"{INDEX}{listing.id}/withdraw", csrf=False, headers=headers, hx=True)
        assert answer.status_code == 200


def test_nobody_gets_the_frame_of_another(client_for: ClientFor, provider: Provider) -> None:
    first, second = (client_for(provider, Role.STAFF) for _ in range(2))
    pages = [client.get(INDEX).text for client in (first, second, first, second)]
    people = [re.findall(r"person\d+@a\.example", page)[0] for page in pages]
    assert people[0] == people[2] != people[1] == people[3]
    answer = second.post(
        INDEX + "1/withdraw", csrf=False, headers={"X-CSRFToken": _header_token(pages[0])}
    )
    assert answer.status_code == 400


def test_language_theme_and_address_are_the_readers_own(
    staff: PagesClient, provider: Provider
) -> None:
    assert 'lang="en"' in staff.get(INDEX).text
    staff.set_cookie("language", "zh")
    assert 'lang="zh-CN"' in staff.get(INDEX).text
    staff.set_cookie("theme", "dark")
    page = staff.get(INDEX + "?q=%22%3E%3Cscript%3E").text
    assert 'data-theme="dark"' in page
    assert "<script>" not in page


def test_a_message_is_shown_once(staff: PagesClient, provider: Provider) -> None:
    listing = factories.listing(provider)
    staff.get(INDEX)
    staff.post(f"{INDEX}{listing.id}/withdraw")
    assert "Withdrawn: buyers no longer see it." in staff.get(INDEX).text
    assert "Withdrawn: buyers no longer see it." not in staff.get(INDEX).text
