"""Sending one mail, by SMTP or into a file, so that none is lost and hardly any is doubled.

A mail counts as sent once the server took it and that is noted. A worker killed between the two
sends it again after its lease, under the same Message-ID, by which mail programs show it once.
"""

import os
import smtplib
import socket
import ssl
from datetime import UTC, datetime
from email.errors import HeaderParseError
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime, parseaddr
from pathlib import Path
from typing import Any, Final
from urllib.parse import SplitResult, unquote, urlsplit

import jinja2
import structlog
from flask import current_app
from sqlalchemy import update

from portal import clock
from portal.config import Settings
from portal.database import transaction
from portal.extensions import db
from portal.jobs.actions import PermanentFailure
from portal.mail.models import FAILED, QUEUED, SENT, Mail
from portal.mail.rendering import letter_of

log = structlog.get_logger()
TIMEOUT: Final = 10
"""Seconds to wait for the mail server at each step."""
_LONGEST_LINE: Final = 990
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
    db.session.rollback()
    if mail is None or mail.state != QUEUED:
        return
    settings: Settings = current_app.config["PORTAL"]
    message = _message(settings, mail)
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


def _message(settings: Settings, mail: Mail) -> EmailMessage:
    try:
        letter = letter_of(mail)
        sender = _address(settings.mail_from)
        message = EmailMessage(policy=SMTP)
        message["Subject"] = _not_decoded(letter.subject)
        message["From"] = sender
        message["To"] = _address(mail.to_address)
        message["Date"] = format_datetime(datetime.fromtimestamp(mail.created_at, UTC))
        message["Message-ID"] = _message_id(mail.key, sender)
        if mail.in_reply_to:
            message["In-Reply-To"] = message["References"] = _message_id(mail.in_reply_to, sender)
        message["Auto-Submitted"] = "auto-generated"
        message.set_content(letter.text, cte=_encoding_of(letter.text))
        message.add_alternative(letter.html, subtype="html", cte=_encoding_of(letter.html))
    except (ValueError, HeaderParseError, jinja2.TemplateError) as error:
        raise PermanentFailure(f"{type(error).__name__}: {error}") from error
    return message


def _not_decoded(text: str) -> str:
    """A header's text in which nothing is taken for an encoded word (RFC 2047).

    EmailMessage decodes those in what it is given, and writes the line ends that were encoded in
    them: whoever typed one would write headers of ours. A blank of no width keeps it text.
    """
    return text.replace("=?", "=\N{ZERO WIDTH SPACE}?")


def _address(text: str) -> Address:
    """One address; a domain that is not ASCII is written as IDNA, which every server knows.

    Raises:
        ValueError: it is not an address, or EmailMessage would decode it, see _not_decoded().
    """
    name, address = parseaddr(text)
    local, at, domain = address.rpartition("@")
    if not at or not local or not domain or "=?" in address:
        raise ValueError("not an address")
    return Address(name, local, domain if domain.isascii() else domain.encode("idna").decode())


def _message_id(key: str, sender: Address) -> str:
    return f"<{key}@{sender.domain}>"


def _encoding_of(text: str) -> str:
    """As it is (people read the files), unless a line is longer than mail allows."""
    longest = max((len(line.encode()) for line in text.splitlines()), default=0)
    return "8bit" if longest <= _LONGEST_LINE else "base64"


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
