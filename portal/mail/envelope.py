"""A letter in its envelope: the message as it goes out, with the headers that thread it."""

from collections.abc import Sequence
from datetime import UTC, datetime
from email.headerregistry import Address, BaseHeader, HeaderRegistry, UnstructuredHeader
from email.message import EmailMessage
from email.policy import SMTP, Policy
from email.utils import format_datetime, parseaddr
from typing import Final

from portal.config import Settings
from portal.mail import unsubscribing
from portal.mail.models import Mail
from portal.mail.rendering import Letter

_LONGEST_LINE: Final = 990
_LATEST: Final = 20
"""Mails of a conversation that References name, besides its first."""


class _Words(UnstructuredHeader, BaseHeader):
    """A header of addresses and ids: folded between them, never encoded.

    EmailMessage writes whatever is longer than a line as encoded words, which is right for text:
    a mail program finds neither a thread nor an address in them.
    """

    def fold(self, *, policy: Policy) -> str:
        words = str(self).split(" ")
        return f"{self.name}: " + f"{policy.linesep} ".join(words) + policy.linesep


def _policy() -> Policy:
    headers = HeaderRegistry()
    for name in ("in-reply-to", "references", "list-unsubscribe"):
        headers.map_to_type(name, _Words)
    return SMTP.clone(header_factory=headers)


_POLICY: Final = _policy()


def message_of(
    settings: Settings, mail: Mail, letter: Letter, earlier: Sequence[str]
) -> EmailMessage:
    """The message of a mail.

    Args:
        settings: name the sender.
        mail: whom it goes to.
        letter: what it says.
        earlier: keys of the earlier mails of its conversation to the same reader, oldest first.

    Raises:
        ValueError: an address is none.
    """
    sender = _address(settings.mail_from)
    message = EmailMessage(policy=_POLICY)
    message["Subject"] = _not_decoded(letter.subject)
    message["From"] = _named(sender, letter.brand)
    message["To"] = _address(mail.to_address)
    message["Date"] = format_datetime(datetime.fromtimestamp(mail.created_at, UTC))
    message["Message-ID"] = _message_id(mail.key, sender)
    if mail.in_reply_to:
        # The first and not the one before: that one may have been lost, or deleted by its reader.
        message["In-Reply-To"] = _message_id(mail.in_reply_to, sender)
        later = [key for key in earlier if key != mail.in_reply_to][-_LATEST:]
        message["References"] = " ".join(
            _message_id(key, sender) for key in (mail.in_reply_to, *later)
        )
    message["Auto-Submitted"] = "auto-generated"
    if mail.notice_of:
        _let_choose(message, unsubscribing.address_of(mail.notice_of))
    message.set_content(letter.text, cte=_encoding_of(letter.text))
    message.add_alternative(letter.html, subtype="html", cte=_encoding_of(letter.html))
    return message


def _let_choose(message: EmailMessage, address: str) -> None:
    message["List-Unsubscribe"] = f"<{address}>"
    if address.startswith("https:"):  # RFC 8058 knows one click over HTTPS only
        message["List-Unsubscribe-Post"] = "List-Unsubscribe=One-Click"


def _named(sender: Address, brand: str) -> Address:
    """The sender under the product's name in the reader's language, unless another name was set."""
    if sender.display_name != _OWN_NAME:
        return sender
    return Address(brand, sender.username, sender.domain)


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


_OWN_NAME: Final = _address(Settings.mail_from).display_name


def _message_id(key: str, sender: Address) -> str:
    return f"<{key}@{sender.domain}>"


def _encoding_of(text: str) -> str:
    """As it is (people read the files), unless a line would not arrive as it was written.

    One is longer than mail allows; one begins with "From ", before which whatever keeps mails in
    mbox files puts a bracket, smtplib's own generator included.
    """
    for line in text.splitlines():
        if len(line.encode()) > _LONGEST_LINE or line.startswith("From "):
            return "base64"
    return "8bit"
