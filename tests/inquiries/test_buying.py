"""Behind the private link besides writing: calls, closing, deletion, lost and expired links."""

from collections.abc import Callable
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import select

from portal.accounts.models import Provider
from portal.clock import DAY
from portal.database import transaction
from portal.extensions import db
from portal.inquiries.models import Inquiry, Message, ThreadEvent
from portal.inquiries.threads.finding import mail_links
from portal.inquiries.vocabulary import Event, State
from portal.jobs.models import Job
from portal.listings.models import Listing
from portal.permissions import Role
from tests import factories
from tests.inquiries.conftest import NOW, mails
from tests.pages import PagesClient

Linked = Callable[[Inquiry], str]


def token_in(page: Any) -> dict[str, str]:
    """The token of a page's forms."""
    return {"csrf_token": page.text.split('name="csrf_token" value="')[1].split('"')[0]}


def again(inquiry: Inquiry) -> Inquiry:
    """The row as it is now."""
    db.session.expire_all()
    return db.session.get_one(Inquiry, inquiry.id)


def events(inquiry: Inquiry) -> list[tuple[str, dict[str, Any]]]:
    """What happened in the thread."""
    found = select(ThreadEvent).where(ThreadEvent.inquiry_id == inquiry.id).order_by(ThreadEvent.id)
    return [(one.kind, one.facts) for one in db.session.scalars(found)]


@pytest.fixture
def asked(listing: Listing) -> Inquiry:
    """An inquiry that was answered."""
    return factories.inquiry(listing, answers=["交期两周。"])


@pytest.fixture
def send(visitor: PagesClient, asked: Inquiry, private_link: Linked) -> Callable[..., Any]:
    """Gives `send("/close", hx=..., field=...)`: a good form sent from the thread's page."""
    link = private_link(asked)

    def post(path: str, hx: bool = False, **fields: str) -> Any:
        form = token_in(visitor.get(link)) | fields
        return visitor.post(link + path, data=form, hx=hx, csrf=False)

    return post


def test_an_answer_shows_once_it_can_be_taken_back_no_more(
    visitor: PagesClient, asked: Inquiry, private_link: Linked, clock: Any
) -> None:
    with transaction() as session:
        answer = session.scalars(select(Message).where(Message.author == "seller")).one()
        answer.sends_at = NOW + 10
    link = private_link(asked)
    assert "交期两周。" not in visitor.get(link).text
    clock.shift(10)
    assert "交期两周。" in visitor.get(link).text


def test_a_call_is_a_message_for_the_sellers(
    send: Callable[..., Any], asked: Inquiry, provider: Provider, hx: bool
) -> None:
    seller = factories.person(provider, Role.SELLER)
    answer = send("/call", hx=hx, phone="138 0013 8000", when="工作日上午")
    assert answer.status_code == (200 if hx else 303)
    row = again(asked)
    assert (row.state, row.phone) == (State.WAITING, "+86 138 0013 8000")
    facts = {"phone": "+86 138 0013 8000", "when": "工作日上午"}
    assert events(asked) == [(Event.CALL_ASKED, facts)]
    (mail,) = mails()
    assert mail.to_address == seller.email
    assert "工作日上午" in mail.context["message"]


@pytest.mark.parametrize(
    "fields", [{"phone": "x"}, {"phone": ""}, {"phone": "138 0013 8000", "when": "字" * 101}]
)
def test_a_call_that_cannot_be_made_comes_back(
    send: Callable[..., Any], asked: Inquiry, fields: dict[str, str], hx: bool
) -> None:
    answer = send("/call", hx=hx, **fields)
    assert answer.status_code == 422
    assert "aria-invalid" in answer.text
    assert not events(asked)


def test_closing_and_writing_back(
    send: Callable[..., Any], asked: Inquiry, visitor: PagesClient, hx: bool
) -> None:
    for _copy in range(2):
        assert send("/close", hx=hx).status_code == (200 if hx else 303)
    row = again(asked)
    assert (row.outcome, row.lost_reason, row.closed_by) == ("lost", "buyer_closed", None)
    assert row.forget_at == NOW + 365 * DAY
    assert len(events(asked)) == 1
    send("", body="One more thing")
    row = again(asked)
    assert (row.outcome, row.stage, row.forget_at) == (None, "us", None)


def test_closing_does_not_overwrite_what_was_won(send: Callable[..., Any], asked: Inquiry) -> None:
    with transaction() as session:
        row = session.get_one(Inquiry, asked.id)
        row.outcome, row.closed_at, row.won_minor, row.won_currency = "won", NOW, 100, "CNY"
    send("/close")
    assert (again(asked).outcome, again(asked).won_minor) == ("won", 100)


def test_the_buyer_is_not_told_what_came_of_it(
    visitor: PagesClient, asked: Inquiry, private_link: Linked
) -> None:
    with transaction() as session:
        row = session.get_one(Inquiry, asked.id)
        row.outcome, row.closed_at, row.lost_reason = "lost", NOW, "not_serious"
    page = visitor.get(private_link(asked), headers={"Accept-Language": "en"}).text
    assert "has closed this conversation" in page
    assert "serious" not in page


def test_a_wish_for_deletion_and_its_withdrawal(
    send: Callable[..., Any], asked: Inquiry, visitor: PagesClient, hx: bool
) -> None:
    for _copy in range(2):
        assert send("/deletion", hx=hx).status_code == (200 if hx else 303)
    assert again(asked).forget_at == NOW + DAY
    assert events(asked) == [(Event.DELETION_ASKED, {"at": NOW + DAY})]
    (mail,) = mails()
    assert (mail.template, mail.context["at"]) == ("inquiry_forget", "2026-09-22 22:13 (UTC+08:00)")
    send("/close")
    send("", body="Still there?")
    assert again(asked).forget_at == NOW + DAY
    send("/deletion/withdraw", hx=hx)
    assert again(asked).forget_at is None
    assert events(asked)[-1] == (Event.DELETION_WITHDRAWN, {})


def test_the_page_before_a_deletion_says_what_goes(
    visitor: PagesClient, asked: Inquiry, private_link: Linked
) -> None:
    page = visitor.get(private_link(asked) + "/deletion", headers={"Accept-Language": "en"})
    assert page.status_code == 200
    assert "Delete my data in 24 hours" in page.text
    assert again(asked).forget_at is None


def test_a_deleted_thread_shows_a_kind_page(
    visitor: PagesClient, asked: Inquiry, private_link: Linked
) -> None:
    link = private_link(asked)
    with transaction() as session:
        session.get_one(Inquiry, asked.id).forgotten_at = NOW
    page = visitor.get(link, headers={"Accept-Language": "en"})
    assert page.status_code == 410
    assert "This conversation was deleted" in page.text
    assert "交期两周。" not in page.text
    assert visitor.post(link, data={"body": "x"}, csrf=False).status_code == 410


@pytest.mark.parametrize("verb", ["/close", "/call", "/deletion", "/deletion/withdraw"])
def test_no_write_without_a_good_token(
    visitor: PagesClient, asked: Inquiry, private_link: Linked, verb: str, hx: bool
) -> None:
    link = private_link(asked)
    for token in ({}, {"csrf_token": "x"}):
        assert visitor.post(link + verb, data=token, hx=hx, csrf=False).status_code == 400
    assert not events(asked)


def test_the_same_form_with_other_words_is_another_message(
    visitor: PagesClient, asked: Inquiry, private_link: Linked
) -> None:
    link = private_link(asked)
    form = token_in(visitor.get(link))
    for words in ("One", "Two", "Two"):
        visitor.post(link, data=form | {"body": words}, csrf=False)
    said = db.session.scalars(select(Message.body).where(Message.inquiry_id == asked.id)).all()
    assert said[2:] == ["One", "Two"]


@pytest.mark.parametrize(("closed", "days"), [(False, 180), (True, 90)])
def test_a_link_expires_and_is_sent_anew(
    app: Flask,
    visitor: PagesClient,
    asked: Inquiry,
    private_link: Linked,
    clock: Any,
    closed: bool,
    days: int,
) -> None:
    link = private_link(asked)
    if closed:
        with transaction() as session:
            row = session.get_one(Inquiry, asked.id)
            row.outcome, row.closed_at = "lost", NOW
    clock.shift(days * DAY - 1)
    assert visitor.get(link).status_code == 200
    if not closed:
        clock.shift(1)
        gone = visitor.get(link)
        assert gone.status_code == 410
        assert "buyer@c.example" not in gone.text
        return
    clock.shift(1)
    gone = visitor.get(link)
    assert gone.status_code == 410
    sent = visitor.post("/threads/", data=token_in(gone) | {"email": "BUYER@c.example"}, csrf=False)
    assert sent.status_code == 303
    _run_job(app)
    (mail,) = mails()
    fresh = mail.context["threads"][0]["url"].removeprefix("http://127.0.0.1:8000")
    assert fresh != link
    assert visitor.get(fresh).status_code == 200
    assert visitor.get(link).status_code == 404


def _run_job(app: Flask) -> None:
    for job in db.session.scalars(select(Job).where(Job.kind == "inquiries.send-links")).all():
        for _twice in range(2):
            with app.test_request_context(headers={"Host": "evil.example"}):
                mail_links(job.payload)


def test_lost_links_are_mailed_and_nothing_is_given_away(
    app: Flask, visitor: PagesClient, listing: Listing, other_provider: Provider
) -> None:
    factories.inquiry(listing, buyer_digest=None)
    factories.inquiry(factories.listing(other_provider), buyer_digest=None)
    factories.inquiry(listing, state=State.SPAM)
    factories.inquiry(listing, email="other@c.example")
    answers = []
    for address in ("nobody@c.example", "buyer@c.example"):
        form = token_in(visitor.get("/threads/")) | {"email": address}
        answer = visitor.post(
            "/threads/", data=form, csrf=False, headers={"X-Forwarded-Host": "evil.example"}
        )
        answers.append((answer.status_code, answer.headers["Location"], answer.data))
    assert answers[0] == answers[1]
    assert visitor.get("/threads/sent").status_code == 200
    _run_job(app)
    (mail,) = mails()
    assert (mail.to_address, mail.template) == ("buyer@c.example", "inquiry_links")
    urls = [one["url"] for one in mail.context["threads"]]
    assert len(urls) == 2
    assert all(url.startswith("http://127.0.0.1:8000/threads/") for url in urls)


def test_wishes_for_links_are_limited(visitor: PagesClient, database: None) -> None:
    form = {"email": "buyer@c.example"}
    for number in range(11):
        place = {"REMOTE_ADDR": f"203.0.{number}.1"}
        data = token_in(visitor.get("/threads/")) | form
        answer = visitor.post("/threads/", data=data, csrf=False, environ_base=place)
    assert answer.status_code == 429
    assert int(answer.headers["Retry-After"]) > 0
    assert "buyer@c.example" in answer.text


@pytest.mark.parametrize("email", ["", "x", "a@b.example,c@d.example"])
def test_no_address_no_links(visitor: PagesClient, database: None, email: str) -> None:
    data = token_in(visitor.get("/threads/")) | {"email": email}
    answer = visitor.post("/threads/", data=data, csrf=False)
    assert answer.status_code == 422
    assert visitor.post("/threads/", data={"email": "a@b.example"}, csrf=False).status_code == 400


def test_a_seller_sends_the_link_again(
    seller: PagesClient, visitor: PagesClient, asked: Inquiry, hx: bool
) -> None:
    for _twice in range(2):
        answer = seller.post(f"/portal/inquiries/{asked.id}/link", hx=hx)
        assert answer.status_code == (200 if hx else 303)
    (mail,) = mails()
    assert (mail.to_address, mail.template) == ("buyer@c.example", "inquiry_link")
    assert events(asked) == [(Event.LINK_SENT, {})]
    link = mail.context["url"].removeprefix("http://127.0.0.1:8000")
    assert visitor.get(link).status_code == 200


def test_another_providers_link_is_not_sent(seller: PagesClient, other_provider: Provider) -> None:
    foreign = factories.inquiry(factories.listing(other_provider))
    assert seller.post(f"/portal/inquiries/{foreign.id}/link").status_code == 404
    assert not mails()
