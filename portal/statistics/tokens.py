"""View tokens: what a listing's page carries so that only somebody who loaded it can be counted."""

import secrets
from dataclasses import dataclass
from functools import lru_cache
from hashlib import sha256
from typing import Final

from flask import current_app
from itsdangerous import BadSignature, Signer

from portal import clock
from portal.clock import DAY, MINUTE
from portal.config import Settings

LIFETIME: Final = DAY
"""Seconds for which a token counts."""
_LEEWAY: Final = 5 * MINUTE
_NONCE_BYTES: Final = 9
_LONGEST: Final = 120


@dataclass(frozen=True, slots=True)
class ViewToken:
    """What a token says: a nonce by which a replay is known, and its issue in UTC seconds."""

    nonce: str
    issued_at: int


def token_for(listing_id: int) -> str:
    """A fresh token for this listing's page; empty where views are not counted."""
    settings: Settings = current_app.config["PORTAL"]
    if not settings.counting:
        return ""
    value = f"{listing_id:x}.{clock.now():x}.{secrets.token_urlsafe(_NONCE_BYTES)}"
    return _signer().sign(value).decode()


def read(listing_id: int, token: str) -> ViewToken | None:
    """What `token` says, None unless we issued it for this listing within the last day."""
    if len(token) > _LONGEST:
        return None
    try:
        listing, issued, nonce = _signer().unsign(token.encode()).decode().split(".")
    except (BadSignature, ValueError):
        return None
    issued_at = int(issued, 16)
    age = clock.now() - issued_at
    if int(listing, 16) != listing_id or not -_LEEWAY <= age < LIFETIME:
        return None
    return ViewToken(nonce, issued_at)


def _signer() -> Signer:
    config = current_app.config
    return _signer_with((*reversed(config["SECRET_KEY_FALLBACKS"]), config["SECRET_KEY"]))


@lru_cache(maxsize=8)
def _signer_with(keys: tuple[str, ...]) -> Signer:
    return Signer(list(keys), salt=b"portal.view", digest_method=sha256, key_derivation="hmac")
