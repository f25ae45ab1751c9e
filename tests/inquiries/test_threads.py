"""The buyer's private page: read, write back, once; and what it gives away (nothing)."""

from collections.abc import Callable
from typing import Any

import pytest
from sqlalchemy import select

from portal.accounts.models import Provider
from portal.database import transaction
from portal.extensions import db
from portal.inquiries.links import Links
from portal.inquiries.models import Inquiry, Message
from portal.inquiries.vocabulary import State
from portal.listings.models import Listing, Status
from portal.permissions import Role
from tests import factories
from tests.inquiries.conftest import mails
from tests.pages import PagesClient

Linked = Callable[[Inquiry], str]


def form_of(page: Any, body: str) -> dict[str, str]:
    """The write-back form of a page, filled in."""
    return {
        "csrf_token": page.text.split('name="csrf_token" value="')[1].split('"')[0],
        "body": body,
    }


def bodies(inquiry: Inquiry) -> list[str]:
    """What was said in the thread."""
    return list(
        db.session.scalars(
            select(Message.body).where(Message.inquiry_id == inquiry.id).order_by(Message.id)
        )
    )


def test_the_page_is_private(visitor: PagesClient, listing: Listing, private_link: Linked) -> None:
    page = visitor.get(private_link(factories.inquiry(listing)))
    assert page.status_code == 200
    assert page.headers["Cache-Control"] == "no-store"
    assert page.headers["Referrer-Policy"] == "no-referrer"
    assert "noindex" in page.headers["X-Robots-Tag"]
    assert "Set-Cookie" not in page.headers
    assert listing.title in page.text


def test_the_buyer_writes_back(
    visitor: PagesClient, listing: Listing, provider: Provider, private_link: Linked, hx: bool
) -> None:
    seller = factories.person(provider, Role.SELLER)
    inquiry = factories.inquiry(listing, answers=["交期两周。"])
    link = private_link(inquiry)
    form = form_of(visitor.get(link), "And with 16 cards?")
    for _copy in range(3):
        answer = visitor.post(link, data=form, hx=hx, csrf=False)
        assert answer.status_code == (200 if hx else 303)
    assert bodies(inquiry)[2:] == ["And with 16 cards?"]
    db.session.expire_all()
    assert db.session.get_one(Inquiry, inquiry.id).state == State.WAITING
    assert [(mail.to_address, mail.template) for mail in mails()] == [
        (seller.email, "inquiry_written_back")
    ]
    assert "And with 16 cards?" in visitor.get(link).text


@pytest.mark.parametrize("state", [State.NEW, State.SPAM])
def test_more_words_before_an_answer_leave_it_where_it_is(
    visitor: PagesClient, listing: Listing, private_link: Linked, state: State
) -> None:
    inquiry = factories.inquiry(listing, state=state)
    link = private_link(inquiry)
    visitor.post(link, data=form_of(visitor.get(link), "Hello?"), csrf=False)
    db.session.expire_all()
    assert db.session.get_one(Inquiry, inquiry.id).state == state


@pytest.mark.parametrize("token", ["", "x", "cut", "foreign"])
def test_without_a_good_token_nothing_is_written(
    visitor: PagesClient, listing: Listing, private_link: Linked, hx: bool, token: str
) -> None:
    inquiry, other = factories.inquiry(listing), factories.inquiry(listing)
    link = private_link(inquiry)
    form = form_of(visitor.get(link), "Kept words")
    foreign = form_of(visitor.get(private_link(other)), "")["csrf_token"]
    form["csrf_token"] = {"cut": form["csrf_token"][:-1], "foreign": foreign}.get(token, token)
    answer = visitor.post(link, data=form, hx=hx, csrf=False)
    assert answer.status_code == 400
    assert "Kept words" in answer.text
    assert len(bodies(inquiry)) == 1


@pytest.mark.parametrize("body", ["", "字" * 10_001, "a\0b"])
def test_a_message_that_cannot_be_sent_comes_back(
    visitor: PagesClient, listing: Listing, private_link: Linked, hx: bool, body: str
) -> None:
    inquiry = factories.inquiry(listing)
    link = private_link(inquiry)
    answer = visitor.post(link, data=form_of(visitor.get(link), body), hx=hx, csrf=False)
    assert answer.status_code == 422
    assert "aria-invalid" in answer.text
    assert len(bodies(inquiry)) == 1


def test_a_flood_is_held_back_with_the_words_kept(
    visitor: PagesClient, listing: Listing, private_link: Linked
) -> None:
    inquiry = factories.inquiry(listing)
    link = private_link(inquiry)
    answers = [
        visitor.post(link, data=form_of(visitor.get(link), f"Words {number}"), csrf=False)
        for number in range(6)
    ]
    assert [answer.status_code for answer in answers] == [303] * 5 + [429]
    assert int(answers[-1].headers["Retry-After"]) > 0
    assert "Words 5" in answers[-1].text


@pytest.mark.parametrize("token", ["x", "a" * 43, "a" * 2000, "%00", "..", "<b>"])
def test_a_wrong_link_is_404_like_any_other(
    visitor: PagesClient, database: None, token: str
) -> None:
    answer = visitor.get(f"/threads/{token}")
    assert answer.status_code == 404
    assert visitor.post(f"/threads/{token}", data={"body": "x"}, csrf=False).status_code == 404


def test_the_offer_then_and_now(
    visitor: PagesClient, listing: Listing, private_link: Linked
) -> None:
    kept = {"title": listing.title, "price_minor": 1_000_000}
    link = private_link(factories.inquiry(listing, listing_then=kept))
    page = visitor.get(link, headers={"Accept-Language": "en"}).text
    assert "was CNY 10,000.00 / item when you asked" in page
    with transaction() as session:
        session.get_one(Listing, listing.id).status = Status.PAUSED
        session.get_one(Listing, listing.id).title = "Not for buyers yet"
    page = visitor.get(link).text
    assert "Not for buyers yet" not in page
    assert f"/offers/{listing.id}" not in page


def test_links_outlive_a_change_of_keys() -> None:
    old = Links(("a" * 32,), "https://x.example")
    link = old.new()
    assert Links(("b" * 32, "a" * 32), "https://x.example").of(link.nonce, link.digest) == link
    assert Links(("b" * 32,), "https://x.example").of(link.nonce, link.digest) is None


def test_hostile_words_are_words(
    visitor: PagesClient, listing: Listing, private_link: Linked
) -> None:
    link = private_link(factories.inquiry(listing, name="<b>Eve</b>"))
    form = form_of(visitor.get(link), "<img src=//evil.example/t.gif> javascript:alert(1)")
    visitor.post(link, data=form, csrf=False)
    page = visitor.get(link).text
    assert "&lt;img src=//evil.example/t.gif&gt;" in page
    assert "<img" not in page
