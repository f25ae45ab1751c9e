"""Four plain diagrams for the real offer's description, drawn here: the originals do not exist."""

import math
from collections.abc import Callable
from io import BytesIO
from typing import Final

from PIL import Image, ImageDraw, ImageFont

WIDTH: Final = 1200
HEIGHT: Final = 675
_SCALE: Final = 2  # drawn twice as large, so that edges are smooth
_PAPER, _INK, _QUIET, _LINE = "#f4f6f9", "#171d2a", "#566173", "#c3cad5"
_BLUE, _INDIGO, _AMBER, _GREEN, _RED = "#3b5bdb", "#91a7ff", "#e0a100", "#2b8a3e", "#c92a2a"

Box = tuple[float, float, float, float]


class _Sheet:
    """A drawing surface of 1200 by 675 points."""

    def __init__(self) -> None:
        self.image = Image.new("RGB", (WIDTH * _SCALE, HEIGHT * _SCALE), _PAPER)
        self._draw = ImageDraw.Draw(self.image)

    def box(
        self, box: Box, fill: str | None, radius: float = 8, outline: str | None = None
    ) -> None:
        scaled = [value * _SCALE for value in box]
        self._draw.rounded_rectangle(
            scaled, radius * _SCALE, fill=fill, outline=outline, width=3 * _SCALE
        )

    def line(self, points: list[tuple[float, float]], colour: str, width: float = 3) -> None:
        scaled = [(x * _SCALE, y * _SCALE) for x, y in points]
        self._draw.line(scaled, fill=colour, width=int(width * _SCALE), joint="curve")

    def arrow(self, start: tuple[float, float], end: tuple[float, float], colour: str) -> None:
        """A line with a tip that points the way it goes."""
        (x, y), length = end, math.dist(start, end)
        along, across = (x - start[0]) / length, (y - start[1]) / length
        foot = (x - 15 * along, y - 15 * across)
        self.line([start, foot], colour)
        sides = ((-9 * across, 9 * along), (9 * across, -9 * along))
        tip = [end, *((foot[0] + dx, foot[1] + dy) for dx, dy in sides)]
        self._draw.polygon([(px * _SCALE, py * _SCALE) for px, py in tip], fill=colour)

    def text(
        self,
        x: float,
        y: float,
        words: str,
        size: int = 26,
        colour: str = _INK,
        *,
        anchor: str = "mm",
    ) -> None:
        """Words around a point; `anchor` as Pillow names it: middle, or `lm`, `rm` beside it."""
        font = ImageFont.load_default(size * _SCALE)
        self._draw.text((x * _SCALE, y * _SCALE), words, fill=colour, font=font, anchor=anchor)

    def webp(self) -> bytes:
        small = self.image.resize((WIDTH, HEIGHT), Image.Resampling.LANCZOS)
        buffer = BytesIO()
        small.save(buffer, "WEBP", quality=88, method=6)
        return buffer.getvalue()


def memory() -> bytes:
    """What training and inference of a 7 B model put into memory, beside a card's 24 GB."""
    sheet = _Sheet()
    gigabyte = 4.2
    floor = 600.0
    limit = floor - 24 * gigabyte
    training = (("weights", 14, _BLUE), ("gradients", 14, _INDIGO), ("optimizer", 84, _AMBER))
    inference = (("weights", 14, _BLUE), ("KV cache", 7, _GREEN))
    for middle, parts, away, anchor in ((430, training, -1, "rm"), (790, inference, 1, "lm")):
        top = floor
        for name, size, colour in parts:
            sheet.box((middle - 110, top - size * gigabyte + 2, middle + 110, top), colour)
            height = top - size * gigabyte / 2
            sheet.text(middle + away * 126, height, f"{name} {size} GB", 24, anchor=anchor)
            top -= size * gigabyte
    sheet.line([(180, floor), (1060, floor)], _INK, 4)
    for dash in range(320, 1060, 28):
        sheet.line([(dash, limit), (dash + 16, limit)], _RED, 4)
    sheet.text(1110, limit, "24 GB", 30, _RED)
    sheet.text(430, 640, "training, 7 B", 28, _QUIET)
    sheet.text(790, 640, "inference, 7 B", 28, _QUIET)
    return sheet.webp()


def layers() -> bytes:
    """Each layer's result of the forward pass is kept until the backward pass returns to it."""
    sheet = _Sheet()
    for number in range(6):
        left = 90 + number * 180
        sheet.box((left, 150, left + 120, 300), _BLUE)
        sheet.text(left + 60, 225, f"L{number + 1}", 34, "#ffffff")
        sheet.box((left + 10, 350, left + 110, 420), _AMBER)
        sheet.text(left + 60, 385, "kept", 26)
        sheet.line([(left + 60, 300), (left + 60, 350)], _QUIET)
        sheet.box((left, 470, left + 120, 570), _INDIGO)
        sheet.line([(left + 60, 420), (left + 60, 470)], _QUIET)
        if number < 5:
            sheet.arrow((left + 122, 225), (left + 176, 225), _INK)
            sheet.arrow((left + 178, 520), (left + 124, 520), _INK)
    sheet.text(600, 95, "forward", 32, _QUIET)
    sheet.text(600, 620, "backward", 32, _QUIET)
    return sheet.webp()


def pipeline() -> bytes:
    """A 1F1B schedule of four stages and six micro-batches: the first stage keeps four in flight."""
    sheet = _Sheet()
    stages, batches, cell, row = 4, 6, 58.0, 110.0
    for stage in range(stages):
        sheet.text(70, 140 + stage * row, f"GPU {stage + 1}", 26, _QUIET)
        for slot, (batch, is_forward) in _schedule(stage, stages, batches).items():
            left, top = 130 + slot * cell, 100 + stage * row
            sheet.box((left, top, left + cell - 6, top + 78), _BLUE if is_forward else _AMBER, 6)
            ink = "#ffffff" if is_forward else _INK
            sheet.text(left + cell / 2 - 3, top + 39, str(batch + 1), 26, ink)
    sheet.box((130 - 8, 88, 130 + 4 * cell + 2, 190), None, 12, outline=_RED)
    sheet.text(130 + 2 * cell, 56, "4 in flight", 28, _RED)
    sheet.arrow((130, 590), (1130, 590), _LINE)
    sheet.text(630, 625, "time", 26, _QUIET)
    return sheet.webp()


def _schedule(stage: int, stages: int, batches: int) -> dict[int, tuple[int, bool]]:
    """Slot of time → micro-batch and whether it runs forward, for one stage of a 1F1B pipeline."""
    ahead = stages - stage
    order = [(batch, True) for batch in range(min(ahead, batches))]
    for batch in range(batches):
        order.append((batch, False))
        if batch + ahead < batches:
            order.append((batch + ahead, True))
    slots: dict[int, tuple[int, bool]] = {}
    slot = stage
    for batch, is_forward in order:
        # The last stage turns round at once; each stage before it waits one slot longer each way.
        earliest = (2 * stages - 1 - stage) + 2 * batch if not is_forward else stage + batch
        slot = max(slot, earliest)
        slots[slot] = (batch, is_forward)
        slot += 1
    return slots


def requests() -> bytes:
    """Requests that know nothing of each other fan out to as many cards as there are."""
    sheet = _Sheet()
    heights = [130, 265, 400, 535]
    for number in range(8):
        y = 105 + number * 66
        sheet.box((110, y - 20, 250, y + 20), _INDIGO, 20)
        sheet.line([(258, y), (430, 332)], _LINE, 3)
    sheet.box((430, 282, 560, 382), _INK, 14)
    for middle in heights:
        sheet.arrow((560, 332), (742, middle), _QUIET)
        sheet.box((750, middle - 50, 1080, middle + 50), _BLUE, 12)
        for fan in (830, 920):
            sheet.box((fan - 34, middle - 34, fan + 34, middle + 34), _PAPER, 34)
        sheet.text(1015, middle, "24 GB", 26, "#ffffff")
    return sheet.webp()


DRAWN: Final[dict[str, Callable[[], bytes]]] = {
    "3560011547": memory,
    "3562135221": layers,
    "3564776345": pipeline,
    "3566256121": requests,
}
"""File name on the old page (without .jpg) → the drawing that stands in its place."""
