"""A seller's answer: added, mailed after a moment in which it can be taken back, taken back."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy import select
from sqlalchemy.orm import Session

from portal import clock
from portal.database import Missing, transaction
from portal.inquiries import notices, retention
from portal.inquiries.actions.drafts import let_go, prepend
from portal.inquiries.actions.releasing import count_in
from portal.inquiries.actions.threads import audit, happened, link_of, locked, settle, touch
from portal.inquiries.links import Links
from portal.inquiries.models import Inquiry, Message, ThreadEvent
from portal.inquiries.vocabulary import Author, Event, State, Writing
from portal.mail.actions import withdraw

HOLD: Final = 10
"""Seconds in which an answer can be taken back."""
_SLACK: Final = 2
"""Seconds more until its mail goes: the clocks of two machines may differ a little."""


class FormUsed(Exception):  # noqa: N818 - an answer, not a fault
    """The form was sent before with other words: it must be sent anew under a fresh token."""


class Overtaken(Exception):  # noqa: N818 - an answer, not a fault
    """Colleagues have answered since this seller last looked: their answers, oldest first."""

    def __init__(self, answers: Sequence[Message]) -> None:
        super().__init__("a colleague has answered meanwhile")
        self.answers = answers


class TooLate(Exception):  # noqa: N818 - an answer, not a fault
    """The answer is on its way, or was taken back before."""


@dataclass(frozen=True)
class Sent:
    """An answer that is in the thread; `is_new` is False for a second copy of its form."""

    message_id: int
    is_new: bool


def answer(
    inquiry_id: int,
    *,
    provider_id: int,
    person_id: int,
    body: str,
    form_nonce: str,
    links: Links,
    seen_id: int | None = None,
) -> Sent:
    """Add a seller's answer; its mail to the buyer goes once it can be taken back no more.

    Two sellers at once wait for each other on the thread's row; the second is told of the first's
    answer, and may send their own as well by having seen it. A second copy of the same form changes
    nothing. What nobody had becomes the answerer's; what was spam is released, what was closed or
    snoozed is open again.

    Args:
        inquiry_id: which thread.
        provider_id: whose it must be.
        person_id: who answers.
        body: plain text.
        form_nonce: by which a second copy of the form is known.
        links: makes the buyer's private link.
        seen_id: newest message of the thread that the seller had before their eyes; None: all.

    Raises:
        Missing: no such inquiry of this provider.
        FormUsed: the form token came before with other words.
        Overtaken: a colleague has answered after `seen_id`.
    """
    with transaction() as session:
        inquiry = locked(session, inquiry_id, provider_id)
        earlier = session.scalar(select(Message).where(Message.form_nonce == form_nonce))
        if earlier is not None:
            if earlier.body != body:
                raise FormUsed
            return Sent(earlier.id, is_new=False)
        if seen_id is not None:
            _refuse_unseen(session, inquiry, seen_id, person_id)
        desk = touch(session, provider_id)
        message = Message(
            inquiry_id=inquiry.id,
            author=Author.SELLER,
            person_id=person_id,
            body=body,
            form_nonce=form_nonce,
            created_at=clock.now(),
            sends_at=clock.now() + HOLD,
        )
        session.add(message)
        session.flush()
        _take_up(session, inquiry, person_id)
        settle(session, inquiry, desk)
        url = link_of(inquiry, links).url
        notices.send_answer(session, inquiry, message, url, not_before=clock.now() + HOLD + _SLACK)
        let_go(session, inquiry.id, person_id, Writing.ANSWER)
        audit(session, "inquiry.answer", inquiry, person_id, message=message.id)
        return Sent(message.id, is_new=True)


def take_back(
    message_id: int, *, provider_id: int, person_id: int, typed: str | None = None
) -> int:
    """Take one's own answer back while it has not gone out; its text is the draft again.

    Args:
        message_id: the answer.
        provider_id: whose thread it must be in.
        person_id: who takes it back.
        typed: what stands in the answer box meanwhile; None: what the draft holds. It stays, below.

    Returns:
        The thread.

    Raises:
        Missing: no such answer of this person.
        TooLate: it is on its way.
    """
    with transaction() as session:
        inquiry_id = session.scalar(
            select(Message.inquiry_id)
            .join(Inquiry, Inquiry.id == Message.inquiry_id)
            .where(
                Message.id == message_id,
                Message.person_id == person_id,
                Inquiry.provider_id == provider_id,
            )
        )
        if inquiry_id is None:
            raise Missing
        inquiry = locked(session, inquiry_id, provider_id)
        message = session.get(Message, message_id, populate_existing=True)
        if message is None or message.sends_at is None or clock.now() >= message.sends_at:
            raise TooLate
        mail_id, body = message.mail_id, message.body
        session.delete(message)
        session.flush()
        if mail_id is not None and not withdraw(session, mail_id):
            raise TooLate
        prepend(session, inquiry_id, person_id, body, typed)
        settle(session, inquiry, touch(session, provider_id))
        audit(session, "inquiry.take-back", inquiry, person_id, message=message_id)
        return inquiry_id


def _refuse_unseen(session: Session, inquiry: Inquiry, seen_id: int, person_id: int) -> None:
    unseen = session.scalars(
        select(Message)
        .where(
            Message.inquiry_id == inquiry.id,
            Message.id > seen_id,
            Message.author == Author.SELLER,
            Message.person_id != person_id,
        )
        .order_by(Message.id)
    ).all()
    if unseen:
        raise Overtaken(unseen)


def _take_up(session: Session, inquiry: Inquiry, person_id: int) -> None:
    """Whoever answers has the thread in hand."""
    if inquiry.state == State.SPAM:
        count_in(session, inquiry)
        happened(session, inquiry, Event.RELEASED, person_id)
    if inquiry.outcome is not None:
        reopen(session, inquiry, person_id, why="hand")
    if inquiry.snoozed_until is not None:
        inquiry.snoozed_until = None
        happened(session, inquiry, Event.WOKEN, person_id, why="hand")
    if inquiry.assignee_id is None:
        inquiry.assignee_id = person_id
        happened(session, inquiry, Event.ASSIGNED, person_id, to=person_id, how="hand")


def reopen(session: Session, inquiry: Inquiry, by: int | None, **facts: Any) -> ThreadEvent:
    """Undo the end of a thread, in the running transaction; its turn is to be settled after it."""
    inquiry.outcome = inquiry.closed_at = inquiry.closed_by = inquiry.lost_reason = None
    inquiry.won_minor = inquiry.won_currency = None
    retention.reopen(session, inquiry)
    return happened(session, inquiry, Event.REOPENED, by, **facts)
