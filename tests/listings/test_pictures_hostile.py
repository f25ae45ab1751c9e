"""Files made to harm: refused for a reason or drawn anew, in little time, and without a trace."""

import random
import struct
import subprocess
import sys
import zlib
from io import BytesIO
from pathlib import Path

import pytest
from PIL import Image, ImageFile

from portal.listings.containers import NotAPicture, Refusal
from portal.listings.pictures import (
    MOST_BYTES,
    MOST_PIXELS,
    MOST_PIXELS_OF_WEBP,
    MOST_SIDE,
    prepare,
)
from tests import effort
from tests.listings.picture_files import (
    PNG_MAGIC,
    all_files,
    chunk,
    is_near,
    pixel,
    png,
    quarters,
    riff,
    saved,
    three,
    webp_of,
)

KINDS = ("JPEG", "PNG", "WEBP", "GIF")
RED = (255, 0, 0, 255)
SVG = b'<svg xmlns="http://www.w3.org/2000/svg" onload="alert(1)"><script>alert(1)</script></svg>'
PHP = b"<?php system($_GET['c']); ?>"
HTML = b"<html><script>alert(document.domain)</script></html>"


def reason_of(data: bytes) -> Refusal:
    with pytest.raises(NotAPicture) as caught:
        prepare(data)
    return caught.value.reason


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (b"", Refusal.EMPTY),
        (SVG, Refusal.VECTOR),
        (b"\xef\xbb\xbf \n<?xml version='1.0'?><!-- -->" + SVG, Refusal.VECTOR),
        (b"<!DOCTYPE svg>" + SVG.upper(), Refusal.VECTOR),
        (b"%PDF-1.7\n", Refusal.VECTOR),
        (b"%!PS-Adobe-3.0 EPSF-3.0\n", Refusal.VECTOR),
        (HTML, Refusal.NOT_A_PICTURE),
        (PHP, Refusal.NOT_A_PICTURE),
        (b"\0" * 64, Refusal.NOT_A_PICTURE),
        (b"#!/bin/sh\n", Refusal.NOT_A_PICTURE),
        (b"MZ\x90\0", Refusal.NOT_A_PICTURE),
        (b"PK\x03\x04", Refusal.NOT_A_PICTURE),
        (b"\xff\xd8\xff", Refusal.TRUNCATED),
        (b"\xff\xd8\xff\xd9", Refusal.NOT_A_PICTURE),
        (PNG_MAGIC, Refusal.TRUNCATED),
        (PNG_MAGIC + chunk(b"IEND", b""), Refusal.NOT_A_PICTURE),
        (b"RIFF\x04\0\0\0WEBP", Refusal.NOT_A_PICTURE),
        (b"RIFF....WEBPVP8 ", Refusal.TRUNCATED),
        (b"GIF89a", Refusal.TRUNCATED),
        (b"GIF89a" + b"\0" * 7 + b";", Refusal.NOT_A_PICTURE),
        (b"\xff\xd8\xff" + b"a" * MOST_BYTES, Refusal.TOO_MANY_BYTES),
    ],
)
def test_what_is_no_picture_is_told_apart(data: bytes, reason: Refusal) -> None:
    with effort.at_most(500):
        assert reason_of(data) is reason


@pytest.mark.parametrize(
    "kind", ["BMP", "TIFF", "PPM", "ICO", "TGA", "EPS", "PDF", "JPEG2000", "AVIF"]
)
def test_other_kinds_never_reach_a_decoder(kind: str) -> None:
    assert reason_of(saved(quarters(), kind)) in {Refusal.NOT_A_PICTURE, Refusal.VECTOR}


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("payload", [SVG, PHP, HTML])
def test_what_hangs_behind_the_picture_is_dropped(kind: str, payload: bytes) -> None:
    prepared = prepare(saved(quarters(700, 500), kind) + payload)
    assert is_near(pixel(prepared.full), RED)
    assert not any(
        word in webp for webp in all_files(prepared) for word in (payload, b"alert", b"php")
    )


def test_what_is_hidden_inside_is_dropped() -> None:
    jpeg, gif = (
        saved(quarters(700, 500), "JPEG", comment=HTML),
        saved(quarters(), "GIF", comment=PHP),
    )
    row = (b"\0" + b"\xff\0\0" * 9) * 9
    hidden = [chunk(kind, b"Comment\0" + HTML) for kind in (b"tEXt", b"prVt", b"eXIf")]
    webp = saved(quarters(), "WEBP", xmp=HTML, exif=b"Exif\0\0" + PHP)
    # Also a script: the width opens a comment, the end of the file closes it.
    script = gif[:6] + b"/*" + gif[8:-1] + b"*/=1;alert(1);"
    for sent in (jpeg, gif, png(9, 9, row, *hidden), webp, script):
        prepared = prepare(sent)
        assert is_near(pixel(prepared.full, 0.001), RED)
        assert not any(
            word in file for file in all_files(prepared) for word in (HTML, PHP, b"alert")
        )


def _of_size(kind: str, width: int, height: int) -> bytes:
    """A small file that says it is that large."""
    if kind == "PNG":
        return png(width, height, b"\0" * 99)
    data = bytearray(saved(quarters(), kind))
    if kind == "JPEG":
        at = data.index(b"\xff\xc0") + 5
        data[at : at + 4] = struct.pack(">HH", height, width)
    elif kind == "GIF":
        data[6:10] = struct.pack("<HH", width, height)
    else:
        canvas = b"\0\0\0\0" + three(width - 1) + three(height - 1)
        return webp_of(riff(b"VP8X", canvas), bytes(data[12:]))
    return bytes(data)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize(
    ("width", "height"), [(65_535, 65_535), (20_000, 20_000), (MOST_SIDE + 1, 1), (6_400, 6_400)]
)
def test_sizes_that_no_memory_holds(kind: str, width: int, height: int) -> None:
    with effort.at_most(500):
        reason = reason_of(_of_size(kind, width, height))
    # libwebp itself compares the canvas with the frame.
    assert reason is Refusal.TOO_LARGE_PIXELS or kind == "WEBP"


@pytest.mark.slow
def test_the_limits_are_where_they_are_said_to_be() -> None:
    assert prepare(saved(Image.new("L", (8000, MOST_PIXELS // 8000)), "PNG")).width == 1600
    assert (
        reason_of(saved(Image.new("L", (8000, MOST_PIXELS // 8000 + 1)), "PNG"))
        == "too_large_pixels"
    )
    high = MOST_PIXELS_OF_WEBP // 4000
    assert prepare(saved(Image.new("L", (4000, high)), "WEBP", method=0)).width == 1600
    assert (
        reason_of(saved(Image.new("L", (4000, high + 1)), "WEBP", method=0)) == "too_large_pixels"
    )


@pytest.mark.slow
def test_pixels_packed_a_thousand_times_over() -> None:
    with effort.at_most(1000):
        sent = png(8, 8, b"\0" * 50_000_000)
    with effort.at_most(500):
        assert prepare(sent).width == 8
    with effort.at_most(5000):
        assert (
            prepare(saved(Image.new("RGBA", (6000, 6600)), "PNG", compress_level=9)).width == 1455
        )


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("progressive", [False, True])
def test_cut_off_files(kind: str, *, progressive: bool) -> None:
    picture = Image.effect_noise((90, 70), 60).convert("RGB")
    data = saved(picture, kind, progressive=progressive)
    for end in range(40, len(data) - 2, max(1, len(data) // 150)):
        assert reason_of(data[:end]) in {Refusal.TRUNCATED, Refusal.NOT_A_PICTURE}, end
    for share in (0.5, 0.9, 0.99):
        assert reason_of(data[: int(len(data) * share)]) is Refusal.TRUNCATED
    assert not ImageFile.LOAD_TRUNCATED_IMAGES


@pytest.mark.parametrize("kind", KINDS)
def test_damaged_files_are_drawn_or_refused_and_nothing_else(kind: str) -> None:
    chance = random.Random(kind)
    picture = Image.effect_noise((60, 50), 60).convert("RGB")
    data = saved(
        picture, kind, exif=b"Exif\0\0II*\0\x08\0\0\0\x01\0\x12\x01\x03\0\x01\0\0\0\x06\0\0\0"
    )
    outcomes = set()
    for _ in range(250):
        damaged = bytearray(data)
        for _ in range(chance.randint(1, 6)):
            # Most of them in the headers, where the lies are told.
            at = int(len(data) * chance.random() ** 3)
            damaged[at] = chance.choice((0, 1, 0x7F, 0x80, 0xFF, chance.randrange(256)))
        try:
            outcomes.add(bool(prepare(bytes(damaged)).full))
        except NotAPicture as refused:
            outcomes.add(refused.reason)
    assert len(outcomes) > 1


def _moving_gif(frames: int) -> bytes:
    still = saved(Image.new("P", (2, 2)), "GIF")
    at = still.index(b",")
    return still[:at] + b"!\xf9\x04\0\x01\0\0\0" + still[at:-1] * frames + b";"


def _moving_webp(frames: int) -> bytes:
    inner = saved(Image.new("RGB", (8, 8), "red"), "WEBP")[12:]
    frame = riff(b"ANMF", b"\0" * 6 + three(7) * 2 + three(100) + b"\0" + inner)
    canvas = riff(b"VP8X", b"\x02\0\0\0" + three(7) * 2)
    return webp_of(canvas, riff(b"ANIM", b"\0" * 6), frame * frames)


def test_of_ten_thousand_frames_the_first_is_drawn() -> None:
    for sent in (_moving_gif(10_000), _moving_webp(10_000)):
        with effort.at_most(500):
            assert len(prepare(sent).full) < 1000
    assert is_near(pixel(prepare(_moving_webp(2)).full), RED)
    with pytest.raises(NotAPicture), effort.at_most(1000):
        prepare(_moving_webp(100_000))
    moving = saved(quarters(), "GIF", save_all=True, append_images=[Image.new("RGB", (64, 48))] * 3)
    assert is_near(pixel(prepare(moving).full), RED)
    moving = saved(quarters(), "PNG", save_all=True, append_images=[Image.new("RGB", (64, 48))] * 3)
    assert is_near(pixel(prepare(moving).full), RED)


BOMB = zlib.compress(bytes(200 * 1024 * 1024), 9)


@pytest.mark.parametrize(
    "extra",
    [
        [chunk(b"zTXt", b"Comment\0\0" + BOMB)],
        [chunk(b"iTXt", b"Comment\0\1\0\0\0" + BOMB)],
        [chunk(b"iCCP", b"bomb\0\0" + BOMB)],
        [chunk(b"iCCP", b"bomb\0\0" + BOMB)] * 40,
        [chunk(b"iCCP", b"many\0\0" + zlib.compress(bytes(2_000_000)))] * 3000,
        [chunk(b"tEXt", b"Comment\0" + b"a" * 8_000_000)],
        [chunk(b"tEXt", b"a\0b")] * 60_000,
        [chunk(b"eXIf", b"II*\0\x08\0\0\0\xff\xff" + b"\0" * 800_000)] * 10,
        [chunk(b"acTL", b""), chunk(b"fcTL", b""), chunk(b"fdAT", b"")],
        [chunk(b"iCCP", b""), chunk(b"eXIf", b""), chunk(b"zTXt", b"")],
    ],
)
def test_texts_and_profiles_that_unpack_to_gigabytes(extra: list[bytes]) -> None:
    sent = png(9, 9, (b"\0" + b"\xff\0\0" * 9) * 9, *extra)
    assert len(sent) < MOST_BYTES
    with effort.at_most(1000):
        assert is_near(pixel(prepare(sent).full), RED)


@pytest.mark.parametrize(
    "sent",
    [
        PNG_MAGIC + png(9, 9, b"")[8:33] + chunk(b"tEXt", b"") * 800_000,
        b"\xff\xd8" + b"\xff\xfe\0\2" * 2_500_000 + b"\xff\xd9",
        b"\xff\xd8\xff\xfe\0\2" + b"a" * 10_000_000 + b"\xff\xd9",
        b"\xff\xd8" + b"\xff" * 10_000_000 + b"\xff\xd9",
        webp_of(riff(b"junk", b"") * 1_200_000),
        b"GIF89a" + b"\0" * 7 + b"!\xfe\1a\0" * 2_000_000,
        b"GIF89a" + b"\0" * 7 + (b"!\xfe" + b"\1a" * 60_000 + b"\0") * 80,
    ],
    ids=["png", "jpeg", "jpeg junk", "jpeg fill", "webp", "gif", "gif blocks"],
)
def test_files_of_a_million_parts(sent: bytes) -> None:
    with effort.at_most(1500):
        assert reason_of(sent) in {Refusal.NOT_A_PICTURE, Refusal.TRUNCATED}


def test_a_jpeg_of_many_scans() -> None:
    data = saved(Image.new("RGB", (5000, 5000)), "JPEG", progressive=True)
    last = data[data.rindex(b"\xff\xda") : -2]
    with effort.at_most(500):
        assert reason_of(data[:-2] + last * 20_000 + b"\xff\xd9") is Refusal.NOT_A_PICTURE
    with effort.at_most(5000):
        prepare(data[:-2] + last * 20 + b"\xff\xd9")


def test_a_jpeg_that_grows_its_exif_piece_by_piece() -> None:
    pieces = (b"\xff\xe1\xff\xff" + b"Exif\0\0" + b"a" * 65_527) * 60
    pieces += (b"\xff\xe1\0\x09" + b"Exif\0\0" + b"a") * 50_000
    jpeg = saved(quarters(), "JPEG")
    with effort.at_most(1000):
        assert prepare(jpeg[:2] + pieces + jpeg[2:]).width == 64


def test_a_jpeg_with_two_sizes() -> None:
    jpeg = saved(quarters(), "JPEG")
    at = jpeg.index(b"\xff\xc0")
    head = jpeg[at : at + 19]
    assert (
        reason_of(jpeg[:at] + head[:5] + b"\0\x01\0\x01" + head[9:] + jpeg[at:]) == "not_a_picture"
    )


def test_a_png_with_two_sizes() -> None:
    sent = png(9, 9, (b"\0" + b"\xff\0\0" * 9) * 9)
    assert reason_of(sent[:33] + sent[8:]) is Refusal.NOT_A_PICTURE


def test_a_jpeg_ends_where_it_says_so() -> None:
    twice = saved(quarters(), "JPEG") + saved(Image.new("RGB", (9000, 9000)), "JPEG")
    assert prepare(BytesIO(twice)).width == 64


# What `getrusage` tells begins with the parent's peak; the kernel's mark of this process does not.
_GROWTH = """
import sys
from pathlib import Path
from portal.listings.pictures import prepare
def peak():
    lines = Path("/proc/self/status").read_text().splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith("VmHWM:"))
content = Path(sys.argv[1]).read_bytes()
before = peak()
prepare(content)
print(peak() - before)
"""


@pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="memory is read from /proc")
@pytest.mark.slow
@pytest.mark.parametrize(
    ("mode", "size", "kind", "most"),
    [
        # Of a progressive JPEG all coefficients are in memory: two bytes for each of three colours.
        ("RGB", (7300, 5470), "JPEG", 320),
        ("RGBA", (6330, 6300), "PNG", 250),
        ("RGBA", (4000, 4000), "WEBP", 290),
    ],
)
def test_the_largest_pictures_take_so_many_mebibytes(
    tmp_path: Path, mode: str, size: tuple[int, int], kind: str, most: int
) -> None:
    options = {
        "JPEG": {"progressive": True, "subsampling": 0},
        "PNG": {"compress_level": 1},
        "WEBP": {"method": 0},
    }[kind]
    sent = tmp_path / "sent"
    sent.write_bytes(saved(Image.new(mode, size, (9, 90, 200, 128)[: len(mode)]), kind, **options))
    command = [sys.executable, "-c", _GROWTH, str(sent)]
    found = subprocess.run(command, capture_output=True, text=True, check=True)
    assert 20 < int(found.stdout) / 1024 < most
