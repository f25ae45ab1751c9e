"""Which changes of an offer count: for its "last updated", and for a reviewer's second look."""

from collections.abc import Iterable
from typing import Final

from portal.listings.content import Content
from portal.listings.vocabulary import Status

QUIET: Final = frozenset({"own_number", "own_category"})
"""Parts (content.PARTS) that no buyer reads: changing only these is no news of the offer.

The pictures' alternative text is one too, see loud_parts(): it says what was there to see.
"""
SELLERS_OWN: Final = frozenset(
    {"price", "stock", "valid_until", "availability", "discounts", "delivery_days", "maintenance"}
)
"""Parts in which a provider follows its market day by day; no reviewer is asked about them."""
_SHOWN_BEFORE: Final = frozenset({Status.LIVE, Status.PAUSED, Status.EXPIRED})


def loud_parts(before: Content, after: Content, changed: Iterable[str]) -> frozenset[str]:
    """In what a buyer reads something else now, of the parts that differ."""
    loud = frozenset(changed) - QUIET
    if "images" in loud and _keys(before) == _keys(after):
        loud -= {"images"}
    return loud


def needs_another_look(status: str, loud: frozenset[str]) -> bool:
    """Whether a change of an offer that was approved once is to be looked at afterwards."""
    return status in _SHOWN_BEFORE and bool(loud - SELLERS_OWN)


def _keys(content: Content) -> tuple[str, ...]:
    return tuple(key for key, _alt in content.images)
