"""How far a seller's word "this can still be had" carries: it ages, and the page says so."""

from typing import Final

from portal import clock

FRESH: Final = 7 * clock.DAY
"""Seconds for which a confirmation is as good as new."""
STALE: Final = 30 * clock.DAY
"""Seconds after which it says little."""


def age_of(confirmed_at: int | None) -> str:
    """`fresh`, `ageing` or `stale` for a confirmation (UTC seconds); None: there was none yet."""
    if confirmed_at is None:
        return "stale"
    age = clock.now() - confirmed_at
    if age <= FRESH:
        return "fresh"
    return "ageing" if age <= STALE else "stale"
