"""Pages by key: a cursor names the last row seen, so page 1,000 costs what page 1 costs."""

import json
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Generic, TypeVar

_LONGEST_CURSOR = 400
Row = TypeVar("Row")


@dataclass(frozen=True)
class Page(Generic[Row]):
    """The rows of one page and the links around it (None where there is nothing)."""

    rows: Sequence[Row]
    next_url: str | None
    previous_url: str | None


def encode(key: Sequence[int | str | None], *, backwards: bool = False) -> str:
    """A cursor for the row with this sort key, to be read forwards or backwards from it."""
    return _encoded((int(backwards), *key))


@lru_cache(maxsize=1024)
def _encoded(values: tuple[int | str | None, ...]) -> str:
    text = json.dumps(values, separators=(",", ":"))
    return urlsafe_b64encode(text.encode()).decode().rstrip("=")


def decode(cursor: str | None, *types: type) -> tuple[bool, tuple[Any, ...]] | None:
    """Direction and sort key of a cursor; None for none, and for one that we did not make."""
    if not cursor or len(cursor) > _LONGEST_CURSOR or not cursor.isascii():
        return None
    try:
        values = json.loads(urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)))
    except (ValueError, RecursionError):
        return None
    if not isinstance(values, list) or [type(value) for value in values] != [int, *types]:
        return None
    if any(isinstance(value, int) and abs(value) >= 1 << 63 for value in values):
        return None
    return bool(values[0]), tuple(values[1:])


def paged(
    rows: Sequence[Row],
    *,
    size: int,
    cursor: tuple[bool, tuple[Any, ...]] | None,
    key: Callable[[Row], Sequence[int | str | None]],
    url: Callable[[str], str],
) -> Page[Row]:
    """Cut rows that were read with LIMIT size + 1 into a page with its links.

    Args:
        rows: in reading direction: a backwards page comes in reverse order.
        size: rows a page.
        cursor: the decoded cursor they were read from.
        key: sort key of a row, as `encode` takes it.
        url: link for a cursor.
    """
    backwards = cursor is not None and cursor[0]
    has_more = len(rows) > size
    shown = list(rows[:size])
    if backwards:
        shown.reverse()
    has_next = bool(shown) and (backwards or has_more)
    has_previous = bool(shown) and (has_more if backwards else cursor is not None)
    return Page(
        shown,
        url(encode(key(shown[-1]))) if has_next else None,
        url(encode(key(shown[0]), backwards=True)) if has_previous else None,
    )
