"""Pictures: stored whole, named at random, served to be kept and never to be run."""

import errno
import os
from collections.abc import Callable, Sequence
from pathlib import Path

import pytest
from flask import Flask
from PIL import Image as Picture
from sqlalchemy import select

from portal.accounts.models import Provider
from portal.database import transaction
from portal.extensions import db
from portal.listings import actions, media
from portal.listings.containers import NotAPicture
from portal.listings.models import Image
from portal.listings.pictures import Prepared, prepare
from tests.listings.conftest import Made
from tests.listings.picture_files import opened, saved
from tests.pages import PagesClient

KEY = "0123456789abcdef" * 2


def webp(width: int = 8, height: int = 6) -> bytes:
    return saved(Picture.new("RGB", (width, height), "navy"), "WEBP")


def prepared() -> Prepared:
    """A picture with both smaller sizes."""
    return prepare(webp(800, 600))


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


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
    assert opened(answer.data).size == (8, 6)
    full = answer.data
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
    # It is no wider than a thumbnail: there is none, and the page that asks for it still gets it.
    small = visitor.get(f"/media/{key}-160.webp")
    assert small.data == full
    small.close()


def test_a_smaller_size_is_served_as_itself(visitor: PagesClient, folder: Path) -> None:
    stored = media.store(folder, prepared())
    for width in stored.sizes:
        answer = visitor.get(f"/media/{stored.key}-{width}.webp")
        assert opened(answer.data).width == width
        assert (
            answer.headers["Content-Disposition"] == f"inline; filename={stored.key}-{width}.webp"
        )
        answer.close()
    media.remove(folder, stored.key)
    assert visitor.get(f"/media/{stored.key}-160.webp").status_code == 404


def test_what_is_no_picture_leaves_nothing(made: Made, folder: Path) -> None:
    one = made()
    folder.mkdir(exist_ok=True)
    before = sorted(folder.iterdir())
    for content in (b"", b"GIF89a", b"RIFF....WEBPVP8 ", webp()[:-9], b"<svg onload=x>"):
        with pytest.raises(NotAPicture), transaction() as session:
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
        "0" * 32 + "-160.webp",
        "0" * 32 + "-161.webp",
        "0" * 32 + "-%2e%2e%2f.webp",
        "%252e%252e%252fportal.db",
        "%2fetc%2fpasswd",
        "..%5c..%5csecret-key",
        ".htaccess",
        "CON",
        "." + "0" * 32 + ".webp.part",
        "a" * 300,
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


@pytest.mark.parametrize(
    "name",
    [
        "../../app.db",
        "/etc/passwd",
        "C:\\x",
        "a\0.png",
        KEY,
        f"{KEY}.webp\n",
        f"{KEY}-1600.webp",
        f"{KEY}-640-160.webp",
        f"x/{KEY}.webp",
        f"{KEY.upper()}.webp",
        "",
        ".",
        "..",
    ],
)
def test_no_other_name_is_opened(tmp_path: Path, name: str) -> None:
    for width in (None, 160, 640):
        (tmp_path / media.name_of(KEY, width)).write_bytes(b"RIFF")
    assert media.open_stored(tmp_path, name) is None


def test_a_smaller_size_that_is_a_link_is_not_followed(tmp_path: Path) -> None:
    (tmp_path / "secret").write_text("secret")
    (tmp_path / media.name_of(KEY, 160)).symlink_to(tmp_path / "secret")
    assert media.open_stored(tmp_path, media.name_of(KEY, 160)) is None


def test_a_picture_is_stored_in_all_its_sizes(tmp_path: Path) -> None:
    made, folder = prepared(), tmp_path / "media"
    stored = media.store(folder, made)
    assert (stored.width, stored.height, stored.size) == (800, 600, len(made.full))
    assert stored.sizes == (160, 640)
    files = {f"{stored.key}.webp": made.full}
    files |= {f"{stored.key}-{width}.webp": file for width, file in made.smaller.items()}
    assert {path.name: path.read_bytes() for path in folder.iterdir()} == files
    assert media.store(folder, made).key != stored.key


def _full(number: int) -> Callable[..., None]:
    """Writes half of the content to a disk that is full from the so-manieth file on."""
    done: list[Path] = []

    def write(path: Path, content: bytes) -> None:
        done.append(path)
        is_full = len(done) > number
        path.write_bytes(content[: len(content) // 2] if is_full else content)
        if is_full:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    return write


@pytest.mark.parametrize("number", [0, 1, 2])
def test_a_full_disk_leaves_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, number: int
) -> None:
    other = media.store(tmp_path, prepared())
    before = names(tmp_path)
    monkeypatch.setattr(media, "_write", _full(number))
    with pytest.raises(OSError, match="No space left") as caught:
        media.store(tmp_path, prepared())
    assert caught.value.errno == errno.ENOSPC
    assert names(tmp_path) == before
    assert before[0].startswith(other.key)
    monkeypatch.undo()
    assert media.store(tmp_path, prepared()).size


@pytest.mark.parametrize("place", ["os.fsync", "pathlib.Path.rename", "folder"])
@pytest.mark.parametrize("error", [OSError(errno.EIO, "I/O error"), KeyboardInterrupt()])
def test_whatever_stops_the_writing_leaves_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, place: str, error: BaseException
) -> None:
    def fail(*_arguments: object) -> None:
        raise error

    if place == "folder":
        monkeypatch.setattr(media, "_sync_folder", fail)
    else:
        monkeypatch.setattr(place, fail)
    with pytest.raises(type(error)):
        media.store(tmp_path, prepared())
    assert names(tmp_path) == []


def test_a_copy_has_all_sizes_and_a_life_of_its_own(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = prepared()
    one = media.store(tmp_path, made)
    copy = media.copy(tmp_path, one.key)
    assert copy
    assert copy != one.key
    media.remove(tmp_path, one.key)
    assert names(tmp_path) == sorted(media.name_of(copy, width) for width in (None, *one.sizes))
    assert (tmp_path / media.name_of(copy)).read_bytes() == made.full
    monkeypatch.setattr(media, "_write", _full(1))
    with pytest.raises(OSError, match="No space left"):
        media.copy(tmp_path, copy)
    assert len(names(tmp_path)) == 3


def test_what_is_not_there_is_not_copied(tmp_path: Path) -> None:
    (tmp_path / media.name_of(KEY, 160)).write_bytes(b"RIFF")
    (tmp_path / "media").mkdir()
    for key in (KEY, one := f"../{KEY}", ""):
        assert media.copy(tmp_path, key) is None
    (tmp_path / media.name_of(KEY)).write_bytes(b"RIFF")
    assert media.copy(tmp_path / "media", one) is None
    assert len(names(tmp_path)) == 3


def test_all_of_a_picture_is_removed_and_nothing_else(tmp_path: Path) -> None:
    one, other = media.store(tmp_path, prepared()), media.store(tmp_path, prepared())
    media.remove(tmp_path, one.key)
    media.remove(tmp_path, one.key)
    assert {key for key, _written in media.keys_on_disk(tmp_path)} == {other.key}
    assert len(names(tmp_path)) == 3
    for key in ("", "..", "../x", KEY[:-1], KEY + "\n", f"{KEY}-160"):
        with pytest.raises(ValueError):
            media.remove(tmp_path, key)


def _aged(path: Path, seconds: int, content: bytes = b"") -> Path:
    path.write_bytes(content)
    then = path.stat().st_mtime - seconds
    os.utime(path, (then, then))
    return path


def test_the_sweep_takes_what_was_left_behind_only(tmp_path: Path) -> None:
    day = media.ORPHAN_AGE
    left = [
        _aged(tmp_path / media.name_of(KEY), day + 60),
        _aged(tmp_path / media.name_of(KEY, 160), day + 60),
        _aged(tmp_path / f".{KEY}-640.webp.part", day + 60),
        _aged(tmp_path / f".{'a' * 32}.part", day + 60),
    ]
    known, young = "b" * 32, "c" * 32
    kept = [
        _aged(tmp_path / media.name_of(known), day + 60),
        _aged(tmp_path / media.name_of(known, 640), day + 60),
        _aged(tmp_path / media.name_of(young), day - 60),
        _aged(tmp_path / f".{young}.webp.part", day - 60),
        _aged(tmp_path / "readme.txt", 9 * day),
        _aged(tmp_path / ".x.part", 9 * day),
    ]
    (tmp_path / f"{'d' * 32}.webp").mkdir()
    asked: list[str] = []

    def known_among(keys: Sequence[str]) -> set[str]:
        asked.extend(keys)
        return {known} & set(keys)

    assert media.sweep(tmp_path, known_among) == len(left)
    assert not any(path.exists() for path in left)
    assert all(path.exists() for path in kept)
    assert sorted(asked) == [KEY, known]
    assert media.sweep(tmp_path, known_among) == 0
    assert media.sweep(tmp_path / "missing", known_among) == 0


def test_the_sweep_asks_in_batches(tmp_path: Path) -> None:
    for number in range(1200):
        _aged(tmp_path / media.name_of(f"{number:032x}"), 2 * media.ORPHAN_AGE)
    sizes: list[int] = []

    def known_among(keys: Sequence[str]) -> list[str]:
        sizes.append(len(keys))
        return [key for key in keys if int(key, 16) % 3 == 0]

    assert media.sweep(tmp_path, known_among) == 800
    assert len(sizes) == 3
    assert max(sizes) <= 500
    assert len(names(tmp_path)) == 400
