"""Personal data goes when its time is over, all of it, and the numbers stay; old drafts go."""

from typing import Any

import pytest
import time_machine
from sqlalchemy import select, text, update

from portal.accounts.models import Provider
from portal.clock import DAY
from portal.database import transaction
from portal.extensions import db
from portal.inquiries import actions, retention, search
from portal.inquiries.actions.threads import happened
from portal.inquiries.models import AnswerDraft, Inquiry, Message, Note, ThreadEvent
from portal.inquiries.vocabulary import Event, Outcome, State
from portal.jobs.models import Job
from portal.listings.models import Listing
from portal.mail.actions import post
from portal.mail.models import Mail
from portal.permissions import Role
from tests import factories
from tests.inquiries.conftest import NOW, events, fresh, mails


def closed(listing: Listing, **columns: Any) -> Inquiry:
    """A lost thread with a note, a draft, a mail and a wish to be called, due to be forgotten."""
    one = factories.inquiry(
        listing,
        **{
            "answers": ["可以"],
            "company": "向量科技",
            "phone": "138 0013",
            "buyer_digest": "d" * 64,
            "outcome": Outcome.LOST,
            "closed_at": NOW - 400 * DAY,
            "forget_at": NOW,
            **columns,
        },
    )
    person = factories.person(db.session.get_one(Provider, listing.provider_id), Role.SELLER)
    with transaction() as session:
        thread = session.get_one(Inquiry, one.id)
        session.add(Note(inquiry_id=one.id, body="王芳说", form_nonce=f"n{one.id}", created_at=NOW))
        session.add(
            AnswerDraft(
                inquiry_id=one.id,
                person_id=person.id,
                kind="answer",
                body="王芳",
                revision=1,
                saved_at=NOW,
            )
        )
        happened(session, thread, Event.CALL_ASKED, phone="138 0013", when="明天")
        sent = post(
            session,
            to="buyer@c.example",
            template="inquiry_received",
            language="zh",
            context={"name": "王芳"},
            inquiry_id=one.id,
        )
        message = session.scalars(select(Message).where(Message.inquiry_id == one.id)).first()
        assert message is not None
        message.mail_id = sent.id
        search.index(session, thread)
    return one


def test_nothing_of_the_buyer_is_left_and_the_numbers_stay(app: Any, listing: Listing) -> None:
    one = closed(listing).id
    other = closed(listing, forget_at=NOW + 1).id
    assert actions.forget_due() == 1
    assert actions.forget_due() == 0
    thread = fresh(one)
    assert (thread.name, thread.company, thread.email, thread.phone) == ("", None, "", None)
    assert (thread.buyer_digest, thread.forget_at, thread.forgotten_at) == (None, None, NOW)
    assert thread.listing_then["title"] == listing.title
    assert (thread.outcome, thread.closed_at) == ("lost", NOW - 400 * DAY)
    assert {name for name, _facts in events(one)} == {"call_asked", "forgotten"}
    assert mails()
    assert all(mail.inquiry_id == other for mail in mails())
    assert fresh(other).name == "王芳"
    # Whatever table holds a row of the thread, no word of the buyer is in it.
    for table in (Inquiry, Message, Note, ThreadEvent, AnswerDraft, Mail):
        key = table.id if table is Inquiry else table.inquiry_id
        for row in db.session.execute(select(table.__table__).where(key == one)):
            words = str(dict(row._mapping))
            for word in ("王芳", "buyer@", "138 0", "向量", "交付时间", "明天", "可以"):
                assert word not in words, (table, word)
    kept = db.session.execute(
        text("SELECT content FROM inquiry_search_texts WHERE inquiry_id = :id"), {"id": one}
    ).scalar_one()
    assert "王芳" not in kept
    assert str(one) in kept


def test_a_mail_that_went_keeps_no_address(listing: Listing) -> None:
    one = closed(listing).id
    with transaction() as session:
        session.execute(update(Mail).values(state="sent", error="550 buyer@c.example"))
        session.execute(update(Job).values(fence=1))
    actions.forget_due()
    (mail,) = mails()
    assert (mail.inquiry_id, mail.to_address, mail.context, mail.error) == (one, "", {}, None)
    assert mail.state == "sent"


def test_an_open_thread_whose_buyer_wants_it_gone_is_closed(listing: Listing) -> None:
    one = factories.inquiry(listing, forget_at=NOW, snoozed_until=NOW + DAY).id
    assert actions.forget_due() == 1
    assert (fresh(one).stage, fresh(one).lost_reason) == ("lost", "buyer_closed")


def test_drafts_go_after_thirty_days(listing: Listing, clock: time_machine.Traveller) -> None:
    closed(listing)
    clock.move_to(NOW + 30 * DAY)
    assert actions.purge_drafts() == 0
    clock.move_to(NOW + 30 * DAY + 1)
    assert actions.purge_drafts() == 1
    assert actions.purge_drafts() == 0


@pytest.mark.parametrize(
    ("columns", "wished", "expected"),
    [
        ({}, None, None),
        ({"outcome": "won", "closed_at": NOW}, None, NOW + 10 * DAY),
        ({"outcome": "won", "closed_at": NOW}, NOW + DAY, NOW + DAY),
        ({"outcome": "won", "closed_at": NOW}, NOW + 20 * DAY, NOW + 10 * DAY),
        ({}, NOW + DAY, NOW + DAY),
        ({"state": State.SPAM}, None, NOW + 10 * DAY),
        # Written anew after the data went: by the same rule; done once: not again.
        ({"outcome": "won", "closed_at": NOW, "forgotten_at": NOW - 1}, None, NOW + 10 * DAY),
        ({"outcome": "won", "closed_at": NOW, "forgotten_at": NOW}, NOW - 1, None),
    ],
)
def test_data_goes_by_the_end_or_the_wish_whichever_comes_first(
    columns: dict[str, Any], wished: int | None, expected: int | None
) -> None:
    thread = Inquiry(**{"state": State.NEW, "last_message_at": NOW, **columns})
    assert retention.moment(thread, 10, wished) == expected


def test_the_buyers_wish_outlives_a_reopening(listing: Listing) -> None:
    one = factories.inquiry(listing, outcome=Outcome.WON, closed_at=NOW, forget_at=NOW + DAY).id
    with transaction() as session:
        thread = session.get_one(Inquiry, one)
        happened(session, thread, Event.DELETION_ASKED, at=NOW + DAY)
        thread.outcome = thread.closed_at = None
        retention.reopen(session, thread)
        assert thread.forget_at == NOW + DAY
        happened(session, thread, Event.DELETION_WITHDRAWN)
        retention.reopen(session, thread)
        assert thread.forget_at is None
