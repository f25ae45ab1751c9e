"""Which seller a new inquiry comes to: in turn, to whom the buyer knows, to nobody who is not there."""

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import date, timedelta
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import delete, select

from portal.accounts.models import Person, PersonRole, Provider
from portal.database import transaction
from portal.extensions import db
from portal.inquiries import actions, assigning
from portal.inquiries.actions.threads import touch
from portal.inquiries.links import Links
from portal.inquiries.models import Desk, Inquiry, ThreadEvent
from portal.inquiries.vocabulary import Assigns, State
from portal.listings.models import Listing
from portal.permissions import Role
from tests import factories
from tests.inquiries.test_racing import question

LINKS = Links(("k" * 32,), "https://offers.example")
TODAY = date(2026, 9, 21)


def in_turn(provider_id: int, **columns: Any) -> None:
    """Let the provider's inquiries go to the sellers in turn."""
    with transaction() as session:
        desk = touch(session, provider_id)
        desk.assigns = Assigns.IN_TURN
        for name, value in columns.items():
            setattr(desk, name, value)


def sellers(provider: Provider, number: int, **columns: Any) -> list[int]:
    """Ids of new sellers."""
    return [factories.person(provider, Role.SELLER, **columns).id for _one in range(number)]


def asked(listing: Listing, nonce: str, email: str | None = None) -> Inquiry:
    """The inquiry that a buyer's question became; each buyer is another unless named."""
    sent = question(listing.id, nonce, network=nonce)
    sent = type(sent)(**{**vars(sent), "email": email or f"{nonce}@c.example"})
    made = actions.ask(sent, LINKS)
    return db.session.get_one(Inquiry, made.inquiry_id, populate_existing=True)


def assignees(listing: Listing, nonces: Sequence[str]) -> list[int | None]:
    """To whom these questions came, one after the other."""
    return [asked(listing, nonce).assignee_id for nonce in nonces]


def test_by_hand_a_question_is_nobodys(listing: Listing, provider: Provider) -> None:
    sellers(provider, 2)
    assert assignees(listing, "ab") == [None, None]


def test_questions_go_to_the_sellers_in_turn(listing: Listing, provider: Provider) -> None:
    factories.person(provider, Role.STAFF)
    ids = sellers(provider, 3)
    in_turn(provider.id)
    assert assignees(listing, "abcd") == [*ids, ids[0]]
    told = db.session.scalars(select(ThreadEvent).order_by(ThreadEvent.id)).all()
    assert (told[0].facts["to"], told[0].facts["how"]) == (ids[0], "turn")


@pytest.mark.parametrize(
    "columns",
    [
        {"is_active": False},
        {"away_until": TODAY},
        {"away_from": TODAY, "away_until": TODAY + timedelta(days=3)},
        {"away_from": TODAY - timedelta(days=3), "away_until": TODAY},
    ],
)
def test_who_is_not_there_is_left_out(
    listing: Listing, provider: Provider, columns: dict[str, Any]
) -> None:
    first, last = sellers(provider, 1)[0], sellers(provider, 1, **columns)[0]
    in_turn(provider.id)
    assert assignees(listing, "ab") == [first, first]
    gone = db.session.get_one(Person, last)
    assert not assigning.is_at_work(gone, TODAY)


@pytest.mark.parametrize(
    "columns",
    [
        {"away_until": TODAY - timedelta(days=1)},
        {"away_from": TODAY + timedelta(days=1), "away_until": TODAY + timedelta(days=9)},
        {"away_from": TODAY},  # without an end nothing is said
    ],
)
def test_who_is_back_or_not_yet_gone_takes_part(
    listing: Listing, provider: Provider, columns: dict[str, Any]
) -> None:
    ids = sellers(provider, 2, **columns)
    in_turn(provider.id)
    assert assignees(listing, "ab") == ids
    assert assigning.is_at_work(db.session.get_one(Person, ids[0]), TODAY)


def test_who_lost_the_role_is_passed_over(listing: Listing, provider: Provider) -> None:
    ids = sellers(provider, 2)
    in_turn(provider.id)
    assert assignees(listing, "a") == ids[:1]
    with transaction() as session:
        session.execute(delete(PersonRole).where(PersonRole.person_id == ids[1]))
    assert assignees(listing, "bc") == [ids[0], ids[0]]


def test_with_nobody_there_a_question_is_nobodys(listing: Listing, provider: Provider) -> None:
    sellers(provider, 1, is_active=False)
    in_turn(provider.id)
    assert assignees(listing, "a") == [None]


def test_sellers_of_another_provider_have_no_turn(
    listing: Listing, provider: Provider, other_provider: Provider
) -> None:
    sellers(other_provider, 1)
    in_turn(provider.id)
    assert assignees(listing, "a") == [None]


@pytest.mark.parametrize("mode", Assigns)
@pytest.mark.parametrize("role", [Role.SELLER, Role.MANAGER])
def test_a_buyer_comes_to_the_seller_they_know(
    listing: Listing, provider: Provider, mode: Assigns, role: Role
) -> None:
    sellers(provider, 1)
    known = factories.person(provider, role).id
    in_turn(provider.id, assigns=mode, keeps_buyers=True)
    first = asked(listing, "a", "same@c.example")
    with transaction() as session:
        session.get_one(Inquiry, first.id).assignee_id = known
    again = asked(listing, "b", "SAME@c.example")
    assert again.assignee_id == known
    told = select(ThreadEvent.facts).where(ThreadEvent.inquiry_id == again.id)
    assert db.session.scalars(told).one() == {"to": known, "how": "buyer"}


@pytest.mark.parametrize("why", ["away", "inactive", "no role", "spam", "switched off"])
def test_a_known_seller_who_is_not_there_is_no_reason(
    listing: Listing, provider: Provider, why: str
) -> None:
    gone = {"away": {"away_until": TODAY}, "inactive": {"is_active": False}}.get(why, {})
    known = factories.person(provider, *([] if why == "no role" else [Role.SELLER]), **gone).id
    in_turn(provider.id, assigns=Assigns.BY_HAND, keeps_buyers=why != "switched off")
    first = asked(listing, "a", "same@c.example")
    with transaction() as session:
        thread = session.get_one(Inquiry, first.id)
        thread.assignee_id = known
        if why == "spam":
            thread.state = State.SPAM
    assert asked(listing, "b", "same@c.example").assignee_id is None


def test_questions_at_once_take_turns(own_app: Flask) -> None:
    with own_app.app_context():
        provider = factories.provider()
        ids = sellers(provider, 4)
        listing_id = factories.listing(provider).id
        in_turn(provider.id)
        provider_id = provider.id
        db.session.remove()

    def ask(number: int) -> None:
        with own_app.app_context():
            sent = question(listing_id, f"n{number}", network=f"n{number}")
            actions.ask(type(sent)(**{**vars(sent), "email": f"b{number}@c.example"}), LINKS)
            db.session.remove()

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(ask, range(16)))
    with own_app.app_context():
        got = db.session.scalars(select(Inquiry.assignee_id)).all()
        assert {one: got.count(one) for one in ids} == dict.fromkeys(ids, 4)
        assert db.session.get_one(Desk, provider_id).last_assigned_id in ids
        db.session.remove()
