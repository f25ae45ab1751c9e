"""Keyset pages: every row once, in both directions, whatever the cursor says."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from portal.web.pagination import decode, encode, paged

_ROWS = [(number,) for number in range(23)]


def _read(cursor: str | None, size: int) -> tuple[list[tuple[int]], str | None, str | None]:
    """A table of numbers, read the way a query does."""
    decoded = decode(cursor, int)
    rows = _ROWS
    if decoded:
        backwards, (key,) = decoded
        rows = (
            [r for r in reversed(_ROWS) if r[0] < key]
            if backwards
            else [r for r in _ROWS if r[0] > key]
        )
    page = paged(rows[: size + 1], size=size, cursor=decoded, key=lambda row: row, url=lambda c: c)
    return list(page.rows), page.next_url, page.previous_url


@pytest.mark.parametrize("size", [1, 5, 22, 23, 24])
def test_forwards_and_back_show_every_row_once(size: int) -> None:
    seen: list[list[tuple[int]]] = []
    cursor: str | None = None
    previous: str | None = None
    while True:
        rows, cursor, previous = _read(cursor, size)
        seen.append(rows)
        if cursor is None:
            break
    assert [row for rows in seen for row in rows] == _ROWS
    for rows in reversed(seen[:-1]):
        back, forward, previous = _read(previous, size)
        assert back == rows
        assert forward is not None
    assert previous is None


@given(st.text(max_size=60))
def test_a_cursor_that_we_did_not_make_is_none(text: str) -> None:
    decoded = decode(text, int, str)
    assert decoded is None or encode(decoded[1], backwards=decoded[0])


@pytest.mark.parametrize("key", [(1 << 63, "a"), ("1", "a"), (1,), (True, "a")])
def test_a_cursor_of_other_kinds_is_none(key: tuple[int | str, ...]) -> None:
    assert decode(encode(key), int, str) is None
