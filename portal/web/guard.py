"""Access to endpoints: each declares who may use it, and one that declares nothing stops start-up."""

from collections.abc import Callable
from typing import Any, Final, Protocol, TypeVar, cast
from urllib.parse import SplitResult, urlsplit

import flask
from flask import Flask, Response, abort, request
from flask_login import current_user
from werkzeug.wrappers import Response as BaseResponse

from portal.extensions import htmx, login_manager
from portal.permissions import PUBLIC, SIGNED_IN, Access, Permission

_DECLARED: Final = "portal_access"
_TAKES: Final = "portal_takes"
SAFE_METHODS: Final = frozenset({"GET", "HEAD", "OPTIONS"})
"""What changes nothing, and so needs no proof of who sent it."""
_OWN_SITES: Final = frozenset({"same-origin", "none"})
_URLENCODED: Final = "application/x-www-form-urlencoded"
_NO_FORMS: Final = frozenset({"application/json", "application/xml", "text/xml"})
_ANY_KIND: Final = frozenset({"health.policy_report"})
_LONGEST_NEXT: Final = 2000
View = TypeVar("View", bound=Callable[..., Any])


class Reader(Protocol):
    """What the guard asks of whoever is signed in."""

    def may(self, permission: Permission) -> bool:
        """Whether this person holds `permission`."""
        ...


def requires(access: Permission | Access) -> Callable[[View], View]:
    """Declare who may use a view; the innermost decorator of every view."""

    def declare(view: View) -> View:
        setattr(view, _DECLARED, access)
        return view

    return declare


def takes_files(most_bytes: int, most_fields: int) -> Callable[[View], View]:
    """Let a view read a larger multipart form than others, from those who may use it at all.

    Args:
        most_bytes: of the whole body.
        most_fields: of the form, files included.
    """

    def declare(view: View) -> View:
        setattr(view, _TAKES, (most_bytes, most_fields))
        return view

    return declare


def access_of(app: Flask, endpoint: str) -> Permission | Access | None:
    """What the view behind `endpoint` declares, None where it declares nothing."""
    return getattr(app.view_functions[endpoint], _DECLARED, None)


def is_public() -> bool:
    """Whether the endpoint being served is open to everybody (or no endpoint matched)."""
    endpoint = request.endpoint
    return endpoint is None or access_of(flask.current_app, endpoint) is PUBLIC


def refuse_undeclared(app: Flask) -> None:
    """Stop start-up when an endpoint declares no access.

    Raises:
        RuntimeError: names the endpoints.
    """
    undeclared = [name for name in app.view_functions if access_of(app, name) is None]
    if undeclared:
        raise RuntimeError(f"endpoints without @requires: {', '.join(sorted(undeclared))}")


def init_app(app: Flask) -> None:
    """Check every request before anything else looks at it."""
    app.before_request(_refuse_unmeasured)
    app.before_request(_refuse_other_sites)
    app.before_request(_refuse_other_kinds)
    app.before_request(_check_access)
    login_manager.unauthorized_handler(to_sign_in)


def _refuse_unmeasured() -> None:
    """Refuse a body that does not say its length: beyond the limit it would be cut, not refused.

    One that says both, a length and chunks, is how requests are smuggled past a proxy.
    """
    if "Transfer-Encoding" in request.headers:
        abort(400 if "Content-Length" in request.headers else 413)


def _refuse_other_kinds() -> None:
    """Refuse a write that is no form (JSON, XML), and a form of more than the form limit.

    Flask holds only multipart forms to that limit; tens of thousands of fields fit into the limit
    of a body. What a browser reports of itself is JSON.
    """
    if request.method in SAFE_METHODS or request.endpoint in _ANY_KIND:
        return
    kind = request.mimetype
    if kind == _URLENCODED:
        if (request.content_length or 0) > flask.current_app.config["MAX_FORM_MEMORY_SIZE"]:
            abort(413)
    elif kind in _NO_FORMS or kind.endswith(("+json", "+xml")):
        abort(415)


def _refuse_other_sites() -> None:
    """Refuse a write that another site makes the browser send (on top of the CSRF token)."""
    if request.method in SAFE_METHODS:
        return
    if request.headers.get("Sec-Fetch-Site", "same-origin") not in _OWN_SITES:
        abort(403)
    origin = request.headers.get("Origin")
    # A page under `Referrer-Policy: no-referrer` (a private link) sends its own forms with the
    # origin "null": there the browser's word about the site is the proof.
    if origin == "null" and request.headers.get("Sec-Fetch-Site") == "same-origin":
        return
    if origin is not None and _split(origin).netloc != request.host:
        abort(403)


def _split(address: str) -> SplitResult:
    """An address a client named, in parts; without any where it is none, such as `http://[`."""
    try:
        return urlsplit(address)
    except ValueError:
        return SplitResult("", "", "", "", "")


def _check_access() -> BaseResponse | None:
    endpoint = request.endpoint
    if endpoint is None:  # 404 and 405 say nothing that is private
        return None
    access = access_of(flask.current_app, endpoint)
    if access is PUBLIC:
        return None
    reader = current_user._get_current_object()
    if not reader.is_authenticated:
        return to_sign_in()
    if access is not SIGNED_IN and not cast(Reader, reader).may(Permission(access or "")):
        abort(403)
    if takes := getattr(flask.current_app.view_functions[endpoint], _TAKES, None):
        # Before the CSRF token is looked for, which reads the form.
        request.max_content_length, request.max_form_parts = takes
    return None


def forget_reader() -> None:
    """Go on as if nobody were signed in: an error page must not ask the database that failed."""
    login_manager._update_request_context_with_user()


def to_sign_in() -> BaseResponse:
    """Send the reader to the sign-in page and back afterwards; htmx is told by a header."""
    target = flask.url_for("accounts.sign_in", next=_place_to_return())
    if htmx:
        return Response(status=401, headers={"HX-Redirect": target})
    return flask.redirect(target, 302)


def _place_to_return() -> str | None:
    """The path to come back to: of the page, not of a fragment inside it or of a write."""
    if not htmx and request.method in SAFE_METHODS:
        return request.full_path.rstrip("?")
    page = _split(htmx.current_url or request.referrer or "")
    path = f"{page.path}?{page.query}" if page.query else page.path
    return path if page.netloc == request.host else None


def safe_next(target: str | None) -> str | None:
    """`target` if it is a path on this site that is safe to redirect to, else None.

    Browsers read a backslash as a slash and skip control characters, so both refuse it, as do a
    scheme, a host and a doubled slash.
    """
    if not target or len(target) > _LONGEST_NEXT or not target.startswith("/"):
        return None
    if target.startswith("//") or "\\" in target or not target.isprintable():
        return None
    try:
        parts = urlsplit(target)
    except ValueError:
        return None
    return target if not parts.scheme and not parts.netloc else None
