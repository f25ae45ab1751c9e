"""T01: every private route of the real URL map, asked by another provider for what is not theirs.

Whatever a row of theirs is called in an address or a body, the answer is the very one for an id
that nobody has, and nothing is different afterwards. A route that names a row by something this
module does not know fails here until it is said whose it is.
"""

import io
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import pytest
from flask import Flask
from sqlalchemy import select
from werkzeug.datastructures import MultiDict
from werkzeug.routing import Rule
from werkzeug.test import TestResponse

from portal.accounts.models import Person, Provider, SignInSession
from portal.database import Base, transaction
from portal.extensions import db
from portal.imports import actions as imports
from portal.imports.models import Import, State
from portal.imports.reading import read
from portal.inquiries import actions as desk
from portal.inquiries import actions as inquiries
from portal.inquiries.links import Links
from portal.inquiries.moves import Act
from portal.listings import actions, media
from portal.listings.models import BulkChange, Image, SavedView
from portal.listings.pictures import prepare
from portal.permissions import PUBLIC, Role
from portal.web.guard import access_of
from tests import factories
from tests.conftest import ClientFor
from tests.listings.conftest import REAL, body
from tests.listings.picture_files import quarters, saved
from tests.pages import PagesClient

NONCE: Final = "a" * 32
OTHER_NONCE: Final = "b" * 32
FAR: Final = 700_000_000
"""Added to a row's id: nobody has that one."""
NOBODYS: Final = {"version"}
"""Places of an address that name a row only together with another one."""
NO_ID: Final = {
    "/portal/account/away",
    "/portal/account/notices",
    "/portal/inquiries/desk",
    "/portal/inquiries/hand-over",
    "/portal/inquiries/snippets/",
    "/portal/inquiries/spam/empty",
    "/language/<code>",
    "/theme/<name>",
    "/sign-out",
    "/portal/account/sessions/end-others",
    "/portal/listings/views/",
    "/portal/imports/",
}
"""Writes that name no row, in their address or their body."""
_PASSING: Final = re.compile(
    r"[\w-]+\.[\w-]{6}\.[\w-]{27}"  # a signed token: it holds the moment it was made
    r"|\b[0-9a-f]{32}\b"  # a form's nonce
    r'|(?<=name="form_key" value=")[^"]+'  # one's own, made anew with each form
)
_NOBODYS_ID: Final = re.compile(r"\b7[0-9]{8}\b")
PICTURE: Final = saved(quarters(), "PNG")


@dataclass(frozen=True)
class Theirs:
    """What provider A has one of each: the place's name in an address → its id."""

    provider: Provider
    person: Person
    ids: dict[str, int]
    key: str
    client: PagesClient


@pytest.fixture
def folder(app: Flask) -> Path:
    """Where everything lies that is no row."""
    found: Path = app.config["PORTAL"].data_dir
    return found


@pytest.fixture
def theirs(client_for: ClientFor, provider: Provider, folder: Path) -> Theirs:
    """One of everything, provider A's."""
    client = client_for(provider, Role.STAFF, Role.SELLER)
    with transaction() as session:
        someone = session.scalars(select(Person).where(Person.provider_id == provider.id)).one()
    listing_id = actions.create(provider.id, REAL, by=someone.id)
    actions.set_values(provider.id, listing_id, {"stock": 3}, 1, by=someone.id)
    (key,) = actions.add_pictures(
        folder / "media", provider.id, [prepare(PICTURE)], listing_id=listing_id
    )
    for place, of in ((str(listing_id), listing_id), (NONCE, None)):
        actions.keep_draft(
            provider.id, someone.id, place, [("title", "Typed")], revision=0, listing_id=of
        )
    actions.keep_view(provider.id, someone.id, "Shared", "status=live", is_shared=True)
    doing = actions.Doing(provider.id, "stock", 4, someone.id, may_review=False, folder="")
    change_id = actions.change_many(doing, [(listing_id, 2)], form_nonce=NONCE)
    inquiry = factories.inquiry(factories.listing(provider))
    message_id = inquiries.answer(
        inquiry.id,
        provider_id=provider.id,
        person_id=someone.id,
        body="From Monday.",
        form_nonce=NONCE,
        links=Links(("key",), "http://127.0.0.1"),
    ).message_id
    snippet_id = inquiries.keep_snippet(
        provider.id, someone.id, name="Shared", body="{price}", is_shared=True, most=9
    )
    return Theirs(
        provider,
        someone,
        {
            "listing_id": listing_id,
            "view_id": _only(select(SavedView.id).where(SavedView.provider_id == provider.id)),
            "change_id": change_id,
            "import_id": _an_import(folder, provider, someone),
            "inquiry_id": inquiry.id,
            "act_id": _an_act(provider, someone),
            "message_id": message_id,
            "snippet_id": snippet_id,
            "provider_id": provider.id,
            "session_id": _only(
                select(SignInSession.id).where(SignInSession.person_id == someone.id)
            ),
        },
        key,
        client,
    )


def _only(statement: Any) -> int:
    try:
        return int(db.session.scalars(statement).one())
    finally:
        db.session.rollback()


def _an_act(of: Provider, by: Person) -> int:
    """Something done to a thread, which can still be taken back."""
    thread = factories.inquiry(factories.listing(of))
    acted = desk.change(
        of.id,
        by.id,
        [(thread.id, None)],
        desk.Doing(act=Act.SPAM),
        form_nonce=NONCE,
        links=Links(("key",), ""),
    )
    return acted.change_id


def _an_import(folder: Path, of: Provider, by: Person) -> int:
    data = b"title,price\nRTX 4090,5\n"
    import_id = imports.upload(
        folder / "imports", of.id, "theirs.csv", data, read(data), by=by.id, form_nonce=NONCE
    )
    with transaction() as session:
        one = session.get_one(Import, import_id)
        one.state, one.mapping = State.CHECKED, {"0": "title", "1": "price"}
    return import_id


@pytest.fixture
def eve(client_for: ClientFor, other_provider: Provider) -> PagesClient:
    """Staff and seller of provider B."""
    return client_for(other_provider, Role.STAFF, Role.SELLER)


def _rules(app: Flask) -> Iterator[tuple[str, Rule]]:
    """Every method and rule that is not public."""
    for rule in app.url_map.iter_rules():
        if access_of(app, rule.endpoint) is not PUBLIC:
            for method in sorted((rule.methods or set()) & {"GET", "POST"}):
                yield method, rule


def _with_ids(app: Flask) -> list[tuple[str, Rule]]:
    """Those whose address names a row."""
    return [(method, rule) for method, rule in _rules(app) if rule._converters]


def _address(rule: Rule, ids: dict[str, int], place: str) -> str:
    known: dict[str, Any] = {**dict.fromkeys(NOBODYS, 1), **ids, "place": place}
    built = rule.build({name: known[name] for name in rule._converters})
    assert built is not None
    return f"{built[1]}?from=1&to=2"


def _typed(version: int = 3) -> dict[str, str]:
    """A body that would do something wherever it is sent to."""
    return body(version) | {
        "stock": "9",
        "name": "Taken",
        "body": "Hello",
        "to": "earlier",
        "move": "archive",
        "writing": "answer",
        "whole": "1",
        "column-0": "title",
        "column-1": "price",
        "reason-offer": "No.",
        "about": "Ours now.",
        "timezone": "Asia/Shanghai",
    }


def _told(answer: TestResponse) -> tuple[Any, ...]:
    """All that the asker learns: nobody's ids as theirs, and without what passes."""

    def plain(text: str) -> str:
        return _PASSING.sub("~", _NOBODYS_ID.sub(lambda found: str(int(found[0]) - FAR), text))

    headers = [
        (name, plain(value))
        for name, value in answer.headers.items()
        if name not in {"Content-Length", "Set-Cookie", "X-Request-Id", "Date"}
    ]
    return answer.status_code, sorted(headers), plain(answer.get_data(as_text=True))


def _state(folder: Path) -> tuple[Any, ...]:
    """All rows and all files."""
    rows = {
        table.name: sorted(repr(tuple(row)) for row in db.session.execute(select(table)))
        for table in Base.metadata.sorted_tables
        if table.name != "sign_in_sessions"
    }
    sessions = select(SignInSession.id, SignInSession.person_id).order_by(SignInSession.id)
    rows["sign_in_sessions"] = [repr(tuple(row)) for row in db.session.execute(sessions)]
    db.session.rollback()
    files = sorted(
        (str(path), path.stat().st_size)
        for name in ("media", "imports")
        for path in (folder / name).rglob("*")
    )
    return rows, files


def test_every_place_of_an_address_is_somebodys(app: Flask, theirs: Theirs) -> None:
    places = {name for _method, rule in _with_ids(app) for name in rule._converters}
    assert places - NOBODYS - {"place"} == set(theirs.ids)


@pytest.mark.parametrize("way", ["GET", "POST"])
def test_t01_what_another_provider_has_answers_as_what_nobody_has(
    app: Flask, theirs: Theirs, eve: PagesClient, folder: Path, way: str, hx: bool
) -> None:
    nobodys = {name: one + FAR for name, one in theirs.ids.items()}
    before = _state(folder)
    calls = [rule for method, rule in _with_ids(app) if method == way]
    assert len(calls) > 15
    for rule in calls:
        data = _typed() if way == "POST" else None
        answers = [
            _told(eve.open(_address(rule, ids, place), method=way, data=data, hx=hx))
            for ids, place in ((theirs.ids, NONCE), (nobodys, OTHER_NONCE))
        ]
        assert answers[0] == answers[1], (way, rule.rule)
        status = answers[0][0]
        assert status in {403, 404} or "<place>" in rule.rule, (way, rule.rule, status)
        assert _state(folder) == before, (way, rule.rule)


def test_t01_for_its_own_people_each_of_these_answers_something_else(
    app: Flask, theirs: Theirs, admin: PagesClient
) -> None:
    """Else the test above would hold for a server that knows no rows at all."""
    for method, rule in _with_ids(app):
        if "<place>" in rule.rule:
            continue
        statuses = []
        for client in (theirs.client, admin):
            # Each on its own: what one of them deletes the next one asks for.
            with db.session.connection().begin_nested() as undone:
                url = _address(rule, theirs.ids, NONCE)
                statuses.append(client.open(url, method=method, data=_typed()).status_code)
                undone.rollback()
        assert {status for status in statuses if status not in {403, 404} and status < 500}, (
            method,
            rule.rule,
            statuses,
        )


@dataclass(frozen=True)
class Body:
    """A write that names rows in its body."""

    path: str
    fields: dict[str, Any]


def _bodies(listing_id: int, key: str, place: str, own: int, inquiry_id: int) -> list[Body]:
    """Each with one of theirs in it, mixed with one's own where it takes several."""
    picture = {"images": "", "images-0-key": key, "images-0-alt": "x"}
    listing = str(listing_id)
    mixed = {"ids": [str(own), listing], "act": "stock", "value": "9"}
    rows = {"rows": f"{own}.1_{listing}.3", "form_nonce": place}
    return [
        Body("/portal/listings/bulk", mixed),
        Body("/portal/listings/bulk", {"rows": f"{own}_{listing}", "act": "stock"}),
        Body("/portal/listings/bulk/confirm", {**mixed, **rows}),
        Body("/portal/listings/bulk/confirm", {**rows, "act": "archive"}),
        Body("/portal/listings/bulk/confirm", {**rows, "act": "delete"}),
        Body(
            "/portal/inquiries/acts",
            {"act": "spam", "ids": [f"{inquiry_id}.1"], "form_nonce": place},
        ),
        Body("/portal/listings/drafts", body(1) | {"listing_id": listing}),
        Body("/portal/listings/pictures", body(1) | {"listing_id": listing}),
        Body("/portal/listings/new", body() | picture | {"form_nonce": place}),
    ]


def _sent(eve: PagesClient, one: Body, *, hx: bool) -> TestResponse:
    data: MultiDict[str, Any] = MultiDict(one.fields)
    if one.path.endswith("/pictures"):
        data.add("pictures", (io.BytesIO(PICTURE), "a.png"))
    return eve.post(one.path, data=data, hx=hx)


def test_t03_rows_named_in_a_body_answer_as_rows_that_nobody_has(
    app: Flask, theirs: Theirs, eve: PagesClient, other_provider: Provider, folder: Path, hx: bool
) -> None:
    own = actions.create(other_provider.id, REAL, by=None)
    listing_id, inquiry_id = theirs.ids["listing_id"], theirs.ids["inquiry_id"]
    before = _state(folder)
    pairs = zip(
        _bodies(listing_id, theirs.key, NONCE, own, inquiry_id),
        _bodies(listing_id + FAR, "f" * 32, OTHER_NONCE, own, inquiry_id + FAR),
        strict=True,
    )
    for one, nobodys in pairs:
        answers = [_told(_sent(eve, sent, hx=hx)) for sent in (one, nobodys)]
        assert answers[0] == answers[1], one
        assert answers[0][0] in {404, 422}, one
        assert _state(folder) == before, one


def test_every_write_that_names_no_row_in_its_address_is_looked_at(app: Flask) -> None:
    plain = {rule.rule for method, rule in _rules(app) if method == "POST" and not rule._converters}
    assert plain - NO_ID == {one.path for one in _bodies(1, "", "", 2, 3)}


def test_t03_a_nonce_of_another_provider_is_another_form(
    theirs: Theirs, eve: PagesClient, other_provider: Provider, folder: Path
) -> None:
    """The copy of a form leads to what the first one made: never to what somebody else made."""
    own = actions.create(other_provider.id, REAL, by=None)
    fields = {"act": "stock", "value": "9", "rows": f"{own}.1", "form_nonce": NONCE}
    answer = eve.post("/portal/listings/bulk/confirm", data=fields)
    assert str(theirs.ids["change_id"]) not in answer.location.split("?")[0].split("/")
    sheet = {"file": (io.BytesIO(b"title,price\nA100 80G,5\n"), "a.csv"), "form_nonce": NONCE}
    answer = eve.post("/portal/imports/", data=sheet)
    assert str(theirs.ids["import_id"]) not in answer.location.split("/")
    draft = eve.get(f"/portal/listings/new?draft={NONCE}").get_data(as_text=True)
    assert 'value="Typed"' not in draft


def test_t03_a_picture_of_another_provider_stays_what_it_is(
    theirs: Theirs, eve: PagesClient, other_provider: Provider, folder: Path
) -> None:
    own = actions.create(other_provider.id, REAL, by=None)
    text = f"{REAL.description}\n\n![x](/media/{theirs.key}.webp)"
    assert eve.post(f"/portal/listings/{own}/edit", data=body(1, description=text)).status_code
    with transaction() as session:
        row = session.scalars(select(Image).where(Image.key == theirs.key)).one()
        assert (row.provider_id, row.shown_at) == (theirs.provider.id, None)
    # Whoever copies a text copies no file of another's with it.
    files = set(media.keys_on_disk(folder / "media"))
    assert eve.post(f"/portal/listings/{own}/duplicate").status_code == 303
    with transaction() as session:
        assert session.query(Image).filter(Image.provider_id == other_provider.id).count() == 0
    assert {key for key, _at in media.keys_on_disk(folder / "media")} == {k for k, _ in files}


def test_t03_the_undo_of_a_change_stays_with_its_provider(theirs: Theirs, eve: PagesClient) -> None:
    change_id = theirs.ids["change_id"]
    assert eve.post(f"/portal/listings/bulk/{change_id}/undo").status_code == 404
    assert theirs.client.post(f"/portal/listings/bulk/{change_id}/undo").status_code == 303
    with transaction() as session:
        assert session.get_one(BulkChange, change_id).undone_at
