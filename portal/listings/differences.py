"""What changed between two versions of an offer, field by field, in the reader's words."""

from collections.abc import Iterator, Sequence
from difflib import SequenceMatcher
from typing import Any, Final

from portal.listings.content import Content
from portal.listings.merge import changed_parts
from portal.listings.wording import PART_NAMES, part_in_words

Line = tuple[str, str]
"""A mark and a text: " " for what stayed, "-" gone, "+" come, "…" and a number of lines left out."""

_CONTEXT: Final = 1
_LONG: Final = 120
_MOST_COMPARED: Final = 400_000
"""Pairs of lines: SequenceMatcher takes about a second for some millions of unlike ones."""


def differences(before: Content, after: Content) -> list[dict[str, Any]]:
    """What the macro `diff` reads, one entry a part that differs, in the order of the form."""
    return [_difference(part, before, after) for part in changed_parts(before, after)]


def _difference(part: str, before: Content, after: Content) -> dict[str, Any]:
    old, new = part_in_words(before, part), part_in_words(after, part)
    entry = {"part": part, "label": PART_NAMES[part]}
    if "\n" in old + new or len(old) + len(new) > _LONG:
        return {**entry, "lines": lines_between(old.split("\n"), new.split("\n"))}
    return {**entry, "before": old, "after": new}


def lines_between(old: Sequence[str], new: Sequence[str]) -> list[Line]:
    """The lines that differ, with one unchanged line around them and the number of the others."""
    start = _alike(old, new)
    end = _alike(old[start:][::-1], new[start:][::-1])
    middle_old, middle_new = old[start : len(old) - end], new[start : len(new) - end]
    lines = [(" ", text) for text in old[:start]]
    lines += _compared(middle_old, middle_new)
    lines += [(" ", text) for text in old[len(old) - end :]] if end else []
    return list(_folded(lines))


def _alike(old: Sequence[str], new: Sequence[str]) -> int:
    """How many lines are the same from the beginning."""
    count = 0
    for one, other in zip(old, new, strict=False):
        if one != other:
            break
        count += 1
    return count


def _compared(old: Sequence[str], new: Sequence[str]) -> Iterator[Line]:
    if len(old) * len(new) > _MOST_COMPARED:
        yield from (("-", text) for text in old)
        yield from (("+", text) for text in new)
        return
    for tag, a, b, c, d in SequenceMatcher(None, old, new, autojunk=False).get_opcodes():
        if tag == "equal":
            yield from ((" ", text) for text in old[a:b])
        else:
            yield from (("-", text) for text in old[a:b])
            yield from (("+", text) for text in new[c:d])


def _folded(lines: Sequence[Line]) -> Iterator[Line]:
    """The lines without the unchanged ones that stand far from a change."""
    changed = [place for place, (mark, _text) in enumerate(lines) if mark != " "]
    shown = {
        place + offset for place in changed for offset in range(-_CONTEXT, _CONTEXT + 1)
    } & set(range(len(lines)))
    hidden = 0
    for place, line in enumerate(lines):
        # A gap of one line would take as much room as the line.
        if place in shown or {place - 1, place + 1} <= shown:
            if hidden:
                yield "…", str(hidden)
            hidden = 0
            yield line
        else:
            hidden += 1
    if hidden:
        yield "…", str(hidden)
