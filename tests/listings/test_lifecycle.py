"""Every move of a listing, who may do it and what it changes; what is kept and what is deleted."""

import json
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import select

from portal import clock
from portal.accounts.models import Provider
from portal.audit.models import AuditEntry
from portal.database import transaction
from portal.extensions import db
from portal.listings import actions, media, moves
from portal.listings.models import Image, Listing, Revision, Status
from portal.listings.moves import MOVES, Standing, Verb
from portal.permissions import Permission, Role, permissions_of
from tests.conftest import ClientFor
from tests.listings.conftest import Made, acts, put, row
from tests.listings.picture_files import quarters, saved
from tests.pages import PagesClient

PICTURE = saved(quarters(), "WEBP")


# The table


def test_every_status_can_be_left_and_none_is_left_twice_by_one_verb() -> None:
    for status in Status:
        assert [move for move in MOVES if move.begin is status and move.end is not status]
    for is_reviewed in (False, True):
        for was_public in (False, True):
            for status in Status:
                standing = Standing(status, is_reviewed, was_public, awaits_look=True)
                for verb in Verb:
                    fitting = [
                        move
                        for move in MOVES
                        if move.verb is verb and move.begin is status and move.applies(standing)
                    ]
                    assert len(fitting) <= 1, (verb, standing)
                    assert moves.find(verb, standing) == (fitting[0] if fitting else None)


@pytest.mark.parametrize(
    ("status", "is_reviewed", "was_public", "roles", "verbs"),
    [
        (Status.DRAFT, False, False, {Role.STAFF}, "publish archive delete"),
        (Status.DRAFT, True, False, {Role.STAFF}, "submit archive delete"),
        (Status.DRAFT, True, True, {Role.STAFF}, "submit archive"),
        (Status.DRAFT, True, False, {Role.STAFF, Role.ADMIN}, "submit archive delete"),
        (Status.IN_REVIEW, True, False, {Role.STAFF}, "withdraw archive"),
        (Status.IN_REVIEW, False, False, {Role.STAFF}, "publish withdraw archive"),
        (Status.IN_REVIEW, True, False, {Role.ADMIN}, "approve reject"),
        (Status.LIVE, True, True, {Role.STAFF}, "withdraw confirm archive"),
        (Status.LIVE, True, True, {Role.SELLER}, "confirm"),
        (Status.LIVE, True, True, {Role.ADMIN}, ""),
        (Status.PAUSED, True, True, {Role.STAFF}, "publish confirm archive"),
        (Status.PAUSED, False, True, {Role.SELLER}, "confirm"),
        (Status.EXPIRED, True, True, {Role.STAFF}, "publish archive"),
        (Status.ARCHIVED, False, True, {Role.STAFF}, "unarchive"),
        (Status.ARCHIVED, False, False, {Role.STAFF}, "unarchive delete"),
        (Status.ARCHIVED, False, False, {Role.SELLER, Role.ADMIN}, ""),
    ],
)
def test_who_is_offered_what(
    status: Status, is_reviewed: bool, was_public: bool, roles: set[Role], verbs: str
) -> None:
    may = permissions_of(frozenset(roles)).__contains__
    found = list(moves.offered(Standing(status, is_reviewed, was_public), may))
    assert found == verbs.split()


@pytest.mark.parametrize("move", [m for m in MOVES if m.permission is Permission.LISTING_PUBLISH])
def test_each_move_of_staff_is_made_once_and_then_says_so(
    staff: PagesClient, provider: Provider, move: moves.Move, hx: bool
) -> None:
    conditions = [
        Standing(move.begin, is_reviewed, was_public)
        for is_reviewed in (False, True)
        for was_public in (False, True)
        if move.applies(Standing(move.begin, is_reviewed, was_public))
    ]
    for standing in conditions:
        with transaction() as session:
            session.get_one(Provider, provider.id).reviews_listings = standing.is_reviewed
        published = clock.now() - 5 if standing.was_public else None
        one = put(provider, move.begin, published_at=published)
        before = row(provider, one)
        path = "publish" if move.verb is Verb.SUBMIT else move.verb.value
        answer = staff.post(f"/portal/listings/{one}/{path}", hx=hx)
        assert answer.status_code in ({200, 204} if hx else {303})
        if move.end is None:
            assert db.session.get(Listing, one) is None
            db.session.rollback()
            assert staff.post(f"/portal/listings/{one}/{path}", hx=hx).status_code == 404
            continue
        after = row(provider, one)
        assert after.status == move.end
        assert (after.version, after.updated_at) == (before.version, before.updated_at)
        assert acts(one) == [f"listing.{move.verb}"]
        if move.begin is not Status.IN_REVIEW:  # withdrawn from there it is a draft like another
            staff.post(f"/portal/listings/{one}/{path}", hx=hx)
            assert row(provider, one) == after
            assert acts(one) == [f"listing.{move.verb}"]


@pytest.mark.parametrize("verb", ["publish", "withdraw", "archive", "unarchive", "delete"])
def test_sellers_move_nothing_and_nobody_moves_what_is_anothers(
    seller: PagesClient,
    client_for: ClientFor,
    provider: Provider,
    other_provider: Provider,
    admin: PagesClient,
    verb: str,
) -> None:
    one = put(provider, Status.DRAFT)
    before = row(provider, one)
    url = f"/portal/listings/{one}/{verb}"
    assert seller.post(url).status_code == 403
    assert admin.post(url).status_code == 403
    assert client_for(other_provider, Role.STAFF).post(url).status_code == 404
    assert row(provider, one) == before


# Availability


@pytest.mark.parametrize("role", [Role.STAFF, Role.SELLER])
@pytest.mark.parametrize("status", [Status.LIVE, Status.PAUSED])
def test_availability_is_a_fact_of_its_own(
    client_for: ClientFor, provider: Provider, role: Role, status: Status, hx: bool
) -> None:
    client = client_for(provider, role)
    one = put(provider, status, updated_at=1_700_000_000)
    before = row(provider, one)
    url = f"/portal/listings/{one}"
    assert "Availability not confirmed yet" in client.get(f"{url}/").get_data(as_text=True)
    answer = client.post(f"{url}/confirm", data={"beside": "1"}, hx=hx)
    assert answer.status_code == (200 if hx else 303)
    if hx:
        assert b'id="listing-availability"' in answer.data
    after = row(provider, one)
    assert after.confirmed_at is not None
    same = ("version", "updated_at", "status", "published_at")
    assert [getattr(after, name) for name in same] == [getattr(before, name) for name in same]
    client.post(f"{url}/confirm", hx=hx)
    assert acts(one) == ["listing.confirm"]
    assert "Availability confirmed" in client.get(f"{url}/").get_data(as_text=True)


def test_what_nobody_can_have_is_not_confirmed(seller: PagesClient, provider: Provider) -> None:
    for status in (Status.DRAFT, Status.IN_REVIEW, Status.EXPIRED, Status.ARCHIVED):
        one = put(provider, status)
        assert seller.post(f"/portal/listings/{one}/confirm").status_code == 303
        assert row(provider, one).confirmed_at is None


# Last updated


@pytest.mark.parametrize(
    ("changed", "moves_it"),
    [
        ({"own_number": "A-7"}, False),
        ({"own_category": "Rack 3"}, False),
        ({"title": "Eight RTX 4090 in Beijing"}, True),
        ({"price_minor": 99}, True),
        ({"own_number": "A-8", "gpu_count": 4}, True),
    ],
)
def test_only_what_buyers_read_moves_the_last_update(
    provider: Provider, made: Made, changed: dict[str, Any], moves_it: bool
) -> None:
    one = made()
    with transaction() as session:
        session.get_one(Listing, one).updated_at = 1_700_000_000
    saved = actions.set_values(provider.id, one, changed, 1, by=None)
    assert saved.version == 2
    assert (row(provider, one).updated_at != 1_700_000_000) == moves_it


def test_the_text_of_a_picture_is_no_news_but_a_picture_is(
    provider: Provider, made: Made, tmp_path: Path
) -> None:
    one = made()
    with transaction() as session:
        keys = [
            actions.add_image(session, tmp_path, one, PICTURE, alt="", position=n) for n in range(2)
        ]
        session.get_one(Listing, one).updated_at = 1_700_000_000
    for version, images in enumerate(
        [((keys[0], "A rack"), (keys[1], "")), ((keys[1], ""), (keys[0], "A rack"))], start=1
    ):
        actions.set_values(provider.id, one, {"images": images}, version, by=None)
        assert (row(provider, one).updated_at != 1_700_000_000) == (version == 2)


# Deletion


def test_a_draft_goes_with_all_that_belongs_to_it_and_its_audit_stays(
    app: Flask, staff: PagesClient, provider: Provider, made: Made
) -> None:
    folder = app.config["PORTAL"].data_dir / "media"
    one = made()
    with transaction() as session:
        key = actions.add_image(session, folder, one, PICTURE, alt="", position=0)
    actions.set_values(provider.id, one, {"images": ()}, 1, by=None)
    assert (folder / media.name_of(key)).exists()
    answer = staff.post(f"/portal/listings/{one}/delete", data={"beside": "1"}, hx=True)
    assert answer.headers["HX-Redirect"] == "/portal/listings/"
    assert not list(folder.glob(f"{key}*"))
    for column in (Revision.listing_id, Image.kept_for, Listing.id):
        assert not db.session.scalars(select(column).where(column == one)).all()
    entry = db.session.scalars(
        select(AuditEntry).where(AuditEntry.subject_id == one, AuditEntry.act == "listing.delete")
    ).one()
    assert json.dumps(entry.changes)
    db.session.rollback()


def test_what_buyers_knew_is_never_deleted(staff: PagesClient, provider: Provider) -> None:
    for status in Status:
        one = put(provider, status, published_at=clock.now())
        staff.post(f"/portal/listings/{one}/delete")
        assert row(provider, one).status == status
