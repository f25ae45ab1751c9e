"""A page's frame, drawn once for a reader and kept: each request fills in what is its own.

Sidebar, top bar and dialogs are the same from page to page and cost more to draw than a table of
fifty kept rows. A frame is drawn with marks where the CSRF token, the address and the page's own
parts belong, and kept by everything else that it shows: template, language, theme, the reader with
name and roles, the sidebar's counts. Messages waiting to be shown, or a token that slipped into it
otherwise, keep a frame from being kept.
"""

import re
from collections.abc import Mapping
from types import SimpleNamespace
from typing import Any, Final

import flask
from flask import Response, current_app, g, request, session
from flask_login import current_user
from flask_wtf.csrf import generate_csrf
from markupsafe import Markup, escape

from portal.web.formatting import current_locale
from portal.web.fragments import tell_apart
from portal.web.kept import Kept
from portal.web.languages import current_theme

# Control characters: no field takes them, so no name or title can hold a mark.
_MARK: Final = "\x03{}\x03"
_MARKS: Final = re.compile("\x03([a-z_]+)\x03")
_kept: Final[Kept[list[str | bytes]]] = Kept(500)
_tokens: Final[Kept[str]] = Kept(1000)


def framed(page: str, parts: Mapping[str, bytes], **context: Any) -> Response:
    """Answer with a whole page whose frame may have been kept.

    Args:
        page: template; it shows each of `parts` as it is.
        parts: name and HTML (UTF-8) of what is drawn for this request. Bytes: encoding a hundred
            kilobytes of kept text anew each time cost more than finding it.
        context: what else the template reads; hashable, since it is part of what the frame is
            kept by.
    """
    token = _token()
    address = escape(request.full_path.rstrip("?"))
    filled = {**parts, "csrf_token": token.encode(), "address": address.encode()}
    pieces = _drawn(page, list(parts), token, context)
    # In pieces, as they are kept: whoever compresses or sends them puts them together.
    return tell_apart(
        Response([filled[piece] if isinstance(piece, str) else piece for piece in pieces])
    )


def _token() -> str:
    """The session's CSRF token, signed once in a while instead of in each request.

    Its time limit is the session's own, so an earlier signature is as good as a fresh one.
    """
    name = current_app.config["WTF_CSRF_FIELD_NAME"]
    secret = session.get(name)
    token = _tokens.get(secret) if secret else None
    if token is None:
        token = generate_csrf()
        _tokens.put(session[name], token)
    return token


def _drawn(page: str, names: list[str], token: str, context: dict[str, Any]) -> list[str | bytes]:
    """The frame in pieces: bytes, and between them the names of what is filled in."""
    key = (page, request.endpoint, _reader(), tuple(context.items()))
    pieces = _kept.get(key)
    has_messages = "_flashes" in session
    if pieces is None or has_messages:
        html = flask.render_template(page, **_marks(names), **context)
        if "\\u0003" in html:
            raise RuntimeError(f"{page} writes a mark as JSON: it would never be filled in")
        # Every second piece is the name of a mark.
        pieces = [
            piece if at % 2 else piece.encode() for at, piece in enumerate(_MARKS.split(html))
        ]
        if not has_messages and token not in html:
            _kept.put(key, pieces)
    return pieces


def _marks(names: list[str]) -> dict[str, Any]:
    return {
        **{name: Markup(_MARK.format(name)) for name in names},  # noqa: S704 - our own names
        "csrf_token": lambda: _MARK.format("csrf_token"),
        # All that a layout may ask of the request.
        "request": SimpleNamespace(full_path=_MARK.format("address")),
    }


def _reader() -> tuple[Any, ...]:
    """All that a frame shows of who reads it."""
    me = current_user._get_current_object()
    badges = tuple(g.portal_badges.items())
    return (
        current_locale(), current_theme(), badges, me.person_id, me.name, me.email, me.provider_name, me.roles,
    )  # fmt: skip
