"""The public form: what is stored, what is mailed, what is refused, and that it happens once."""

import html
from collections.abc import Callable
from typing import Any

import pytest
from sqlalchemy import func, select

from portal.accounts.models import Provider
from portal.audit.models import AuditEntry
from portal.extensions import db
from portal.inquiries.models import Message
from portal.inquiries.vocabulary import State
from portal.listings.models import Listing, Status
from portal.permissions import Role
from tests import factories
from tests.inquiries.conftest import digest_at_the_end_of_the_slot, inquiries, mails

Send = Callable[..., Any]
Filled = Callable[..., dict[str, str]]


def test_a_question_is_stored_with_the_offer_as_it_was(
    ask: Send, filled: Filled, listing: Listing, hx: bool
) -> None:
    answer = ask(filled(), hx=hx)
    assert answer.status_code == 200
    assert answer.headers["Cache-Control"] == "no-store"
    (inquiry,) = inquiries()
    assert (inquiry.name, inquiry.company, inquiry.email) == ("王芳", "向量科技", "buyer@c.example")
    assert inquiry.phone == "+86 138 0013 8000"
    assert inquiry.state == State.NEW
    assert inquiry.provider_id == listing.provider_id
    assert inquiry.listing_then["title"] == listing.title
    assert inquiry.listing_then["price_minor"] == 1_100_000
    assert db.session.scalar(select(Message.body)) == "请问 8 卡整机的交付时间？"
    counted = db.session.execute(select(Listing.inquiries_total, Listing.counters_version))
    assert counted.one() == (1, 1)


def test_buyer_and_each_seller_are_mailed(
    ask: Send, filled: Filled, provider: Provider, other_provider: Provider
) -> None:
    one = factories.person(provider, Role.SELLER, language="en")
    two = factories.person(provider, Role.SELLER)
    factories.person(provider, Role.STAFF)
    factories.person(other_provider, Role.SELLER)
    ask(filled())
    sent = mails()
    assert [(mail.to_address, mail.template) for mail in sent] == [
        ("buyer@c.example", "inquiry_received"),
        (one.email, "inquiry_new"),
        (two.email, "inquiry_new"),
    ]
    assert sent[0].context["url"].startswith("http://127.0.0.1:8000/threads/")
    assert sent[1].context["url"] == f"http://127.0.0.1:8000/portal/inquiries/{inquiries()[0].id}"


def test_the_private_link_of_the_mail_opens_the_thread(
    ask: Send, filled: Filled, visitor: Any
) -> None:
    ask(filled(message="<b>Wann</b>?"))
    link = mails()[0].context["url"].removeprefix("http://127.0.0.1:8000")
    page = visitor.get(link)
    assert page.status_code == 200
    assert "&lt;b&gt;Wann&lt;/b&gt;?" in page.text


def test_with_a_phone_only_the_page_shows_the_link(ask: Send, filled: Filled, visitor: Any) -> None:
    page = ask(filled(email="")).text
    link = html.unescape(page).split("http://127.0.0.1:8000/threads/")[1].split('"')[0]
    assert visitor.get(f"/threads/{link}").status_code == 200
    assert [mail.template for mail in mails()] == []


def test_with_an_address_the_page_keeps_the_link_for_the_mail(ask: Send, filled: Filled) -> None:
    # The foot of every public page leads to where a lost link is asked for.
    page = ask(filled()).text.replace('href="/threads/"', "")
    assert "/threads/" not in page
    assert "buyer@c.example" in page


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("name", ""),
        ("name", "x\r\nBcc: evil@x.y"),
        ("name", "字" * 51),
        ("company", "字" * 101),
        ("company", "a\0b"),
        ("email", "a"),
        ("email", "a@b.example,evil@x.example"),
        ("email", "a" * 400 + "@b.example"),
        ("phone", "0" * 40),
        ("phone", "<b>"),
        ("message", ""),
        ("message", "字" * 10_001),
        ("reply_by", "2024-02-30"),
        ("reply_by", "2026-09-20"),
    ],
)
def test_what_cannot_be_stored_comes_back_with_everything_typed(
    ask: Send, filled: Filled, hx: bool, clock: object, field: str, value: str
) -> None:
    answer = ask(filled(**{field: value}), hx=hx)
    assert answer.status_code == 422
    assert ("<!doctype" in answer.text.lower()) is not hx
    assert "aria-invalid" in answer.text
    if field != "name":
        assert "王芳" in answer.text
    assert not inquiries()
    assert not mails()


def test_one_way_to_reach_the_buyer_is_needed(ask: Send, filled: Filled) -> None:
    answer = ask(filled(email="", phone=""), headers={"Accept-Language": "en"})
    assert answer.status_code == 422
    assert "Enter an e-mail address or a phone number." in answer.text


def test_full_width_digits_and_an_extension_are_understood(ask: Send, filled: Filled) -> None:
    assert ask(filled(phone="１３８００１３８０００")).status_code == 200
    assert ask(filled(phone="+86 (010) 8888-8888 转 8")).status_code == 200
    assert [one.phone for one in inquiries()] == ["+86 138 0013 8000", "+86 10 8888 8888 ext. 8"]


@pytest.mark.parametrize("token", [None, "", "x", "cut", "other"])
def test_without_a_good_token_the_form_comes_back(
    ask: Send, filled: Filled, token_for: Callable[..., str], hx: bool, token: str | None
) -> None:
    form = filled()
    tokens = {"cut": form["csrf_token"][:-1], "other": token_for("inquiry:999")}
    form["csrf_token"] = tokens.get(token or "", token or "")
    if token is None:
        del form["csrf_token"]
    answer = ask(form, hx=hx)
    assert answer.status_code == 400
    assert "请问 8 卡整机的交付时间？" in answer.text
    assert not inquiries()


def test_a_token_in_the_address_is_none(visitor: Any, filled: Filled, listing: Listing) -> None:
    form = filled()
    token = form.pop("csrf_token")
    answer = visitor.post(
        f"/offers/{listing.id}/inquiries?csrf_token={token}", data=form, csrf=False
    )
    assert answer.status_code == 400
    assert not inquiries()


def test_a_form_open_for_more_than_a_day_comes_back_with_a_fresh_token(
    ask: Send, filled: Filled, hx: bool
) -> None:
    form = filled(age=25 * 3600)
    answer = ask(form, hx=hx)
    assert answer.status_code == 422
    assert "请问 8 卡整机的交付时间？" in answer.text
    fresh = answer.text.split('name="csrf_token" value="')[1].split('"')[0]
    assert fresh != form["csrf_token"]
    assert not inquiries()


@pytest.mark.parametrize("trap", [{"website": "http://spam.example"}, {"age": 0.2}])
def test_programs_are_told_it_was_sent_but_nobody_is_mailed(
    ask: Send, filled: Filled, provider: Provider, clock: object, trap: dict[str, Any]
) -> None:
    factories.person(provider, Role.SELLER)
    person = ask(filled())
    program = ask(filled(**trap))
    assert program.status_code == 200
    assert program.text == person.text
    assert [one.state for one in inquiries()] == [State.NEW, State.SPAM]
    assert len(mails()) == 2
    assert db.session.scalar(select(Listing.inquiries_total)) == 1


def test_a_person_who_is_quick_is_no_program(ask: Send, filled: Filled, clock: object) -> None:
    ask(filled(age=0.5))
    assert inquiries()[0].state == State.NEW


def test_the_same_form_again_is_one_row_and_one_answer(
    ask: Send, filled: Filled, provider: Provider, hx: bool, clock: object
) -> None:
    factories.person(provider, Role.SELLER)
    form = filled()
    answers = [ask(form, hx=hx) for _ in range(10)]
    assert {answer.status_code for answer in answers} == {200}
    assert len({answer.text for answer in answers}) == 1
    assert len(inquiries()) == 1
    assert len(mails()) == 2
    assert db.session.scalar(select(func.count()).select_from(Message)) == 1


def test_a_used_token_with_other_words_comes_back_and_shows_nothing_of_the_first(
    ask: Send, filled: Filled
) -> None:
    form = filled()
    ask(form)
    answer = ask({**form, "email": "other@d.example", "message": "Something else"})
    assert answer.status_code == 422
    assert "Something else" in answer.text
    assert "buyer@c.example" not in answer.text
    assert len(inquiries()) == 1


def test_the_sixth_question_in_a_minute_waits(
    ask: Send, filled: Filled, hx: bool, clock: Any
) -> None:
    answers = [ask(filled(message=f"Question {number}"), hx=hx) for number in range(30)]
    assert [answer.status_code for answer in answers] == [200] * 5 + [429] * 25
    assert answers[-1].headers["Retry-After"] == "60"
    assert "Question 29" in answers[-1].text
    assert len(inquiries()) == 5
    assert ask(filled(), address="203.0.113.6").status_code == 200
    clock.shift(60)
    assert ask(filled()).status_code == 200


def test_the_thirty_first_question_in_a_day_waits(ask: Send, filled: Filled, clock: Any) -> None:
    for number in range(30):
        form = filled(message=f"Question {number}", email=f"buyer{number}@c.example")
        assert ask(form).status_code == 200
        clock.shift(60)
    answer = ask(filled())
    assert answer.status_code == 429
    assert answer.headers["Retry-After"] == str(86400 - 30 * 60)


def test_client_addresses_are_not_kept_in_the_clear(ask: Send, filled: Filled) -> None:
    from portal.inquiries.models import Sender

    ask(filled())
    rows = db.session.execute(select(Sender.network_digest, Sender.moments)).all()
    assert len(rows) == 3  # client, network, buyer
    assert not any(word in str(rows) for word in ("203.0.113", "buyer@c.example"))


def test_a_flood_from_many_clients_is_stored_but_mailed_in_one_digest(
    ask: Send, filled: Filled, provider: Provider, clock: object
) -> None:
    seller = factories.person(provider, Role.SELLER)
    for number in range(30):
        ask(filled(email=f"buyer{number}@c.example"), address=f"198.51.{number}.1")
    assert len(inquiries()) == 30
    digest_at_the_end_of_the_slot()
    to_seller = [mail for mail in mails() if mail.to_address == seller.email]
    assert [mail.template for mail in to_seller] == ["inquiry_new"] * 10 + ["inquiry_digest"]
    assert to_seller[-1].context["waiting"] == 30


@pytest.mark.parametrize(
    ("status", "was_public", "code"),
    [
        (Status.DRAFT, False, 404),
        (Status.PAUSED, True, 410),
        (Status.EXPIRED, True, 410),
    ],
)
def test_an_offer_that_is_not_live_takes_no_questions(
    ask: Send, filled: Filled, listing: Listing, status: Status, was_public: bool, code: int
) -> None:
    from portal.database import transaction

    with transaction() as session:
        mine = session.get_one(Listing, listing.id)
        mine.status, mine.published_at = status, 1 if was_public else None
    assert ask(filled()).status_code == code
    assert not inquiries()


def test_the_listing_of_the_address_wins(
    ask: Send, filled: Filled, listing: Listing, other_provider: Provider
) -> None:
    foreign = factories.listing(other_provider)
    ask(
        filled(
            listing_id=str(foreign.id), provider_id=str(other_provider.id), state="answered", id="7"
        )
    )
    (inquiry,) = inquiries()
    assert (inquiry.listing_id, inquiry.provider_id) == (listing.id, listing.provider_id)
    assert inquiry.state == State.NEW


def test_an_unknown_offer_is_404(
    visitor: Any, filled: Filled, token_for: Callable[..., str]
) -> None:
    form = filled() | {"csrf_token": token_for("inquiry:999999")}
    assert visitor.post("/offers/999999/inquiries", data=form, csrf=False).status_code == 404


def test_json_is_not_taken(visitor: Any, listing: Listing) -> None:
    answer = visitor.post(f"/offers/{listing.id}/inquiries", json={"name": "x"}, csrf=False)
    assert answer.status_code == 415


def test_the_audit_tells_of_it_without_the_buyer(ask: Send, filled: Filled) -> None:
    ask(filled())
    entry = db.session.execute(select(AuditEntry)).scalar_one()
    assert (entry.act, entry.subject_id) == ("inquiry.receive", inquiries()[0].id)
    assert not any(word in str(entry.changes) for word in ("王芳", "buyer@", "8000"))


@pytest.mark.parametrize(("language", "words"), [("zh", "接下来"), ("en", "What happens next")])
def test_the_answer_page_speaks_the_buyers_language(
    ask: Send, filled: Filled, language: str, words: str
) -> None:
    page = ask(filled(), headers={"Accept-Language": language}).text
    assert words in page
    assert inquiries()[0].language == language


def test_it_says_how_long_answers_usually_take(ask: Send, filled: Filled, listing: Listing) -> None:
    for minutes in (10, 40, 50):
        factories.inquiry(
            listing, created_at=1000, first_answered_at=1000 + 60 * minutes, state="answered"
        )
    page = ask(filled(), headers={"Accept-Language": "en"}).text
    assert "First answers usually take 40 min here." in page
