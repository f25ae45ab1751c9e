"""Spam let in: counted and told of once, however it became spam; spam emptied: all of it."""

import pytest
import time_machine
from sqlalchemy import func, select

from portal.accounts.models import Person, Provider
from portal.clock import DAY
from portal.database import transaction
from portal.extensions import db
from portal.inquiries import actions, notices
from portal.inquiries.actions import Doing
from portal.inquiries.models import Inquiry, Message, Note, ReadMark, ThreadEvent
from portal.inquiries.moves import Act
from portal.inquiries.vocabulary import Stage, State
from portal.jobs.models import Job
from portal.listings.models import Listing
from portal.mail.models import Mail
from portal.permissions import Role
from tests import factories
from tests.inquiries.conftest import NOW, mails
from tests.inquiries.test_acts import LINKS, act_on, audited, counts, now


@pytest.fixture
def me(provider: Provider) -> Person:
    """A seller of provider A."""
    return factories.person(provider, Role.SELLER)


def test_what_was_held_back_goes_out_once(provider: Provider, listing: Listing, me: Person) -> None:
    thread = factories.inquiry(listing, state=State.SPAM)
    assert now(thread).due_at is None
    act_on(me, Doing(act=Act.RELEASE), thread)
    assert [(mail.template, mail.to_address) for mail in mails()] == [
        ("inquiry_received", "buyer@c.example"),
        ("inquiry_new", me.email),
    ]
    let_in = now(thread)
    assert (let_in.state, let_in.stage) == (State.NEW, Stage.US)
    assert let_in.due_at is not None
    assert let_in.rank == let_in.due_at
    total = select(Listing.inquiries_total).where(Listing.id == listing.id)
    assert db.session.scalar(total) == 1
    # Marked by hand it is spam again, and let in again: but nothing goes out twice.
    act_on(me, Doing(act=Act.SPAM), thread)
    assert now(thread).due_at is None
    act_on(me, Doing(act=Act.RELEASE), thread)
    assert len(mails()) == 2
    assert db.session.scalar(total) == 1


def test_what_a_seller_marked_was_counted_when_it_came(listing: Listing, me: Person) -> None:
    thread = factories.inquiry(listing)
    act_on(me, Doing(act=Act.SPAM), thread)
    act_on(me, Doing(act=Act.RELEASE), thread)
    assert mails() == []
    assert db.session.scalar(select(func.sum(Listing.inquiries_total))) == 0


def test_a_released_thread_that_was_answered_waits_for_the_buyer(
    listing: Listing, me: Person
) -> None:
    thread = factories.inquiry(listing, answers=["交期两周。"])
    act_on(me, Doing(act=Act.SPAM), thread)
    act_on(me, Doing(act=Act.RELEASE), thread)
    assert now(thread).state == State.ANSWERED


def test_an_answer_to_what_was_held_back_counts_it_too(listing: Listing, me: Person) -> None:
    thread = factories.inquiry(listing, state=State.SPAM)
    assert me.provider_id is not None
    actions.answer(
        thread.id,
        provider_id=me.provider_id,
        person_id=me.id,
        body="交期两周。",
        form_nonce="answer",
        links=LINKS,
    )
    assert db.session.scalar(select(func.sum(Listing.inquiries_total))) == 1
    act_on(me, Doing(act=Act.SPAM), thread)
    act_on(me, Doing(act=Act.RELEASE), thread)
    assert [mail.template for mail in mails()] == ["inquiry_answered"]
    assert db.session.scalar(select(func.sum(Listing.inquiries_total))) == 1


def test_a_flood_let_in_is_no_flood_of_mails(
    listing: Listing, me: Person, clock: time_machine.Traveller
) -> None:
    old = [factories.inquiry(listing, state=State.SPAM) for _one in range(30)]
    clock.shift(3 * DAY)
    act_on(me, Doing(act=Act.RELEASE), *old[:6])
    act_on(me, Doing(act=Act.RELEASE), *old[6:])
    templates = [mail.template for mail in mails()]
    assert templates.count("inquiry_received") == 30
    assert templates.count("inquiry_new") == 10
    floods = select(func.count()).select_from(Job).where(Job.kind == notices.FLOOD)
    assert db.session.scalar(floods) == 1


def test_emptied_spam_leaves_nothing_of_its_buyer(
    provider: Provider, listing: Listing, me: Person
) -> None:
    thread, kept = factories.inquiry(listing), factories.inquiry(listing)
    with transaction() as session:
        session.add(Note(inquiry_id=thread.id, body="?", form_nonce="note", created_at=NOW))
        session.add(ReadMark(person_id=me.id, inquiry_id=thread.id, message_id=1))
    assert me.provider_id is not None
    actions.answer(
        thread.id,
        provider_id=me.provider_id,
        person_id=me.id,
        body="?",
        form_nonce="answer",
        links=LINKS,
    )
    act_on(me, Doing(act=Act.SPAM), thread)
    acted = act_on(me, Doing(act=Act.EMPTY), thread, kept)
    assert acted.changed == (thread.id,)
    assert acted.refused == ((kept.id, "move"),)
    for table, column in (
        (Inquiry, Inquiry.id),
        (Message, Message.inquiry_id),
        (Note, Note.inquiry_id),
        (ThreadEvent, ThreadEvent.inquiry_id),
        (ReadMark, ReadMark.inquiry_id),
        (Mail, Mail.inquiry_id),
    ):
        found = select(func.count()).select_from(table).where(column == thread.id)
        assert db.session.scalar(found) == 0, table
    assert audited(thread)[-1] == "inquiry.empty"
    assert counts(provider) == {"us": 1}
