"""Which changes of an offer count: for its "last updated", and for a reviewer's second look."""

from typing import Final

from portal.listings.content import Content
from portal.listings.merge import changed_parts
from portal.listings.vocabulary import Status

QUIET: Final = frozenset({"own_number", "own_category"})
"""Parts (content.PARTS) that no buyer reads: changing only these is no news of the offer.

The pictures' alternative text is one too, see is_substantive(): it says what was there to see.
"""
SELLERS_OWN: Final = frozenset(
    {"price", "stock", "valid_until", "availability", "discounts", "delivery_days", "maintenance"}
)
"""Parts in which a provider follows its market day by day; no reviewer is asked about them."""
_SHOWN_BEFORE: Final = frozenset({Status.LIVE, Status.PAUSED, Status.EXPIRED})


def is_substantive(before: Content, after: Content) -> bool:
    """Whether a buyer reads something else now."""
    return bool(_loud_parts(before, after))


def needs_another_look(status: str, before: Content, after: Content) -> bool:
    """Whether a change of an offer that was approved once is to be looked at afterwards."""
    return status in _SHOWN_BEFORE and bool(_loud_parts(before, after) - SELLERS_OWN)


def _loud_parts(before: Content, after: Content) -> frozenset[str]:
    loud = frozenset(changed_parts(before, after)) - QUIET
    if "images" in loud and _keys(before) == _keys(after):
        loud -= {"images"}
    return loud


def _keys(content: Content) -> tuple[str, ...]:
    return tuple(key for key, _alt in content.images)
