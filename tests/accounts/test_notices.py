"""Which mails tell a person: chosen on their page, by a link without signing in, by one click."""

import dataclasses
import re

import pytest
from flask import Flask
from sqlalchemy import select

from portal.accounts.models import Notices, Person, Provider
from portal.accounts.queries import people_to_tell
from portal.audit.models import AuditEntry
from portal.extensions import db
from portal.mail import unsubscribing
from portal.permissions import Role
from tests import factories
from tests.pages import PagesClient

ONE_CLICK = {"List-Unsubscribe": "One-Click"}


@pytest.fixture
def person(provider: Provider) -> Person:
    """A seller who has chosen nothing yet."""
    return factories.person(provider, Role.SELLER)


@pytest.fixture
def link(app: Flask, person: Person) -> str:
    """The path of the link in a mail to that seller."""
    address = unsubscribing.address_of(person.id)
    assert address.startswith("http://127.0.0.1:8000/unsubscribe/")
    return address.removeprefix("http://127.0.0.1:8000")


def notices_of(person: Person) -> str:
    """What is in the table."""
    found = db.session.scalar(select(Person.notices).where(Person.id == person.id))
    assert found is not None
    return found


def test_looking_at_the_link_changes_nothing(
    visitor: PagesClient, link: str, person: Person
) -> None:
    page = visitor.get(link)
    assert page.status_code == 200
    assert page.headers["Referrer-Policy"] == "no-referrer"
    assert page.headers["Cache-Control"] == "no-store"
    assert visitor.head(link).status_code == 200
    assert notices_of(person) == "all"


@pytest.mark.parametrize("choice", ["mine", "none", "all"])
def test_the_page_of_the_link_takes_each_choice(
    visitor: PagesClient, link: str, person: Person, choice: str
) -> None:
    answer = visitor.post(link, data={"notices": choice}, csrf=False)
    assert answer.status_code == 200
    assert re.search(rf'<input[^>]* checked[^>]* value="{choice}"', answer.text)
    assert notices_of(person) == choice


@pytest.mark.parametrize("kind", [None, "multipart/form-data"])
def test_one_click_in_a_mail_program_means_none(
    visitor: PagesClient, link: str, person: Person, kind: str | None
) -> None:
    for _ in range(2):  # mail programs try again
        answer = visitor.post(link, data=ONE_CLICK, csrf=False, content_type=kind)
        assert answer.status_code == 200
    assert notices_of(person) == "none"
    (entry,) = db.session.scalars(select(AuditEntry).where(AuditEntry.act == "person.notices"))
    assert (entry.subject_id, entry.person_id) == (person.id, None)
    assert entry.changes == {"notices": ["all", "none"]}


@pytest.mark.parametrize("choice", ["", "x", "ALL", "none "])
def test_another_choice_is_refused(
    visitor: PagesClient, link: str, person: Person, choice: str
) -> None:
    assert visitor.post(link, data={"notices": choice}, csrf=False).status_code == 422
    assert visitor.post(link, data={}, csrf=False).status_code == 422
    assert notices_of(person) == "all"


def test_only_our_own_links_count(visitor: PagesClient, link: str, person: Person) -> None:
    payload, _dot, mac = link.removeprefix("/unsubscribe/").partition(".")
    others = [f"{payload}.{mac[:-2]}AA", f"x{payload}.{mac}", payload, "x" * 5000]
    with visitor.application.test_request_context():
        from portal.web import formtoken

        others.append(formtoken.issue("unsubscribe"))
    for token in others:
        assert visitor.get(f"/unsubscribe/{token}").status_code == 404
        assert visitor.post(f"/unsubscribe/{token}", data=ONE_CLICK, csrf=False).status_code == 404
    assert notices_of(person) == "all"


def test_a_link_of_an_earlier_key_still_counts(app: Flask, person: Person) -> None:
    token = unsubscribing.address_of(person.id).rpartition("/")[2]
    key = app.config["SECRET_KEY"]
    app.config.update(SECRET_KEY="new" * 20, SECRET_KEY_FALLBACKS=[key])
    try:
        assert unsubscribing.person_of(token) == person.id
        app.config.update(SECRET_KEY_FALLBACKS=[])
        assert unsubscribing.person_of(token) is None
    finally:
        app.config.update(SECRET_KEY=key, SECRET_KEY_FALLBACKS=[])


def test_who_has_left_is_not_known(visitor: PagesClient, provider: Provider) -> None:
    gone = factories.person(provider, Role.SELLER, is_active=False)
    link = "/unsubscribe/" + unsubscribing.address_of(gone.id).rpartition("/")[2]
    assert visitor.get(link).status_code == 404
    assert visitor.post(link, data=ONE_CLICK, csrf=False).status_code == 404


def test_the_choice_on_ones_own_page(seller: PagesClient, hx: bool) -> None:
    page = seller.get("/portal/account/")
    assert 'action="/portal/account/notices"' in page.text
    answer = seller.post("/portal/account/notices", data={"notices": "mine"}, hx=hx)
    assert answer.status_code == (204 if hx else 303)
    assert db.session.scalars(select(Person.notices)).one() == "mine"
    entry = db.session.scalars(select(AuditEntry).where(AuditEntry.act == "person.notices")).one()
    assert entry.person_id == entry.subject_id
    seller.post("/portal/account/notices", data={"notices": "loud"})
    assert db.session.scalars(select(Person.notices)).one() == "mine"


def test_the_marketplace_has_no_such_choice(admin: PagesClient) -> None:
    assert "/portal/account/notices" not in admin.get("/portal/account/").text


def test_who_is_told(provider: Provider, other_provider: Provider) -> None:
    one = factories.person(provider, Role.SELLER, Role.MANAGER)
    two = factories.person(provider, Role.MANAGER, notices=Notices.MINE)
    factories.person(provider, Role.STAFF)
    factories.person(provider, Role.SELLER, notices=Notices.NONE)
    factories.person(provider, Role.SELLER, is_active=False)
    factories.person(other_provider, Role.SELLER)
    told = db.session.execute(people_to_tell(provider.id, Role.SELLER, Role.MANAGER)).all()
    assert [person.id for person in told] == [one.id, two.id]


def test_one_click_is_told_over_https_only(app: Flask, person: Person) -> None:
    from portal.mail.envelope import message_of
    from portal.mail.models import Mail
    from portal.mail.rendering import Letter

    settings = app.config["PORTAL"]
    mail = Mail(to_address="a@c.example", key="k", created_at=1, notice_of=person.id)
    letter = Letter("s", "t", "<p>t</p>", "Offer Portal")
    origin = f"https://{'portal-of-a-long-name.' * 3}example"
    app.config["PORTAL"] = dataclasses.replace(settings, public_origin=origin)
    try:
        message = message_of(app.config["PORTAL"], mail, letter, ())
    finally:
        app.config["PORTAL"] = settings
    assert message["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    # Longer than a line, and still an address: not encoded, not folded.
    assert f"List-Unsubscribe: <{origin}/unsubscribe/".encode() in bytes(message)
    message = message_of(settings, mail, letter, ())
    assert message["List-Unsubscribe"].startswith("<http://127.0.0.1:8000/unsubscribe/")
    assert "List-Unsubscribe-Post" not in message
