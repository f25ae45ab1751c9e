"""An admin looks first: hand in, send back with reasons, approve, look again; who settles that."""

import pytest
from flask import Flask
from sqlalchemy import select

from portal import clock
from portal.accounts.models import Person, Provider
from portal.audit.models import AuditEntry
from portal.database import transaction
from portal.extensions import db
from portal.listings import actions
from portal.listings.models import Listing, Status
from portal.listings.vocabulary import Currency
from portal.mail.models import Mail
from portal.mail.rendering import letter_of
from portal.permissions import Role
from tests import factories
from tests.conftest import ClientFor
from tests.listings.conftest import Made, acts, body, content, put, row
from tests.pages import PagesClient


@pytest.fixture
def reviewed(provider: Provider) -> Provider:
    """Provider A, whose offers are reviewed from now on."""
    with transaction() as session:
        session.get_one(Provider, provider.id).reviews_listings = True
    return provider


def mails() -> list[Mail]:
    """What waits in the outbox."""
    found = list(db.session.scalars(select(Mail).order_by(Mail.id)))
    db.session.rollback()
    return found


# Reviews


def test_handed_in_looked_at_and_approved(
    client_for: ClientFor, reviewed: Provider, admin: PagesClient, made: Made, hx: bool
) -> None:
    staff = client_for(reviewed, Role.STAFF)
    one, name = made(), reviewed.name
    staff.post(f"/portal/listings/{one}/publish")
    waiting = row(reviewed, one)
    assert (waiting.status, waiting.published_at) == (Status.IN_REVIEW, None)
    assert waiting.submitted_at is not None
    page = staff.get(f"/portal/listings/{one}/edit").get_data(as_text=True)
    assert "Buyers see it once it is approved." in page
    listed = admin.get("/portal/reviews/", hx=hx).get_data(as_text=True)
    assert f"/portal/reviews/{one}" in listed
    assert name in listed
    shown = admin.get(f"/portal/reviews/{one}", hx=hx).get_data(as_text=True)
    assert "推理只做前向" in shown
    answer = admin.post(f"/portal/reviews/{one}/approve", data={"version": "1"}, hx=hx)
    assert answer.status_code == (204 if hx else 303)
    after = row(reviewed, one)
    assert after.status == Status.LIVE
    assert after.published_at is not None
    assert (after.submitted_at, after.rejection) == (None, None)
    (mail,) = mails()
    assert (mail.template, mail.language) == ("listing_approved", "en")
    again = admin.post(
        f"/portal/reviews/{one}/approve", data={"version": "1"}, follow_redirects=True
    )
    assert "no longer waits" in again.get_data(as_text=True)
    assert acts(one) == ["listing.create", "listing.submit", "listing.approve"]


def test_sent_back_with_a_reason_at_the_field(
    client_for: ClientFor, reviewed: Provider, admin: PagesClient, made: Made, hx: bool
) -> None:
    staff = client_for(reviewed, Role.STAFF)
    one = made()
    staff.post(f"/portal/listings/{one}/publish")
    url = f"/portal/reviews/{one}/reject"
    empty = admin.post(url, data={"version": "1"}, hx=hx)
    assert empty.status_code == 422
    assert "Write at least one reason" in empty.get_data(as_text=True)
    reasons = {"reason_title": "No promises in a title.", "reason_offer": "为什么？<b>"}
    admin.post(url, data={"version": "1", **reasons}, hx=hx)
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
    client_for: ClientFor, reviewed: Provider, admin: PagesClient, made: Made, hx: bool
) -> None:
    staff = client_for(reviewed, Role.STAFF)
    one = made()
    staff.post(f"/portal/listings/{one}/publish")
    staff.post(f"/portal/listings/{one}/edit", data=body(1, title="Something else entirely"))
    for verb in ("approve", "reject"):
        typed = {"version": "1", "reason_offer": "typed"}
        answer = admin.post(f"/portal/reviews/{one}/{verb}", data=typed, hx=hx)
        assert answer.status_code == 409
        page = answer.get_data(as_text=True)
        assert "It was changed while you were reading." in page
        assert "typed" in page
        assert 'name="version" value="2"' in page
        assert row(reviewed, one).status == Status.IN_REVIEW


def test_a_live_offer_that_is_changed_stays_and_is_looked_at_afterwards(
    client_for: ClientFor, reviewed: Provider, admin: PagesClient, made: Made
) -> None:
    staff = client_for(reviewed, Role.STAFF)
    one = made()
    staff.post(f"/portal/listings/{one}/publish")
    admin.post(f"/portal/reviews/{one}/approve", data={"version": "1"})
    actions.set_values(reviewed.id, one, {"price_minor": 5, "currency": Currency.CNY}, 1, by=None)
    assert row(reviewed, one).submitted_at is None, "a price is the seller's own"
    actions.set_values(reviewed.id, one, {"title": "Nine RTX 4090"}, 2, by=None)
    changed = row(reviewed, one)
    assert changed.status == Status.LIVE
    assert changed.submitted_at is not None
    assert "Nine RTX 4090" in admin.get("/portal/reviews/?queue=changed").get_data(as_text=True)
    assert "Nine RTX 4090" not in admin.get("/portal/reviews/").get_data(as_text=True)
    page = admin.get(f"/portal/reviews/{one}").get_data(as_text=True)
    assert "Changed since it was last let go public" in page
    admin.post(f"/portal/reviews/{one}/approve", data={"version": "3"})
    kept = row(reviewed, one)
    assert (kept.status, kept.submitted_at) == (Status.LIVE, None)
    actions.set_values(reviewed.id, one, {"description": "Spam."}, 3, by=None)
    admin.post(f"/portal/reviews/{one}/reject", data={"version": "4", "reason_description": "No."})
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
    reviewed: Provider, admin: PagesClient, made: Made
) -> None:
    one = made()
    actions.publish(reviewed.id, one, by=None)
    with transaction() as session:
        session.get_one(Listing, one).valid_until = clock.earliest_today().replace(year=2020)
    answer = admin.post(f"/portal/reviews/{one}/approve", data={"version": "1"})
    assert answer.status_code == 422
    assert "Its last day has passed" in answer.get_data(as_text=True)


@pytest.mark.parametrize("path", ["", "7", "7/approve", "7/reject"])
def test_only_admins_review(staff: PagesClient, seller: PagesClient, path: str) -> None:
    for client in (staff, seller):
        method = "POST" if path.endswith(("approve", "reject")) else "GET"
        assert client.open(f"/portal/reviews/{path}", method=method).status_code == 403


def test_what_does_not_wait_is_not_shown_to_reviewers(
    provider: Provider, admin: PagesClient
) -> None:
    one = put(provider, Status.DRAFT, title="A secret draft")
    answer = admin.get(f"/portal/reviews/{one}", follow_redirects=True)
    assert "A secret draft" not in answer.get_data(as_text=True)
    assert admin.get("/portal/reviews/999999999").status_code == 404
    assert admin.post(f"/portal/reviews/{one}/approve", data={"version": "1"}).status_code == 303
    assert row(provider, one).status == Status.DRAFT


def test_the_queue_shows_what_waits_longest_first_page_by_page(
    reviewed: Provider, admin: PagesClient
) -> None:
    now = clock.now()
    for age in range(60):
        put(reviewed, Status.IN_REVIEW, title=f"Offer {age:02}", submitted_at=now - age)
    first = admin.get("/portal/reviews/").get_data(as_text=True)
    assert first.index("Offer 59") < first.index("Offer 58") < first.index("Offer 10")
    assert "Offer 09" not in first
    following = first.split('rel="next"')[0].rsplit('href="', 1)[1].split('"')[0]
    second = admin.get(following.replace("&amp;", "&")).get_data(as_text=True)
    assert "Offer 09" in second
    assert "Offer 00" in second
    assert "Offer 10" not in second


# Settings of providers


def test_an_admin_settles_review_and_zone(provider: Provider, admin: PagesClient, hx: bool) -> None:
    url = f"/portal/providers/{provider.id}"
    assert provider.name in admin.get("/portal/providers/", hx=hx).get_data(as_text=True)
    fields = {"reviews_listings": "y", "timezone": "Pacific/Kiritimati"}
    answer = admin.post(url, data=fields, hx=hx)
    assert answer.status_code == (204 if hx else 303)
    settled = _settings(provider)
    assert settled == (True, "Pacific/Kiritimati")
    admin.post(url, data=fields, hx=hx)
    entries = db.session.scalars(
        select(AuditEntry.changes).where(AuditEntry.act == "provider.settle")
    ).all()
    db.session.rollback()
    assert [set(changes) for changes in entries] == [{"timezone", "reviews_listings"}]


@pytest.mark.parametrize("zone", ["", "Mars/Olympus", "../../etc/passwd", "UTC+8", "Asia"])
def test_a_zone_that_is_none_is_refused(
    provider: Provider, admin: PagesClient, zone: str, hx: bool
) -> None:
    url = f"/portal/providers/{provider.id}"
    answer = admin.post(url, data={"reviews_listings": "y", "timezone": zone}, hx=hx)
    assert answer.status_code == 422
    assert "checked" in answer.get_data(as_text=True), "what was ticked stays ticked"
    assert _settings(provider) == (False, "Asia/Shanghai")


def test_nobody_else_settles_providers(
    provider: Provider, staff: PagesClient, seller: PagesClient, admin: PagesClient
) -> None:
    url = f"/portal/providers/{provider.id}"
    for client in (staff, seller):
        assert client.get("/portal/providers/").status_code == 403
        assert client.get(url).status_code == 403
        assert client.post(url, data={"timezone": "Asia/Tokyo"}).status_code == 403
    assert admin.get("/portal/providers/999999999").status_code == 404
    assert admin.post("/portal/providers/999999999").status_code == 404


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
