"""Values that no page of ours sends, in every place of the desk that takes one: refused or left out."""

from typing import Any

import pytest

from portal.accounts.models import Provider
from portal.listings.models import Listing
from portal.permissions import Role
from tests import factories
from tests.conftest import ClientFor
from tests.pages import PagesClient

HUGE = "9" * 400
ODD = ("%00", "%ff%fe", "%ED%A0%80", "%E2%80%AE", "-1", "9223372036854775808", HUGE, "%27%22%3B--")
BODIES: tuple[tuple[str, dict[str, Any], int], ...] = (
    ("acts", {"act": "assign:" + HUGE, "ids": "{id}", "form_nonce": "a" * 32}, 404),
    ("acts", {"act": "assign:" + "9" * 18, "ids": "{id}", "form_nonce": "a" * 32}, 422),
    ("acts", {"act": "won\0", "ids": "{id}", "form_nonce": "a" * 32}, 404),
    ("acts", {"act": "lost", "reason": "a\0", "ids": "{id}", "form_nonce": "a" * 32}, 422),
    ("acts", {"act": "spam", "ids": ["9" * 19, "{id}\0", "-1"], "form_nonce": "a" * 32}, 422),
    ("acts", {"act": "spam", "ids": "{id}", "form_nonce": "\0" * 32}, 404),
    ("spam/empty", {"up_to": HUGE, "form_nonce": "\0" * 32}, 303),
    ("{id}/drafts", {"writing": "note", "body": "a\0b", "draft": HUGE}, 303),
    ("{id}/drafts", {"writing": "note\0", "body": "a"}, 400),
    ("{id}/notes", {"body": "a\0b"}, 422),
    ("{id}/replies", {"body": "a", "seen": HUGE}, 303),
    ("snippets/", {"name": "a\0", "body": "b"}, 422),
    ("desk", {"opens_at": "\0", "answer_minutes": HUGE}, 422),
)


@pytest.fixture
def manager(client_for: ClientFor, provider: Provider) -> PagesClient:
    """Who may do all of it."""
    return client_for(provider, Role.MANAGER)


@pytest.mark.parametrize("name", ["q", "queue", "assignee", "listing", "since", "until", "cursor"])
def test_what_cannot_be_meant_is_left_out_of_the_list(
    manager: PagesClient, listing: Listing, name: str
) -> None:
    one = factories.inquiry(listing).id
    for value in ODD:
        for path in ("", f"{one}", "news"):
            answer = manager.get(f"/portal/inquiries/{path}?{name}={value}")
            assert answer.status_code == 200, (path, value)


@pytest.mark.parametrize("value", ODD)
def test_odd_days_and_threads_beside_the_list(
    manager: PagesClient, listing: Listing, value: str
) -> None:
    factories.inquiry(listing)
    for address in ("numbers?from=", "numbers/sellers.csv?to=", "news?open=", "news?since="):
        assert manager.get(f"/portal/inquiries/{address}{value}").status_code == 200, address


@pytest.mark.parametrize(("path", "fields", "status"), BODIES)
def test_odd_fields_are_refused_and_break_nothing(
    manager: PagesClient, listing: Listing, path: str, fields: dict[str, Any], status: int
) -> None:
    one = str(factories.inquiry(listing).id)

    def put(value: Any) -> Any:
        if isinstance(value, list):
            return [put(each) for each in value]
        return value.replace("{id}", one)

    data = {name: put(value) for name, value in fields.items()}
    answer = manager.post(f"/portal/inquiries/{put(path)}", data=data)
    assert answer.status_code == status
