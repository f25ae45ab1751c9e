"""Limits by client, network and mail address; signs of spam that mark a question, and its release."""

from collections.abc import Callable
from typing import Any

import pytest
from sqlalchemy import func, select

from portal.accounts.models import Provider
from portal.extensions import db
from portal.inquiries.models import Inquiry, ThreadEvent
from portal.inquiries.vocabulary import Event, SpamSign, State
from portal.permissions import Role
from tests import factories
from tests.inquiries.conftest import inquiries, mails

Send = Callable[..., Any]
Filled = Callable[..., dict[str, str]]
LONG = "We rent eight cards for a month, please send us your best price and delivery time."


def reasons() -> list[str]:
    """Why questions were held back, oldest first."""
    found = select(ThreadEvent).where(ThreadEvent.kind == Event.SPAM.value).order_by(ThreadEvent.id)
    return [event.facts["reason"] for event in db.session.scalars(found)]


@pytest.mark.parametrize(
    "address",
    [lambda n: f"198.51.100.{n}", lambda n: f"2001:db8:1:{n:x}::7"],
    ids=["IPv4 /24", "IPv6 /48"],
)
def test_a_network_sends_twenty_in_a_minute(
    ask: Send, filled: Filled, address: Callable[[int], str], hx: bool
) -> None:
    answers = [
        ask(filled(email=f"b{n}@c.example", message=f"Q{n}"), address=address(n), hx=hx)
        for n in range(1, 23)
    ]
    assert [answer.status_code for answer in answers] == [200] * 20 + [429] * 2
    assert answers[-1].headers["Retry-After"] == "60"
    assert "Q22" in answers[-1].text
    assert ask(filled(), address="198.51.101.1").status_code == 200


def test_an_ipv6_subscriber_is_one_client(ask: Send, filled: Filled) -> None:
    answers = [ask(filled(), address=f"2001:db8:1:1::{n}").status_code for n in range(1, 7)]
    assert answers == [200] * 5 + [429]


def test_a_mail_address_asks_ten_times_a_day(ask: Send, filled: Filled, clock: Any) -> None:
    for number in range(10):
        email = "Buyer@c.example" if number % 2 else "buyer@c.example"
        assert ask(filled(email=email), address=f"203.0.{number}.1").status_code == 200
    refused = ask(filled(), address="203.0.99.1")
    assert (refused.status_code, refused.headers["Retry-After"]) == (429, str(24 * 3600))
    assert len(inquiries()) == 10
    clock.shift(24 * 3600)
    assert ask(filled(), address="203.0.99.1").status_code == 200


@pytest.mark.parametrize(
    ("fields", "sign"),
    [
        ({"website": "x", "age": 0.1}, SpamSign.TRAP),
        ({"age": 0.1}, SpamSign.QUICK),
        ({"message": "see https://a.example " * 6}, SpamSign.LINKS),
    ],
)
def test_a_sign_holds_back_and_keeps_its_reason(
    ask: Send, filled: Filled, provider: Provider, fields: dict[str, Any], sign: SpamSign
) -> None:
    factories.person(provider, Role.SELLER)
    assert ask(filled(**fields)).status_code == 200
    assert (inquiries()[0].state, reasons()) == (State.SPAM, [sign])
    assert not mails()


def test_five_links_are_no_sign(ask: Send, filled: Filled) -> None:
    ask(filled(message="see https://a.example " * 5))
    assert inquiries()[0].state == State.NEW


def test_the_same_text_from_many_senders_looks_like_spam(
    ask: Send, filled: Filled, clock: Any
) -> None:
    for number in range(6):
        words = LONG.upper() if number % 2 else f"  {LONG}!"
        ask(filled(email=f"b{number}@c.example", message=words), address=f"203.0.{number}.1")
    assert [one.state for one in inquiries()] == [State.NEW] * 4 + [State.SPAM] * 2
    assert reasons() == [SpamSign.REPEATED] * 2
    clock.shift(24 * 3600)
    ask(filled(email="late@c.example", message=LONG), address="203.0.50.1")
    assert inquiries()[-1].state == State.NEW


@pytest.mark.parametrize("same", ["client", "buyer", "short"])
def test_one_sender_or_few_words_are_no_sign(
    ask: Send, filled: Filled, clock: Any, same: str
) -> None:
    for number in range(8):
        email = "one@c.example" if same == "buyer" else f"b{number}@c.example"
        address = "203.0.1.1" if same == "client" else f"203.0.{number}.1"
        words = "Is it available?" if same == "short" else LONG
        assert ask(filled(email=email, message=words), address=address).status_code == 200
        clock.shift(60)
    assert {one.state for one in inquiries()} == {State.NEW}


def test_what_a_sign_held_back_is_told_of_once_it_is_released(
    ask: Send, filled: Filled, provider: Provider, seller: Any
) -> None:
    from portal.inquiries import actions
    from portal.inquiries.links import Links
    from portal.inquiries.moves import Act

    ask(filled(age=0.1))
    (inquiry,) = inquiries()
    someone = factories.person(provider, Role.SELLER)
    page = seller.get(f"/portal/inquiries/{inquiry.id}", headers={"Accept-Language": "en"}).text
    assert "faster than a person" in page
    assert not mails()
    actions.change(
        provider.id,
        someone.id,
        [(inquiry.id, None)],
        actions.Doing(act=Act.RELEASE),
        form_nonce="n" * 16,
        links=Links(("k" * 32,), "http://127.0.0.1:8000"),
    )
    assert {mail.template for mail in mails()} == {"inquiry_received", "inquiry_new"}
    db.session.expire_all()
    assert db.session.get_one(Inquiry, inquiry.id).state == State.NEW


def test_many_clients_in_a_minute_are_all_stored_and_few_mails_go_out(
    ask: Send, filled: Filled, provider: Provider
) -> None:
    someone = factories.person(provider, Role.SELLER)
    for number in range(100):
        place = f"10.{number // 250}.{number % 250}.9"
        form = filled(email=f"b{number}@c.example", message=f"Question number {number}?")
        assert ask(form, address=place).status_code == 200
    assert db.session.scalar(select(func.count()).select_from(Inquiry)) == 100
    assert sum(mail.to_address == someone.email for mail in mails()) <= 11
