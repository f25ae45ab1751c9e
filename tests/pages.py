"""The test client: every page that any test fetches is audited on the way."""

from collections import Counter
from html.parser import HTMLParser
from typing import Any, Final

from flask import session
from flask.testing import FlaskClient
from flask_wtf.csrf import generate_csrf
from werkzeug.test import TestResponse

HTMX: Final = {"HX-Request": "true", "HX-Request-Type": "partial"}


class _Outline(HTMLParser):
    """What the audit needs to know of a page."""

    def __init__(self) -> None:
        super().__init__()
        self.ids: Counter[str] = Counter()
        self.title = ""
        self.faults: list[str] = []
        self.post_forms: list[dict[str, str | None]] = []
        self.forms_with_token = 0
        self.labelled: set[str] = set()
        self.headings = 0
        self._in_title = False
        self._in_post_form = False
        self._token_seen = False

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        attributes = dict(attrs)
        if identifier := attributes.get("id"):
            self.ids[identifier] += 1
        self._in_title = tag == "title"
        self.headings += tag == "h1"
        self._check_inline(tag, attributes)
        if tag == "form" and (attributes.get("method") or "get").lower() == "post":
            if not attributes.get("action"):
                self.faults.append("a POST form without action")
            self._in_post_form, self._token_seen = True, False
            self.post_forms.append(attributes)
        if tag == "input" and attributes.get("name") == "csrf_token":
            self._token_seen = True
        if tag == "img" and "alt" not in attributes:
            self.faults.append(f"img without alt: {attributes.get('src')}")
        if tag == "a" and not attributes.get("href"):
            self.faults.append("a link without href")

    def _check_inline(self, tag: str, attributes: dict[str, str | None]) -> None:
        for name in attributes:
            if name == "style" or name.startswith(("on", "hx-on")):
                self.faults.append(f"inline {name} on <{tag}>")
        is_data = attributes.get("type") == "application/ld+json"
        if tag == "style" or (tag == "script" and not attributes.get("src") and not is_data):
            self.faults.append(f"inline <{tag}>")
        for verb in ("hx-get", "hx-post"):
            plain = {"hx-get": ("href", "action"), "hx-post": ("action", "formaction")}[verb]
            is_poll = "every" in (attributes.get("hx-trigger") or "")
            if verb in attributes and not is_poll and not any(attributes.get(p) for p in plain):
                self.faults.append(f"{verb} on <{tag}> without {' or '.join(plain)}")

    def handle_endtag(self, tag: str) -> None:
        if tag == "title":
            self._in_title = False
        if tag == "form" and self._in_post_form:
            action = self.post_forms[-1].get("action") or ""
            if not self._token_seen and not action.startswith(("/language/", "/theme/")):
                self.faults.append(f"POST form without csrf_token: {action}")
            self._in_post_form = False

    def handle_data(self, data: str) -> None:
        if self._in_title:
            self.title += data


def audit(response: TestResponse) -> None:
    """Fail unless an HTML answer is well formed in the ways that all of ours must be."""
    assert "Content-Security-Policy" in response.headers
    assert response.headers["X-Content-Type-Options"] == "nosniff"
    assert "Cache-Control" in response.headers
    outline = _Outline()
    body = response.get_data(as_text=True)
    outline.feed(body)
    repeated = [identifier for identifier, times in outline.ids.items() if times > 1]
    assert not repeated, f"ids stand twice: {repeated}"
    assert not outline.faults, outline.faults
    assert "Traceback" not in body
    if body.lstrip().lower().startswith("<!doctype"):
        assert outline.title.strip(), "a page without a title"
        assert outline.headings == 1, f"{outline.headings} h1 on the page"


class PagesClient(FlaskClient):
    """Flask's test client that audits each HTML answer.

    `hx=True` asks as htmx does; `csrf=True` (the default for a POST) adds a good token for the
    signed-in session.
    """

    def open(
        self, *args: Any, hx: bool = False, csrf: bool | None = None, **kwargs: Any
    ) -> TestResponse:
        """Send one request and audit the answer if it is HTML."""
        headers = dict(kwargs.pop("headers", None) or {})
        if hx:
            headers |= HTMX
        method = kwargs.get("method", "GET")
        if csrf if csrf is not None else method == "POST":
            headers.setdefault("X-CSRFToken", self.csrf_token())
        # A context of its own: within the test's, this request would share flask.g, and with it
        # the signed-in person, with the request before.
        with self.application.app_context():
            response = super().open(*args, headers=headers, **kwargs)
        is_page = response.mimetype == "text/html" and response.data and method != "HEAD"
        if is_page and "Content-Encoding" not in response.headers:
            audit(response)
        return response

    def csrf_token(self) -> str:
        """A token that is good for this client's session."""
        app = self.application
        with self.session_transaction() as kept, app.app_context(), app.test_request_context():
            # generate_csrf() keeps the raw token in the session and returns it signed.
            if "csrf_token" in kept:
                session["csrf_token"] = kept["csrf_token"]
            token: str = generate_csrf()
            kept["csrf_token"] = session["csrf_token"]
        return token

    def sign_in(self, token: str) -> None:
        """Hold the session with this token, as after signing in."""
        with self.session_transaction() as stored:
            stored["_user_id"] = token
            stored["_fresh"] = True
