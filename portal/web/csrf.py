"""The CSRF check of each write; a token that Flask-WTF accepted once is not verified again.

A token has no age limit of its own (`WTF_CSRF_TIME_LIMIT`): what was good for a session's secret
stays good as long as the session has that secret. Where a page sends its forms from is looked at
with each request all the same.
"""

from typing import Final

from flask import Flask, current_app, g, request, session
from flask_wtf.csrf import same_origin

from portal.extensions import csrf
from portal.web.guard import SAFE_METHODS, is_public
from portal.web.kept import Kept

_FIELD: Final = "csrf_token"
_HEADER: Final = "X-CSRFToken"
# By application key, session's secret and token: none of them can change under a kept one.
_accepted: Final[Kept[bool]] = Kept(1000)


def init_app(app: Flask) -> None:
    """Check every write, after whoever may not be here at all was refused."""
    # Checked below, by the same rules and with the same exemptions.
    app.config["WTF_CSRF_CHECK_DEFAULT"] = False
    csrf.init_app(app)
    app.before_request(_check)


def _check() -> None:
    if request.method in SAFE_METHODS:
        return
    # A public page's session is not looked at: its forms bring tokens of their own, or need none.
    if is_public() or current_app.config["WTF_CSRF_TIME_LIMIT"] is not None:
        csrf.protect(apply_exemptions=True)
        return
    key = (current_app.secret_key, session.get(_FIELD), _token())
    if _accepted.get(key) and _is_sent_from_here():
        g.csrf_valid = True
        return
    csrf.protect(apply_exemptions=True)
    if g.get("csrf_valid") and not _has_prefixed():
        _accepted.put(key, value=True)


def _token() -> str | None:
    return request.form.get(_FIELD) or request.headers.get(_HEADER)


def _has_prefixed() -> bool:
    """Whether another field may have been what was looked at: Flask-WTF knows forms with prefixes."""
    return any(name != _FIELD and name.endswith(_FIELD) for name in request.form)


def _is_sent_from_here() -> bool:
    if not request.is_secure:
        return True
    return bool(same_origin(request.referrer or "", f"https://{request.host}/"))
