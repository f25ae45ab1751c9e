"""Flask's signed session, whose cookie is verified once and not again with each request.

What the signature covers cannot change under it: the same bytes, verified by the same keys, are the
same session, until its own time is up. Whose session it is and whether it still holds is not
decided here but by its row in the database, read with each request (docs/decisions/0002).
"""

from collections.abc import Mapping
from typing import Any, Final

from flask import Flask, Request, Response
from flask.sessions import SecureCookieSession, SecureCookieSessionInterface, SessionMixin
from itsdangerous import BadSignature

from portal import clock
from portal.web.kept import Kept

_PLAIN: Final = (str, int, bool, type(None))


class VerifiedOnce(SecureCookieSessionInterface):
    """Flask's interface with a bounded memory of cookies it has verified."""

    def __init__(self) -> None:
        # An instance belongs to one application, and with it to its keys.
        self._verified: Kept[tuple[dict[str, Any], int]] = Kept(1000)

    def open_session(self, app: Flask, request: Request) -> SecureCookieSession | None:
        """The session in the request's cookie; an empty one where there is none that holds."""
        found = self.values_in(app, request.cookies.get(app.config["SESSION_COOKIE_NAME"]))
        # A copy: a request may write into its session.
        return self.session_class(found) if found else self.session_class()

    def values_in(self, app: Flask, cookie: str | None) -> Mapping[str, Any] | None:
        """What a cookie holds; None where there is none, or none that holds."""
        if not cookie:
            return None
        found = self._verified.get(cookie)
        if found is None or not 0 <= clock.now() - found[1] <= _longest(app):
            found = self._read(app, cookie)
        return found[0] if found else None

    def _read(self, app: Flask, cookie: str) -> tuple[dict[str, Any], int] | None:
        """What a cookie holds and when it was signed; None where its signature does not hold."""
        serializer = self.get_signing_serializer(app)
        if serializer is None:
            return None
        try:
            values, signed = serializer.loads(cookie, max_age=_longest(app), return_timestamp=True)
        except BadSignature:
            return None
        read = values, int(signed.timestamp())
        # Lists, such as waiting messages, would be shared by all copies.
        if all(isinstance(value, _PLAIN) for value in values.values()):
            self._verified.put(cookie, read)
        return read

    def save_session(self, app: Flask, session: SessionMixin, response: Response) -> None:
        """Set the cookie if the session was changed."""
        if session and not self.should_set_cookie(app, session):
            if session.accessed:
                # As a header of its own: reading and writing the set takes ten times as long.
                response.headers.add("Vary", "Cookie")
            return
        super().save_session(app, session, response)


def _longest(app: Flask) -> int:
    """Seconds that a signature holds."""
    return int(app.permanent_session_lifetime.total_seconds())
