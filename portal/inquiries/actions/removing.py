"""A thread deleted for good, with all that names its buyer elsewhere."""

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from portal.inquiries import search
from portal.inquiries.models import Inquiry
from portal.mail.actions import withdraw
from portal.mail.models import Mail


def remove(session: Session, inquiry: Inquiry) -> None:
    """Delete a thread in the running transaction; its rows in tables of its own go with it.

    Mails know a thread by its number only: those that wait do not go out any more, those that went
    hold the buyer's address and go too.
    """
    inquiry_id = inquiry.id
    search.forget(session, inquiry_id)
    session.execute(delete(Inquiry).where(Inquiry.id == inquiry_id))
    for mail_id in session.scalars(select(Mail.id).where(Mail.inquiry_id == inquiry_id)).all():
        withdraw(session, mail_id)
    session.execute(delete(Mail).where(Mail.inquiry_id == inquiry_id))
