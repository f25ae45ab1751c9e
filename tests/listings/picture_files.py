"""Picture files made by the tests: honest ones, and the parts that hostile ones are built of."""

import struct
import zlib
from io import BytesIO
from typing import Any

from PIL import Image, ImageCms

from portal.listings.pictures import Prepared

PNG_MAGIC = b"\x89PNG\r\n\x1a\n"


def saved(picture: Image.Image, kind: str, **options: Any) -> bytes:
    file = BytesIO()
    picture.save(file, kind, **options)
    return file.getvalue()


def quarters(width: int = 64, height: int = 48) -> Image.Image:
    """Red, lime, blue and white quarters: tells every way of turning apart."""
    picture = Image.new("RGB", (width, height), "white")
    half = (width // 2, height // 2)
    picture.paste("red", (0, 0, *half))
    picture.paste("lime", (half[0], 0, width, half[1]))
    picture.paste("blue", (0, half[1], half[0], height))
    return picture


def opened(webp: bytes) -> Image.Image:
    """A stored file as a browser sees it."""
    picture = Image.open(BytesIO(webp), formats=["WEBP"])
    picture.load()
    return picture


def all_files(prepared: Prepared) -> list[bytes]:
    return [prepared.full, *prepared.smaller.values()]


def pixel(webp: bytes, x: float = 0.25, y: float = 0.25) -> tuple[int, ...]:
    """Red, green, blue, alpha at a place given in shares of width and height."""
    picture = opened(webp).convert("RGBA")
    found = picture.getpixel((int(picture.width * x), int(picture.height * y)))
    assert isinstance(found, tuple)
    return found


def is_near(found: tuple[int, ...], wanted: tuple[int, ...], by: int = 12) -> bool:
    return all(abs(one - other) <= by for one, other in zip(found, wanted, strict=True))


def exif(orientation: int, description: str = "") -> bytes:
    made = Image.Exif()
    made[0x0112] = orientation
    if description:
        made[0x010E] = description
        made.get_ifd(0x8825).update({1: "N", 2: (39.0, 54.0, 20.0), 3: "E", 4: (116.0, 24.0, 0.0)})
    return made.tobytes()


def chunk(kind: bytes, body: bytes) -> bytes:
    """A chunk of a PNG."""
    return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))


def png(
    width: int, height: int, rows: bytes, *extra: bytes, bits: int = 8, colours: int = 2
) -> bytes:
    """A PNG of these (unfiltered, yet unpacked) rows with further chunks before them."""
    head = struct.pack(">IIBBBBB", width, height, bits, colours, 0, 0, 0)
    parts = [chunk(b"IHDR", head), *extra, chunk(b"IDAT", zlib.compress(rows)), chunk(b"IEND", b"")]
    return PNG_MAGIC + b"".join(parts)


def riff(kind: bytes, body: bytes) -> bytes:
    """A chunk of a WebP."""
    return kind + struct.pack("<I", len(body)) + body + b"\0" * (len(body) % 2)


def webp_of(*chunks: bytes) -> bytes:
    return riff(b"RIFF", b"WEBP" + b"".join(chunks))


def three(number: int) -> bytes:
    return number.to_bytes(3, "little")


def srgb_profile() -> bytes:
    return ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()


def swapped_profile() -> bytes:
    """A profile by which red is blue and blue is red."""
    profile = bytearray(srgb_profile())
    (count,) = struct.unpack_from(">I", profile, 128)
    entries = {bytes(profile[at : at + 4]): at for at in range(132, 132 + 12 * count, 12)}
    red, blue = entries[b"rXYZ"], entries[b"bXYZ"]
    profile[red : red + 4], profile[blue : blue + 4] = b"bXYZ", b"rXYZ"
    return bytes(profile)
