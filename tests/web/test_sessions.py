"""A session's cookie that was verified once: the same session, and not for longer than it holds."""

from datetime import UTC, datetime, timedelta

import time_machine
from flask import Flask, Response, flash, request, session

from portal.web.sessions import VerifiedOnce


def _cookie(app: Flask, **values: object) -> str:
    serializer = VerifiedOnce().get_signing_serializer(app)
    assert serializer is not None
    signed = serializer.dumps(values)
    assert isinstance(signed, str)
    return signed


def _opened(app: Flask, interface: VerifiedOnce, cookie: str) -> dict[str, object]:
    headers = {"Cookie": f"{app.config['SESSION_COOKIE_NAME']}={cookie}"}
    with app.test_request_context("/", headers=headers):
        opened = interface.open_session(app, request)
        assert opened is not None
        return dict(opened)


def test_a_second_request_has_a_session_of_its_own(app: Flask) -> None:
    interface, cookie = VerifiedOnce(), _cookie(app, name="A")
    first = _opened(app, interface, cookie)
    first["name"] = "B"
    assert _opened(app, interface, cookie) == {"name": "A"}


def test_another_signature_is_no_session(app: Flask) -> None:
    interface, cookie = VerifiedOnce(), _cookie(app, name="A")
    assert _opened(app, interface, cookie) == {"name": "A"}
    last = "A" if cookie[-2] != "A" else "B"
    assert _opened(app, interface, cookie[:-2] + last + cookie[-1]) == {}


def test_a_verified_cookie_ends_with_its_signature(app: Flask) -> None:
    interface, begun = VerifiedOnce(), datetime.now(UTC)
    cookie = _cookie(app, name="A")
    assert _opened(app, interface, cookie) == {"name": "A"}
    with time_machine.travel(begun + app.permanent_session_lifetime + timedelta(minutes=1)):
        assert _opened(app, interface, cookie) == {}


def test_waiting_messages_are_not_shared(app: Flask) -> None:
    interface = VerifiedOnce()
    cookie = _cookie(app, _flashes=[("success", "Saved.")])
    headers = {"Cookie": f"{app.config['SESSION_COOKIE_NAME']}={cookie}"}
    for _ in range(2):
        with app.test_request_context("/", headers=headers) as context:
            opened = interface.open_session(app, request)
            assert opened is not None
            context._session = opened
            flash("Another.")
            assert len(session["_flashes"]) == 2


def test_a_session_that_was_looked_at_says_so_to_caches(app: Flask) -> None:
    interface, cookie = VerifiedOnce(), _cookie(app, name="A")
    headers = {"Cookie": f"{app.config['SESSION_COOKIE_NAME']}={cookie}"}
    with app.test_request_context("/", headers=headers):
        opened = interface.open_session(app, request)
        assert opened is not None
        opened.accessed = True
        answer = Response("ok")
        interface.save_session(app, opened, answer)
    assert answer.vary.as_set() == {"cookie"}
    assert "Set-Cookie" not in answer.headers
