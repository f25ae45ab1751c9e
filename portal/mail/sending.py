"""Sending one mail, by SMTP or into a file, so that none is lost and hardly any is doubled.

A mail counts as sent once the server took it and that is noted. A worker killed between the two
sends it again after its lease, under the same Message-ID, by which mail programs show it once.
"""

import os
import smtplib
import socket
import ssl
from collections.abc import Sequence
from datetime import UTC, datetime
from email.errors import HeaderParseError
from email.message import EmailMessage
from pathlib import Path
from typing import Any, Final
from urllib.parse import SplitResult, unquote, urlsplit

import jinja2
import structlog
from flask import current_app
from sqlalchemy import select, update

from portal import clock
from portal.config import Settings
from portal.database import transaction
from portal.extensions import db
from portal.jobs.actions import PermanentFailure
from portal.mail.envelope import message_of
from portal.mail.models import FAILED, QUEUED, SENT, Mail
from portal.mail.rendering import letter_of

log = structlog.get_logger()
TIMEOUT: Final = 10
"""Seconds to wait for the mail server at each step."""
_LONGEST_ERROR: Final = 500
_PERMANENT: Final = 500


def send(payload: dict[str, Any]) -> None:
    """Send the mail of a job and note it; a mail already sent is left alone.

    Raises:
        PermanentFailure: the server will never take it (a reply of 500 or above), or it cannot be
            written at all.
        OSError, smtplib.SMTPException: not now; try again later.
    """
    mail = db.session.get(Mail, payload["mail_id"])
    earlier = _earlier(mail) if mail else ()
    db.session.rollback()
    if mail is None or mail.state != QUEUED:
        return
    settings: Settings = current_app.config["PORTAL"]
    message = _message(settings, mail, earlier)
    try:
        _hand_over(settings, mail, message)
    except (OSError, smtplib.SMTPException) as error:
        _note(mail.id, error=str(error))
        raise
    _note(mail.id, state=SENT, sent_at=clock.now(), context={}, error=None)


def give_up(payload: dict[str, Any], error: str) -> None:
    """Mark a mail as failed for good, for people to see; joins the running transaction."""
    _note(payload["mail_id"], state=FAILED, error=error)


def _note(mail_id: int, **facts: Any) -> None:
    if facts.get("error"):
        facts["error"] = facts["error"][:_LONGEST_ERROR]
    with transaction() as session:
        session.execute(
            update(Mail)
            .where(Mail.id == mail_id, Mail.state == QUEUED)
            .values(**facts)
            .execution_options(synchronize_session=False)
        )


def _message(settings: Settings, mail: Mail, earlier: Sequence[str]) -> EmailMessage:
    try:
        return message_of(settings, mail, letter_of(mail), earlier)
    except (ValueError, HeaderParseError, jinja2.TemplateError) as error:
        raise PermanentFailure(f"{type(error).__name__}: {error}") from error


def _earlier(mail: Mail) -> Sequence[str]:
    """Keys of the earlier mails of the same conversation to the same reader, oldest first.

    A seller who asked about an own offer has two: as its buyer, and as who is told of it.
    """
    if mail.inquiry_id is None:
        return ()
    is_same_reader = (
        Mail.to_address == mail.to_address,
        Mail.notice_of.is_(None) if mail.notice_of is None else Mail.notice_of == mail.notice_of,
    )
    return db.session.scalars(
        select(Mail.key)
        .where(Mail.inquiry_id == mail.inquiry_id, Mail.id < mail.id, *is_same_reader)
        .order_by(Mail.id)
    ).all()


def _hand_over(settings: Settings, mail: Mail, message: EmailMessage) -> None:
    if not settings.smtp_url:
        _write(settings.data_dir / "mail", mail, message)
        return
    try:
        _deliver(urlsplit(settings.smtp_url), message)
    except smtplib.SMTPNotSupportedError as error:
        raise PermanentFailure(f"the mail server cannot do this: {error}") from error
    except smtplib.SMTPRecipientsRefused as refused:
        [(code, reply)] = refused.recipients.values()
        raise _refusal(code, reply) from refused
    except (smtplib.SMTPSenderRefused, smtplib.SMTPDataError) as refused:
        raise _refusal(refused.smtp_code, refused.smtp_error) from refused


def _refusal(code: int, reply: bytes | str) -> Exception:
    words = reply.decode("utf-8", "replace") if isinstance(reply, bytes) else reply
    if code >= _PERMANENT:
        return PermanentFailure(f"{code} {words}")
    return smtplib.SMTPResponseException(code, words)


def _deliver(server: SplitResult, message: EmailMessage) -> None:
    smtp = _connect(server)
    try:
        smtp.ehlo_or_helo_if_needed()
        if server.scheme == "smtp" and smtp.has_extn("starttls"):
            smtp.starttls(context=_tls(server))
            smtp.ehlo()
        if server.username:
            smtp.login(unquote(server.username), unquote(server.password or ""))
        smtp.send_message(message)
    finally:
        # Not quit(): the mail is with them, and a server that hangs now must not make it a failure.
        smtp.close()


def _connect(server: SplitResult) -> smtplib.SMTP:
    host, own_name = server.hostname or "", socket.gethostname()
    if server.scheme == "smtps":
        return smtplib.SMTP_SSL(
            host, server.port or 465, own_name, timeout=TIMEOUT, context=_tls(server)
        )
    return smtplib.SMTP(host, server.port or 587, own_name, timeout=TIMEOUT)


def _tls(server: SplitResult) -> ssl.SSLContext:
    context = ssl.create_default_context()
    if server.hostname in {"localhost", "127.0.0.1", "::1"}:
        # On this machine nobody stands between, and such a server has a certificate of its own.
        context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    return context


def _write(folder: Path, mail: Mail, message: EmailMessage) -> None:
    """Keep the mail as a file that any mail program opens; it is there whole or not at all."""
    folder.mkdir(parents=True, exist_ok=True)
    # The same name on each try: a mail written twice is one file.
    name = f"{datetime.fromtimestamp(mail.created_at, UTC):%Y%m%dT%H%M%SZ}-{mail.id}"
    unfinished = folder / f".{name}.new"
    with unfinished.open("wb") as file:
        file.write(bytes(message))
        file.flush()
        os.fsync(file.fileno())
    unfinished.replace(folder / f"{name}.eml")
