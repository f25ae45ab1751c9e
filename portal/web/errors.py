"""An error as a page and as a fragment: what happened and what to do, in the reader's language."""

import structlog
from flask import Flask, Response, make_response, request
from flask_babel import lazy_gettext as _l
from flask_wtf.csrf import CSRFError
from sqlalchemy.exc import OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeout
from werkzeug.exceptions import HTTPException

from portal.database import Missing
from portal.extensions import db
from portal.web.fragments import respond
from portal.web.guard import forget_reader

log = structlog.get_logger()

_UNAVAILABLE = 503
_RETRY_AFTER_SECONDS = "5"
_WORDS = {
    400: (_l("This request was not understood"), _l("Go back, reload the page and try again.")),
    403: (_l("You may not do this"), _l("Ask a manager of your company for the right to do it.")),
    404: (
        _l("Nothing here"),
        _l("The address may be mistyped, or what was here has been taken down."),
    ),
    405: (_l("This request was not understood"), _l("Go back, reload the page and try again.")),
    410: (_l("No longer offered"), _l("This offer has been taken down. Others are still there.")),
    413: (_l("That was too large"), _l("Send less at once, or a smaller file.")),
    415: (
        _l("This request was not understood"),
        _l("Send it as a form; other kinds of content are not read here."),
    ),
    429: (_l("Too many tries"), _l("Wait a little, then try again.")),
    500: (
        _l("Something went wrong on our side"),
        _l("Nothing was changed. Try again; if it stays, tell us the time it happened."),
    ),
    503: (
        _l("Busy just now"),
        _l("Nothing was lost: go back, what you typed is still there, and try again."),
    ),
}


def init_app(app: Flask) -> None:
    """Answer every error through the same two templates."""
    app.register_error_handler(HTTPException, _http_error)
    app.register_error_handler(Missing, lambda _error: show(404))
    app.register_error_handler(CSRFError, _token_error)
    app.register_error_handler(OperationalError, _database_error)
    app.register_error_handler(PoolTimeout, _database_error)


def show(status: int) -> Response:
    """The error page (or fragment) for an HTTP status."""
    title, advice = _WORDS.get(status) or _WORDS[500 if status >= 500 else 400]
    response = respond(
        "errors/error.html",
        "errors/_error.html",
        status=status,
        title=title,
        advice=advice,
        code=status,
    )
    response.headers["Cache-Control"] = "no-store"
    return response


def _http_error(error: HTTPException) -> Response:
    status = error.code or 500
    if error.response is not None:
        return make_response(error.response)
    if status >= 500:
        _give_up()
        log.error("request failed", path=request.path, method=request.method, status=status)
    response = show(status)
    for name, value in error.get_headers():
        if name in {"Allow", "Retry-After"}:
            response.headers[name] = value
    return response


def _give_up() -> None:
    db.session.rollback()
    forget_reader()


def _token_error(_error: CSRFError) -> Response:
    return show(400)


def _database_error(error: Exception) -> Response:
    """The database is locked, full or away: say so, and when to come back."""
    _give_up()
    log.error("database unavailable", path=request.path, error=str(error).splitlines()[0][:200])
    response = show(_UNAVAILABLE)
    response.headers["Retry-After"] = _RETRY_AFTER_SECONDS
    return response
