"""Two people changed the same offer: what merges by itself, and what somebody must decide.

Pure: three contents in, one out. The base is what the later saver's form was opened with.
"""

from dataclasses import dataclass, replace

from portal.listings.content import PARTS, Content


@dataclass(frozen=True)
class Merged:
    """What a three-way merge came to.

    Args:
        content: yours, with what only they changed taken over; where both changed, yours.
        taken: names of the parts that only they changed.
        overlapping: names of the parts that both changed, differently.
    """

    content: Content
    taken: tuple[str, ...]
    overlapping: tuple[str, ...]


def merge(base: Content | None, yours: Content, theirs: Content) -> Merged:
    """Merge part by part (see PARTS).

    Args:
        base: what both started from; None when it is not known: then every difference overlaps.
        yours: what is to be saved.
        theirs: what was saved meanwhile.
    """
    taken: list[str] = []
    overlapping: list[str] = []
    merged = yours
    for name, columns in PARTS.items():
        mine, other = yours.part(name), theirs.part(name)
        if mine == other:
            continue
        if base is not None and other == base.part(name):
            continue  # only you changed it
        if base is not None and mine == base.part(name):
            taken.append(name)
            merged = replace(merged, **dict(zip(columns, other, strict=True)))
        else:
            overlapping.append(name)
    return Merged(merged, tuple(taken), tuple(overlapping))


def changed_parts(before: Content, after: Content) -> tuple[str, ...]:
    """Names of the parts in which two contents differ, in the order of the form."""
    old = vars(before)
    values = {name for name, value in vars(after).items() if value != old[name]}
    return tuple([part for part, columns in PARTS.items() if not values.isdisjoint(columns)])
