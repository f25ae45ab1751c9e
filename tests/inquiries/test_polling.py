"""The poll before Flask: an empty answer for whoever may have it, everything else goes on to Flask."""

from collections.abc import Callable
from typing import Any

import pytest
from flask import Flask, request
from sqlalchemy import update

from portal.accounts import queries as people
from portal.accounts.models import Person, PersonRole, Provider, SignInSession
from portal.database import transaction
from portal.inquiries import actions, polling
from portal.inquiries.models import AnswerDraft
from portal.listings.models import Listing
from portal.permissions import Role
from tests import factories
from tests.inquiries.conftest import NOW
from tests.pages import HTMX, PagesClient


@pytest.fixture
def me(provider: Provider) -> Person:
    return factories.person(provider, Role.SELLER, language="en")


@pytest.fixture
def client(app: Flask, me: Person) -> PagesClient:
    made: Any = app.test_client()
    made.sign_in(factories.session_of(me))
    return made  # type: ignore[no-any-return]


@pytest.fixture
def through(app: Flask, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Paths that went on to Flask."""
    seen: list[str] = []
    original = Flask.full_dispatch_request

    def note(self: Flask, *context: Any) -> Any:
        seen.append(request.path)
        return original(self, *context)

    monkeypatch.setattr(Flask, "full_dispatch_request", note)
    return seen


Poll = Callable[..., Any]


@pytest.fixture
def url(client: PagesClient, listing: Listing) -> str:
    """What the page of an open thread asks."""
    inquiry = factories.inquiry(listing, due_at=NOW + 600)
    page = client.get(f"/portal/inquiries/{inquiry.id}").text
    return _polled(page)


def _polled(page: str) -> str:
    """The address that a page asks for news."""
    after = page.split('<div id="inbox-news')[1].split('hx-get="')[1]
    return after.split('"')[0].replace("&amp;", "&")


def test_nothing_new_is_answered_before_flask_with_the_headers_of_a_page(
    client: PagesClient, url: str, through: list[str]
) -> None:
    answer = client.get(url, hx=True)
    assert (answer.status_code, answer.data, through) == (204, b"", [])
    page = client.get("/portal/inquiries/")
    for name in (
        "Content-Security-Policy", "X-Content-Type-Options", "Cross-Origin-Resource-Policy", "X-Frame-Options",
        "Cross-Origin-Opener-Policy", "Permissions-Policy", "Referrer-Policy", "Cache-Control",
    ):  # fmt: skip
        assert answer.headers[name] == page.headers[name]
    assert "Set-Cookie" not in answer.headers
    assert "Cookie" in answer.headers["Vary"]
    assert "Content-Type" not in answer.headers


@pytest.mark.parametrize(
    "how",
    [
        {"headers": {}},
        {"headers": HTMX | {"HX-Boosted": "true"}},
        {"headers": HTMX | {"HX-History-Restore-Request": "true"}},
        {"headers": HTMX | {"HX-Request-Type": "full"}},
        {"headers": HTMX, "method": "HEAD"},
        {"headers": HTMX, "method": "POST"},
        {"headers": HTMX | {"Host": "evil.example"}},
        {"headers": HTMX, "query_string": "stamp=0.0.0."},
        {"headers": HTMX, "query_string": "open=1"},
        {"headers": HTMX, "query_string": "stamp="},
    ],
)
def test_what_is_no_poll_of_ours_goes_on(
    client: PagesClient, url: str, through: list[str], how: dict[str, Any]
) -> None:
    answer = client.open(url.partition("?")[0] if "query_string" in how else url, csrf=False, **how)
    assert answer.status_code != 204
    assert through or how["headers"].get("Host")


def _end(session: Any, me: Person) -> None:
    session.execute(update(SignInSession).values(expires_at=NOW))


def _idle(session: Any, me: Person) -> None:
    session.execute(update(SignInSession).values(seen_at=NOW - people.IDLE_LIFETIME - 1))


def _sign_out(session: Any, me: Person) -> None:
    session.query(SignInSession).delete()


def _deactivate(session: Any, me: Person) -> None:
    session.execute(update(Person).where(Person.id == me.id).values(is_active=False))


def _take_role(session: Any, me: Person) -> None:
    session.execute(update(PersonRole).values(role=Role.STAFF.value))


def _leave(session: Any, me: Person) -> None:
    session.execute(update(Person).where(Person.id == me.id).values(provider_id=None))


@pytest.mark.parametrize("change", [_end, _idle, _sign_out, _deactivate, _take_role, _leave])
def test_who_may_no_longer_look_is_told_by_flask(
    client: PagesClient, url: str, me: Person, through: list[str], change: Any
) -> None:
    assert client.get(url, hx=True).status_code == 204
    with transaction() as session:
        change(session, me)
    answer = client.get(url, hx=True)
    assert answer.status_code in {401, 403, 404}
    assert through


def test_a_cookie_that_we_did_not_sign_goes_on(
    app: Flask, client: PagesClient, url: str, through: list[str]
) -> None:
    name = app.config["SESSION_COOKIE_NAME"]
    cookie = client.get_cookie(name)
    assert cookie is not None
    for value in ("", "x", cookie.value[:-1], cookie.value + "x"):
        client.set_cookie(name, value)
        assert client.get(url, hx=True).status_code == 401
    assert len(through) == 4


def test_a_cookie_is_as_old_as_its_signature(
    client: PagesClient, url: str, clock: Any, me: Person
) -> None:
    clock.shift(31 * 86_400)
    with transaction() as session:
        session.execute(update(SignInSession).values(seen_at=NOW + 31 * 86_400, expires_at=NOW * 2))
    assert client.get(url, hx=True).status_code == 401


def test_a_list_narrowed_to_some_days_is_polled(client: PagesClient, url: str) -> None:
    page = client.get("/portal/inquiries/?queue=all&since=2026-09-01&until=2026-09-30")
    assert page.status_code == 200
    address = _polled(page.text)
    assert "since=2026-09-01" in address
    assert client.get(address, hx=True).status_code == 204


def test_another_providers_thread_is_not_polled(
    client: PagesClient, url: str, other_provider: Provider
) -> None:
    foreign = factories.inquiry(factories.listing(other_provider))
    stamp = url.split("stamp=")[1].split("&", maxsplit=1)[0]
    answer = client.get(f"/portal/inquiries/news?stamp={stamp}&open={foreign.id}", hx=True)
    assert answer.status_code == 404


def test_what_the_page_shows_is_news(
    client: PagesClient, url: str, provider: Provider, listing: Listing, clock: Any
) -> None:
    assert client.get(url, hx=True).status_code == 204
    clock.shift(601)  # the deadline has passed
    assert client.get(url, hx=True).status_code == 200
    clock.shift(-601)
    assert client.get(url, hx=True).status_code == 204
    with transaction() as session:
        actions.touch(session, provider.id)
    assert client.get(url, hx=True).status_code == 200


@pytest.mark.parametrize(("whose", "kind", "age", "status"), [
    ("colleague", "answer", 0, 200),
    ("colleague", "answer", 60, 204),
    ("colleague", "note", 0, 204),
    ("me", "answer", 0, 204),
])  # fmt: skip
def test_a_colleague_who_is_answering_is_news(
    client: PagesClient, url: str, me: Person, provider: Provider,
    whose: str, kind: str, age: int, status: int,
) -> None:  # fmt: skip
    person = me if whose == "me" else factories.person(provider, Role.SELLER)
    with transaction() as session:
        session.add(
            AnswerDraft(
                inquiry_id=int(url.split("open=")[1].split("&", maxsplit=1)[0]), person_id=person.id,
                kind=kind, body="We", revision=1, saved_at=NOW - age,
            )
        )  # fmt: skip
    assert client.get(url, hx=True).status_code == status


def test_a_poll_is_no_use_of_the_session(client: PagesClient, url: str, clock: Any) -> None:
    from portal.extensions import db

    clock.shift(500)
    assert client.get(url, hx=True).status_code == 204
    assert db.session.query(SignInSession.seen_at).scalar() == NOW


def test_a_database_that_fails_is_flasks_to_tell(
    client: PagesClient, url: str, through: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    from sqlalchemy.exc import OperationalError

    def fail(*_values: Any) -> Any:
        raise OperationalError("", {}, Exception())

    monkeypatch.setattr(polling._QUESTION, "rows", fail)
    assert client.get(url, hx=True).status_code == 200
    assert through


def test_it_holds_outside_a_test_as_well(own_app: Flask) -> None:
    """On connections of its own, with nothing rolled back around it."""
    with own_app.app_context():
        provider = factories.provider()
        me = factories.person(provider, Role.SELLER)
        token = factories.session_of(me)
    client: Any = own_app.test_client()
    client.sign_in(token)
    page = client.get("/portal/inquiries/").text
    url = (
        page.split('<div id="inbox-news')[1]
        .split('hx-get="')[1]
        .split('"')[0]
        .replace("&amp;", "&")
    )
    for _time in range(3):
        assert client.get(url, hx=True).status_code == 204
    with own_app.app_context(), transaction() as session:
        actions.touch(session, 1)
    assert client.get(url, hx=True).status_code == 200
