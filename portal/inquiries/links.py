"""Private links of threads, and the links to the portal that mails carry.

A thread's token is an HMAC of its random nonce: the table holds the nonce and the token's digest,
so who reads the table cannot make the link without the secret key, while we can write it again
into each mail. Links start with the configured origin, never with a request's host.
"""

import base64
import hashlib
import hmac
import secrets
from dataclasses import dataclass
from typing import Final

from portal.clock import DAY
from portal.digests import digest_of

_NONCE_BYTES: Final = 16
LONGEST_TOKEN: Final = 64
"""Characters; a longer one is not looked up."""
NEWEST: Final = 180 * DAY
"""Seconds after the last message for which a link is good."""
AFTER_CLOSING: Final = 90 * DAY
"""Seconds after the closing for which it is; a buyer who wants to can have it sent again."""


def ends_at(last_message_at: int, closed_at: int | None, sent_at: int) -> int:
    """When a thread's private link expires (UTC seconds).

    Args:
        last_message_at: when something was last said.
        closed_at: when the thread was closed; None: it is open.
        sent_at: when the link was last sent again; 0: never.
    """
    if closed_at is None:
        return max(last_message_at, sent_at) + NEWEST
    return max(closed_at, sent_at) + AFTER_CLOSING


@dataclass(frozen=True)
class Link:
    """One private link: what the table keeps of it, and the address."""

    nonce: str
    digest: str
    url: str


@dataclass(frozen=True)
class Links:
    """Makes links from the secret keys (newest first) and the public origin."""

    keys: tuple[str, ...]
    origin: str

    def new(self) -> Link:
        """A link that no inquiry has yet."""
        nonce = secrets.token_urlsafe(_NONCE_BYTES)
        token = _token(self.keys[0], nonce)
        return Link(nonce, digest_of(token), self.thread(token))

    def of(self, nonce: str, digest: str) -> Link | None:
        """The link made earlier for this nonce, whichever key made it.

        None when the key that made it is kept no more: the thread then needs a new link.
        """
        for key in self.keys:
            token = _token(key, nonce)
            if hmac.compare_digest(digest_of(token), digest):
                return Link(nonce, digest, self.thread(token))
        return None

    def thread(self, token: str) -> str:
        """The buyer's page."""
        return f"{self.origin.rstrip('/')}/threads/{token}"

    def inbox(self, inquiry_id: int) -> str:
        """The seller's page."""
        return f"{self.desk()}{inquiry_id}"

    def desk(self) -> str:
        """The seller's inbox."""
        return f"{self.origin.rstrip('/')}/portal/inquiries/"


def _token(key: str, nonce: str) -> str:
    mac = hmac.new(key.encode(), f"portal.thread:{nonce}".encode(), hashlib.sha256).digest()
    return base64.urlsafe_b64encode(mac).decode().rstrip("=")
