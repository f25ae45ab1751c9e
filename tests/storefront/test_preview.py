"""The preview: an offer in any state as buyers will see it, for its own people only."""

from portal.accounts.models import Provider
from portal.permissions import Role
from tests import factories
from tests.conftest import ClientFor
from tests.pages import PagesClient


def test_a_draft_is_seen_as_buyers_will_see_it(
    staff: PagesClient, visitor: PagesClient, provider: Provider
) -> None:
    one = factories.listing(provider, ("显存", "24 GB"), status="draft", published_at=None).id
    assert visitor.get(f"/offers/{one}").status_code == 404
    answer = staff.get(f"/offers/{one}/preview")
    html = answer.get_data(as_text=True)
    assert answer.status_code == 200
    for text in (
        "24 GB",
        "11,000.00",
        "Back to the editor",
        "noindex",
        "Here buyers write to you;",
        "<fieldset disabled",
        "Draft",
    ):
        assert text in html
    assert answer.headers["Cache-Control"] == "no-store"
    assert "data-view-url" not in html, "looking at it counts no view"


def test_it_is_private(
    client_for: ClientFor,
    visitor: PagesClient,
    seller: PagesClient,
    provider: Provider,
    other_provider: Provider,
) -> None:
    one = factories.listing(provider).id
    url = f"/offers/{one}/preview"
    assert visitor.get(url).status_code == 302
    assert client_for(other_provider, Role.STAFF).get(url).status_code == 404
    assert client_for(other_provider, Role.STAFF).get("/offers/987/preview").status_code == 404
    assert b"Back to the editor" not in seller.get(url).data
