"""Personal data of buyers emptied once its time is over (retention.py), old drafts thrown away.

What stays of a thread: the offer as it was, who answered and when, how it ended, and its counts.
"""

from typing import Final

from sqlalchemy import case, delete, select, update
from sqlalchemy.orm import Session

from portal import clock
from portal.clock import DAY
from portal.database import rows_changed, transaction
from portal.extensions import db
from portal.inquiries import search, turns
from portal.inquiries.actions.batches import each_due
from portal.inquiries.actions.threads import audit, happened
from portal.inquiries.models import AnswerDraft, Inquiry, Message, Note, ThreadEvent
from portal.inquiries.vocabulary import Event, LostReason, Outcome, State
from portal.mail.actions import withdraw
from portal.mail.models import FAILED, QUEUED, Mail

DRAFTS_KEPT: Final = 30 * DAY
"""Seconds after its last key that what somebody typed and did not send is kept."""
_PERSONAL: Final = (Event.CALL_ASKED.value, Event.MAIL_FAILED.value)
_AT_ONCE: Final = 20
"""Threads a transaction: of each all messages, notes and mails are written."""


def forget_due() -> int:
    """Empty the personal data of every thread whose time is over; returns how many."""
    return each_due(lambda: Inquiry.forget_at <= clock.now(), _forget, _AT_ONCE)


def _forget(session: Session, thread: Inquiry) -> None:
    _close(session, thread)
    # Not NULL: a thread has an address or a number, if only an empty one.
    thread.name = thread.email = ""
    thread.company = thread.phone = thread.buyer_digest = None
    thread.forget_at, thread.forgotten_at = None, clock.now()
    turns.place(thread)
    thread.version += 1
    _empty_mails(session, thread.id)
    _empty_words(session, thread.id)
    search.index(session, thread)  # by its offer and number it is found as before
    happened(session, thread, Event.FORGOTTEN)
    audit(session, "inquiry.forget", thread, None)


def _close(session: Session, thread: Inquiry) -> None:
    """A thread whose buyer is gone waits for nobody any more."""
    if thread.outcome is not None or thread.state == State.SPAM:
        return
    thread.outcome, thread.lost_reason = Outcome.LOST, LostReason.BUYER_CLOSED
    thread.closed_at, thread.snoozed_until = clock.now(), None
    happened(session, thread, Event.LOST, reason=LostReason.BUYER_CLOSED.value)


def _empty_mails(session: Session, inquiry_id: int) -> None:
    """What waits goes out no more; of what went the address and the server's words about it go."""
    mails = session.scalars(select(Mail.id).where(Mail.inquiry_id == inquiry_id)).all()
    session.execute(
        update(Message)
        .where(Message.inquiry_id == inquiry_id, Message.mail_id.is_not(None))
        .values(mail_id=None)
        .execution_options(synchronize_session=False)
    )
    for mail_id in mails:
        withdraw(session, mail_id)
    session.execute(
        update(Mail)
        .where(Mail.inquiry_id == inquiry_id)
        .values(
            to_address="",
            context={},
            error=None,
            # A worker holds it right now: what it has read may go out, no further try will.
            state=case((Mail.state == QUEUED, FAILED), else_=Mail.state),
        )
        .execution_options(synchronize_session=False)
    )


def _empty_words(session: Session, inquiry_id: int) -> None:
    session.execute(delete(AnswerDraft).where(AnswerDraft.inquiry_id == inquiry_id))
    for table in (Message, Note):
        session.execute(
            update(table)
            .where(table.inquiry_id == inquiry_id)
            .values(body="")
            .execution_options(synchronize_session=False)
        )
    # A number, the hours at which the buyer can be reached, an address in a mail server's words.
    session.execute(
        update(ThreadEvent)
        .where(ThreadEvent.inquiry_id == inquiry_id, ThreadEvent.kind.in_(_PERSONAL))
        .values(facts={})
        .execution_options(synchronize_session=False)
    )


def purge_drafts() -> int:
    """Delete what was typed into answers and notes and never sent, after DRAFTS_KEPT; how many."""
    over = AnswerDraft.saved_at < clock.now() - DRAFTS_KEPT
    found = db.session.scalar(select(AnswerDraft.inquiry_id).where(over).limit(1))
    db.session.rollback()
    if found is None:
        return 0  # without taking the write lock
    with transaction() as session:
        return rows_changed(session, delete(AnswerDraft).where(over))
