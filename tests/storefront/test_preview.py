"""The preview: an offer in any state as buyers will see it, for its own people only."""

import re
from unittest.mock import patch

import pytest

from portal.accounts.models import Provider
from portal.listings.models import Status
from portal.permissions import Role
from tests import factories
from tests.conftest import ClientFor
from tests.pages import PagesClient


@pytest.mark.parametrize("status", list(Status))
def test_any_state_is_seen_as_buyers_will_see_it(
    staff: PagesClient, visitor: PagesClient, provider: Provider, status: Status
) -> None:
    is_live = status == Status.LIVE
    at = 1_709_623_620 if is_live else None
    one = factories.listing(provider, ("显存", "24 GB"), status=status, published_at=at)
    assert visitor.get(f"/offers/{one.id}").status_code == (200 if is_live else 404)
    answer = staff.get(f"/offers/{one.id}/preview")
    page = answer.text
    assert answer.status_code == 200
    for words in (one.title, "24 GB", "11,000.00", "Back to the editor"):
        assert words in page
    assert answer.headers["Cache-Control"] == "no-store"
    assert '<meta name="robots" content="noindex">' in page
    assert ("Public page" in page) is is_live


def test_the_body_is_the_public_pages_own(
    staff: PagesClient, visitor: PagesClient, provider: Provider
) -> None:
    one = factories.listing(provider, description="**说明**", gpu_model="h20", stock=2)
    body = re.compile(r'<div class="offer__main.*?</aside>', re.DOTALL)
    public = body.findall(visitor.get(f"/offers/{one.id}", headers={"Accept-Language": "en"}).text)
    preview = body.findall(staff.get(f"/offers/{one.id}/preview").text)
    main = '<aside class="offer__side'
    assert preview[0].partition(main)[0] == public[0].partition(main)[0]


def test_nothing_is_counted_and_nothing_can_be_sent(staff: PagesClient, provider: Provider) -> None:
    one = factories.listing(provider)
    with patch("portal.storefront.views.counting.served") as served:
        page = staff.get(f"/offers/{one.id}/preview").text
    assert not served.called
    assert "data-view-" not in page
    assert "/views/pixel" not in page
    form = page[page.index("<fieldset disabled") :].partition("</fieldset>")[0]
    assert 'id="inquiry-form"' in form
    assert 'name="csrf_token" value=""' in form
    assert "in the preview nothing can be sent" in page
    assert "application/ld+json" not in page


def test_it_is_private(
    client_for: ClientFor,
    visitor: PagesClient,
    seller: PagesClient,
    admin: PagesClient,
    provider: Provider,
    other_provider: Provider,
    hx: bool,
) -> None:
    url = f"/offers/{factories.listing(provider).id}/preview"
    foreign = client_for(other_provider, Role.STAFF)
    assert visitor.get(url, hx=hx).status_code == (401 if hx else 302)
    assert admin.get(url, hx=hx).status_code == 403
    theirs, nobodys = (foreign.get(path, hx=hx) for path in (url, "/offers/987/preview"))
    assert (theirs.status_code, nobodys.status_code) == (404, 404)
    assert theirs.text.replace(url, "") == nobodys.text.replace("/offers/987/preview", "")
    own = seller.get(url, hx=hx)
    assert own.status_code == 200
    assert "Back to the editor" not in own.text
    assert ("<!doctype" in own.text) is not hx


def test_few_statements(staff: PagesClient, provider: Provider, statements: list[str]) -> None:
    one = factories.listing(provider, gpu_model="h20")
    factories.listing(provider, gpu_model="h20")
    statements.clear()
    staff.get(f"/offers/{one.id}/preview")
    # Who is asking, the offer, its pairs and pictures, those like it.
    assert len(statements) <= 4, statements


def test_one_thing_has_one_name(staff: PagesClient, provider: Provider) -> None:
    one = factories.listing(provider).id
    html = staff.get(f"/portal/listings/{one}/edit").get_data(as_text=True)
    names = re.findall(rf'<a[^>]* href="/offers/{one}/preview"[^>]*>(.*?)</a>', html)
    assert len(names) == 2
    assert {re.sub("<.*?>", "", name).strip() for name in names} == {"Preview as buyer"}
