"""A database of the release before this one: nothing in it is lost, and that release goes on working."""

from collections.abc import Iterator
from pathlib import Path

import flask_migrate
import pytest
from flask import Flask
from sqlalchemy import select, text

from portal import config, create_app
from portal.database import transaction
from portal.extensions import db
from portal.inquiries import actions as inquiries
from portal.inquiries import search as threads
from portal.inquiries.links import Links
from portal.inquiries.models import Inquiry
from portal.listings import actions, queries, search
from portal.listings.reindexing import reindex
from tests.conftest import dispose, settings_for

# What the first release wrote, with the columns it knew.
_PROVIDER = "INSERT INTO providers (id, name, about, created_at) VALUES (1, '猿界算力', '', 1)"
_LISTING = (
    "INSERT INTO listings (id, provider_id, status, title, currency, unit, description, version,"
    " created_at, updated_at, views_total, views_recent, inquiries_total, counters_version,"
    " place, valid_until) VALUES ({id}, 1, 'live', 'RTX 4090 整机', 'CNY', 'item', '推理', 1, 1, 1,"
    " 0, '[]', 0, 0, '110000', NULL)"
)
_PICTURE = (
    "INSERT INTO listing_images (listing_id, position, key, alt, width, height, size)"
    " VALUES ({id}, 0, '{key}', '机房', 1600, 900, 12)"
)
_REVISION = (
    "INSERT INTO listing_revisions (listing_id, version, content, at) VALUES"
    ' ({id}, 1, \'{{"title": "RTX 4090 整机", "currency": "CNY", "unit": "item"}}\', 1)'
)

_INQUIRY = (
    "INSERT INTO inquiries (id, provider_id, listing_id, listing_then, state, name, email,"
    " language, form_nonce, link_nonce, link_digest, created_at, last_message_at) VALUES"
    " ({id}, 1, 7, '{{\"title\": \"RTX 4090\"}}', '{state}', '王芳', 'a@c.example',"
    " 'zh', 'form-{id}', 'link-{id}', 'digest-{id}', {at}, {at})"
)
_WORDS = (
    "INSERT INTO inquiry_messages (inquiry_id, author, body, form_nonce, created_at) VALUES"
    " ({id}, '{author}', '液冷机柜', '{author}-{id}', {at})"
)


@pytest.fixture(params=["sqlite", "postgresql"])
def before(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Flask]:
    """An application on a database that the first release made and filled."""
    settings = settings_for(tmp_path, request.param, "upgrade")
    config.create_secret_key(config.secret_key_path(settings))
    app = create_app(settings)
    with app.app_context():
        flask_migrate.upgrade(revision="0001")
        _write(_PROVIDER, _LISTING.format(id=7), _REVISION.format(id=7))
        _write(_PICTURE.format(id=7, key="a" * 32))
    yield app
    dispose(app)


def _write(*statements: str) -> None:
    with transaction() as session:
        for statement in statements:
            session.execute(text(statement))


def _counts() -> dict[str, int]:
    rows = db.session.execute(text("SELECT status, listings FROM listing_counts")).all()
    db.session.rollback()
    return {row.status: row.listings for row in rows if row.listings}


def test_what_was_there_is_there(before: Flask) -> None:
    with before.app_context():
        flask_migrate.upgrade()
        row, content = queries.listing_of(1, 7)
        db.session.rollback()
        assert content.title == "RTX 4090 整机"
        assert content.images == (("a" * 32, "机房"),)
        assert (row.own_number, row.stock, row.rejection) == ("", None, None)
        assert _counts() == {"live": 1}
        assert reindex() == 1
        found = search.matches("4090", db.engine.dialect.name)
        assert found is not None


def test_what_was_in_review_waits_in_the_queue(before: Flask) -> None:
    with before.app_context():
        _write("UPDATE listings SET status = 'in_review', updated_at = 5 WHERE id = 7")
        flask_migrate.upgrade()
        waiting = db.session.execute(text("SELECT submitted_at FROM listings WHERE id = 7"))
        assert waiting.scalar_one() == 5
        db.session.rollback()


def test_the_release_before_goes_on_writing(before: Flask) -> None:
    with before.app_context():
        flask_migrate.upgrade()
        _write(_LISTING.format(id=8), _PICTURE.format(id=8, key="b" * 32), _REVISION.format(id=8))
        _write("UPDATE listings SET status = 'paused', version = 2 WHERE id = 8")
        _write("UPDATE listings SET valid_until = '2027-01-01' WHERE id = 8")
        assert _counts() == {"live": 1, "paused": 1}
        # And this release goes on from there: the picture has no owner of its own yet.
        row, content = queries.listing_of(1, 8)
        db.session.rollback()
        saved = actions.set_values(1, 8, {"stock": 3}, row.version, by=None)
        assert saved.changed == ("stock",)
        _row, after = queries.listing_of(1, 8)
        db.session.rollback()
        assert after.images == content.images == (("b" * 32, "机房"),)
        _write("DELETE FROM listings WHERE id = 8")
        assert _counts() == {"live": 1}


def test_saving_a_listing_whose_pictures_the_release_before_wrote(before: Flask) -> None:
    with before.app_context():
        flask_migrate.upgrade()
        _write(_LISTING.format(id=9), _PICTURE.format(id=9, key="c" * 32))
        row, _content = queries.listing_of(1, 9)
        db.session.rollback()
        images = (("c" * 32, "新的说明"),)
        saved = actions.set_values(1, 9, {"images": images}, row.version, by=None)
        assert saved.changed == ("images",)
        _row, after = queries.listing_of(1, 9)
        db.session.rollback()
        assert after.images == images


def _asked(number: int, state: str, at: int) -> None:
    _write(
        _INQUIRY.format(id=number, state=state, at=at),
        _WORDS.format(id=number, author="buyer", at=at),
    )


def _desk() -> dict[str, int]:
    rows = db.session.execute(
        text("SELECT stage, sum(inquiries) AS threads FROM inquiry_counts GROUP BY stage")
    ).all()
    db.session.rollback()
    return {row.stage: int(row.threads) for row in rows if row.threads}


def test_threads_stand_in_their_queues_whoever_wrote_them(before: Flask) -> None:
    with before.app_context():
        flask_migrate.upgrade(revision="0002")
        for number, state, at in (
            (1, "new", 50),
            (2, "answered", 60),
            (3, "spam", 70),
            (4, "new", 40),
        ):
            _asked(number, state, at)
        flask_migrate.upgrade()
        assert _desk() == {"us": 2, "buyer": 1, "spam": 1}
        in_order = text("SELECT id FROM inquiries WHERE stage <> 'spam' ORDER BY rank, id")
        assert list(db.session.scalars(in_order)) == [4, 1, 2]  # the longest wait on top
        db.session.rollback()
        # The release before this one goes on: asked, answered, held back.
        _asked(5, "new", 80)
        _write("UPDATE inquiries SET state = 'answered', last_message_at = 90 WHERE id = 5")
        _write("UPDATE inquiries SET state = 'spam' WHERE id = 1")
        assert _desk() == {"us": 1, "buyer": 2, "spam": 2}
        # And this one goes on from there.
        links = Links(("key",), "http://127.0.0.1")
        inquiries.answer(
            4, provider_id=1, person_id=_seller(), body="两周。", form_nonce="x", links=links
        )
        assert _desk() == {"buyer": 3, "spam": 2}
        assert threads.reindex() == 4, "all but the one that was indexed by its answer"
        found = threads.matches("液冷机柜", db.engine.dialect.name, provider_id=1)
        assert found is not None
        assert len(db.session.scalars(select(Inquiry.id).where(found)).all()) == 5
        _write("DELETE FROM inquiry_messages", "DELETE FROM inquiries WHERE id = 2")
        assert _desk() == {"buyer": 2, "spam": 2}


def _seller() -> int:
    _write(
        "INSERT INTO people (id, provider_id, email, name, language, password_hash, is_active,"
        " created_at) VALUES (1, 1, 'a@a.example', '陈浩', 'zh', 'x', true, 1)"
    )
    return 1
