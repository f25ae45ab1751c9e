"""Figures of the search: the index page with a term, against LIKE over the same listings."""

import random
import statistics
import time
from collections.abc import Callable
from typing import Any, Final
from urllib.parse import quote

from flask import Flask
from sqlalchemy import select, text

from bench import seed
from bench.figures import figure
from bench.pages import fetch
from portal.extensions import db
from portal.listings import search
from portal.listings.models import Listing

_LISTINGS: Final = 100_000
_PROVIDER: Final = 1
_ABSENT: Final = (
    "量子退火", "液氮", "葡萄酒", "卡7070", "不存在的词", "旧矿卡拆机",
    "quantization", "zeppelin", "H9900", "B-77777x", "RTX 4090 葡萄", "北京 zzq",
)  # fmt: skip
"""Nowhere in the listings, though made of characters that are."""
_RARE: Final = 12
_REQUESTS: Final = 60
_LIKES: Final = 3
_TERMS: Final = 200
_PLAIN: Final = text(
    "SELECT l.id, l.title || char(10) || (SELECT group_concat(a.name || char(10) || a.value, char(10))"
    " FROM listing_attributes a WHERE a.listing_id = l.id) || char(10) || p.name || char(10)"
    " || l.description FROM listings l JOIN providers p ON p.id = l.provider_id ORDER BY l.id"
)


def _like(terms: list[str]) -> str:
    """LIKE over title, description, provider and pairs: the page that a plain statement reads."""
    held = " AND ".join(
        f"(l.title LIKE :t{number} OR l.description LIKE :t{number} OR p.name LIKE :t{number}"
        f" OR EXISTS (SELECT 1 FROM listing_attributes a WHERE a.listing_id = l.id"
        f" AND (a.name LIKE :t{number} OR a.value LIKE :t{number})))"
        for number, _ in enumerate(terms)
    )
    return (
        "SELECT l.id, l.title FROM listings l JOIN providers p ON p.id = l.provider_id"
        f" WHERE l.provider_id = {_PROVIDER} AND {held}"
        " ORDER BY l.updated_at DESC, l.id DESC LIMIT 51"
    )


def _seconds(call: Callable[[], object], times: int) -> float:
    """Of the fastest call: what else the machine does can only add to it."""
    call()
    taken = []
    for _ in range(times):
        begun = time.perf_counter()
        call()
        taken.append(time.perf_counter() - begun)
    return min(taken)


def _ratio(app: Flask, queries: list[str]) -> float:
    """How many times longer LIKE takes than the whole page, the median over the queries.

    The statement with LIKE stands for itself: no page around it, no session, nothing drawn.
    """
    client = seed.signed_in(app)
    ratios = []
    for query in queries:
        page = _seconds(fetch(client, f"/portal/listings/?q={quote(query)}"), _REQUESTS)
        terms = query.split()
        values = {f"t{number}": f"%{term}%" for number, term in enumerate(terms)}
        with app.app_context():
            like = _seconds(lambda: _rows(_like(terms), values), _LIKES)  # noqa: B023
        ratios.append(like / page)
        print(f"# {query}: page {page * 1e3:.2f} ms, LIKE {like * 1e3:.0f} ms, {ratios[-1]:.0f}")
    return statistics.median(ratios)


def _rows(statement: str, values: dict[str, str]) -> list[Any]:
    found = list(db.session.execute(text(statement), values))
    db.session.rollback()
    return found


@figure("search-absent", at_least=500)
def search_absent() -> float:
    """A term that no listing holds, 100,000 listings: the index page against a bare LIKE."""
    app = seed.app_with(_LISTINGS, bodies=True)
    with app.app_context():
        for query in _ABSENT:
            if _found(query):
                raise RuntimeError(f"{query} is not absent")
    return _ratio(app, list(_ABSENT))


@figure("search-rare", at_least=50)
def search_rare() -> float:
    """A term that one to thirty listings hold, 100,000 listings: the page against a bare LIKE."""
    app = seed.app_with(_LISTINGS, bodies=True)
    chance = random.Random(9)
    rare: list[str] = []
    contents = _contents(app)
    with app.app_context():
        while len(rare) < _RARE:
            query = _piece(chance, chance.choice(contents)[1], 4, 8)
            if query and 1 <= len(_found(query)) <= 30:
                rare.append(query)
    return _ratio(app, rare)


@figure("search-recall", at_least=1)
def search_recall() -> float:
    """Of the listings that hold one of 200 random terms as a plain substring, the part found."""
    app = seed.app_with(_LISTINGS, bodies=True)
    chance = random.Random(13)
    contents = [(listing_id, content.casefold()) for listing_id, content in _contents(app)]
    held = found = shown = 0
    with app.app_context():
        for _ in range(_TERMS):
            query = ""
            while not query:
                query = _piece(chance, chance.choice(contents)[1], 1, 8)
            expected = {listing_id for listing_id, content in contents if query in content}
            got = set(_found(query))
            held += len(expected)
            found += len(expected & got)
            shown += len(got)
    print(f"# {held} listings hold the terms, {found} of them found; precision {held / shown:.4f}")
    return found / held


def _contents(app: Flask) -> list[tuple[int, str]]:
    """Id and all text of each listing, as it was written."""
    with app.app_context():
        found = [(row[0], row[1]) for row in db.session.execute(_PLAIN)]
        db.session.rollback()
    return found


def _piece(chance: random.Random, content: str, shortest: int, longest: int) -> str:
    """A piece of a text, cut anywhere but at a space; empty where there is no word in it."""
    start = chance.randrange(len(content))
    parts = content[start : start + chance.randint(shortest, longest)].split()
    piece = parts[0] if parts else ""
    return piece if len(piece) >= shortest and any(map(str.isalnum, piece)) else ""


def _found(query: str) -> list[int]:
    condition = search.matches(query, "sqlite")
    if condition is None:
        return []
    found = list(db.session.scalars(select(Listing.id).where(condition)))
    db.session.rollback()
    return found
