"""What becomes of each row: compared with the offers that are there, and with the rows before it."""

import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from portal.digests import digest_of
from portal.imports.checking import ROW, Checked, Checker
from portal.imports.models import Outcome
from portal.listings.content import Content
from portal.listings.many import Present, ids_by_nonce, ids_by_own_number, presents

NONCE_LENGTH: Final = 32


@dataclass
class Seen:
    """What the rows before said, for rows that say it again."""

    numbers: dict[str, int] = field(default_factory=dict)
    """Own number → row."""
    listings: dict[int, int] = field(default_factory=dict)
    """Listing → row that is about it."""
    alike: dict[str, int] = field(default_factory=dict)
    """Digest of what a row says → how many said so."""


@dataclass
class Decision:
    """What becomes of a row.

    Args:
        number: of the row.
        outcome: new, changed, same or refused.
        row: what its cells say, with its faults and notes.
        content: the offer as it will be; None for a row that is refused.
        listing_id: the offer that is there already.
        version: that offer's.
        nonce: by which a new offer is known when the same sheet comes again.
    """

    number: int
    outcome: Outcome
    row: Checked
    content: Content | None = None
    listing_id: int | None = None
    version: int | None = None
    nonce: str = ""


def decide(
    provider_id: int,
    checker: Checker,
    rows: Sequence[tuple[int, Checked]],
    seen: Seen,
) -> list[Decision]:
    """Decide about the next rows of a sheet, in their order.

    Rows without a key are known by all that they say: the first row that says it, the second, and
    so on, each make one offer, and make no other when the sheet comes again.
    """
    there = _There(provider_id, checker, rows)
    decisions = [_about(checker, there, number, row, seen) for number, row in rows]
    _find_made(provider_id, [one for one in decisions if one.outcome is Outcome.NEW], seen, checker)
    for one in decisions:
        if one.outcome is Outcome.NEW and (holder := there.holder(one.row)) is not None:
            one.row.faults[_place(checker, "own_number")] = ("taken", {"listing": holder})
            one.outcome, one.content = Outcome.REFUSED, None
    return decisions


def _find_made(provider_id: int, new: list[Decision], seen: Seen, checker: Checker) -> None:
    """Which of the new offers were made before, by the same row of the same sheet."""
    alike = [one for one in new if not (checker.matching.key == "own_number" and _number(one.row))]
    for one in alike:
        one.nonce = _nonce(provider_id, one.row, seen)
    made = ids_by_nonce(provider_id, [one.nonce for one in alike])
    for one in alike:
        if (listing_id := made.get(one.nonce)) is not None:
            one.outcome, one.listing_id = Outcome.SAME, listing_id
            one.row.notes[ROW] = ("there", {"listing": listing_id})


def _number(row: Checked) -> str:
    return row.values.get("own_number") or ""


class _There:
    """The offers that the rows name, read together."""

    def __init__(
        self, provider_id: int, checker: Checker, rows: Sequence[tuple[int, Checked]]
    ) -> None:
        numbers = {_number(row) for _n, row in rows} - {""}
        self.by_number = ids_by_own_number(provider_id, numbers)
        ids = {row.listing_id for _n, row in rows if row.listing_id}
        if checker.matching.key == "own_number":
            ids |= set(self.by_number.values())
        self.presents: dict[int, Present] = presents(provider_id, ids)

    def holder(self, row: Checked) -> int | None:
        """The offer that has the row's own number already."""
        return self.by_number.get(_number(row))


def _about(checker: Checker, there: _There, number: int, row: Checked, seen: Seen) -> Decision:
    listing_id = _named(checker, there, row)
    _refuse_twice(checker, row, number, listing_id, seen)
    base: Present | None = None
    if listing_id is not None:
        base = there.presents.get(listing_id)
        if base is None:
            row.faults[_place(checker, "id")] = ("gone", {})
        elif there.holder(row) not in {None, listing_id}:
            row.faults[_place(checker, "own_number")] = ("taken", {"listing": there.holder(row)})
    # Asked of a row with faults too: all that is wrong is told at once.
    content = checker.applied(row, base.content if base else None)
    if content is None:
        return Decision(number, Outcome.REFUSED, row, listing_id=listing_id if base else None)
    if base is None:
        return Decision(number, Outcome.NEW, row, content)
    outcome = Outcome.SAME if content == base.content else Outcome.CHANGED
    return Decision(number, outcome, row, content, listing_id, base.version)


def _named(checker: Checker, there: _There, row: Checked) -> int | None:
    """The offer that a row says it changes."""
    if checker.matching.key == "id":
        return row.listing_id
    if checker.matching.key == "own_number":
        return there.holder(row)
    return None


def _refuse_twice(
    checker: Checker,
    row: Checked,
    number: int,
    listing_id: int | None,
    seen: Seen,
) -> None:
    if own_number := _number(row):
        first = seen.numbers.setdefault(own_number, number)
        if first != number:
            row.faults[_place(checker, "own_number")] = ("twice", {"row": first})
    if listing_id is not None:
        first = seen.listings.setdefault(listing_id, number)
        if first != number:
            row.faults[_place(checker, checker.matching.key)] = ("twice", {"row": first})


def _place(checker: Checker, key: str) -> str:
    return str(checker.place_of.get(key, ROW))


def _nonce(provider_id: int, row: Checked, seen: Seen) -> str:
    said = json.dumps(
        {**row.values, "own": row.own}, ensure_ascii=False, sort_keys=True, default=_plain
    )
    digest = digest_of(said)
    seen.alike[digest] = seen.alike.get(digest, 0) + 1
    return digest_of(f"sheet:{provider_id}:{digest}:{seen.alike[digest]}")[:NONCE_LENGTH]


def _plain(value: Any) -> Any:
    return vars(value) if hasattr(value, "__dict__") else str(value)
