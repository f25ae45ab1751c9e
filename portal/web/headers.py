"""Security and caching headers of every answer: content policy, isolation, who may keep it."""

from typing import Final

from flask import Flask, Response, request
from flask.globals import request_ctx

from portal.config import Settings
from portal.web.guard import is_public

_YEAR_2 = 63_072_000
CONTENT_POLICY: Final = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; font-src 'self'; "
    "connect-src 'self'; form-action 'self'; frame-ancestors 'none'; base-uri 'none'; "
    "object-src 'none'; report-uri /csp-report"
)
PERMISSIONS_POLICY: Final = (
    "camera=(), microphone=(), geolocation=(), payment=(), usb=(), browsing-topics=()"
)
_ALL: Final = {
    "X-Content-Type-Options": "nosniff",
    "Cross-Origin-Resource-Policy": "same-origin",
}
_HTML: Final = {
    "Cross-Origin-Opener-Policy": "same-origin",
    "X-Frame-Options": "DENY",
    "Permissions-Policy": PERMISSIONS_POLICY,
}

_REFERRER: Final = ("Referrer-Policy", "strict-origin-when-cross-origin")


def init_app(app: Flask, settings: Settings) -> None:
    """Add the headers to each answer, errors too."""
    # No view sets these: there is nothing to look for and replace.
    of_all, of_pages = _of_all(settings), _of_pages(settings)

    @app.after_request
    def add_headers(response: Response) -> Response:
        headers = response.headers
        if response.mimetype == "text/html":
            headers.extend(of_pages)
        else:
            headers.extend(of_all)
            headers.setdefault("Content-Security-Policy", "default-src 'none'; sandbox")
        headers.setdefault(*_REFERRER)
        _say_who_may_keep_it(response)
        return response


def of_private_pages(settings: Settings) -> list[tuple[str, str]]:
    """What a signed-in page is sent with, for an answer that no view gives."""
    return [*_of_pages(settings), _REFERRER, ("Cache-Control", "no-store"), ("Vary", "Cookie")]


def _of_all(settings: Settings) -> list[tuple[str, str]]:
    everywhere = dict(_ALL)
    if settings.is_https:
        everywhere["Strict-Transport-Security"] = f"max-age={_YEAR_2}; includeSubDomains"
    return list(everywhere.items())


def _of_pages(settings: Settings) -> list[tuple[str, str]]:
    policy = CONTENT_POLICY + ("; upgrade-insecure-requests" if settings.is_https else "")
    return [*_of_all(settings), *_HTML.items(), ("Content-Security-Policy", policy)]


def _say_who_may_keep_it(response: Response) -> None:
    if "Cache-Control" in response.headers:
        return
    # `flask.session` cannot be asked whether it was looked at: asking it is a look (Flask 3.1.3).
    opened = request_ctx._session
    is_shared = (
        request.method in {"GET", "HEAD"}
        and response.status_code in {200, 304}
        and is_public()
        and not (opened is not None and opened.accessed)
        and "Set-Cookie" not in response.headers
    )
    if not is_shared:
        response.headers["Cache-Control"] = "no-store"
        return
    response.headers["Cache-Control"] = "public, max-age=0, must-revalidate"
    response.vary.update(("Accept-Language", "Cookie"))
