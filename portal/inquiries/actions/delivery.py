"""A mail to the buyer that cannot be delivered: told to the sellers, and sent again if they wish."""

from sqlalchemy import select

from portal.database import Missing, transaction
from portal.inquiries.actions.threads import audit, happened, locked, settle, touch
from portal.inquiries.models import Inquiry, Message
from portal.inquiries.vocabulary import Event
from portal.mail import actions as mail


class NotFailed(Exception):  # noqa: N818 - an answer, not a fault
    """The message's mail was not given up: it is on its way, was sent, or there is none."""


def undelivered(mail_id: int, reason: str) -> None:
    """Note in its thread that a mail to the buyer was given up; joins the running transaction.

    Args:
        mail_id: any mail; one that carries no message to a buyer is left alone.
        reason: what the mail server said, or why it was not reached.
    """
    with transaction() as session:
        carried = session.execute(
            select(Message.id, Message.inquiry_id).where(Message.mail_id == mail_id)
        ).first()
        if carried is None:
            return
        inquiry = locked(session, carried.inquiry_id)
        happened(session, inquiry, Event.MAIL_FAILED, message=carried.id, reason=reason)
        # An answer that did not arrive is none: the buyer waits for us again.
        settle(session, inquiry, touch(session, inquiry.provider_id))


def send_again(message_id: int, *, provider_id: int, person_id: int) -> int:
    """Send the mail of a message again that was given up, under its own Message-ID.

    Returns:
        The thread.

    Raises:
        Missing: no such message of this provider.
        NotFailed: its mail has not failed, or was sent again already.
    """
    with transaction() as session:
        inquiry_id = session.scalar(
            select(Message.inquiry_id)
            .join(Inquiry, Inquiry.id == Message.inquiry_id)
            .where(Message.id == message_id, Inquiry.provider_id == provider_id)
        )
        if inquiry_id is None:
            raise Missing
        inquiry = locked(session, inquiry_id, provider_id)
        mail_id = session.scalar(select(Message.mail_id).where(Message.id == message_id))
        if mail_id is None or not mail.send_again(session, mail_id):
            raise NotFailed
        happened(session, inquiry, Event.MAIL_AGAIN, person_id, message=message_id)
        settle(session, inquiry, touch(session, provider_id))
        audit(session, "inquiry.send-again", inquiry, person_id, message=message_id)
        return inquiry_id
