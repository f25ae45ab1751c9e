"""What becomes of a listing: shown to buyers, taken away from them, each one transaction."""

from typing import Final

from portal import clock
from portal.database import transaction
from portal.listings.actions.saving import audit, locked
from portal.listings.models import Listing, Status

_MAY_GO_LIVE: Final = frozenset({Status.DRAFT, Status.IN_REVIEW, Status.PAUSED, Status.EXPIRED})


class NotPublishable(Exception):  # noqa: N818 - an answer, not a fault
    """The offer lacks what a buyer must know: `reasons` among place, description, ended, archived."""

    def __init__(self, *reasons: str) -> None:
        super().__init__(", ".join(reasons))
        self.reasons = reasons


def publish(provider_id: int, listing_id: int, *, by: int | None) -> bool:
    """Show the offer to buyers; the first time sets `published_at`. False: it was live already.

    Raises:
        Missing: there is no such listing of this provider.
        NotPublishable: a buyer could not tell what is offered, or its last day has passed.
    """
    with transaction() as session:
        listing = locked(session, provider_id, listing_id)
        if reasons := _why_not(listing):
            raise NotPublishable(*reasons)
        if listing.status == Status.LIVE:
            return False
        before, listing.status = listing.status, Status.LIVE
        if listing.published_at is None:
            listing.published_at = clock.now()
        audit(session, "listing.publish", listing, by, {"status": [before, Status.LIVE]})
        return True


def _why_not(listing: Listing) -> list[str]:
    # Title, unit and price (or its being negotiable) are there in every row.
    lacking = [name for name in ("place", "description") if not getattr(listing, name)]
    if listing.has_ended:
        lacking.append("ended")
    if listing.status not in _MAY_GO_LIVE | {Status.LIVE}:
        lacking.append("archived")
    return lacking


def withdraw(provider_id: int, listing_id: int, *, by: int | None) -> bool:
    """Take the offer off the public site, to be published again later. False: it was not there.

    Raises:
        Missing: there is no such listing of this provider.
    """
    with transaction() as session:
        listing = locked(session, provider_id, listing_id)
        if listing.status != Status.LIVE:
            return False
        listing.status = Status.PAUSED
        changes = {"status": [Status.LIVE, Status.PAUSED]}
        audit(session, "listing.withdraw", listing, by, changes)
        return True
