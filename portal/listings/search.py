"""Full-text search of listings."""

from typing import Final

from portal.listings.models import Listing
from portal.search.asking import Search, asked
from portal.search.grams import LONGEST_QUERY
from portal.search.index import FEW, SearchIndex

__all__ = [
    "FEW",
    "LONGEST_QUERY",
    "Search",
    "asked",
    "catch_up",
    "forget",
    "holds",
    "index",
    "index_many",
    "matches",
    "narrowed",
    "tidy",
]
_INDEX: Final = SearchIndex("listing_search", "listing_id", Listing.__table__, "version")

index, index_many, forget = _INDEX.index, _INDEX.index_many, _INDEX.forget
catch_up, tidy = _INDEX.catch_up, _INDEX.tidy
matches, holds, narrowed = _INDEX.matches, _INDEX.holds, _INDEX.narrowed
