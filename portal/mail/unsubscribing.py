"""Links by which people choose, without signing in, which mails tell them of something.

A link names the person and is signed with a salt of its own. It does not end: an old mail must
still be of use to whoever wants no more of them, and all it can change is that choice.
"""

from typing import Final

from flask import current_app
from itsdangerous import BadSignature, URLSafeSerializer

from portal.config import Settings

PATH: Final = "/unsubscribe/"
LONGEST_TOKEN: Final = 100
"""Characters; a longer one is not looked at."""


def address_of(person_id: int) -> str:
    """The page on which this person chooses; with POST the same address means: none."""
    settings: Settings = current_app.config["PORTAL"]
    return f"{settings.public_origin.rstrip('/')}{PATH}{_serializer().dumps(person_id)}"


def person_of(token: str) -> int | None:
    """The person whom a link names, None unless we made it."""
    if len(token) > LONGEST_TOKEN:
        return None
    try:
        return int(_serializer().loads(token))
    except (BadSignature, ValueError, TypeError):
        return None


def _serializer() -> URLSafeSerializer:
    keys = [*reversed(current_app.config["SECRET_KEY_FALLBACKS"]), current_app.config["SECRET_KEY"]]
    return URLSafeSerializer(keys, salt="portal.unsubscribe")
