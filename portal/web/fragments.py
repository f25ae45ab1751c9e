"""The one place that tells a fragment from a page, and what follows a write."""

from typing import Any

import flask
from flask import Response, request
from werkzeug.wrappers import Response as BaseResponse

from portal.extensions import htmx

_UNPROCESSABLE = 422
_VARY = "HX-Request, HX-Request-Type, HX-History-Restore-Request"


def is_fragment_request() -> bool:
    """Whether the answer replaces a part of a page.

    A boosted link, Back (history restore) and htmx's own request for a full page want the page.
    """
    return (
        bool(htmx)
        and not htmx.boosted
        and not htmx.history_restore_request
        and request.headers.get("HX-Request-Type") != "full"
    )


def respond(page: str, fragment: str, *, status: int = 200, **context: Any) -> Response:
    """Answer with the whole page, or for htmx with the fragment that the page itself includes.

    Args:
        page: template of the whole page; it includes `fragment`.
        fragment: template with one root element.
        status: HTTP status of either.
        context: what both templates read.
    """
    template = fragment if is_fragment_request() else page
    return tell_apart(flask.make_response(flask.render_template(template, **context), status))


def tell_apart(response: Response) -> Response:
    """Say to caches that page and fragment of an address are two answers."""
    response.headers.add("Vary", _VARY)
    return response


def invalid(page: str, fragment: str, **context: Any) -> Response:
    """Answer 422 with the form that came in, everything typed kept."""
    return respond(page, fragment, status=_UNPROCESSABLE, **context)


def done(url: str, fragment: str | None = None, **context: Any) -> BaseResponse:
    """Answer a write that succeeded: 303 to `url`; htmx gets the fragment, else HX-Redirect."""
    if not is_fragment_request():
        return flask.redirect(url, 303)
    if fragment is None:
        return Response(status=204, headers={"HX-Redirect": url})
    return flask.make_response(flask.render_template(fragment, **context))
