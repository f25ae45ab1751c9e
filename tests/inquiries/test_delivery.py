"""Notices by choice, and a mail that cannot be delivered: told in the thread, sent again."""

from collections.abc import Callable
from typing import Any

import pytest
from sqlalchemy import select

from portal.accounts.models import Notices, Provider
from portal.audit.models import AuditEntry
from portal.database import transaction
from portal.extensions import db
from portal.inquiries import actions
from portal.inquiries.models import Desk, Inquiry, Message, ThreadEvent
from portal.inquiries.vocabulary import Event, State
from portal.jobs.models import Job
from portal.listings.models import Listing
from portal.mail.models import FAILED, QUEUED, Mail
from portal.permissions import Role
from portal.worker import _give_up_mail, handlers, mail_handlers
from tests import factories
from tests.conftest import ClientFor
from tests.inquiries.conftest import digest_at_the_end_of_the_slot, inquiries, mails
from tests.pages import PagesClient

Send = Callable[..., Any]
REASON = "550 5.1.1 <buyer@c.example> nobody of that name"


def told_of(template: str) -> set[str]:
    """Who got mails of this kind."""
    return {mail.to_address for mail in mails() if mail.template == template}


@pytest.fixture
def failed(listing: Listing, seller: PagesClient) -> Message:
    """An answer whose mail was refused for good."""
    inquiry = factories.inquiry(listing)
    url = f"/portal/inquiries/{inquiry.id}/replies"
    assert seller.post(url, data={"body": "三天内。"}).status_code == 303
    answer = db.session.scalars(select(Message).order_by(Message.id.desc())).first()
    assert answer is not None
    assert answer.mail_id is not None
    _give_up_mail({"mail_id": answer.mail_id}, REASON)
    return answer


def test_each_seller_hears_of_what_they_chose(ask: Send, filled: Send, provider: Provider) -> None:
    everyone = factories.person(provider, Role.SELLER)
    head = factories.person(provider, Role.MANAGER)
    mine = factories.person(provider, Role.SELLER, notices=Notices.MINE)
    factories.person(provider, Role.SELLER, notices=Notices.NONE)
    ask(filled())
    assert told_of("inquiry_new") == {everyone.email, head.email, mine.email}  # nobody's yet
    for mail in mails():
        assert (mail.notice_of is None) == (mail.template == "inquiry_received")


@pytest.mark.parametrize(
    ("notices", "is_told"), [(Notices.ALL, True), (Notices.MINE, True), (Notices.NONE, False)]
)
def test_its_seller_hears_of_a_thread_unless_they_want_no_mails(
    provider: Provider,
    listing: Listing,
    visitor: PagesClient,
    private_link: Send,
    token_for: Send,
    notices: Notices,
    is_told: bool,
) -> None:
    whose = factories.person(provider, Role.SELLER, notices=notices)
    everyone = factories.person(provider, Role.SELLER)
    factories.person(provider, Role.SELLER, notices=Notices.MINE)
    inquiry = factories.inquiry(listing, assignee_id=whose.id)
    form = {"csrf_token": token_for(f"thread:{inquiry.id}"), "body": "还在吗？"}
    assert visitor.post(private_link(inquiry), data=form, csrf=False).status_code == 303
    expected = {everyone.email, whose.email} if is_told else {everyone.email}
    assert told_of("inquiry_written_back") == expected


def test_a_flood_is_told_to_each_by_what_waits_for_them(
    ask: Send, filled: Send, provider: Provider
) -> None:
    everyone = factories.person(provider, Role.SELLER)
    mine = factories.person(provider, Role.SELLER, notices=Notices.MINE)
    calm = factories.person(provider, Role.SELLER, notices=Notices.NONE)
    for number in range(14):
        ask(filled(email=f"b{number}@c.example"), address=f"198.51.100.{number}")
    with transaction() as session:
        for one in session.scalars(select(Inquiry).order_by(Inquiry.id).limit(4)):
            one.assignee_id = calm.id
    digest_at_the_end_of_the_slot()
    digest_at_the_end_of_the_slot()  # a job may run twice
    digests = [mail for mail in mails() if mail.template == "inquiry_digest"]
    assert {(mail.to_address, mail.context["waiting"]) for mail in digests} == {
        (everyone.email, 14),
        (mine.email, 10),
    }
    assert len(digests) == 2
    assert len(inquiries()) == 14


def test_a_refused_mail_is_told_in_its_thread(failed: Message, seller: PagesClient) -> None:
    page = seller.get(f"/portal/inquiries/{failed.inquiry_id}").text
    assert "nobody of that name" in page
    event = db.session.scalars(
        select(ThreadEvent).where(ThreadEvent.kind == Event.MAIL_FAILED.value)
    ).one()
    assert event.facts == {"message": failed.id, "reason": REASON}
    assert page.count("nobody of that name") == 2  # at the message, and as what happened
    assert f"/messages/{failed.id}/send-again" in page


def test_an_answer_that_did_not_arrive_leaves_the_buyer_waiting_for_us(
    failed: Message, seller: PagesClient
) -> None:
    inquiry = db.session.get_one(Inquiry, failed.inquiry_id, populate_existing=True)
    assert (inquiry.state, inquiry.first_answered_at) == (State.NEW, None)
    assert inquiry.rank == inquiry.due_at
    assert "王芳" in seller.get("/portal/inquiries/?queue=us").text
    seller.post(f"/portal/inquiries/{inquiry.id}/messages/{failed.id}/send-again")
    db.session.expire_all()
    inquiry = db.session.get_one(Inquiry, failed.inquiry_id)
    assert (inquiry.state, inquiry.first_answered_at) == (State.ANSWERED, failed.created_at)
    assert inquiry.due_at is None


def test_open_inboxes_hear_of_a_refused_mail(
    listing: Listing, seller: PagesClient, failed: Message
) -> None:
    before = db.session.scalars(select(Desk.version)).one()
    _give_up_mail({"mail_id": failed.mail_id}, REASON)
    assert db.session.scalars(select(Desk.version)).one() > before
    actions.undelivered(10**9, REASON)  # of no message: nothing happens


def test_it_is_sent_again_as_the_same_mail(failed: Message, seller: PagesClient, hx: bool) -> None:
    mail = db.session.get_one(Mail, failed.mail_id)
    assert mail.state == FAILED
    key = mail.key
    url = f"/portal/inquiries/{failed.inquiry_id}/messages/{failed.id}/send-again"
    for _ in range(2):  # a double click
        assert seller.post(url, hx=hx).status_code == (200 if hx else 303)
    db.session.expire_all()
    mail = db.session.get_one(Mail, failed.mail_id)
    assert (mail.state, mail.error, mail.key) == (QUEUED, None, key)
    assert len(db.session.scalars(select(Job).where(Job.key == f"mail.send:{mail.id}")).all()) == 1
    kinds = db.session.scalars(select(ThreadEvent.kind)).all()
    assert kinds.count(Event.MAIL_AGAIN) == 1
    acts = db.session.scalars(select(AuditEntry.act)).all()
    assert acts.count("inquiry.send-again") == 1


def test_nobody_else_sends_it(
    failed: Message, other_provider: Provider, client_for: ClientFor
) -> None:
    stranger = client_for(other_provider, Role.SELLER)
    url = f"/portal/inquiries/{failed.inquiry_id}/messages/{failed.id}/send-again"
    assert stranger.post(url).status_code == 404
    assert db.session.get_one(Mail, failed.mail_id).state == FAILED


def test_mails_have_a_thread_of_their_own(app: Any) -> None:
    others = handlers(app.config["PORTAL"])
    assert not others.keys() & mail_handlers().keys()
    assert list(mail_handlers()) == ["mail.send"]
