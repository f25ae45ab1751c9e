"""Acts by their forms: one thread and many, plain and htmx, told row by row, undone, spam emptied."""

import re
from typing import Any

import pytest
from sqlalchemy import func, select

from portal.accounts.models import Provider
from portal.extensions import db
from portal.inquiries.actions.acts import MOST
from portal.inquiries.models import Change, Inquiry
from portal.inquiries.vocabulary import Outcome, Stage, State
from portal.listings.models import Listing
from portal.permissions import Role
from tests import factories
from tests.conftest import ClientFor
from tests.inquiries.conftest import NOW, mails
from tests.pages import PagesClient

NONCE = "a" * 32
ACTS = "/portal/inquiries/acts"


def now(thread: Inquiry) -> Inquiry:
    """The thread as the table has it."""
    db.session.commit()
    db.session.expire_all()
    return db.session.get_one(Inquiry, thread.id, populate_existing=True)


def sent(act: str, *threads: Inquiry, nonce: str = NONCE, **more: Any) -> dict[str, Any]:
    """A form with these threads, as they are now."""
    rows = [f"{one.id}.{now(one).version}" for one in threads]
    return {"act": act, "ids": rows, "form_nonce": nonce, **more}


def acts() -> int:
    """How many there have been."""
    db.session.commit()
    return db.session.scalar(select(func.count()).select_from(Change)) or 0


def change_id() -> int:
    """The newest act."""
    db.session.commit()
    return db.session.scalars(select(Change.id).order_by(Change.id.desc())).first() or 0


def test_the_same_page_sent_again_with_another_sum_is_no_copy(
    seller: PagesClient, listing: Listing, hx: bool
) -> None:
    """Whoever goes back and corrects the sum is told that the thread has changed, not that it is done."""
    thread = factories.inquiry(listing)
    form = sent("won", thread, amount="11", currency="CNY")
    for amount, status in (("11", 200 if hx else 303), ("11", 200 if hx else 303), ("12", 409)):
        answer = seller.post(f"{ACTS}?open={thread.id}", data=form | {"amount": amount}, hx=hx)
        assert answer.status_code == status
    assert now(thread).won_minor == 1100


@pytest.mark.parametrize(
    ("act", "fields", "stage"),
    [
        ("assign:", {}, Stage.US),
        ("snooze:tomorrow", {}, Stage.SNOOZED),
        ("snooze:day", {"day": "2026-09-29"}, Stage.SNOOZED),
        ("won", {"amount": "11,000.00", "currency": "CNY"}, Stage.WON),
        ("won", {"amount": "", "currency": ""}, Stage.WON),
        ("lost", {"reason": "price"}, Stage.LOST),
        ("spam", {}, Stage.SPAM),
    ],
)
def test_each_form_does_what_it_says(
    seller: PagesClient, listing: Listing, act: str, fields: dict[str, str], stage: Stage, hx: bool
) -> None:
    other = factories.person(db.session.get_one(Provider, listing.provider_id), Role.SELLER)
    thread = factories.inquiry(listing, assignee_id=other.id)
    answer = seller.post(f"{ACTS}?open={thread.id}", data=sent(act, thread, **fields), hx=hx)
    after = now(thread)
    assert after.stage == stage
    if hx:
        assert answer.status_code == 200
        assert f"/portal/inquiries/changes/{change_id()}/undo" in answer.text
        assert 'hx-swap-oob="beforeend:#toasts"' in answer.text
    else:
        assert answer.status_code == 303
        assert answer.location == f"/portal/inquiries/{thread.id}"
    if act == "won":
        assert after.won_minor == (1_100_000 if fields["amount"] else None)
    if act == "snooze:day":
        assert after.snoozed_until == NOW + 8 * 86_400 - (NOW + 8 * 3600) % 86_400 + 9 * 3600


@pytest.mark.parametrize(
    ("act", "fields"),
    [
        ("won", {"amount": "a lot", "currency": "CNY"}),
        ("won", {"amount": "5", "currency": "XXX"}),
        ("won", {"amount": "0", "currency": "CNY"}),
        ("lost", {"reason": ""}),
        ("lost", {"reason": "buyer_closed"}),
        ("snooze:day", {"day": ""}),
        ("snooze:day", {"day": "2026-09-21"}),
        ("snooze:day", {"day": "2099-01-01"}),
        ("assign:700000000", {}),
    ],
)
def test_what_cannot_be_is_told_and_changes_nothing(
    seller: PagesClient, listing: Listing, act: str, fields: dict[str, str], hx: bool
) -> None:
    thread = factories.inquiry(listing)
    answer = seller.post(f"{ACTS}?open={thread.id}", data=sent(act, thread, **fields), hx=hx)
    assert answer.status_code == 422
    assert (now(thread).version, acts()) == (1, 0)


@pytest.mark.parametrize(
    "act",
    ["", "delete", "assign", "assign:x", "assign:-1", "snooze", "snooze:x", "wake:1", "spam:"],
)
def test_what_no_button_sends_is_nothing(seller: PagesClient, listing: Listing, act: str) -> None:
    thread = factories.inquiry(listing)
    assert seller.post(ACTS, data=sent(act, thread)).status_code == 404
    assert seller.post(ACTS, data=sent("spam", thread, nonce="x")).status_code == 404
    assert acts() == 0


def test_emptying_is_no_act_of_the_bar(client_for: ClientFor, listing: Listing) -> None:
    manager = client_for(db.session.get_one(Provider, listing.provider_id), Role.MANAGER)
    thread = factories.inquiry(listing, state=State.SPAM)
    assert manager.post(ACTS, data=sent("empty", thread)).status_code == 403
    assert acts() == 0


def test_without_a_row_nothing_happens(seller: PagesClient, listing: Listing, hx: bool) -> None:
    answer = seller.post(ACTS, data=sent("spam"), hx=hx)
    assert answer.status_code == 422
    assert "Tick at least one row first." in answer.text or not hx


def test_of_many_what_is_left_is_told_row_by_row(
    seller: PagesClient, listing: Listing, other_provider: Provider, hx: bool
) -> None:
    threads = [factories.inquiry(listing, name=f"Buyer {number}") for number in range(3)]
    closed = factories.inquiry(listing, name="Closed one", outcome=Outcome.WON, closed_at=NOW)
    theirs = factories.inquiry(factories.listing(other_provider), name="Not ours")
    stale = sent("lost", *threads, closed, theirs, reason="stock", bulk="1")
    seller.post(ACTS, data=sent("assign:", threads[2], nonce="b" * 32))
    seller.post(ACTS, data=sent("snooze:monday", threads[2], nonce="c" * 32))
    answer = seller.post(f"{ACTS}?queue=spam", data=stale, hx=hx)
    place = answer.headers["HX-Redirect"] if hx else answer.location
    assert place == f"/portal/inquiries/changes/{change_id()}?queue=spam"
    page = seller.get(place).text
    assert page.count("Buyer ") == 3
    assert "2 inquiries are changed" in page
    assert "3 inquiries are left as they are" in page
    for why in ("It is closed already.", "look at it again.", "It is not there any more."):
        assert why in page
    assert "Not ours" not in page
    assert now(theirs).outcome is None
    assert now(threads[0]).lost_reason == "stock"


def test_all_of_a_queue_are_those_that_its_list_shows(
    seller: PagesClient, listing: Listing, hx: bool
) -> None:
    """Over several of its pages, with its filters, and nothing of other queues."""
    other = factories.listing(db.session.get_one(Provider, listing.provider_id))
    meant = [factories.inquiry(listing, due_at=NOW + number) for number in range(120)]
    left = [
        factories.inquiry(listing, answers=["交期两周。"]),
        factories.inquiry(listing, snoozed_until=NOW + 9),
        factories.inquiry(other),
    ]
    place = f"queue=us&listing={listing.id}"
    form = {"act": "lost", "reason": "stock", "all": "1", "form_nonce": NONCE, "bulk": "1"}
    seller.post(f"{ACTS}?{place}", data=form | {"ids": [str(meant[0].id)]}, hx=hx)
    db.session.commit()
    closed = set(db.session.scalars(select(Inquiry.id).where(Inquiry.outcome == Outcome.LOST)))
    assert closed == {one.id for one in meant}
    assert not closed & {one.id for one in left}


def test_only_what_nobody_has_is_404(
    seller: PagesClient, listing: Listing, other_provider: Provider, hx: bool
) -> None:
    theirs = factories.inquiry(factories.listing(other_provider))
    answers = [
        seller.post(ACTS, data={"act": "spam", "ids": [one], "form_nonce": NONCE}, hx=hx)
        for one in (f"{theirs.id}.1", "700000000.1", "700000000")
    ]
    assert [answer.status_code for answer in answers] == [404] * 3
    assert now(theirs).state == State.NEW


def test_a_stale_form_of_one_comes_back(seller: PagesClient, listing: Listing, hx: bool) -> None:
    thread = factories.inquiry(listing)
    stale = sent("lost", thread, reason="price")
    seller.post(ACTS, data=sent("snooze:monday", thread, nonce="b" * 32))
    answer = seller.post(f"{ACTS}?open={thread.id}", data=stale, hx=hx)
    assert answer.status_code == 409
    assert now(thread).stage == Stage.SNOOZED
    # The form that came back has the version of now.
    assert f'value="{thread.id}.2"' in answer.text


def test_twice_the_same_form(seller: PagesClient, listing: Listing, hx: bool) -> None:
    thread = factories.inquiry(listing)
    form = sent("lost", thread, reason="price")
    first, second = (seller.post(f"{ACTS}?open={thread.id}", data=form, hx=hx) for _copy in "ab")
    assert first.status_code == second.status_code == (200 if hx else 303)
    assert acts() == 1
    # Another act of the same page is another form.
    seller.post(ACTS, data=sent("reopen", thread), hx=hx)
    assert (acts(), now(thread).stage) == (2, Stage.US)


def test_undo_by_its_form(seller: PagesClient, listing: Listing, hx: bool) -> None:
    thread = factories.inquiry(listing)
    seller.post(ACTS, data=sent("lost", thread, reason="price"))
    url = f"/portal/inquiries/changes/{change_id()}/undo?open={thread.id}"
    for _copy in "ab":
        answer = seller.post(url, hx=hx)
        assert answer.status_code == (200 if hx else 303)
    assert now(thread).stage == Stage.US
    index = seller.get("/portal/inquiries/changes")
    assert "undone" in index.text


def test_undo_names_what_was_touched_since(seller: PagesClient, listing: Listing, hx: bool) -> None:
    one, other = factories.inquiry(listing, name="Wang"), factories.inquiry(listing, name="Zhao")
    seller.post(ACTS, data=sent("lost", one, other, reason="price"))
    undo = f"/portal/inquiries/changes/{change_id()}"
    seller.post(ACTS, data=sent("reopen", other, nonce="b" * 32))
    answer = seller.post(f"{undo}/undo", hx=hx)
    page = seller.get(answer.headers["HX-Redirect"] if hx else answer.location).text
    assert "Something happened in it meanwhile" in page
    assert "1 inquiry was changed since and stays as it is." in page or hx


def test_what_is_final_says_so_and_offers_no_undo(
    seller: PagesClient, listing: Listing, hx: bool
) -> None:
    thread = factories.inquiry(listing, state=State.SPAM)
    answer = seller.post(f"{ACTS}?open={thread.id}", data=sent("release", thread), hx=hx)
    assert "/undo" not in answer.text
    assert len(mails()) == 2
    refused = seller.post(f"/portal/inquiries/changes/{change_id()}/undo")
    assert refused.status_code == 303
    assert now(thread).stage == Stage.US
    assert "Undo" not in seller.get(f"/portal/inquiries/changes/{change_id()}").text


def test_spam_is_emptied_by_who_manages_after_a_question(
    client_for: ClientFor, seller: PagesClient, provider: Provider, listing: Listing, hx: bool
) -> None:
    manager = client_for(provider, Role.MANAGER)
    spam = [factories.inquiry(listing, state=State.SPAM) for _one in range(3)]
    kept = factories.inquiry(listing)
    url = "/portal/inquiries/spam/empty"
    assert seller.get(url).status_code == seller.post(url).status_code == 403
    page = manager.get(url, hx=hx).text
    assert "3 inquiries are deleted for good" in page
    late = factories.inquiry(listing, state=State.SPAM)
    form = {
        name: re.findall(rf'name="{name}" value="([^"]+)"', page)[0]
        for name in ("up_to", "form_nonce")
    }
    for _copy in "ab":
        assert manager.post(url, data=form, hx=hx).status_code == (204 if hx else 303)
    db.session.commit()
    left = set(db.session.scalars(select(Inquiry.id)))
    assert left == {kept.id, late.id}
    assert not left & {one.id for one in spam}
    assert manager.post(url, data={"up_to": "x"}, hx=hx).status_code == 404


def test_unread_leaves_the_thread(seller: PagesClient, listing: Listing, hx: bool) -> None:
    thread = factories.inquiry(listing)
    answer = seller.post(f"/portal/inquiries/{thread.id}/unread?queue=spam", hx=hx)
    if hx:
        assert answer.headers["HX-Push-Url"] == "/portal/inquiries/?queue=spam"
        assert 'data-open="list"' in answer.text
    else:
        assert answer.location == "/portal/inquiries/?queue=spam"


def test_at_most_so_many(seller: PagesClient, listing: Listing) -> None:
    thread = factories.inquiry(listing)
    rows = [f"{thread.id}.1", *(str(700_000_000 + number) for number in range(MOST + 20))]
    seller.post(ACTS, data={"act": "spam", "ids": rows, "form_nonce": NONCE, "bulk": "1"})
    change = db.session.get_one(Change, change_id())
    assert len(change.before) + len(change.refused) == MOST


def test_another_providers_changes_are_as_none(
    client_for: ClientFor, seller: PagesClient, listing: Listing, other_provider: Provider
) -> None:
    eve = client_for(other_provider, Role.SELLER)
    thread = factories.inquiry(listing)
    seller.post(ACTS, data=sent("lost", thread, reason="price"))
    for one in (change_id(), 700_000_000):
        assert eve.get(f"/portal/inquiries/changes/{one}").status_code == 404
        assert eve.post(f"/portal/inquiries/changes/{one}/undo").status_code == 404
    assert f"/changes/{change_id()}" not in eve.get("/portal/inquiries/changes").text
    assert eve.post(f"/portal/inquiries/{thread.id}/unread").status_code == 404
    assert now(thread).stage == Stage.LOST
