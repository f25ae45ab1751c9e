"""Uploads: what is taken, what is refused and leaves nothing, where pictures stand, when they go."""

import os
from io import BytesIO
from pathlib import Path
from typing import Any, Final

import pytest
from flask import Flask
from PIL import Image as Pillow
from sqlalchemy import select, update
from werkzeug.test import TestResponse

from portal import clock
from portal.accounts.models import Provider
from portal.database import transaction
from portal.extensions import db
from portal.listings import actions, media
from portal.listings.actions import pictures as rules
from portal.listings.lists import MOST_PICTURES
from portal.listings.models import EditDraft, Image
from portal.listings.pictures import MOST_BYTES
from portal.permissions import Role
from tests.conftest import ClientFor
from tests.listings.conftest import REAL, Made, body, content
from tests.listings.picture_files import exif, quarters, saved
from tests.pages import PagesClient

UPLOAD: Final = "/portal/listings/pictures"
NONCE: Final = "d" * 32
GOOD: Final = saved(quarters(), "JPEG")
SVG: Final = b'<svg xmlns="http://www.w3.org/2000/svg"><script>alert(1)</script></svg>'
HUGE: Final = saved(Pillow.new("1", (13_000, 2)), "PNG")


@pytest.fixture
def folder(app: Flask) -> Path:
    """The media folder, empty."""
    place: Path = app.config["PORTAL"].data_dir / "media"
    for file in place.glob("*") if place.is_dir() else ():
        file.unlink()
    return place


def sent(
    client: PagesClient, *files: bytes | tuple[bytes, str], hx: bool = True, **fields: Any
) -> TestResponse:
    """Upload files, as script (htmx's header) or as a plain form."""
    named = [file if isinstance(file, tuple) else (file, "a.jpg") for file in files]
    data = {"pictures": [(BytesIO(data), name) for data, name in named]} | fields
    answer = client.post(UPLOAD, data=data, content_type="multipart/form-data", hx=hx)
    answer.request.environ["wsgi.input"].close()  # a large body is a file
    return answer


def rows() -> list[Image]:
    try:
        return list(db.session.scalars(select(Image).order_by(Image.id)))
    finally:
        # Read whole and let go: a look at one later would open a transaction that is rolled back.
        db.session.expunge_all()
        db.session.rollback()


def on_disk(folder: Path) -> set[str]:
    return {file.name for file in folder.glob("*")} if folder.is_dir() else set()


def test_a_picture_waits_and_then_stands_in_the_listing(
    staff: PagesClient, provider: Provider, made: Made, folder: Path
) -> None:
    one = made()
    answer = sent(staff, GOOD, saved(quarters(), "PNG"), listing_id=str(one))
    assert answer.status_code == 200
    first, second = rows()
    assert (first.listing_id, first.kept_for, first.shown_at) == (None, one, None)
    for row in (first, second):
        assert f'value="{row.key}"' in answer.get_data(as_text=True)
        with staff.get(f"/media/{row.key}.webp") as file:
            assert file.mimetype == "image/webp"
    fields = {
        "images": "",
        "images-0-key": second.key,
        "images-0-alt": "机房",
        "images-1-key": first.key,
        "images-1-alt": "",
    }
    assert staff.post(f"/portal/listings/{one}/edit", data=body(1) | fields).status_code == 303
    assert content(provider, one).images == ((second.key, "机房"), (first.key, ""))
    assert all(row.shown_at and row.listing_id == one for row in rows())
    html = staff.get(f"/portal/listings/{one}/edit").get_data(as_text=True)
    assert html.index(second.key) < html.index(first.key)


def test_a_picture_of_a_new_listing(staff: PagesClient, provider: Provider, folder: Path) -> None:
    assert sent(staff, GOOD, form_nonce=NONCE).status_code == 200
    key = rows()[0].key
    fields = body(form_nonce=NONCE) | {"images-0-key": key, "images-0-alt": "卡"}
    answer = staff.post("/portal/listings/new", data=fields)
    assert content(provider, int(answer.location.split("/")[3])).images == ((key, "卡"),)


def test_without_script_what_was_typed_comes_back_with_the_picture(
    staff: PagesClient, provider: Provider, made: Made, folder: Path
) -> None:
    one = made()
    typed = body(1, title="Typed, not saved") | {"listing_id": str(one)}
    answer = sent(staff, GOOD, hx=False, **typed)
    assert answer.status_code == 303
    html = staff.get(answer.location).get_data(as_text=True)
    assert 'value="Typed, not saved"' in html
    assert rows()[0].key in html
    assert content(provider, one) == REAL


@pytest.mark.parametrize("hx", [True, False])
@pytest.mark.parametrize(
    ("files", "status", "said"),
    [
        ([(SVG, "a.svg")], 422, "Drawings"),
        ([(SVG, "a.png")], 422, "Drawings"),
        ([(b"<?php system('id'); ?>", "a.png")], 422, "This is no JPEG"),
        ([(b"<html>", "a.html")], 422, "This is no JPEG"),
        ([(b"", "a.jpg")], 422, "This file is empty."),
        ([(GOOD[: len(GOOD) // 2], "a.jpg")], 422, "a.jpg"),
        ([(HUGE, "a.png")], 422, "too many pixels"),
        ([(b"\xff\xd8\xff" + b"x" * MOST_BYTES, "a.jpg")], 413, "larger than 10 MB"),
        ([GOOD] * 9, 422, "At most 8 pictures"),
        ([GOOD, (SVG, "b.svg")], 422, "b.svg"),
        ([], 422, "Choose a picture first."),
    ],
)
def test_what_is_refused_leaves_nothing(
    staff: PagesClient,
    made: Made,
    folder: Path,
    files: list[Any],
    status: int,
    said: str,
    hx: bool,
) -> None:
    one = made()
    fields = body(1, title="Still typed") | {"listing_id": str(one)}
    answer = sent(staff, *files, hx=hx, **fields)
    html = answer.get_data(as_text=True)
    assert answer.status_code == status
    assert said in html
    assert hx or 'value="Still typed"' in html
    assert rows() == []
    assert on_disk(folder) == set()


@pytest.mark.parametrize(
    "name",
    [
        "../../app.db",
        "/etc/passwd",
        "C:\\x.jpg",
        "a\0.png",
        "x" * 300,
        "CON",
        ".htaccess",
        "<b>.jpg",
    ],
)
def test_a_files_name_names_nothing(
    staff: PagesClient, made: Made, folder: Path, name: str
) -> None:
    one = made()
    assert sent(staff, (GOOD, name), listing_id=str(one)).status_code == 200
    (row,) = rows()
    assert on_disk(folder) == {f"{row.key}.webp"}
    refused = sent(staff, (SVG, name), listing_id=str(one)).get_data(as_text=True)
    assert "<b>.jpg" not in refused


def test_where_it_was_taken_is_not_kept(staff: PagesClient, made: Made, folder: Path) -> None:
    tagged = saved(quarters(), "JPEG", exif=exif(6, "<script>x"))
    assert sent(staff, tagged, listing_id=str(made())).status_code == 200
    (row,) = rows()
    assert (row.width, row.height) == (48, 64)
    stored = (folder / f"{row.key}.webp").read_bytes()
    assert b"script" not in stored
    assert b"EXIF" not in stored


def test_another_tenant_can_neither_add_nor_take(
    client_for: ClientFor, provider: Provider, other_provider: Provider, made: Made, folder: Path
) -> None:
    one = made()
    bo = client_for(other_provider, Role.STAFF)
    assert sent(bo, GOOD, listing_id=str(one)).status_code == 404
    assert (rows(), on_disk(folder)) == ([], set())
    sent(client_for(provider, Role.STAFF), GOOD, listing_id=str(one))
    key = rows()[0].key
    theirs = made(other_provider)
    taken = body(1) | {"images-0-key": key, "images-0-alt": ""}
    answer = bo.post(f"/portal/listings/{theirs}/edit", data=taken)
    assert answer.status_code == 422
    assert b"Some pictures are no longer there" in answer.data
    # Nor can one listing take what was added to another of the same provider.
    second = made()
    li = client_for(provider, Role.STAFF)
    assert li.post(f"/portal/listings/{second}/edit", data=taken).status_code == 422


def test_who_may_not_edit_may_not_upload(
    seller: PagesClient, visitor: PagesClient, made: Made, folder: Path
) -> None:
    one = str(made())
    assert sent(seller, GOOD, listing_id=one).status_code == 403
    assert sent(visitor, GOOD, hx=False, listing_id=one).status_code == 302
    assert on_disk(folder) == set()


def test_the_quota_holds(
    staff: PagesClient, made: Made, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    one = str(made())
    monkeypatch.setattr(rules, "MOST_OF_A_PROVIDER", 2)
    assert sent(staff, GOOD, listing_id=one).status_code == 200
    full = sent(staff, GOOD, GOOD, listing_id=one)
    assert full.status_code == 422
    assert b"as many pictures as it may" in full.data
    assert len(rows()) == len(on_disk(folder)) == 1
    monkeypatch.setattr(rules, "MOST_BYTES_OF_A_PROVIDER", rows()[0].size)
    assert sent(staff, GOOD, listing_id=one).status_code == 422


def test_a_full_disk_leaves_nothing_and_is_told(
    staff: PagesClient, made: Made, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_arguments: Any) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(media, "store", full)
    answer = sent(staff, GOOD, listing_id=str(made()))
    assert answer.status_code == 507
    assert rows() == []


def test_a_row_that_cannot_be_written_leaves_no_file(
    provider: Provider, made: Made, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from portal.listings.pictures import prepare

    def broken(*_arguments: Any) -> None:
        raise RuntimeError("killed")

    one = made()
    monkeypatch.setattr(rules, "_row", broken)
    with pytest.raises(RuntimeError, match="killed"):
        actions.add_pictures(folder, provider.id, [prepare(GOOD)], listing_id=one)
    assert (rows(), on_disk(folder)) == ([], set())


def pressed(html: str, *keys: str) -> list[str]:
    return sorted((key for key in keys if key in html), key=html.index)


def test_pictures_are_moved_and_removed_without_script(
    staff: PagesClient, made: Made, folder: Path
) -> None:
    one = made()
    sent(staff, GOOD, GOOD, GOOD, listing_id=str(one))
    a, b, c = (row.key for row in rows())
    fields = body(1) | {"images": "", "discounts": ""}
    for n, key in enumerate((a, b, c)):
        fields |= {f"images-{n}-key": key, f"images-{n}-alt": ""}
    url = f"/portal/listings/{one}/edit"
    for button, order in (
        ("images-up-1", [b, a, c]),
        ("images-down-1", [a, c, b]),
        ("images-cover-2", [c, a, b]),
        ("images-remove-0", [b, c]),
        ("images-up-0", [a, b, c]),
        ("images-remove-9", [a, b, c]),
    ):
        html = staff.post(url, data=fields | {"rows": button}).get_data(as_text=True)
        assert pressed(html, a, b, c) == order, button
    assert "discounts-0-months" in staff.post(
        url, data=fields | {"rows": "discounts-add"}
    ).get_data(as_text=True)


def test_more_pictures_than_a_listing_shows_are_refused(staff: PagesClient, made: Made) -> None:
    fields = body(1)
    for n in range(MOST_PICTURES + 1):
        fields |= {f"images-{n}-key": f"{n:032x}", f"images-{n}-alt": ""}
    assert staff.post(f"/portal/listings/{made()}/edit", data=fields).status_code == 422


def age_of_all(seconds: int) -> None:
    with transaction() as session:
        session.execute(update(Image).values(created_at=clock.now() - seconds))


def test_what_nobody_saved_is_swept(
    staff: PagesClient, provider: Provider, made: Made, folder: Path
) -> None:
    one = made()
    sent(staff, GOOD, GOOD, GOOD, GOOD, listing_id=str(one))
    saved_one, in_text, in_draft, dropped = (row.key for row in rows())
    text = REAL.description + f"\n\n![x](/media/{in_text}.webp)"
    fields = body(1, description=text) | {"images-0-key": saved_one, "images-0-alt": ""}
    staff.post(f"/portal/listings/{one}/edit", data=fields)
    draft = body(2) | {"images-0-key": in_draft, "images-0-alt": "", "listing_id": str(one)}
    assert staff.post("/portal/listings/drafts", data=draft, hx=True).status_code == 200
    assert actions.sweep_pictures(folder) == 0, "a day has not passed"
    age_of_all(rules.UNSAVED_FOR + 1)
    assert actions.sweep_pictures(folder) == 1
    assert {row.key for row in rows()} == {saved_one, in_text, in_draft}
    assert f"{dropped}.webp" not in on_disk(folder)
    # Taken out again it stays: an older revision shows it.
    staff.post(f"/portal/listings/{one}/edit", data=body(2) | {"images": ""})
    with transaction() as session:
        session.query(EditDraft).delete()
    assert actions.sweep_pictures(folder) == 1
    assert {row.key for row in rows()} == {saved_one, in_text}
    assert actions.sweep_pictures(folder) == 0


def test_a_file_whose_row_was_never_written_goes_after_a_day(
    provider: Provider, folder: Path
) -> None:
    # As after a kill between the file and its row.
    left = media.store(folder, GOOD)
    file = folder / f"{left.key}.webp"
    assert actions.sweep_pictures(folder) == 0
    yesterday = clock.now() - media.ORPHAN_AGE - 1
    os.utime(file, (yesterday, yesterday))
    assert actions.sweep_pictures(folder) == 1
    assert on_disk(folder) == set()


def test_a_copy_has_pictures_of_its_own(
    staff: PagesClient, provider: Provider, made: Made, folder: Path, hx: bool
) -> None:
    one = made(own_number="A-1", stock=3)
    sent(staff, GOOD, listing_id=str(one))
    key = rows()[0].key
    text = REAL.description + f"\n\n![x](/media/{key}.webp)"
    fields = body(1, description=text, own_number="A-1")
    staff.post(
        f"/portal/listings/{one}/edit",
        data=fields | {"images-0-key": key, "images-0-alt": "机房"},
    )
    actions.publish(provider.id, one, by=None)
    answer = staff.post(f"/portal/listings/{one}/duplicate", hx=hx)
    copy = int((answer.headers.get("HX-Redirect") or answer.location).split("/")[3])
    assert copy != one
    was, now = content(provider, one), content(provider, copy)
    assert now.title == f"{was.title} (copy)"
    assert (now.own_number, now.stock, now.attributes) == ("", 3, was.attributes)
    ((other, alt),) = now.images
    assert other != key
    assert alt == "机房"
    assert f"/media/{other}.webp" in now.description
    assert {f"{key}.webp", f"{other}.webp"} == on_disk(folder)
    html = staff.get(f"/portal/listings/{copy}/edit").get_data(as_text=True)
    assert "This is the copy, as a draft." in html


def test_only_ones_own_listing_is_copied(
    client_for: ClientFor, other_provider: Provider, made: Made, hx: bool
) -> None:
    one = made()
    bo = client_for(other_provider, Role.STAFF)
    assert bo.post(f"/portal/listings/{one}/duplicate", hx=hx).status_code == 404
