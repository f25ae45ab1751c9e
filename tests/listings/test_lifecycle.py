"""Every move of a listing, who may do it, what it changes; reviews with reasons; what is kept."""

import json
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import select

from portal import clock
from portal.accounts.models import Person, Provider
from portal.audit.models import AuditEntry
from portal.database import transaction
from portal.extensions import db
from portal.listings import actions, media, moves
from portal.listings.models import Image, Listing, Revision, Status
from portal.listings.moves import MOVES, Standing, Verb
from portal.listings.vocabulary import Currency
from portal.mail.models import Mail
from portal.mail.rendering import letter_of
from portal.permissions import Permission, Role, permissions_of
from tests import factories
from tests.conftest import ClientFor
from tests.listings.conftest import Made, body, content, row
from tests.listings.picture_files import quarters, saved
from tests.pages import PagesClient

PICTURE = saved(quarters(), "WEBP")


@pytest.fixture
def reviewed(provider: Provider) -> Provider:
    """Provider A, whose offers are reviewed from now on."""
    with transaction() as session:
        session.get_one(Provider, provider.id).reviews_listings = True
    return provider


@pytest.fixture
def reviewer(client_for: ClientFor) -> PagesClient:
    """An admin reading English."""
    return client_for(None, Role.ADMIN)


def acts(listing_id: int) -> list[str]:
    """What the audit says of a listing, oldest first."""
    statement = select(AuditEntry.act).where(
        AuditEntry.subject == "listing", AuditEntry.subject_id == listing_id
    )
    found = list(db.session.scalars(statement.order_by(AuditEntry.id)))
    db.session.rollback()
    return found


def mails() -> list[Mail]:
    """What waits in the outbox."""
    found = list(db.session.scalars(select(Mail).order_by(Mail.id)))
    db.session.rollback()
    return found


def put(provider: Provider, status: Status, **fields: Any) -> int:
    """A listing in that status, made as it would have come there."""
    was_public = status in {Status.LIVE, Status.PAUSED, Status.EXPIRED}
    published = clock.now() if was_public else None
    return factories.listing(provider, status=status, **{"published_at": published, **fields}).id


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
    reviewer: PagesClient,
    verb: str,
) -> None:
    one = put(provider, Status.DRAFT)
    before = row(provider, one)
    url = f"/portal/listings/{one}/{verb}"
    assert seller.post(url).status_code == 403
    assert reviewer.post(url).status_code == 403
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


# Reviews


def test_handed_in_looked_at_and_approved(
    client_for: ClientFor, reviewed: Provider, reviewer: PagesClient, made: Made, hx: bool
) -> None:
    staff = client_for(reviewed, Role.STAFF)
    one, name = made(), reviewed.name
    staff.post(f"/portal/listings/{one}/publish")
    waiting = row(reviewed, one)
    assert (waiting.status, waiting.published_at) == (Status.IN_REVIEW, None)
    assert waiting.submitted_at is not None
    page = staff.get(f"/portal/listings/{one}/edit").get_data(as_text=True)
    assert "Buyers see it once it is approved." in page
    listed = reviewer.get("/portal/reviews/", hx=hx).get_data(as_text=True)
    assert f"/portal/reviews/{one}" in listed
    assert name in listed
    shown = reviewer.get(f"/portal/reviews/{one}", hx=hx).get_data(as_text=True)
    assert "推理只做前向" in shown
    answer = reviewer.post(f"/portal/reviews/{one}/approve", data={"version": "1"}, hx=hx)
    assert answer.status_code == (204 if hx else 303)
    after = row(reviewed, one)
    assert after.status == Status.LIVE
    assert after.published_at is not None
    assert (after.submitted_at, after.rejection) == (None, None)
    (mail,) = mails()
    assert (mail.template, mail.language) == ("listing_approved", "en")
    again = reviewer.post(
        f"/portal/reviews/{one}/approve", data={"version": "1"}, follow_redirects=True
    )
    assert "no longer waits" in again.get_data(as_text=True)
    assert acts(one) == ["listing.create", "listing.submit", "listing.approve"]


def test_sent_back_with_a_reason_at_the_field(
    client_for: ClientFor, reviewed: Provider, reviewer: PagesClient, made: Made, hx: bool
) -> None:
    staff = client_for(reviewed, Role.STAFF)
    one = made()
    staff.post(f"/portal/listings/{one}/publish")
    url = f"/portal/reviews/{one}/reject"
    empty = reviewer.post(url, data={"version": "1"}, hx=hx)
    assert empty.status_code == 422
    assert "Write at least one reason" in empty.get_data(as_text=True)
    reasons = {"reason_title": "No promises in a title.", "reason_offer": "为什么？<b>"}
    reviewer.post(url, data={"version": "1", **reasons}, hx=hx)
    after = row(reviewed, one)
    assert after.status == Status.DRAFT
    assert after.rejection == {"offer": "为什么？<b>", "title": "No promises in a title."}
    page = staff.get(f"/portal/listings/{one}/edit").get_data(as_text=True)
    assert "No promises in a title." in page
    assert "为什么？&lt;b&gt;" in page
    (mail,) = mails()
    assert mail.template == "listing_sent_back"
    assert mail.context["reasons"]["title"] == "No promises in a title."
    staff.post(f"/portal/listings/{one}/edit", data=body(1, title="Eight RTX 4090 to rent"))
    assert row(reviewed, one).rejection, "kept until it is handed in again"
    staff.post(f"/portal/listings/{one}/publish")
    assert row(reviewed, one).rejection is None
    assert row(reviewed, one).status == Status.IN_REVIEW


@pytest.mark.parametrize("language", ["zh", "en"])
def test_the_mail_is_written_in_the_readers_language(
    app: Flask, reviewed: Provider, made: Made, language: str
) -> None:
    author = factories.person(reviewed, Role.STAFF, language=language)
    one = made()
    actions.publish(reviewed.id, one, by=author.id)
    actions.reject(reviewed.id, one, 1, {"price": "x < y", "offer": "?"}, by=None)
    (mail,) = mails()
    assert mail.to_address == author.email
    with app.test_request_context():
        letter = letter_of(mail)
    assert f"/portal/listings/{one}/edit" in letter.text
    assert ("价格: x < y" if language == "zh" else "Price: x < y") in letter.text
    assert "x &lt; y" in letter.html


def test_a_mail_goes_to_all_staff_once_the_author_is_gone(reviewed: Provider, made: Made) -> None:
    author = factories.person(reviewed, Role.STAFF)
    others = {factories.person(reviewed, Role.STAFF).email for _ in range(2)}
    factories.person(reviewed, Role.SELLER)
    one = made()
    actions.publish(reviewed.id, one, by=author.id)
    with transaction() as session:
        session.get_one(Person, author.id).is_active = False
    actions.reject(reviewed.id, one, 1, {"offer": "?"}, by=None)
    assert {mail.to_address for mail in mails()} == others


def test_what_was_saved_meanwhile_is_looked_at_again(
    client_for: ClientFor, reviewed: Provider, reviewer: PagesClient, made: Made, hx: bool
) -> None:
    staff = client_for(reviewed, Role.STAFF)
    one = made()
    staff.post(f"/portal/listings/{one}/publish")
    staff.post(f"/portal/listings/{one}/edit", data=body(1, title="Something else entirely"))
    for verb in ("approve", "reject"):
        typed = {"version": "1", "reason_offer": "typed"}
        answer = reviewer.post(f"/portal/reviews/{one}/{verb}", data=typed, hx=hx)
        assert answer.status_code == 409
        page = answer.get_data(as_text=True)
        assert "It was changed while you were reading." in page
        assert "typed" in page
        assert 'name="version" value="2"' in page
        assert row(reviewed, one).status == Status.IN_REVIEW


def test_a_live_offer_that_is_changed_stays_and_is_looked_at_afterwards(
    client_for: ClientFor, reviewed: Provider, reviewer: PagesClient, made: Made
) -> None:
    staff = client_for(reviewed, Role.STAFF)
    one = made()
    staff.post(f"/portal/listings/{one}/publish")
    reviewer.post(f"/portal/reviews/{one}/approve", data={"version": "1"})
    actions.set_values(reviewed.id, one, {"price_minor": 5, "currency": Currency.CNY}, 1, by=None)
    assert row(reviewed, one).submitted_at is None, "a price is the seller's own"
    actions.set_values(reviewed.id, one, {"title": "Nine RTX 4090"}, 2, by=None)
    changed = row(reviewed, one)
    assert changed.status == Status.LIVE
    assert changed.submitted_at is not None
    assert "Nine RTX 4090" in reviewer.get("/portal/reviews/?queue=changed").get_data(as_text=True)
    assert "Nine RTX 4090" not in reviewer.get("/portal/reviews/").get_data(as_text=True)
    page = reviewer.get(f"/portal/reviews/{one}").get_data(as_text=True)
    assert "Changed since it was last let go public" in page
    reviewer.post(f"/portal/reviews/{one}/approve", data={"version": "3"})
    kept = row(reviewed, one)
    assert (kept.status, kept.submitted_at) == (Status.LIVE, None)
    actions.set_values(reviewed.id, one, {"description": "Spam."}, 3, by=None)
    reviewer.post(
        f"/portal/reviews/{one}/reject", data={"version": "4", "reason_description": "No."}
    )
    assert row(reviewed, one).status == Status.DRAFT


def test_the_archive_is_no_way_around_a_reviewer(reviewed: Provider, made: Made) -> None:
    one = put(reviewed, Status.LIVE, submitted_at=clock.now())
    actions.reject(reviewed.id, one, 1, {"offer": "No."}, by=None)
    actions.archive(reviewed.id, one, by=None)
    actions.unarchive(reviewed.id, one, by=None)
    assert row(reviewed, one).status == Status.DRAFT
    moved = actions.publish(reviewed.id, one, by=None)
    assert moved.after is Status.IN_REVIEW


def test_who_reviews_publishes_without_another(
    client_for: ClientFor, reviewed: Provider, made: Made
) -> None:
    one = made()
    client_for(reviewed, Role.STAFF, Role.ADMIN).post(f"/portal/listings/{one}/publish")
    assert row(reviewed, one).status == Status.LIVE


def test_an_offer_whose_day_has_passed_is_not_approved(
    reviewed: Provider, reviewer: PagesClient, made: Made
) -> None:
    one = made()
    actions.publish(reviewed.id, one, by=None)
    with transaction() as session:
        session.get_one(Listing, one).valid_until = clock.earliest_today().replace(year=2020)
    answer = reviewer.post(f"/portal/reviews/{one}/approve", data={"version": "1"})
    assert answer.status_code == 422
    assert "Its last day has passed" in answer.get_data(as_text=True)


@pytest.mark.parametrize("path", ["", "7", "7/approve", "7/reject"])
def test_only_admins_review(staff: PagesClient, seller: PagesClient, path: str) -> None:
    for client in (staff, seller):
        method = "POST" if path.endswith(("approve", "reject")) else "GET"
        assert client.open(f"/portal/reviews/{path}", method=method).status_code == 403


def test_what_does_not_wait_is_not_shown_to_reviewers(
    provider: Provider, reviewer: PagesClient
) -> None:
    one = put(provider, Status.DRAFT, title="A secret draft")
    answer = reviewer.get(f"/portal/reviews/{one}", follow_redirects=True)
    assert "A secret draft" not in answer.get_data(as_text=True)
    assert reviewer.get("/portal/reviews/999999999").status_code == 404
    assert reviewer.post(f"/portal/reviews/{one}/approve", data={"version": "1"}).status_code == 303
    assert row(provider, one).status == Status.DRAFT


def test_the_queue_shows_what_waits_longest_first_page_by_page(
    reviewed: Provider, reviewer: PagesClient
) -> None:
    now = clock.now()
    for age in range(60):
        put(reviewed, Status.IN_REVIEW, title=f"Offer {age:02}", submitted_at=now - age)
    first = reviewer.get("/portal/reviews/").get_data(as_text=True)
    assert first.index("Offer 59") < first.index("Offer 58") < first.index("Offer 10")
    assert "Offer 09" not in first
    following = first.split('rel="next"')[0].rsplit('href="', 1)[1].split('"')[0]
    second = reviewer.get(following.replace("&amp;", "&")).get_data(as_text=True)
    assert "Offer 09" in second
    assert "Offer 00" in second
    assert "Offer 10" not in second


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


# Settings of providers


def test_an_admin_settles_review_and_zone(
    provider: Provider, reviewer: PagesClient, hx: bool
) -> None:
    url = f"/portal/providers/{provider.id}"
    assert provider.name in reviewer.get("/portal/providers/", hx=hx).get_data(as_text=True)
    fields = {"reviews_listings": "y", "timezone": "Pacific/Kiritimati"}
    answer = reviewer.post(url, data=fields, hx=hx)
    assert answer.status_code == (204 if hx else 303)
    settled = _settings(provider)
    assert settled == (True, "Pacific/Kiritimati")
    reviewer.post(url, data=fields, hx=hx)
    entries = db.session.scalars(
        select(AuditEntry.changes).where(AuditEntry.act == "provider.settle")
    ).all()
    db.session.rollback()
    assert [set(changes) for changes in entries] == [{"timezone", "reviews_listings"}]


@pytest.mark.parametrize("zone", ["", "Mars/Olympus", "../../etc/passwd", "UTC+8", "Asia"])
def test_a_zone_that_is_none_is_refused(
    provider: Provider, reviewer: PagesClient, zone: str, hx: bool
) -> None:
    url = f"/portal/providers/{provider.id}"
    answer = reviewer.post(url, data={"reviews_listings": "y", "timezone": zone}, hx=hx)
    assert answer.status_code == 422
    assert "checked" in answer.get_data(as_text=True), "what was ticked stays ticked"
    assert _settings(provider) == (False, "Asia/Shanghai")


def test_nobody_else_settles_providers(
    provider: Provider, staff: PagesClient, seller: PagesClient, reviewer: PagesClient
) -> None:
    url = f"/portal/providers/{provider.id}"
    for client in (staff, seller):
        assert client.get("/portal/providers/").status_code == 403
        assert client.get(url).status_code == 403
        assert client.post(url, data={"timezone": "Asia/Tokyo"}).status_code == 403
    assert reviewer.get("/portal/providers/999999999").status_code == 404
    assert reviewer.post("/portal/providers/999999999").status_code == 404


def _settings(provider: Provider) -> tuple[bool, str]:
    found = db.session.execute(
        select(Provider.reviews_listings, Provider.timezone).where(Provider.id == provider.id)
    ).one()
    db.session.rollback()
    return found.reviews_listings, found.timezone


def test_setting_review_off_lets_staff_publish_what_waits(
    client_for: ClientFor, reviewed: Provider, made: Made
) -> None:
    staff = client_for(reviewed, Role.STAFF)
    one = made()
    staff.post(f"/portal/listings/{one}/publish")
    with transaction() as session:
        session.get_one(Provider, reviewed.id).reviews_listings = False
    staff.post(f"/portal/listings/{one}/publish")
    assert row(reviewed, one).status == Status.LIVE
    assert content(reviewed, one).title
