"""Changes of many offers: looked at, confirmed once, told row by row, taken back."""

import re
from typing import Any

import pytest
from sqlalchemy import func, select

from portal import clock
from portal.accounts.models import Provider
from portal.extensions import db
from portal.jobs.models import Job
from portal.listings import actions
from portal.listings.actions import bulk as bulk_actions
from portal.listings.models import BulkChange, Listing, Status
from portal.permissions import Role
from tests import factories
from tests.conftest import ClientFor
from tests.listings.conftest import Made, content, row
from tests.pages import PagesClient

BULK = "/portal/listings/bulk"


def hidden(html: str, name: str) -> str:
    found = re.search(rf'name="{name}" value="([^"]*)"', html)
    assert found, f"no {name}"
    return found[1]


def previewed(client: PagesClient, act: str, ids: list[int], **fields: str) -> str:
    answer = client.post(BULK, data={"act": act, "ids": [str(one) for one in ids], **fields})
    assert answer.status_code == 200
    return answer.get_data(as_text=True)


def sent(html: str, act: str, **fields: str) -> dict[str, str]:
    names = ("rows", "form_nonce")
    return {"act": act, **fields, **{name: hidden(html, name) for name in names}}


def confirmed(client: PagesClient, html: str, act: str, **fields: str) -> str:
    """Confirm what was looked at; returns the address of the change."""
    answer = client.post(f"{BULK}/confirm", data=sent(html, act, **fields))
    assert answer.status_code == 303
    return str(answer.location).partition("?")[0]


def test_a_preview_says_what_each_becomes_and_writes_nothing(
    staff: PagesClient, provider: Provider, made: Made
) -> None:
    one, other = made(), made(price_minor=None)
    html = previewed(staff, "price_by", [one, other], value="-10")
    assert "CNY 11,000.00" in html
    assert "CNY 9,900.00" in html
    assert "It has no price to count from." in html
    assert "Change 1 listing" in html
    assert content(provider, one).price_minor == 1_100_000


def test_a_value_is_asked_for_before_the_preview(staff: PagesClient, made: Made) -> None:
    html = previewed(staff, "stock", [made()])
    assert 'name="value"' in html
    assert "form_nonce" not in html


@pytest.mark.parametrize(
    ("act", "value"),
    [
        ("price_by", "0"),
        ("price_by", "-100"),
        ("price_by", "1e3"),
        ("price_by", "NaN"),
        ("price_to", "-1"),
        ("price_to", "11000.001"),
        ("stock", "-1"),
        ("stock", "9" * 5000),
        ("valid_until", "2024-02-30"),
        ("valid_until", "2020-01-01"),
        ("valid_until", ""),
        ("delivery_days", "99999"),
        ("place", "Nowhere"),
        ("own_category", "a\0b"),
    ],
)
def test_what_no_offer_can_hold_is_refused(
    staff: PagesClient, made: Made, act: str, value: str
) -> None:
    data = {"act": act, "ids": str(made()), "value": value}
    answer = staff.post(BULK, data=data)
    assert answer.status_code == 422
    assert 'aria-invalid="true"' in answer.get_data(as_text=True)
    assert staff.post(f"{BULK}/confirm", data={**data, "rows": "1.1", "form_nonce": "0" * 32}
    ).status_code == 422  # fmt: skip


@pytest.mark.parametrize(
    ("act", "value", "name", "expected"),
    [
        ("price_to", "5", "price_minor", 500),
        ("stock", "7", "stock", 7),
        ("delivery_days", "3", "delivery_days", 3),
        ("place", "440300", "place", "440300"),
        ("own_category", "整机", "own_category", "整机"),
    ],
)
def test_a_value_is_set_and_taken_back(
    staff: PagesClient,
    provider: Provider,
    made: Made,
    act: str,
    value: str,
    name: str,
    expected: Any,
) -> None:
    ids = [made(), made()]
    before = getattr(content(provider, ids[0]), name)
    where = confirmed(staff, previewed(staff, act, ids, value=value), act, value=value)
    assert [getattr(content(provider, one), name) for one in ids] == [expected] * 2
    page = staff.get(where).get_data(as_text=True)
    assert "2 listings are changed" in page
    assert 'data-undo="10"' in page
    assert staff.post(f"{where}/undo").status_code == 303
    assert [getattr(content(provider, one), name) for one in ids] == [before] * 2
    assert "Taken back" in staff.get(where).get_data(as_text=True)


def test_the_last_day_of_many(staff: PagesClient, provider: Provider, made: Made) -> None:
    one = made()
    html = previewed(staff, "valid_until", [one], value="2099-12-31")
    where = confirmed(staff, html, "valid_until", value="2099-12-31")
    assert str(content(provider, one).valid_until) == "2099-12-31"
    staff.post(f"{where}/undo")
    assert content(provider, one).valid_until is None


def test_moves_are_refused_row_by_row_and_taken_back(
    staff: PagesClient, provider: Provider, made: Made
) -> None:
    draft, nameless = made(), made(description="")
    live = factories.listing(provider).id
    html = previewed(staff, "publish", [draft, nameless, live])
    assert "Write a description" in html
    assert "Not possible from where it stands." in html
    where = confirmed(staff, html, "publish")
    assert row(provider, draft).status == Status.LIVE
    assert row(provider, nameless).status == Status.DRAFT
    page = staff.get(where).get_data(as_text=True)
    assert "1 listing is changed" in page
    assert "2 listings are left as they are" in page
    staff.post(f"{where}/undo")
    assert row(provider, draft).status == Status.DRAFT


def test_the_same_form_confirmed_twice_is_one_change(
    staff: PagesClient, provider: Provider, made: Made
) -> None:
    one = made()
    html = previewed(staff, "price_by", [one], value="10")
    first = confirmed(staff, html, "price_by", value="10")
    assert confirmed(staff, html, "price_by", value="10") == first
    assert content(provider, one).price_minor == 1_210_000
    assert db.session.scalar(select(func.count()).select_from(BulkChange)) == 1


def test_what_changed_between_preview_and_confirm_is_left_and_told(
    staff: PagesClient, provider: Provider, made: Made
) -> None:
    one = made()
    html = previewed(staff, "stock", [one], value="4")
    actions.set_values(provider.id, one, {"price_minor": 5}, 1, by=None)
    where = confirmed(staff, html, "stock", value="4")
    assert content(provider, one).stock is None
    assert "Somebody changed it meanwhile" in staff.get(where).get_data(as_text=True)


def test_undo_leaves_what_somebody_changed_since(
    staff: PagesClient, provider: Provider, made: Made
) -> None:
    one, other = made(), made()
    html = previewed(staff, "stock", [one, other], value="4")
    where = confirmed(staff, html, "stock", value="4")
    actions.set_values(provider.id, one, {"price_minor": 5}, 2, by=None)
    staff.post(f"{where}/undo")
    assert (content(provider, one).stock, content(provider, other).stock) == (4, None)
    assert "Not taken back:" in staff.get(where).get_data(as_text=True)
    staff.post(f"{where}/undo")
    assert content(provider, other).stock is None, "a second press does nothing more"


def test_undo_is_over_after_a_day(staff: PagesClient, provider: Provider, made: Made) -> None:
    one = made()
    where = confirmed(staff, previewed(staff, "stock", [one], value="4"), "stock", value="4")
    change = db.session.scalars(select(BulkChange)).one()
    db.session.execute(
        BulkChange.__table__.update().values(at=clock.now() - clock.DAY - 1)  # type: ignore[attr-defined]
    )
    db.session.commit()
    assert change.id
    staff.post(f"{where}/undo")
    assert content(provider, one).stock == 4


def test_one_foreign_listing_refuses_the_whole(
    client_for: ClientFor, other_provider: Provider, provider: Provider, made: Made, hx: bool
) -> None:
    theirs, own = made(), made(other_provider)
    bo = client_for(other_provider, Role.STAFF)
    data: dict[str, Any] = {"act": "stock", "value": "4", "ids": [str(own), str(theirs)]}
    assert bo.post(BULK, data=data, hx=hx).status_code == 404
    rows = {"rows": f"{own}.1_{theirs}.1", "form_nonce": "a" * 32}
    answer = bo.post(f"{BULK}/confirm", data={**data, **rows}, hx=hx)
    assert answer.status_code == 404
    assert content(other_provider, own).stock is None
    assert content(provider, theirs).stock is None


def test_a_change_is_its_providers_own(
    staff: PagesClient, client_for: ClientFor, other_provider: Provider, made: Made
) -> None:
    where = confirmed(staff, previewed(staff, "stock", [made()], value="4"), "stock", value="4")
    bo = client_for(other_provider, Role.STAFF)
    assert bo.get(where).status_code == bo.post(f"{where}/undo").status_code == 404
    assert where not in bo.get(BULK).get_data(as_text=True)
    assert where in staff.get(BULK).get_data(as_text=True)


def test_all_that_match_are_taken_with_the_question(
    staff: PagesClient, provider: Provider, made: Made
) -> None:
    drafts = [made(), made()]
    live = factories.listing(provider).id
    html = previewed(staff, "stock", [], all="1", query="status=draft", value="4")
    confirmed(staff, html, "stock", value="4")
    assert [content(provider, one).stock for one in drafts] == [4, 4]
    assert content(provider, live).stock is None


def test_drafts_are_deleted_for_good(staff: PagesClient, provider: Provider, made: Made) -> None:
    draft, live = made(), factories.listing(provider).id
    html = previewed(staff, "delete", [draft, live])
    assert "does not come back" in html
    where = confirmed(staff, html, "delete")
    assert db.session.get(Listing, draft) is None
    db.session.rollback()
    assert row(provider, live).status == Status.LIVE
    staff.post(f"{where}/undo")
    assert db.session.get(Listing, draft) is None


def test_a_draft_that_somebody_changed_meanwhile_is_not_deleted(
    staff: PagesClient, provider: Provider, made: Made
) -> None:
    draft, other = made(), made()
    html = previewed(staff, "delete", [draft, other])
    actions.set_values(provider.id, draft, {"price_minor": 5}, 1, by=None)
    where = confirmed(staff, html, "delete")
    assert content(provider, draft).price_minor == 5
    assert db.session.get(Listing, other) is None
    assert "Somebody changed it meanwhile" in staff.get(where).get_data(as_text=True)


def test_many_are_left_to_the_worker_which_may_run_twice(
    staff: PagesClient, provider: Provider, made: Made, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(bulk_actions, "AT_ONCE", 2)
    ids = [made() for _ in range(5)]
    html = previewed(staff, "stock", ids, value="4")
    where = confirmed(staff, html, "stock", value="4")
    assert content(provider, ids[0]).stock is None
    assert "At work" in staff.get(where).get_data(as_text=True)
    job = db.session.scalars(select(Job).where(Job.kind == actions.BULK)).one()
    db.session.rollback()
    actions.run_bulk(job.payload)
    actions.run_bulk(job.payload)
    assert [content(provider, one).stock for one in ids] == [4] * 5
    assert [row(provider, one).version for one in ids] == [2] * 5
    assert "5 listings are changed" in staff.get(where).get_data(as_text=True)


def test_nothing_ticked_is_told(staff: PagesClient) -> None:
    answer = staff.post(BULK, data={"act": "stock", "back": "/portal/listings/?status=live"})
    assert (answer.status_code, answer.location) == (303, "/portal/listings/?status=live")


@pytest.mark.parametrize("act", ["", "superpublish", "price_by'--"])
def test_an_act_of_nobodys_is_not_found(staff: PagesClient, made: Made, act: str) -> None:
    assert staff.post(BULK, data={"act": act, "ids": str(made())}).status_code == 404


def test_a_seller_may_not(seller: PagesClient, made: Made) -> None:
    assert seller.post(BULK, data={"act": "stock", "ids": str(made())}).status_code == 403
