"""Pictures: stored whole, named at random, served to be kept and never to be run."""

import os
from io import BytesIO
from pathlib import Path

import pytest
from flask import Flask
from PIL import Image as Picture
from sqlalchemy import select

from portal.accounts.models import Provider
from portal.database import transaction
from portal.extensions import db
from portal.listings import actions, media
from portal.listings.models import Image
from tests.listings.conftest import Made
from tests.pages import PagesClient


def webp(width: int = 8, height: int = 6) -> bytes:
    file = BytesIO()
    Picture.new("RGB", (width, height), "navy").save(file, "WEBP")
    return file.getvalue()


@pytest.fixture
def folder(app: Flask) -> Path:
    return Path(app.config["PORTAL"].data_dir) / "media"


def test_a_picture_is_stored_with_its_row(
    provider: Provider, made: Made, folder: Path, visitor: PagesClient
) -> None:
    one = made()
    with transaction() as session:
        key = actions.add_image(session, folder, one, webp(), alt="Rack", position=0)
    image = db.session.scalars(select(Image).where(Image.key == key)).one()
    assert (image.width, image.height, image.alt) == (8, 6, "Rack")
    answer = visitor.get(f"/media/{key}.webp")
    assert answer.status_code == 200
    assert answer.data == webp()
    assert answer.mimetype == "image/webp"
    assert answer.headers["Content-Security-Policy"] == "default-src 'none'; sandbox"
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert answer.headers["Cache-Control"] == "public, max-age=31536000, immutable"
    assert answer.headers["Content-Disposition"] == f"inline; filename={key}.webp"
    assert "Set-Cookie" not in answer.headers
    answer.close()
    again = visitor.get(f"/media/{key}.webp", headers={"If-None-Match": answer.headers["ETag"]})
    assert again.status_code == 304
    again.close()
    part = visitor.get(f"/media/{key}.webp", headers={"Range": "bytes=0-3"})
    assert (part.status_code, part.data) == (206, b"RIFF")
    part.close()


def test_what_is_no_webp_leaves_nothing(made: Made, folder: Path) -> None:
    one = made()
    folder.mkdir(exist_ok=True)
    before = sorted(folder.iterdir())
    for content in (b"", b"GIF89a", b"RIFF....WEBPVP8 ", b"<svg onload=x>"):
        with pytest.raises(media.NotAPicture), transaction() as session:
            actions.add_image(session, folder, one, content, alt="", position=0)
    assert sorted(folder.iterdir()) == before
    assert db.session.scalars(select(Image).where(Image.listing_id == one)).all() == []


@pytest.mark.parametrize(
    "name",
    [
        "..%2fportal.db",
        "%2e%2e%2fsecret-key",
        "A" * 32 + ".webp",
        "0" * 32 + ".png",
        "0" * 32 + ".webp",
        "0" * 32 + ".webp%00",
        "0" * 32 + ".webp%0a",
    ],
)
def test_only_stored_names_are_served(visitor: PagesClient, name: str) -> None:
    assert visitor.get(f"/media/{name}").status_code == 404


def test_links_and_pipes_are_not_followed(visitor: PagesClient, folder: Path) -> None:
    folder.mkdir(exist_ok=True)
    link, pipe = folder / ("a" * 32 + ".webp"), folder / ("b" * 32 + ".webp")
    link.symlink_to("/etc/hostname")
    os.mkfifo(pipe)
    try:
        assert visitor.get(f"/media/{link.name}").status_code == 404
        assert visitor.get(f"/media/{pipe.name}").status_code == 404
    finally:
        link.unlink()
        pipe.unlink()
