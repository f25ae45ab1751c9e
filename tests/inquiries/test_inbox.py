"""The sellers' inbox: queues, list, thread, the poll, the answer; and whose it is."""

from typing import Any

import pytest
from sqlalchemy import select

from portal.accounts.models import Provider, SignInSession
from portal.database import transaction
from portal.extensions import db
from portal.inquiries import actions
from portal.inquiries.models import Inquiry, Message
from portal.inquiries.vocabulary import Author, State
from portal.listings.models import Listing
from portal.mail.models import Mail
from portal.permissions import Role
from tests import factories
from tests.conftest import ClientFor
from tests.inquiries.conftest import NOW, mails
from tests.pages import PagesClient

HOSTILE = "<script>probe()</script> <img src=//evil.example/t.gif> [x](javascript:alert(1)) {{7*7}}"


def messages(inquiry: Inquiry) -> list[Message]:
    """The thread's messages, oldest first."""
    found = select(Message).where(Message.inquiry_id == inquiry.id).order_by(Message.id)
    return list(db.session.scalars(found))


def fresh(inquiry: Inquiry) -> Inquiry:
    """The row as it is now."""
    db.session.expire_all()
    return db.session.get_one(Inquiry, inquiry.id)


def test_the_inbox_lists_what_came_in(seller: PagesClient, listing: Listing, hx: bool) -> None:
    factories.inquiry(listing, name="赵雷", company="向量科技")
    factories.inquiry(listing, name="钱多", state=State.SPAM)
    answer = seller.get("/portal/inquiries/", hx=hx)
    assert answer.status_code == 200
    assert "赵雷" in answer.text
    assert "请问 8 卡整机的交付时间？" in answer.text
    assert "钱多" not in answer.text
    assert ("<!doctype" in answer.text.lower()) is not hx


@pytest.mark.parametrize("text", ["", "x", "new'", "all", "ALL"])
def test_a_queue_that_does_not_exist_is_all(
    seller: PagesClient, listing: Listing, text: str
) -> None:
    factories.inquiry(listing, name="赵雷")
    assert "赵雷" in seller.get("/portal/inquiries/", query_string={"queue": text}).text


def test_pages_follow_each_other_without_gaps(seller: PagesClient, listing: Listing) -> None:
    for number in range(120):
        factories.inquiry(listing, name=f"Buyer-{number:03}-", last_message_at=NOW - number // 3)
    url, seen = "/portal/inquiries/", []
    for _page in range(3):
        text = seller.get(url).text
        seen += [
            text.count(f'Buyer-{number:03}-</span><span class="rows__when') for number in range(120)
        ]
        if 'rel="next"' not in text:
            break
        url = text.split('rel="next"')[0].rsplit('href="', 1)[1].split('"')[0].replace("&amp;", "&")
    assert sum(seen) == 120
    assert max(sum(seen[number::120]) for number in range(120)) == 1


@pytest.mark.parametrize("cursor", ["x", "-1", "WzAsMSwyLDNd", "9" * 5000, "\u202e"])
def test_a_cursor_that_is_none_of_ours_is_the_first_page(
    seller: PagesClient, listing: Listing, cursor: str
) -> None:
    factories.inquiry(listing, name="赵雷")
    assert "赵雷" in seller.get("/portal/inquiries/", query_string={"cursor": cursor}).text


@pytest.mark.parametrize("rows", [1, 60])
def test_every_page_takes_four_statements_at_most(
    seller: PagesClient, listing: Listing, statements: list[str], rows: int, hx: bool
) -> None:
    for _number in range(rows):
        inquiry = factories.inquiry(listing)
        for _message in range(rows // 10):
            with transaction() as session:
                session.add(
                    Message(
                        inquiry_id=inquiry.id,
                        author=Author.BUYER,
                        body="?",
                        form_nonce=factories.secrets.token_hex(8),
                        created_at=NOW,
                    )
                )
    thread = f"/portal/inquiries/{inquiry.id}"
    seller.get(thread)  # who opens it the first time has read it, which is noted
    for path in ("/portal/inquiries/", thread, f"/portal/inquiries/news?open={inquiry.id}"):
        statements.clear()
        assert seller.get(path, hx=hx).status_code == 200
        assert len(statements) <= 4, statements


def test_a_poll_with_nothing_new_is_empty_and_one_statement(
    seller: PagesClient, listing: Listing, statements: list[str]
) -> None:
    inquiry = factories.inquiry(listing)
    for path in ("/portal/inquiries/", f"/portal/inquiries/{inquiry.id}"):
        url = _news_url(seller.get(path).text)
        statements.clear()
        answer = seller.get(url, hx=True)
        assert (answer.status_code, answer.data) == (204, b"")
        assert len(statements) == 1, statements  # who asks, and whether there is news


def test_a_poll_brings_what_came_in_with_the_new_numbers(
    seller: PagesClient, listing: Listing, provider: Provider
) -> None:
    inquiry = factories.inquiry(listing, name="First")
    url = _news_url(seller.get(f"/portal/inquiries/{inquiry.id}").text)
    factories.inquiry(listing, name="Second")
    with transaction() as session:
        actions.touch(session, provider.id)
    answer = seller.get(url, hx=True)
    assert answer.status_code == 200
    assert 'id="inbox-list"' in answer.text
    assert "Second" in answer.text
    assert "data-announce=" in answer.text
    badge = answer.text.split('id="badge-inquiries-index"')[1].split("</span>")[0]
    assert badge.endswith(">2")
    assert f'id="letters-{inquiry.id}"' in answer.text
    assert "<textarea" not in answer.text
    assert seller.get(_news_url(answer.text), hx=True).status_code == 204


def test_a_poll_of_another_provider_hears_nothing(
    client_for: ClientFor, listing: Listing, other_provider: Provider, provider: Provider
) -> None:
    other = client_for(other_provider, Role.SELLER)
    url = _news_url(other.get("/portal/inquiries/").text)
    factories.inquiry(listing)
    with transaction() as session:
        actions.touch(session, provider.id)
    assert other.get(url, hx=True).status_code == 204


@pytest.mark.parametrize("opened", ["0", "-1", "x", "9" * 30, ""])
def test_a_poll_with_a_made_up_thread_is_no_fault(seller: PagesClient, opened: str) -> None:
    answer = seller.get("/portal/inquiries/news", query_string={"open": opened}, hx=True)
    assert answer.status_code == 200


def test_a_poll_that_a_browser_opens_is_the_page(seller: PagesClient) -> None:
    assert "<!doctype" in seller.get("/portal/inquiries/news?stamp=0.0").text.lower()


def test_an_answer_is_stored_mailed_and_timed(
    seller: PagesClient, listing: Listing, hx: bool, clock: Any
) -> None:
    inquiry = factories.inquiry(listing)
    clock.shift(2280)
    answer = seller.post(
        f"/portal/inquiries/{inquiry.id}/replies", data={"body": "Ships in 5 days."}, hx=hx
    )
    assert answer.status_code == (200 if hx else 303)
    if not hx:
        assert answer.location.startswith(f"/portal/inquiries/{inquiry.id}#letter-")
    row = fresh(inquiry)
    assert (row.state, row.first_answered_at) == (State.ANSWERED, NOW + 2280)
    assert row.first_answered_by is not None
    (mail,) = mails()
    assert (mail.to_address, mail.template) == ("buyer@c.example", "inquiry_answered")
    assert mail.context["message"] == "Ships in 5 days."
    assert "/threads/" in mail.context["url"]
    page = seller.get(f"/portal/inquiries/{inquiry.id}").text
    assert "Ships in 5 days." in page
    assert "after 38 min" in page
    assert "Goes out in 10 seconds" in page
    clock.shift(10)
    assert "Mail on its way" in seller.get(f"/portal/inquiries/{inquiry.id}").text


def test_the_first_response_is_timed_once(
    seller: PagesClient, listing: Listing, clock: Any
) -> None:
    inquiry = factories.inquiry(listing)
    for body in ("One", "Two"):
        clock.shift(60)
        seller.post(f"/portal/inquiries/{inquiry.id}/replies", data={"body": body})
    assert fresh(inquiry).first_answered_at == NOW + 60
    assert [mail.in_reply_to for mail in mails()] == [None, mails()[0].key]


def test_the_same_answer_twice_is_one_message_and_one_mail(
    seller: PagesClient, listing: Listing, hx: bool
) -> None:
    inquiry = factories.inquiry(listing)
    page = seller.get(f"/portal/inquiries/{inquiry.id}").text
    token = page.split('name="form_token" value="')[1].split('"')[0]
    data = {"body": "Yes.", "form_token": token}
    for _copy in range(3):
        answer = seller.post(f"/portal/inquiries/{inquiry.id}/replies", data=data, hx=hx)
        assert answer.status_code == (200 if hx else 303)
    assert len(messages(inquiry)) == 2
    assert len(mails()) == 1


def test_answers_of_two_sellers_are_both_kept(
    client_for: ClientFor, listing: Listing, provider: Provider
) -> None:
    inquiry = factories.inquiry(listing)
    clients = [client_for(provider, Role.SELLER) for _number in range(2)]
    for client, body in zip(clients, ("From one", "From two"), strict=True):
        client.get(f"/portal/inquiries/{inquiry.id}")
        client.post(f"/portal/inquiries/{inquiry.id}/replies", data={"body": body})
    assert [message.body for message in messages(inquiry)][1:] == ["From one", "From two"]


@pytest.mark.parametrize("body", ["", "  \n ", "字" * 10_001, "a\0b", None])
def test_an_answer_that_cannot_be_sent_comes_back_as_typed(
    seller: PagesClient, listing: Listing, hx: bool, body: str | None
) -> None:
    inquiry = factories.inquiry(listing)
    data = {} if body is None else {"body": body}
    answer = seller.post(f"/portal/inquiries/{inquiry.id}/replies", data=data, hx=hx)
    assert answer.status_code == 422
    assert "aria-invalid" in answer.text
    if body and "字" in body:
        assert body in answer.text
    assert len(messages(inquiry)) == 1


def test_a_buyer_without_mail_is_to_be_called(seller: PagesClient, listing: Listing) -> None:
    inquiry = factories.inquiry(listing, email=None, phone="+86 10 8888 8888 ext. 8")
    page = seller.get(f"/portal/inquiries/{inquiry.id}").text
    assert "Please call:" in page
    assert 'href="tel:+861088888888;ext=8"' in page
    seller.post(f"/portal/inquiries/{inquiry.id}/replies", data={"body": "Called you."})
    assert not mails()
    assert fresh(inquiry).state == State.ANSWERED


def test_what_became_of_the_mail_is_told(seller: PagesClient, listing: Listing) -> None:
    inquiry = factories.inquiry(listing)
    seller.post(f"/portal/inquiries/{inquiry.id}/replies", data={"body": "Yes."})
    with transaction() as session:
        mail = session.get_one(Mail, mails()[0].id)
        mail.state, mail.error = "failed", "550 no such user <x>"
    page = seller.get(f"/portal/inquiries/{inquiry.id}").text
    assert "The mail could not be delivered: 550 no such user &lt;x&gt;" in page


def test_the_offer_stands_beside_the_thread_then_and_now(
    seller: PagesClient, listing: Listing
) -> None:
    inquiry = factories.inquiry(
        listing, listing_then={"title": listing.title, "price_minor": 1_000_000}
    )
    page = seller.get(f"/portal/inquiries/{inquiry.id}").text
    assert "CNY 11,000.00 / item" in page
    assert "was CNY 10,000.00 / item when asked" in page


def test_a_deadline_that_has_passed_is_marked(seller: PagesClient, listing: Listing) -> None:
    late = factories.inquiry(listing, due_at=NOW - 2 * 86_400)
    factories.inquiry(listing, due_at=NOW - 60, state=State.ANSWERED, outcome="won")
    factories.inquiry(listing, due_at=NOW + 7200)
    page = seller.get("/portal/inquiries/").text
    assert page.count("overdue 2d") == 1
    assert page.count("due in 2h") == 1
    assert "overdue 1m" not in page
    assert f'id="open-{late.id}"' in page


def test_hostile_text_is_text(seller: PagesClient, listing: Listing) -> None:
    inquiry = factories.inquiry(
        listing, name="<b>Eve</b>", company=HOSTILE[:100], listing_then={"title": HOSTILE}
    )
    with transaction() as session:
        session.get_one(Message, messages(inquiry)[0].id).body = HOSTILE
    for path in ("/portal/inquiries/", f"/portal/inquiries/{inquiry.id}"):
        page = seller.get(path).text
        assert "&lt;script&gt;probe()&lt;/script&gt;" in page
        assert "<script>probe" not in page
        assert "<img" not in page
        assert 'href="javascript:' not in page
        assert "{{7*7}}" in page


def test_another_providers_inquiry_is_no_different_from_none(
    seller: PagesClient, other_provider: Provider, hx: bool
) -> None:
    foreign = factories.inquiry(factories.listing(other_provider), id=888_888)
    for method, path in (
        ("GET", "/portal/inquiries/{}"),
        ("POST", "/portal/inquiries/{}/replies"),
        ("GET", "/portal/inquiries/news?open={}&stamp=x"),
    ):
        answers = [
            seller.open(
                path.format(number),
                method=method,
                data={"body": "Mine"} if method == "POST" else None,
                hx=hx,
            )
            for number in (foreign.id, 999_999)
        ]
        assert [answer.status_code for answer in answers] == [404, 404]
        assert answers[0].text.replace("888888", "999999") == answers[1].text
    assert len(messages(foreign)) == 1


def test_staff_without_the_right_are_refused(
    staff: PagesClient, listing: Listing, hx: bool
) -> None:
    inquiry = factories.inquiry(listing)
    assert staff.get("/portal/inquiries/", hx=hx).status_code == 403
    assert staff.get(f"/portal/inquiries/{inquiry.id}", hx=hx).status_code == 403
    answer = staff.post(f"/portal/inquiries/{inquiry.id}/replies", data={"body": "x"}, hx=hx)
    assert answer.status_code == 403


def test_an_answer_needs_a_token_of_this_session(
    seller: PagesClient, staff: PagesClient, listing: Listing, hx: bool
) -> None:
    inquiry = factories.inquiry(listing)
    url = f"/portal/inquiries/{inquiry.id}/replies"
    good = seller.csrf_token()
    tries: list[dict[str, Any]] = [
        {},
        {"headers": {"X-CSRFToken": good[:-1]}},
        {"headers": {"X-CSRFToken": staff.csrf_token()}},
        {"query_string": {"csrf_token": good}},
    ]
    for more in tries:
        answer = seller.post(url, data={"body": "x"}, hx=hx, csrf=False, **more)
        assert answer.status_code in {400, 403}
    assert len(messages(inquiry)) == 1


@pytest.mark.parametrize("method", ["GET", "HEAD"])
def test_an_answer_is_not_given_by_reading(
    seller: PagesClient, listing: Listing, method: str
) -> None:
    inquiry = factories.inquiry(listing)
    assert seller.open(f"/portal/inquiries/{inquiry.id}/replies", method=method).status_code == 405


def test_the_sidebar_counts_who_waits_for_us(seller: PagesClient, listing: Listing) -> None:
    for state in State:
        factories.inquiry(listing, state=state)
    page = seller.get("/portal/inquiries/").text
    assert page.split('id="badge-inquiries-index"')[1].split("</span>")[0].endswith(">2")


def test_first_use_and_an_empty_queue_say_different_things(
    seller: PagesClient, listing: Listing
) -> None:
    assert "No inquiries yet" in seller.get("/portal/inquiries/").text
    factories.inquiry(listing)
    assert "You wait for no buyer" in seller.get("/portal/inquiries/?queue=buyer").text


@pytest.mark.parametrize("number", [0, (1 << 63) - 1, 1 << 63, 10**30])
def test_ids_that_no_table_holds_are_404(seller: PagesClient, number: int) -> None:
    assert seller.get(f"/portal/inquiries/{number}").status_code == 404


def _news_url(page: str) -> str:
    return (
        page.split('hx-get="/portal/inquiries/news')[1]
        .split('"', maxsplit=1)[0]
        .replace("&amp;", "&")
        .join(["/portal/inquiries/news", ""])
    )


def test_a_session_that_ended_sends_the_poll_to_sign_in(visitor: PagesClient) -> None:
    answer = visitor.get("/portal/inquiries/news", hx=True)
    assert answer.status_code == 401
    assert answer.headers["HX-Redirect"].startswith("/sign-in")


def test_polling_does_not_keep_a_session_from_going_idle(
    seller: PagesClient, provider: Provider, clock: Any
) -> None:
    seen = select(SignInSession.seen_at)
    clock.shift(3600)
    seller.get("/portal/inquiries/news", hx=True)
    assert db.session.scalar(seen) == NOW
    seller.get("/portal/inquiries/")
    assert db.session.scalar(seen) == NOW + 3600
