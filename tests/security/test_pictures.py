"""Attacks on pictures that need two of something at once: uploads, a removal, a sweep, a reader."""

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from threading import Barrier

import pytest
from flask import Flask
from sqlalchemy import func, select, update

from portal import clock
from portal.database import Missing, transaction
from portal.extensions import db
from portal.listings import actions, media
from portal.listings.actions import pictures as rules
from portal.listings.actions.pictures import QuotaFull
from portal.listings.models import Image, Listing
from portal.listings.pictures import prepare
from tests import factories
from tests.listings.conftest import REAL
from tests.listings.picture_files import quarters, saved

ROUNDS = 12
PICTURE = prepare(saved(quarters(), "PNG"))
Act = Callable[[], object]


@pytest.fixture
def folder(own_app: Flask) -> Path:
    """The media folder."""
    found: Path = own_app.config["PORTAL"].data_dir / "media"
    return found


def at_once(app: Flask, *acts: Act) -> list[object]:
    """What each comes to when they begin at the same moment: its result, or what it raised."""
    begin = Barrier(len(acts))

    def run(act: Act) -> object:
        with app.app_context():
            begin.wait(10)
            try:
                return act()
            except (Missing, QuotaFull, actions.PicturesGone) as refused:
                return type(refused)

    with ThreadPoolExecutor(len(acts)) as pool:
        return list(pool.map(run, acts))


def keys_of_rows() -> set[str]:
    try:
        return set(db.session.scalars(select(Image.key)))
    finally:
        db.session.rollback()


def keys_of_files(folder: Path) -> set[str]:
    return {key for key, _written in media.keys_on_disk(folder)}


def drafts(app: Flask) -> Iterator[tuple[int, int]]:
    """Provider and a new draft of it, again and again."""
    with app.app_context():
        provider_id = factories.provider().id
    for _round in range(ROUNDS):
        with app.app_context():
            yield provider_id, actions.create(provider_id, REAL, by=None)


def test_u12_uploads_at_once_do_not_pass_the_quota(
    own_app: Flask, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with own_app.app_context():
        provider_id = factories.provider().id
    for turn in range(ROUNDS):
        monkeypatch.setattr(rules, "MOST_OF_A_PROVIDER", turn + 1)

        def upload() -> object:
            return len(actions.add_pictures(folder, provider_id, [PICTURE], listing_id=None))

        came_to = at_once(own_app, *[upload] * 4)
        assert sorted(map(str, came_to)) == ["1", *[str(QuotaFull)] * 3]
        with own_app.app_context():
            assert len(keys_of_rows()) == turn + 1
            assert keys_of_rows() == keys_of_files(folder)


def test_u12_an_upload_for_a_listing_that_is_being_deleted(own_app: Flask, folder: Path) -> None:
    for provider_id, one in drafts(own_app):

        def upload(provider_id: int = provider_id, one: int = one) -> object:
            return len(actions.add_pictures(folder, provider_id, [PICTURE], listing_id=one))

        def delete(provider_id: int = provider_id, one: int = one) -> object:
            return bool(actions.delete(provider_id, one, folder, by=None))

        added, deleted = at_once(own_app, upload, delete)
        assert added in {1, Missing}
        assert deleted is True
        assert keys_of_rows() == keys_of_files(folder) == set()


def test_u12_a_picture_that_is_swept_while_it_is_saved_is_told(
    own_app: Flask, folder: Path
) -> None:
    for provider_id, one in drafts(own_app):
        (key,) = actions.add_pictures(folder, provider_id, [PICTURE], listing_id=one)
        with transaction() as session:
            session.execute(update(Image).values(created_at=clock.now() - rules.UNSAVED_FOR - 1))
        content = replace(REAL, images=((key, "卡"),))

        def save(provider_id: int = provider_id, one: int = one) -> object:
            return actions.save(provider_id, one, content, 1, by=None).version  # noqa: B023

        saved_as, swept = at_once(own_app, save, lambda: actions.sweep_pictures(folder))
        shown = select(func.count()).where(Image.listing_id == one)
        stands = db.session.scalar(shown)
        db.session.rollback()
        assert (saved_as, swept, stands) in {(2, 0, 1), (actions.PicturesGone, 1, 0)}
        assert keys_of_rows() == keys_of_files(folder) == ({key} if stands else set())
        with transaction() as session:
            session.query(Image).delete()
            session.query(Listing).delete()
        media.remove(folder, key)


def test_u12_a_sweep_takes_nothing_that_is_just_being_uploaded(
    own_app: Flask, folder: Path
) -> None:
    with own_app.app_context():
        provider_id = factories.provider().id

    def upload() -> object:
        for _turn in range(ROUNDS):
            actions.add_pictures(folder, provider_id, [PICTURE], listing_id=None)
        return ROUNDS

    def sweep() -> object:
        return sum(actions.sweep_pictures(folder) for _turn in range(ROUNDS))

    assert at_once(own_app, upload, upload, sweep) == [ROUNDS, ROUNDS, 0]
    with own_app.app_context():
        assert keys_of_rows() == keys_of_files(folder)
        assert len(keys_of_rows()) == 2 * ROUNDS


def test_u12_a_picture_that_is_being_read_is_read_to_its_end(own_app: Flask, folder: Path) -> None:
    with own_app.app_context():
        provider_id = factories.provider().id
        one = actions.create(provider_id, REAL, by=None)
        big = prepare(saved(quarters(2000, 1500), "PNG"))
        (key,) = actions.add_pictures(folder, provider_id, [big], listing_id=one)
        db.session.remove()
    answer = own_app.test_client().get(f"/media/{key}.webp", buffered=False)
    parts = answer.iter_encoded()
    first = next(iter(parts))
    with own_app.app_context():
        assert actions.delete(provider_id, one, folder, by=None)
    assert first + b"".join(parts) == big.full
    answer.close()
    assert own_app.test_client().get(f"/media/{key}.webp").status_code == 404
    assert keys_of_files(folder) == set()
