"""A seller's picture becomes ours: any JPEG, PNG, WebP or GIF drawn anew as WebP in three sizes.

Nothing of the file that came is kept but its pixels, in sRGB and the right way up. The largest
pictures take one to three seconds and 280 MiB of memory for that time: prepare one at a time, and
never inside a transaction, which would make all other writers wait.
"""

import struct
import zlib
from dataclasses import dataclass
from io import BytesIO
from typing import BinaryIO, Final

from PIL import Image, ImageCms

from portal.listings.containers import MOST_PROFILE, NotAPicture, Refusal, Trimmed, trim

MOST_BYTES: Final = 10 * 1024 * 1024
"""Bytes of one file. A phone's photograph has 3 to 8 MB."""

MOST_AT_ONCE: Final = 8
"""Files of one form."""

MOST_PIXELS: Final = 40_000_000
"""Width times height of what is sent. A 36-megapixel camera fits."""

MOST_PIXELS_OF_WEBP: Final = 16_000_000
"""The same of a WebP: its decoder holds the picture five times over and cannot skip detail."""

MOST_SIDE: Final = 12_000
"""Pixels of the longer side of what is sent."""

FULL_SIDE: Final = 1600
"""Pixels of the longer side of the largest size that is kept."""

WIDTHS: Final = (160, 640)
"""Widths in pixels of the smaller sizes: a row's thumbnail, a phone's or a card's picture."""

_QUALITY: Final = 82
_FEW_COLOURS: Final = 64
_STRIP: Final = 64
_GAP: Final = 1.5
_IS_CLEAR: Final = [255] + [0] * 255
_MOST_ORDINARY_PROFILE: Final = 1024 * 1024

# One limit for the process: the decoders that make room before the size is known here heed it too.
Image.MAX_IMAGE_PIXELS = MOST_PIXELS

_BROKEN: Final = (
    OSError,
    SyntaxError,
    ValueError,
    EOFError,
    LookupError,
    TypeError,
    ArithmeticError,
    struct.error,
    zlib.error,
)
"""What Pillow raises at files that lie about themselves."""

_UPRIGHT: Final = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}


@dataclass(frozen=True)
class Prepared:
    """A picture ready to be stored.

    Attributes:
        width: pixels of the full size.
        height: pixels of the full size.
        full: the full size, as a WebP file.
        smaller: WebP files by their width in pixels, those of `sizes_of(width)`.
    """

    width: int
    height: int
    full: bytes
    smaller: dict[int, bytes]


def sizes_of(width: int) -> tuple[int, ...]:
    """The smaller widths that a picture of that width has, in pixels, ascending: for `srcset`."""
    return tuple(smaller for smaller in WIDTHS if smaller < width)


def prepare(data: bytes | BinaryIO) -> Prepared:
    """Draw a picture anew in the sizes that pages use.

    Args:
        data: a file's bytes, or a file; of it no more than the limit is read.

    Raises:
        NotAPicture: with the reason, see Refusal.
    """
    content = data if isinstance(data, bytes) else data.read(MOST_BYTES + 1)
    if not content:
        raise NotAPicture(Refusal.EMPTY)
    if len(content) > MOST_BYTES:
        raise NotAPicture(Refusal.TOO_MANY_BYTES)
    full = _drawn(trim(content))
    smaller = {width: _encoded(_scaled(full, width)) for width in sizes_of(full.width)}
    return Prepared(full.width, full.height, _encoded(full), smaller)


def _drawn(trimmed: Trimmed) -> Image.Image:
    """The picture at its full size, upright, in sRGB."""
    picture = _decoded(trimmed)
    if trimmed.orientation in _UPRIGHT:
        picture = picture.transpose(_UPRIGHT[trimmed.orientation])
    width = round(picture.width * _share(picture.size))
    # Colours last: then the work that a hostile profile can make depends on our size only.
    return _in_srgb(_scaled(picture, width), trimmed.profile)


def _decoded(trimmed: Trimmed) -> Image.Image:
    try:
        picture = Image.open(BytesIO(trimmed.data), formats=[trimmed.format])
    except (Image.DecompressionBombError, Image.DecompressionBombWarning) as error:
        raise NotAPicture(Refusal.TOO_LARGE_PIXELS) from error
    except _BROKEN as error:
        raise NotAPicture from error
    with picture:
        width, height = picture.size
        most = MOST_PIXELS_OF_WEBP if trimmed.format == "WEBP" else MOST_PIXELS
        if width * height > most or max(width, height) > MOST_SIDE:
            raise NotAPicture(Refusal.TOO_LARGE_PIXELS)
        try:
            # JPEG only: its decoder skips the detail that scaling down would throw away.
            twice = 2 * _share(picture.size)
            picture.draft(None, (max(1, round(width * twice)), max(1, round(height * twice))))
            picture.load()
            return _reduced(picture)
        except _BROKEN as error:
            raise NotAPicture(Refusal.TRUNCATED) from error


def _share(size: tuple[int, int]) -> float:
    """By how much a picture shrinks to its full size; never more than 1."""
    return min(1.0, FULL_SIDE / max(size))


def _reduced(picture: Image.Image) -> Image.Image:
    """The picture in L, RGB, RGBA or CMYK, averaged to at least one and a half times its full size.

    Strip by strip, so that there is never a converted copy of 40 megapixels in memory.
    """
    factor = max(1, int(max(picture.size) / (_GAP * FULL_SIDE)))
    mode = _plain_mode(picture)
    if factor == 1:
        return _converted(picture, mode)
    width, height = picture.size
    small = Image.new(mode, (-(-width // factor), -(-height // factor)))
    for top in range(0, height, factor * _STRIP):
        strip = picture.crop((0, top, width, min(height, top + factor * _STRIP)))
        small.paste(_converted(strip, mode).reduce(factor), (0, top // factor))
    return small


def _plain_mode(picture: Image.Image) -> str:
    if picture.mode in {"1", "L", "I;16"} and "transparency" not in picture.info:
        return "L"
    if picture.mode == "CMYK":
        return "CMYK"
    return "RGBA" if picture.has_transparency_data else "RGB"


def _converted(picture: Image.Image, mode: str) -> Image.Image:
    if picture.mode == "I;16":
        # Pillow would cut off what is brighter than 255; here 65535 is white.
        picture = picture.convert("I").point(lambda value: value * (1 / 256)).convert("L")
    return picture.convert(mode)


def _scaled(picture: Image.Image, width: int) -> Image.Image:
    if width == picture.width:
        return picture
    height = max(1, round(picture.height * width / picture.width))
    return picture.resize((max(1, width), height), Image.Resampling.LANCZOS)


def _in_srgb(picture: Image.Image, profile: bytes) -> Image.Image:
    """The picture in RGB or RGBA; a profile that cannot be used is passed over."""
    alpha = picture.getchannel("A") if picture.mode == "RGBA" else None
    colours = picture.convert("RGB") if alpha else picture
    if _is_usable(profile, colours.mode):
        try:
            source = ImageCms.ImageCmsProfile(BytesIO(profile))
            target = ImageCms.createProfile("sRGB")
            matched = ImageCms.profileToProfile(colours, source, target, outputMode="RGB")
        except (ImageCms.PyCMSError, OSError, ValueError):
            matched = None
        colours = matched or colours
    colours = colours.convert("RGB")
    if alpha and alpha.getextrema() != (255, 255):
        # What lies below full transparency is out of sight, and was perhaps meant to be.
        colours.paste("black", mask=alpha.point(_IS_CLEAR))
        colours.putalpha(alpha)
    return colours


def _is_usable(profile: bytes, mode: str) -> bool:
    """Whether it is an ordinary profile of these colours (ICC.1:2022, section 7.2)."""
    space = {"RGB": b"RGB ", "L": b"GRAY", "CMYK": b"CMYK"}[mode]
    most = MOST_PROFILE if mode == "CMYK" else _MOST_ORDINARY_PROFILE
    return (
        128 < len(profile) <= most
        and profile[36:40] == b"acsp"
        and profile[16:20] == space
        and profile[12:16] in {b"scnr", b"mntr", b"prtr", b"spac"}
        # Programs of any length, run for each colour: no camera writes them.
        and b"mpet" not in profile
    )


def _encoded(picture: Image.Image) -> bytes:
    """The WebP file, without metadata; drawings of few colours keep their edges."""
    is_drawing = picture.getcolors(_FEW_COLOURS) is not None
    file = BytesIO()
    picture.save(file, "WEBP", quality=_QUALITY, method=4, lossless=is_drawing)
    return file.getvalue()
