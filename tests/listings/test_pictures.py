"""What sellers send is drawn anew: in three sizes, upright, in the right colours, without a trace."""

import struct
from io import BytesIO

import pytest
from PIL import Image, ImageChops, ImageOps, ImageStat

from portal.listings.containers import NotAPicture, Refusal
from portal.listings.pictures import MOST_BYTES, prepare, sizes_of
from tests.listings.picture_files import (
    all_files,
    exif,
    is_near,
    opened,
    pixel,
    png,
    quarters,
    saved,
    srgb_profile,
    swapped_profile,
)

RED = (255, 0, 0, 255)


@pytest.mark.parametrize(
    ("sent", "full", "smaller"),
    [
        ((4000, 3000), (1600, 1200), (160, 640)),
        ((1600, 900), (1600, 900), (160, 640)),
        ((900, 2000), (720, 1600), (160, 640)),
        ((641, 10), (641, 10), (160, 640)),
        ((640, 480), (640, 480), (160,)),
        ((160, 160), (160, 160), ()),
        ((300, 3000), (160, 1600), ()),
        ((12_000, 2), (1600, 1), (160, 640)),
        ((1, 1), (1, 1), ()),
    ],
)
@pytest.mark.parametrize("kind", ["JPEG", "PNG"])
def test_sizes(
    sent: tuple[int, int], full: tuple[int, int], smaller: tuple[int, ...], kind: str
) -> None:
    prepared = prepare(saved(Image.new("RGB", sent, "navy"), kind))
    assert (prepared.width, prepared.height) == full == opened(prepared.full).size
    assert tuple(prepared.smaller) == smaller == sizes_of(full[0])
    for width, webp in prepared.smaller.items():
        size = opened(webp).size
        assert size == (width, max(1, round(full[1] * width / full[0])))


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP"])
@pytest.mark.parametrize("orientation", range(1, 9))
def test_the_right_way_up(kind: str, orientation: int) -> None:
    sent = saved(quarters(), kind, exif=exif(orientation))
    wanted = ImageOps.exif_transpose(Image.open(BytesIO(sent))).convert("RGB")
    found = opened(prepare(sent).full).convert("RGB")
    assert found.size == wanted.size
    assert max(ImageStat.Stat(ImageChops.difference(found, wanted)).mean) < 8


@pytest.mark.parametrize(
    "broken",
    [
        b"II*\0",
        b"II*\0\xff\xff\xff\xff",
        b"II*\0\x08\0\0\0\xff\xff",
        b"II*\0\x08\0\0\0\x01\0" + struct.pack("<HHIHH", 0x0112, 3, 1, 99, 0),
        b"II*\0\x08\0\0\0\x01\0" + struct.pack("<HHII", 0x0112, 4, 1, 6),
        b"MM\0*\0\0\0\x08" + b"\xff" * 60_000,
        b"no TIFF at all",
    ],
)
def test_broken_exif_means_upright(broken: bytes) -> None:
    prepared = prepare(saved(quarters(), "JPEG", exif=b"Exif\0\0" + broken))
    assert (prepared.width, prepared.height) == (64, 48)


def test_nothing_is_told_about_who_took_it_where() -> None:
    told = exif(6, "<script>alert(1)</script>")
    xmp = b"<x:xmpmeta>3 Main Street</x:xmpmeta>"
    for kind in ("JPEG", "PNG", "WEBP"):
        sent = saved(quarters(900, 700), kind, exif=told, xmp=xmp, icc_profile=srgb_profile())
        assert b"<script>" in sent
        for webp in all_files(prepare(sent)):
            stored = opened(webp)
            assert not stored.getexif()
            assert not {"exif", "xmp", "icc_profile"} & stored.info.keys()
            assert b"script" not in webp
            assert b"Main Street" not in webp


def _palette(transparency: int | bytes) -> tuple[str, bytes]:
    picture = quarters().quantize(4, dither=Image.Dither.NONE)
    red = picture.getpixel((1, 1))
    assert isinstance(red, int)
    if isinstance(transparency, bytes):
        return "PNG", saved(picture, "PNG", transparency=b"\xff" * red + transparency)
    return "GIF", saved(picture, "GIF", transparency=red)


MODES: dict[str, tuple[Image.Image, str, tuple[int, ...]]] = {
    "black and white": (Image.new("1", (9, 9), 1), "PNG", (255, 255, 255, 255)),
    "grey": (Image.new("L", (9, 9), 90), "PNG", (90, 90, 90, 255)),
    "grey JPEG": (Image.new("L", (9, 9), 90), "JPEG", (90, 90, 90, 255)),
    "grey and alpha": (Image.new("LA", (9, 9), (90, 128)), "PNG", (90, 90, 90, 128)),
    "16-bit grey": (Image.new("I;16", (9, 9), 40_000), "PNG", (156, 156, 156, 255)),
    "palette": (Image.new("RGB", (9, 9), "red").quantize(2), "PNG", RED),
    "palette GIF": (Image.new("RGB", (9, 9), "red").quantize(2), "GIF", RED),
    "colours": (Image.new("RGB", (9, 9), "red"), "PNG", RED),
    "colours and alpha": (Image.new("RGBA", (9, 9), (0, 0, 255, 77)), "PNG", (0, 0, 255, 77)),
    "WebP with alpha": (Image.new("RGBA", (9, 9), (0, 0, 255, 77)), "WEBP", (0, 0, 255, 77)),
    "four inks": (Image.new("CMYK", (9, 9), (0, 255, 255, 0)), "JPEG", RED),
}


@pytest.mark.parametrize("size", [(60, 40), (5000, 300)])
@pytest.mark.parametrize("name", MODES)
def test_modes(name: str, size: tuple[int, int]) -> None:
    picture, kind, wanted = MODES[name]
    found = prepare(saved(picture.resize(size), kind)).full
    assert is_near(pixel(found), wanted)
    assert is_near(pixel(found, 0.99, 0.99), wanted)
    assert opened(found).mode == ("RGB" if wanted[3] == 255 else "RGBA")


def test_transparent_colours_of_palettes() -> None:
    assert pixel(prepare(_palette(0)[1]).full)[3] == 0
    assert pixel(prepare(_palette(b"\x40")[1]).full)[3] == 0x40
    assert is_near(pixel(prepare(_palette(0)[1]).full, 0.75, 0.75), (255, 255, 255, 255))


def test_a_transparent_colour_of_true_colours() -> None:
    sent = saved(quarters(), "PNG", transparency=(255, 0, 0))
    assert pixel(prepare(sent).full)[3] == 0
    assert is_near(pixel(prepare(sent).full, 0.25, 0.75), (0, 0, 255, 255))


@pytest.mark.parametrize(("colours", "samples"), [(2, 3), (6, 4), (4, 2), (0, 1)])
def test_sixteen_bits(colours: int, samples: int) -> None:
    row = b"\0" + b"\xc0\x12" * samples * 5
    found = pixel(prepare(png(5, 3, row * 3, bits=16, colours=colours)).full)
    assert is_near(found[:3], (0xC0, 0xC0, 0xC0))
    assert found[3] == (0xC0 if samples in {2, 4} else 255)


def test_strips_leave_no_seams() -> None:
    ramp = Image.linear_gradient("L").resize((4900, 4900), Image.Resampling.BICUBIC)
    wanted = ramp.resize((1600, 1600), Image.Resampling.LANCZOS)
    found = opened(prepare(saved(ramp, "PNG", compress_level=1)).full).convert("L")
    difference = ImageChops.difference(found, wanted)
    assert difference.getextrema()[1] <= 4  # type: ignore[operator]


def test_what_was_hidden_below_full_transparency_is_gone() -> None:
    picture = Image.effect_noise((300, 300), 90).convert("RGB")
    picture.putalpha(0)
    assert (
        ImageStat.Stat(opened(prepare(saved(picture, "PNG")).full).convert("RGB")).stddev == [0] * 3
    )


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP"])
def test_colours_are_matched_by_their_profile(kind: str) -> None:
    sent = saved(quarters(), kind, icc_profile=swapped_profile())
    assert is_near(pixel(prepare(sent).full), (0, 0, 255, 255), 20)
    plain = saved(quarters(), kind, icc_profile=srgb_profile())
    assert is_near(pixel(prepare(plain).full), RED)


def test_alpha_survives_the_matching_of_colours() -> None:
    picture = Image.new("RGBA", (9, 9), (255, 0, 0, 99))
    found = pixel(prepare(saved(picture, "PNG", icc_profile=swapped_profile())).full)
    assert is_near(found, (0, 0, 255, 99), 20)


@pytest.mark.parametrize(
    "profile",
    [
        b"x" * 200,
        srgb_profile()[:200],
        srgb_profile()[:128] + b"\xff" * 400,
        swapped_profile().replace(b"RGB ", b"CMYK"),
        swapped_profile().replace(b"mntr", b"link"),
        swapped_profile() + b"mpet",
        swapped_profile() + b"\0" * 1024 * 1024,
    ],
)
def test_a_profile_that_is_none_is_passed_over(profile: bytes) -> None:
    assert is_near(pixel(prepare(saved(quarters(), "JPEG", icc_profile=profile)).full), RED)


def test_drawings_of_few_colours_keep_their_edges() -> None:
    found = opened(prepare(saved(quarters(), "PNG")).full).convert("RGB")
    assert ImageChops.difference(found, quarters()).getbbox() is None


def test_a_file_is_read_no_further_than_the_limit() -> None:
    file = BytesIO(b"\xff\xd8\xff" + bytes(2 * MOST_BYTES))
    with pytest.raises(NotAPicture) as caught:
        prepare(file)
    assert caught.value.reason is Refusal.TOO_MANY_BYTES
    assert file.tell() == MOST_BYTES + 1
    assert prepare(BytesIO(saved(quarters(), "PNG"))).width == 64


def test_a_telephone_s_file_of_two_pictures_gives_the_first() -> None:
    sent = saved(quarters(), "MPO", save_all=True, append_images=[Image.new("RGB", (64, 48))])
    assert is_near(pixel(prepare(sent).full), RED)
