"""Picture files taken apart: of what a seller sends, the decoder sees only what draws the picture.

JPEG, PNG, WebP and GIF are lists of labelled parts. The parts that hold pixels are copied into a
fresh file; orientation and colour profile are read on the way; texts, previews, further frames,
edits' history and whatever hangs behind the end are left behind. So no decoder has to cope with
them, and none of them can reach a buyer.
"""

import re
import struct
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

MOST_PARTS: Final = 65_536
"""Parts that a file may be made of. A GIF of 10 MiB honestly has 41,000; ten million are a trap."""

MOST_SCANS: Final = 32
"""Passes over the picture that a JPEG may take. Progressive ones have about 10; each costs time."""

MOST_PROFILE: Final = 2 * 1024 * 1024
"""Bytes of a colour profile, unpacked. Those of printing presses are the largest: up to 1.8 MB."""


class Refusal(StrEnum):
    """Why a file is not taken: the view has a sentence for each."""

    EMPTY = "empty"
    TOO_MANY_BYTES = "too_many_bytes"
    NOT_A_PICTURE = "not_a_picture"
    VECTOR = "vector"
    TOO_LARGE_PIXELS = "too_large_pixels"
    TRUNCATED = "truncated"


class NotAPicture(ValueError):  # noqa: N818 - it reads as what it says
    """The bytes are no picture that can be shown; `reason` tells why."""

    def __init__(self, reason: Refusal = Refusal.NOT_A_PICTURE) -> None:
        super().__init__(reason.value)
        self.reason = reason


@dataclass(frozen=True)
class Trimmed:
    """A picture file without what is not needed to draw it.

    Attributes:
        format: JPEG, PNG, WEBP or GIF, as Pillow calls it.
        data: the fresh file.
        orientation: how the camera was held, 1 to 8 as in EXIF's tag 0x0112.
        profile: the ICC colour profile, unpacked; empty where there is none.
    """

    format: str
    data: bytes
    orientation: int = 1
    profile: bytes = b""


def trim(data: bytes) -> Trimmed:
    """Take a file apart and keep what draws its (first) picture.

    Raises:
        NotAPicture: none of the four kinds, cut off, or made of absurdly many parts.
    """
    if data.startswith(b"\xff\xd8\xff"):
        return _jpeg(data)
    if data.startswith(_PNG_MAGIC):
        return _png(data)
    if data.startswith(b"RIFF") and data[8:12] == b"WEBP":
        return _webp(data)
    if data.startswith((b"GIF87a", b"GIF89a")):
        return Trimmed("GIF", _gif(data))
    raise NotAPicture(_refusal_of(data))


def _refusal_of(data: bytes) -> Refusal:
    """What to say about a file of another kind; only words depend on it."""
    head = data[:1024].removeprefix(b"\xef\xbb\xbf").lstrip().lower()
    is_drawing = head.startswith((b"%pdf", b"%!ps")) or (head.startswith(b"<") and b"<svg" in head)
    return Refusal.VECTOR if is_drawing else Refusal.NOT_A_PICTURE


def _counted(number: int) -> int:
    if number >= MOST_PARTS:
        raise NotAPicture
    return number + 1


# JPEG: ITU-T T.81, annex B. ------------------------------------------------------------------

_SCAN_END: Final = re.compile(rb"\xff[^\x00\xd0-\xd7\xff]")
_SOS: Final = 0xDA
_EOI: Final = 0xD9
_ALONE: Final = frozenset({0x00, 0x01, *range(0xD0, 0xD9)})
_FRAMES: Final = frozenset(range(0xC0, 0xD0)) - {0xC4, 0xC8, 0xCC}
_DRAWING: Final = frozenset({*range(0xC0, 0xD0), *range(0xDA, 0xE0)})


def _jpeg(data: bytes) -> Trimmed:
    kept, icc, exif = [b"\xff\xd8"], dict[int, bytes](), b""
    scans = frames = 0
    for marker, part in _jpeg_parts(data):
        scans += marker == _SOS
        frames += marker in _FRAMES
        body = part[4:]
        if marker == 0xE1 and body.startswith(b"Exif\0\0"):
            exif = exif or body[6:]
        elif marker == 0xE2 and body.startswith(b"ICC_PROFILE\0") and len(body) > 14:
            icc[body[12]] = body[14:]
        if marker in _DRAWING or _says_how_to_read_colours(marker, body):
            kept.append(part)
    # With two frame headers, the size that is checked might not be the one that is decoded.
    if scans > MOST_SCANS or frames != 1:
        raise NotAPicture
    profile = b"".join(icc[number] for number in sorted(icc))
    return Trimmed("JPEG", b"".join([*kept, b"\xff\xd9"]), _orientation(exif), profile)


def _says_how_to_read_colours(marker: int, body: bytes) -> bool:
    return (marker == 0xE0 and body.startswith(b"JFIF\0")) or (
        marker == 0xEE and body.startswith(b"Adobe")
    )


def _jpeg_parts(data: bytes) -> Iterator[tuple[int, bytes]]:
    """Markers with their segments up to the end of the picture; a scan with its coded pixels."""
    at, number = 2, 0
    while True:
        number = _counted(number)
        found = _next_marker(data, at)
        marker = data[found + 1]
        if marker == _EOI:
            return
        at = found + 2
        if marker in _ALONE:
            continue
        if len(data) < at + 2:
            raise NotAPicture(Refusal.TRUNCATED)
        at += int.from_bytes(data[at : at + 2], "big")
        if marker == _SOS:
            end = _SCAN_END.search(data, at)
            # The decoder fills what is missing with grey if it is only told that this is the end.
            if end is None:
                raise NotAPicture(Refusal.TRUNCATED)
            at = end.start()
        if at > len(data):
            raise NotAPicture(Refusal.TRUNCATED)
        yield marker, data[found:at]


def _next_marker(data: bytes, at: int) -> int:
    """Where the next marker stands; bytes between the segments and fill bytes are skipped."""
    found = _MARKER.search(data, at)
    if found is None:
        raise NotAPicture(Refusal.TRUNCATED)
    return found.end() - 2


_MARKER: Final = re.compile(rb"\xff[^\xff]")


def _orientation(tiff: bytes) -> int:
    """EXIF's tag 0x0112 in its first directory; 1, upright, where it is missing or broken."""
    order = {b"II*\0": "<", b"MM\0*": ">"}.get(tiff[:4])
    if order is None:
        return 1
    try:
        (first,) = struct.unpack_from(f"{order}I", tiff, 4)
        (count,) = struct.unpack_from(f"{order}H", tiff, first)
        for entry in range(first + 2, first + 2 + 12 * count, 12):
            tag, kind, _count, value = struct.unpack_from(f"{order}HHIH", tiff, entry)
            if tag == 0x0112:
                return value if kind == 3 and 1 <= value <= 8 else 1
    except struct.error:
        pass
    return 1


# PNG: W3C Portable Network Graphics, chapter 5. ----------------------------------------------

_PNG_MAGIC: Final = b"\x89PNG\r\n\x1a\n"


def _png(data: bytes) -> Trimmed:
    kept, exif, icc = [_PNG_MAGIC], b"", b""
    for kind, chunk in _png_chunks(data):
        if (kind == b"IHDR") != (len(kept) == 1):
            raise NotAPicture  # the header comes first, and once
        if kind in {b"IHDR", b"PLTE", b"tRNS", b"IDAT", b"IEND"}:
            kept.append(chunk)
        elif kind == b"eXIf":
            exif = exif or chunk[8:-4]
        elif kind == b"iCCP":
            icc = icc or chunk[8:-4].partition(b"\0")[2][1:]
    return Trimmed("PNG", b"".join(kept), _orientation(exif), _unpacked(icc))


def _png_chunks(data: bytes) -> Iterator[tuple[bytes, bytes]]:
    """Types and whole chunks (length, type, body, checksum) up to IEND."""
    at, number, kind = len(_PNG_MAGIC), 0, b""
    while kind != b"IEND":
        number = _counted(number)
        start, kind = at, data[at + 4 : at + 8]
        at += 12 + int.from_bytes(data[at : at + 4], "big")
        if at > len(data):
            raise NotAPicture(Refusal.TRUNCATED)
        yield kind, data[start:at]


def _unpacked(packed: bytes) -> bytes:
    """A deflated profile; empty where it is broken or unpacks to more than any profile has."""
    unpacking = zlib.decompressobj()
    try:
        profile = unpacking.decompress(packed, MOST_PROFILE)
    except zlib.error:
        return b""
    return b"" if unpacking.unconsumed_tail else profile


# WebP: RFC 9649, section 2. ------------------------------------------------------------------

_WITHOUT_METADATA: Final = 0xFF & ~(0x20 | 0x08 | 0x04)  # profile, EXIF and XMP are announced here


def _webp(data: bytes) -> Trimmed:
    found: dict[bytes, bytes] = {}
    for kind, body in _webp_chunks(data):
        found.setdefault(kind, body)  # of an animation the first frame
    if b"VP8X" in found:
        flags = found[b"VP8X"][:1] or b"\0"
        found[b"VP8X"] = bytes([flags[0] & _WITHOUT_METADATA]) + found[b"VP8X"][1:]
    kept = b"".join(
        kind + struct.pack("<I", len(found[kind])) + found[kind] + b"\0" * (len(found[kind]) % 2)
        for kind in (b"VP8X", b"ANIM", b"ANMF", b"ALPH", b"VP8 ", b"VP8L")
        if kind in found
    )
    head = b"RIFF" + struct.pack("<I", 4 + len(kept)) + b"WEBP"
    exif = found.get(b"EXIF", b"").removeprefix(b"Exif\0\0")
    return Trimmed("WEBP", head + kept, _orientation(exif), found.get(b"ICCP", b""))


def _webp_chunks(data: bytes) -> Iterator[tuple[bytes, bytes]]:
    """Types and bodies of the chunks that the file announces."""
    end = 8 + int.from_bytes(data[4:8], "little")
    at, number = 12, 0
    while at < end:
        number = _counted(number)
        size = int.from_bytes(data[at + 4 : at + 8], "little")
        if at + 8 + size > len(data):
            raise NotAPicture(Refusal.TRUNCATED)
        yield data[at : at + 4], data[at + 8 : at + 8 + size]
        at += 8 + size + size % 2


# GIF: version 89a, sections 17 to 27. --------------------------------------------------------


def _gif(data: bytes) -> bytes:
    """Screen, colours and first frame; comments and the other frames are left behind."""
    at = 13 + _gif_colours(data, 10)
    kept, control, number = data[:at], b"", 0
    while data[at : at + 1] == b"!":
        number = _counted(number)
        end = _gif_blocks_end(data, at + 2)
        if data[at + 1 : at + 2] == b"\xf9":
            control = data[at:end]  # holds the transparent colour
        at = end
    if at >= len(data):
        raise NotAPicture(Refusal.TRUNCATED)
    if data[at : at + 1] != b",":
        raise NotAPicture
    end = _gif_blocks_end(data, at + 10 + _gif_colours(data, at + 9) + 1)
    return kept + control + data[at:end] + b";"


def _gif_colours(data: bytes, at: int) -> int:
    """Bytes of the colour table that the flags at that place announce."""
    if at >= len(data):
        raise NotAPicture(Refusal.TRUNCATED)
    return 3 << (data[at] & 7) + 1 if data[at] & 0x80 else 0


def _gif_blocks_end(data: bytes, at: int) -> int:
    """The place after a row of blocks, each led by its length, the last one empty."""
    number = 0
    while at < len(data):
        number = _counted(number)
        size = data[at]
        at += 1 + size
        if not size:
            return at
    raise NotAPicture(Refusal.TRUNCATED)
