"""Rows of rolled-up counts for the tests of the statistics pages, and their statement counter."""

from datetime import date

from portal.database import transaction
from portal.listings.models import Listing
from portal.statistics.models import ListingDay, ProviderDay


def add_day(listing: Listing, day: date, **counts: int) -> None:
    """Counts of one listing on one day, in both tables as the drainer keeps them."""
    zero = {"human": 0, "served": 0, "robot": 0, "preview": 0, "staff": 0, "repeated": 0}
    given = {**zero, **counts}
    with transaction() as session:
        session.add(
            ListingDay(listing_id=listing.id, provider_id=listing.provider_id, day=day, **given)
        )
        total = session.get(ProviderDay, (listing.provider_id, day))
        if total is None:
            session.add(ProviderDay(provider_id=listing.provider_id, day=day, **given))
        else:
            for name, count in given.items():
                setattr(total, name, getattr(total, name) + count)
        session.get_one(Listing, listing.id).views_total += given["human"]
