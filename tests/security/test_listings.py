"""Attacks on the catalogue's forms: huge ids, copies sent at once, sheets made to cost time."""

import io
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path
from threading import Barrier

import pytest
from flask import Flask
from sqlalchemy import func, select
from werkzeug.datastructures import MultiDict

from portal.accounts.models import Provider
from portal.extensions import db
from portal.imports import actions as imports
from portal.imports.models import Import
from portal.imports.reading import MOST_LINES, Unreadable, read
from portal.listings import actions
from portal.listings.forms import ListingForm
from portal.listings.models import BulkChange, Image, Listing
from tests import effort, factories
from tests.listings.picture_files import quarters, saved
from tests.pages import PagesClient

COPIES = 4


@pytest.mark.parametrize("listing", [2**63, 10**19 - 1, 10**18 - 1])
@pytest.mark.parametrize("path", ["/portal/listings/pictures", "/portal/listings/drafts"])
def test_l07_a_listing_beyond_every_id_is_none(
    staff: PagesClient, provider: Provider, path: str, listing: int, hx: bool
) -> None:
    data = {
        "listing_id": str(listing),
        "pictures": (io.BytesIO(saved(quarters(), "JPEG")), "rack.jpg"),
    }
    answer = staff.post(path, data=data, content_type="multipart/form-data", hx=hx)
    assert answer.status_code in {400, 404}
    assert not db.session.scalar(select(func.count()).where(Image.provider_id == provider.id))


@pytest.mark.parametrize("alt", ["a\0b", "\0", "\u202egnp.exe", "a\r\nBcc: x@y.z"])
def test_l20_the_words_of_a_picture_hold_no_control_characters(app: Flask, alt: str) -> None:
    with app.test_request_context(method="POST"):
        form = ListingForm(
            MultiDict({"images-0-key": "0" * 32, "images-0-alt": alt}), meta={"csrf": False}
        )
        assert not form.validate()
        assert form.images.errors
        assert "\0" not in form.images.rows[0].second


def at_once(app: Flask, act: Callable[[], int]) -> set[int]:
    """What several copies of the same write, begun at the same moment, come to."""
    begin = Barrier(COPIES)

    def copy(_number: int) -> int:
        with app.app_context():
            begin.wait(10)
            return act()

    with ThreadPoolExecutor(COPIES) as pool:
        return set(pool.map(copy, range(COPIES)))


def test_i15_copies_of_an_upload_sent_at_once_are_one_import(
    own_app: Flask, tmp_path: Path
) -> None:
    data = b"title,price\nRTX 4090,5\n"
    sheet = read(data)
    with own_app.app_context():
        provider_id = factories.provider().id
    for turn in range(5):
        form = f"{turn:032}"
        send = partial(imports.upload, tmp_path, provider_id, "a.csv", data, sheet)
        made = at_once(own_app, partial(send, by=None, form_nonce=form))
        assert len(made) == 1
    with own_app.app_context():
        keys = set(db.session.scalars(select(Import.key)))
    assert {path.stem for path in tmp_path.glob("*.rows")} == keys
    assert len(keys) == 5


def test_t03_a_change_of_many_confirmed_at_once_is_done_once(own_app: Flask) -> None:
    with own_app.app_context():
        owner = factories.provider()
        provider_id, listing_id = owner.id, factories.listing(owner).id
    for turn in range(5):
        with own_app.app_context():
            version = db.session.get_one(Listing, listing_id).version
        doing = actions.Doing(provider_id, "stock", turn + 1, None, may_review=False, folder="")
        rows = [(listing_id, version)]
        confirm = partial(actions.change_many, doing, rows, form_nonce=f"{turn:032}")
        made = at_once(own_app, confirm)
        assert len(made) == 1
        with own_app.app_context():
            assert db.session.get_one(Listing, listing_id).version == version + 1
    with own_app.app_context():
        assert db.session.scalar(select(func.count()).select_from(BulkChange)) == 5


def test_i13_blank_lines_without_end_cost_no_time(app: Flask) -> None:
    with app.test_request_context(), effort.at_most(2000), pytest.raises(Unreadable):
        read(b"title,price\n" + b"\n" * 9_000_000)


def test_i13_blank_lines_before_the_last_row_are_passed_over(app: Flask) -> None:
    with app.test_request_context():
        sheet = read(b"title,price\n" + b"\n" * (MOST_LINES - 2) + b"RTX 4090,5\n")
    assert sheet.rows == [(MOST_LINES, ["RTX 4090", "5"])]
