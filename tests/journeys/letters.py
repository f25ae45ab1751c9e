"""The mails that the served site wrote to files, as a reader's mail program shows them."""

import email
import email.policy
import re
from email.message import EmailMessage
from pathlib import Path

from tests.serving.server import Server, until


def letters_to(site: Server, address: str) -> list[EmailMessage]:
    """All mails to this address so far, oldest first."""
    folder: Path = site.settings.data_dir / "mail"
    found = [
        email.message_from_bytes(path.read_bytes(), policy=email.policy.default)
        for path in sorted(folder.glob("*.eml"))
    ]
    return [mail for mail in found if isinstance(mail, EmailMessage) and address in str(mail["To"])]


def await_letters(site: Server, address: str, number: int) -> list[EmailMessage]:
    """Wait until `number` mails to this address are there."""
    until(lambda: len(letters_to(site, address)) >= number, seconds=45)
    return letters_to(site, address)


def text_of(mail: EmailMessage) -> str:
    """The plain text."""
    part = mail.get_body(("plain",))
    assert part is not None
    return str(part.get_content())


def path_in(mail: EmailMessage, start: str) -> str:
    """The path of the link in the mail that begins with `start`."""
    found = re.search(rf"https?://[^/\s]+({re.escape(start)}\S*)", text_of(mail))
    assert found, text_of(mail)
    return found[1]
