"""Putting a mail into the outbox, in the transaction that causes it."""

import re
import secrets
from typing import Any, Final

from sqlalchemy import delete, select, update
from sqlalchemy.orm import Session

from portal import clock
from portal.database import rows_changed
from portal.jobs.actions import cancel, enqueue, forget
from portal.mail.models import FAILED, QUEUED, Mail

SEND: Final = "mail.send"
"""The kind of job that sends one mail."""
_KEY_BYTES: Final = 16
_LONGEST_ADDRESS: Final = 254
_PART: Final = r"[^\s@<>,;:\"()\[\]\\\x00-\x1f\x7f]+"
_ADDRESS: Final = re.compile(f"{_PART}@{_PART}")


class NoAddress(ValueError):  # noqa: N818 - says what is wrong with the value
    """What was given is not one address that a mail can go to."""


def post(
    session: Session,
    *,
    to: str,
    template: str,
    language: str,
    context: dict[str, Any],
    inquiry_id: int | None = None,
    in_reply_to: str | None = None,
    notice_of: int | None = None,
    not_before: int | None = None,
    key: str | None = None,
) -> Mail:
    """Put a mail into the outbox; it goes out once the running transaction has been committed.

    Args:
        session: of the running transaction.
        to: one address, without a name.
        template: templates/mail/<template>.txt; subject in the first line, a blank line, the body.
        language: `zh` or `en`.
        context: plain JSON that the template reads.
        inquiry_id: the conversation it belongs to.
        in_reply_to: key of the mail that it follows in its thread.
        notice_of: the person whom it tells of something they did not ask for just now: the mail
            says how to have no more of these. None: it answers its reader.
        not_before: earliest sending, UTC seconds; None: at once.
        key: up to 64 characters that only this mail has: with one that is there already nothing
            is added. None: a random one.

    Returns:
        The mail, with its id and its key; the earlier one if the key was there.

    Raises:
        NoAddress: `to` is not one address.
    """
    # What reads as an encoded word (RFC 2047) would be decoded on its way into the header.
    if len(to) > _LONGEST_ADDRESS or not _ADDRESS.fullmatch(to) or "=?" in to:
        raise NoAddress(to)
    if key and (earlier := session.scalar(select(Mail).where(Mail.key == key))):
        return earlier
    mail = Mail(
        to_address=to,
        template=template,
        language=language,
        context=context,
        key=key or secrets.token_hex(_KEY_BYTES),
        in_reply_to=in_reply_to,
        inquiry_id=inquiry_id,
        notice_of=notice_of,
        created_at=clock.now(),
    )
    session.add(mail)
    session.flush()
    enqueue(session, SEND, {"mail_id": mail.id}, due_at=not_before, key=_job_key(mail.id))
    return mail


def withdraw(session: Session, mail_id: int) -> bool:
    """Take a mail out of the outbox in the running transaction; False when it is on its way."""
    if not cancel(session, _job_key(mail_id)):
        return False
    session.execute(delete(Mail).where(Mail.id == mail_id))
    return True


def send_again(session: Session, mail_id: int) -> bool:
    """Put a mail that was given up back into the outbox, under its own Message-ID.

    Joins the running transaction. False when it was not given up.
    """
    given_up = update(Mail).where(Mail.id == mail_id, Mail.state == FAILED)
    if not rows_changed(session, given_up.values(state=QUEUED, error=None)):
        return False
    forget(session, _job_key(mail_id))
    enqueue(session, SEND, {"mail_id": mail_id}, key=_job_key(mail_id))
    return True


def _job_key(mail_id: int) -> str:
    return f"{SEND}:{mail_id}"
