"""Published when a buyer could tell what is offered, withdrawn at any time, neither by others."""

import re
from datetime import timedelta

import pytest
from sqlalchemy import select

from portal import clock
from portal.accounts.models import Provider
from portal.audit.models import AuditEntry
from portal.extensions import db
from portal.listings.models import Status
from portal.permissions import Role
from tests import factories
from tests.conftest import ClientFor
from tests.listings.conftest import Made, row
from tests.pages import PagesClient


def test_publishing_sets_the_date_once(
    staff: PagesClient, provider: Provider, made: Made, hx: bool
) -> None:
    one = made()
    before = row(provider, one)
    answer = staff.post(f"/portal/listings/{one}/publish", hx=hx)
    assert answer.status_code == (200 if hx else 303)
    first = row(provider, one)
    assert first.status == Status.LIVE
    assert first.published_at is not None
    assert (first.updated_at, first.version) == (before.updated_at, before.version)
    if hx:
        assert b'id="listings-counts" hx-swap-oob' in answer.data
        assert b"1 live" in answer.data
    staff.post(f"/portal/listings/{one}/withdraw", hx=hx)
    assert row(provider, one).status == Status.PAUSED
    staff.post(f"/portal/listings/{one}/publish", hx=hx)
    staff.post(f"/portal/listings/{one}/publish", hx=hx)
    assert row(provider, one).published_at == first.published_at
    acts = db.session.scalars(
        select(AuditEntry.act).where(AuditEntry.subject_id == one).order_by(AuditEntry.id)
    ).all()
    assert acts == ["listing.create", "listing.publish", "listing.withdraw", "listing.publish"]


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({"place": None}, "State the place"),
        ({"description": ""}, "Write a description"),
        ({"valid_until": clock.today() - timedelta(days=1)}, "Its last day has passed"),
    ],
)
def test_what_a_buyer_could_not_use_is_not_published(
    staff: PagesClient,
    provider: Provider,
    made: Made,
    fields: dict[str, object],
    words: str,
    hx: bool,
) -> None:
    one = made(**fields)
    answer = staff.post(f"/portal/listings/{one}/publish", hx=hx)
    assert answer.status_code == 422
    assert words in answer.get_data(as_text=True)
    assert row(provider, one).status == Status.DRAFT


def test_a_negotiable_offer_that_ends_today_is_published(
    staff: PagesClient, provider: Provider, made: Made
) -> None:
    one = made(price_minor=None, valid_until=clock.today())
    assert staff.post(f"/portal/listings/{one}/publish").status_code == 303
    assert row(provider, one).status == Status.LIVE


def test_withdrawing_what_is_not_public_changes_nothing(
    staff: PagesClient, provider: Provider, made: Made, hx: bool
) -> None:
    one = made()
    assert staff.post(f"/portal/listings/{one}/withdraw", hx=hx).status_code in {200, 303}
    assert row(provider, one).status == Status.DRAFT


@pytest.mark.parametrize("move", ["publish", "withdraw"])
def test_neither_sellers_nor_other_tenants(
    client_for: ClientFor,
    seller: PagesClient,
    provider: Provider,
    other_provider: Provider,
    move: str,
) -> None:
    one = factories.listing(provider).id
    url = f"/portal/listings/{one}/{move}"
    assert seller.post(url).status_code == 403
    assert client_for(other_provider, Role.STAFF).post(url).status_code == 404
    assert seller.get(url).status_code == 405
    assert row(provider, one).status == Status.LIVE


@pytest.mark.parametrize("path", ["edit", "price", "publish", "withdraw"])
def test_no_write_without_a_token_or_from_another_site(
    staff: PagesClient, provider: Provider, made: Made, path: str
) -> None:
    one = made()
    before = row(provider, one)
    url = f"/portal/listings/{one}/{path}"
    form = {"price": "1", "version": "1", "title": "x"}
    assert staff.post(url, data=form, csrf=False).status_code == 400
    assert staff.post(url, data=form, csrf=False, hx=True).status_code == 400
    assert staff.post(url, data=form, headers={"X-CSRFToken": "bad"}).status_code == 400
    assert staff.post(url, data=form, headers={"Sec-Fetch-Site": "cross-site"}).status_code == 403
    assert staff.post(url, data=form, headers={"Origin": "null"}).status_code == 403
    assert row(provider, one) == before


@pytest.mark.parametrize(
    ("fields", "name", "words"),
    [
        ({"place": None}, "place", "State the place"),
        ({"description": ""}, "description", "Write a description"),
        ({"valid_until": clock.today() - timedelta(days=1)}, "valid_until", "Its last day"),
    ],
)
def test_the_editor_says_at_the_field_why_it_is_not_published(
    staff: PagesClient,
    made: Made,
    fields: dict[str, object],
    name: str,
    words: str,
    hx: bool,
) -> None:
    one = made(**fields)
    answer = staff.post(f"/portal/listings/{one}/publish", data={"beside": "1"}, hx=hx)
    assert answer.status_code == 422
    html = answer.get_data(as_text=True)
    beside = html.partition('id="listing-side"')[2]
    assert re.search(
        f'role="alert"><ul class="errors"><li data-problem-of="{name}"><a href="#{name}">{words}',
        beside,
    )
    if hx:
        # A script puts it at the field: the form may hold what is not saved.
        assert 'id="listing-form"' not in html
        return
    field = re.search(f'<[^>]* id="{name}"[^>]*>', html)
    assert field
    for said in ('aria-invalid="true"', f'aria-describedby="{name}-error', "autofocus"):
        assert said in field[0]
    assert re.search(f'id="{name}-error"><li>{words}', html)
    assert "data-unsaved" not in html
