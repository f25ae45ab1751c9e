"""Full-text search: one tokenizer for SQLite's FTS5 and PostgreSQL's tsvector.

Neither database finds a two-character Chinese word by itself, so text is cut here: Chinese into
overlapping pairs of characters, everything else into words, split where letters and digits meet
(RTX4090 is found by 4090 and by RTX 4090). A term matches as a phrase of its tokens.
"""

import re
import unicodedata
from typing import Any, Final

from sqlalchemy import ColumnElement, Select, column, literal_column, select, table, text
from sqlalchemy.orm import Session

from portal.listings.models import Listing

LONGEST_QUERY: Final = 100
"""Characters of a query that are read."""
MOST_TERMS: Final = 8
_RUN: Final = re.compile(r"[0-9]+|[^\W\d_]+")
_HAN: Final = re.compile(r"[\u3400-\u9fff\uf900-\ufaff\U00020000-\U0003ffff]+")
_SPACES: Final = re.compile(r"\s+")

_fts = table("listing_search", column("rowid"), column("tokens"), column("listing_id"))


def tokens_of(content: str) -> list[str]:
    """The tokens of a text in order: words in lower case, pairs of Han characters.

    A single Han character between other things is a token of its own.
    """
    tokens: list[str] = []
    for run in _RUN.findall(unicodedata.normalize("NFKC", content).lower()):
        start = 0
        for han in _HAN.finditer(run):
            if han.start() > start:
                tokens.append(run[start : han.start()])
            tokens.extend(_pairs(han.group()))
            start = han.end()
        if start < len(run):
            tokens.append(run[start:])
    return tokens


def _pairs(han: str) -> list[str]:
    return [han[i : i + 2] for i in range(len(han) - 1)] or [han]


def index(session: Session, listing_id: int, content: str) -> None:
    """Put (or replace) what a listing is found by, in the running transaction."""
    tokens = tokens_of(content)
    if session.get_bind().dialect.name == "sqlite":
        session.execute(text("DELETE FROM listing_search WHERE rowid = :id"), {"id": listing_id})
        session.execute(
            text("INSERT INTO listing_search (rowid, tokens) VALUES (:id, :tokens)"),
            {"id": listing_id, "tokens": " ".join(tokens)},
        )
        return
    session.execute(
        text(
            "INSERT INTO listing_search (listing_id, tokens) VALUES (:id, CAST(:tokens AS tsvector))"
            " ON CONFLICT (listing_id) DO UPDATE SET tokens = excluded.tokens"
        ),
        {"id": listing_id, "tokens": _vector(tokens)},
    )


def forget(session: Session, listing_id: int) -> None:
    """Let a listing be found no more, in the running transaction."""
    key = "rowid" if session.get_bind().dialect.name == "sqlite" else "listing_id"
    session.execute(
        text(f"DELETE FROM listing_search WHERE {key} = :id"),  # noqa: S608 - one of two names
        {"id": listing_id},
    )


def _vector(tokens: list[str]) -> str:
    """A tsvector literal with positions; PostgreSQL keeps positions up to 16383."""
    return " ".join(f"'{token}':{min(place, 16_383)}" for place, token in enumerate(tokens, 1))


def matches(query: str, dialect: str) -> ColumnElement[bool] | None:
    """A condition on Listing.id for listings that hold every term of the query.

    None when nothing in the query can be searched for (only signs, or empty). Terms are separated
    by spaces; a term's last word matches by its beginning.
    """
    terms = [tokens_of(term) for term in _SPACES.split(query[:LONGEST_QUERY])]
    phrases = [tokens for tokens in terms if tokens][:MOST_TERMS]
    if not phrases:
        return None
    if dialect == "sqlite":
        wanted = " AND ".join(f'"{" ".join(phrase)}" *' for phrase in phrases)
        found: Select[Any] = select(literal_column("rowid")).select_from(_fts)
        found = found.where(text("listing_search MATCH :search").bindparams(search=wanted))
        return Listing.id.in_(found)
    wanted = " & ".join("(" + " <-> ".join(_lexemes(phrase)) + ")" for phrase in phrases)
    found = select(_fts.c.listing_id).where(
        text("listing_search.tokens @@ CAST(:search AS tsquery)").bindparams(search=wanted)
    )
    return Listing.id.in_(found)


def _lexemes(phrase: list[str]) -> list[str]:
    quoted = [f"'{token}'" for token in phrase]
    quoted[-1] += ":*"
    return quoted
