"""A database of the release before this one: nothing in it is lost, and that release goes on working."""

from collections.abc import Iterator
from pathlib import Path

import flask_migrate
import pytest
from flask import Flask
from sqlalchemy import text

from portal import config, create_app
from portal.database import transaction
from portal.extensions import db
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
