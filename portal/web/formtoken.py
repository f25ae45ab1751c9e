"""Signed tokens for what anonymous readers send: public pages hold no session to keep one in.

A token says what it is for, when it was issued, and carries a nonce by which a second copy of the
same message is known.
"""

import secrets
from dataclasses import dataclass
from typing import Final

from flask import current_app
from itsdangerous import BadSignature, URLSafeSerializer

from portal import clock

_NONCE_BYTES: Final = 12


@dataclass(frozen=True)
class FormToken:
    """What a token says: its nonce and when it was issued (UTC milliseconds)."""

    nonce: str
    issued_ms: int

    @property
    def issued_at(self) -> int:
        """When it was issued, UTC seconds."""
        return self.issued_ms // 1000

    def age(self) -> float:
        """Seconds since it was issued; a clock that went back gives 0."""
        return max(0, clock.milliseconds() - self.issued_ms) / 1000


def issue(purpose: str) -> str:
    """A fresh token for `purpose`, such as `inquiry:7`."""
    return _serializer(purpose).dumps([secrets.token_urlsafe(_NONCE_BYTES), clock.milliseconds()])


def read(purpose: str, token: str | None) -> FormToken | None:
    """What `token` says, None unless we issued it for `purpose`."""
    try:
        nonce, issued_ms = _serializer(purpose).loads(token or "")
    except (BadSignature, ValueError, TypeError):
        return None
    return FormToken(str(nonce), int(issued_ms))


def _serializer(purpose: str) -> URLSafeSerializer:
    keys = [*reversed(current_app.config["SECRET_KEY_FALLBACKS"]), current_app.config["SECRET_KEY"]]
    return URLSafeSerializer(keys, salt=f"portal.form:{purpose}")
