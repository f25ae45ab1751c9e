"""What the index is asked for: filters and order, read from an address and written into one."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Final
from urllib.parse import parse_qsl, urlencode

from portal import hardware, places
from portal.listings.models import Status
from portal.web.parsing import printable

INDEX: Final = "/portal/listings/"
_STATUSES: Final = frozenset(status.value for status in Status)
SORTS: Final = ("updated", "oldest", "views")
"""Last changed first (the default), last changed last, most viewed first."""


@dataclass(frozen=True)
class Filters:
    """What the index is asked for; empty means: all."""

    q: str = ""
    status: str = ""
    gpu: str = ""
    place: str = ""
    sort: str = SORTS[0]

    @property
    def is_set(self) -> bool:
        """Whether they leave anything out."""
        return bool(self.q or self.status or self.gpu or self.place)


@lru_cache(maxsize=512)
def read(query: bytes) -> tuple[Filters, str | None]:
    """The filters and the cursor in an address's query, as `asked` reads them.

    Kept by the query: the same list is looked at again and again.
    """
    arguments = dict(reversed(parse_qsl(query.decode("utf-8", "replace"), errors="replace")))
    return asked(arguments), arguments.get("page")


def asked(arguments: Mapping[str, str]) -> Filters:
    """The filters in an address; what is none of ours is left out."""
    status, gpu = arguments.get("status", ""), arguments.get("gpu", "")
    place, sort = arguments.get("place", ""), arguments.get("sort", "")
    return Filters(
        q=printable(arguments.get("q", "")).strip()[:100],
        status=status if status in _STATUSES else "",
        gpu=gpu if gpu and hardware.model(gpu) else "",
        place=place if place and places.place(place) else "",
        sort=sort if sort in SORTS else SORTS[0],
    )


@lru_cache(maxsize=2048)
def url_of(filters: Filters, *, page: str | None = None, **changed: str) -> str:
    """The index's address with these filters, some changed; defaults are left out of it."""
    given = {**vars(filters), "page": page, **changed}
    if given["sort"] == SORTS[0]:
        given["sort"] = ""
    query = urlencode({name: value for name, value in given.items() if value})
    return f"{INDEX}?{query}" if query else INDEX
