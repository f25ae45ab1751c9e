"""The polls of open inboxes that bring nothing new, answered before Flask: nearly all of them.

Each open inbox asks every few seconds. Whether the session holds, who it is and what they may do is
asked of the database each time, exactly as for a page; whoever is not sure to get the empty answer
goes on to Flask, which decides as if this were not here.
"""

from collections import namedtuple
from collections.abc import Callable, Iterable
from functools import lru_cache
from typing import Any, Final
from urllib.parse import parse_qsl

from flask import Flask
from sqlalchemy import BigInteger, Select, bindparam, exists, select
from sqlalchemy.exc import SQLAlchemyError
from werkzeug.exceptions import SecurityError
from werkzeug.http import parse_cookie
from werkzeug.wsgi import get_host

from portal import clock
from portal.accounts import queries as people
from portal.accounts.models import Person, SignInSession
from portal.compiled import Rows
from portal.config import Settings
from portal.digests import digest_of
from portal.extensions import db
from portal.inquiries import stamps
from portal.inquiries.models import Inquiry
from portal.permissions import Permission, permissions_of
from portal.reading import Reading
from portal.web import headers
from portal.web.kept import Kept
from portal.web.sessions import VerifiedOnce

PATH: Final = "/portal/inquiries/news"
_Environ = dict[str, Any]
_App = Callable[[_Environ, Callable[..., Any]], Iterable[bytes]]
_ADDRESSED: Final = ("HTTP_HOST", "SERVER_NAME", "SERVER_PORT", "wsgi.url_scheme")
"""What says to which host a request goes."""
_MARKS: Final = ("HTTP_HX_BOOSTED", "HTTP_HX_HISTORY_RESTORE_REQUEST", "HTTP_TRANSFER_ENCODING")
"""Headers that no poll has."""
_p: Final = Person.__table__.c
_question: Final[Select[Any]] = (
    select(
        SignInSession.seen_at,
        SignInSession.is_remembered,
        people.ROLES_HELD.label("roles"),
        exists()
        .where(
            Inquiry.id == bindparam("inquiry_id", type_=BigInteger),
            Inquiry.provider_id == Person.provider_id,
        )
        .label("is_theirs"),
        *(
            part.correlate(Person.__table__).scalar_subquery().label(name)
            for name, part in stamps.parts(_p.provider_id, _p.id).items()
        ),
    )
    .join(Person, Person.id == SignInSession.person_id)
    .where(*people.HELD, Person.provider_id.is_not(None))
)
_QUESTION: Final = Reading(_question)
_Found: Final[Any] = namedtuple("_Found", _QUESTION.names)  # type: ignore[misc]


class Polls:
    """Stands before the application and answers what it need not be asked.

    Args:
        app: whose sessions and database these are; what it serves by now comes next.
        settings: the operator's.
    """

    def __init__(self, app: Flask, settings: Settings) -> None:
        sessions = app.session_interface
        if not isinstance(sessions, VerifiedOnce):
            raise TypeError("polls read sessions as VerifiedOnce does")
        self._app = app
        self._sessions = sessions
        self._next: _App = app.wsgi_app
        self._headers = headers.of_private_pages(settings)
        self._hosts: Kept[bool] = Kept(100)
        with app.app_context():
            self._engines = db.engines

    def __call__(self, environ: _Environ, start_response: Callable[..., Any]) -> Iterable[bytes]:
        """Answer 204, or leave it to the application."""
        if environ.get("PATH_INFO") == PATH and self._brings_nothing(environ):
            start_response("204 NO CONTENT", list(self._headers))
            return []
        return self._next(environ, start_response)

    def _brings_nothing(self, environ: _Environ) -> bool:
        if not _is_poll(environ) or not self._is_for_us(environ):
            return False
        token = self._token(environ)
        asked = _asked(environ.get("QUERY_STRING", ""))
        if token is None or asked is None:
            return False
        stamp, opened = asked
        try:
            rows = self._answer({"digest": digest_of(token), **stamps.values(opened)})
        except SQLAlchemyError:
            return False
        return bool(rows) and _holds(_Found._make(rows[0]), stamp, opened)

    def _answer(self, asked: dict[str, Any]) -> Rows:
        rows = _QUESTION.rows_now(self._engines[None], asked)
        if rows is None:
            with self._app.app_context():
                return _QUESTION.rows(asked)
        return rows

    def _is_for_us(self, environ: _Environ) -> bool:
        key = tuple(map(environ.get, _ADDRESSED))
        found = self._hosts.get(key)
        if found is None:
            try:
                get_host(environ, self._app.config["TRUSTED_HOSTS"])
                found = True
            except SecurityError:
                found = False
            self._hosts.put(key, found)
        return found

    def _token(self, environ: _Environ) -> str | None:
        """The session's random id, as Flask-Login keeps it in the cookie."""
        name = self._app.config["SESSION_COOKIE_NAME"]
        cookie = _cookie(environ.get("HTTP_COOKIE", ""), name)
        values = self._sessions.values_in(self._app, cookie)
        token = values.get("_user_id") if values else None
        return token if isinstance(token, str) else None


def _is_poll(environ: _Environ) -> bool:
    """Whether it is htmx's own request for a fragment, without a body: see web/fragments.py."""
    return (
        environ.get("REQUEST_METHOD") == "GET"
        and environ.get("HTTP_HX_REQUEST") == "true"
        and environ.get("HTTP_HX_REQUEST_TYPE") != "full"
        and environ.get("CONTENT_LENGTH") in {None, "", "0"}
        and not any(mark in environ for mark in _MARKS)
    )


@lru_cache(maxsize=512)
def _cookie(header: str, name: str) -> str | None:
    """One cookie of a header; an open inbox sends the same one with each poll."""
    return parse_cookie(header).get(name)


@lru_cache(maxsize=512)
def _asked(query: str) -> tuple[str, int | None] | None:
    """The stamp that the page has and its open thread; None where Flask had better read it."""
    pairs = parse_qsl(query, keep_blank_values=True)
    found = dict(reversed(pairs))
    stamp, opened = found.get("stamp"), found.get("open")
    if not stamp:
        return None
    if opened is None:
        return stamp, None
    if not (opened.isascii() and opened.isdecimal() and len(opened) < 19):
        return None
    return stamp, int(opened)


def _holds(row: Any, stamp: str, opened: int | None) -> bool:
    """Whether the session holds, its person may look at this, and there is nothing new in it."""
    return (
        not people.is_idle(row.seen_at, row.is_remembered, clock.now())
        and Permission.INQUIRY_VIEW in permissions_of(people.roles_in(row.roles))
        and (opened is None or bool(row.is_theirs))
        and stamps.stamp(row._asdict()) == stamp
    )
