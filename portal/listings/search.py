"""Full-text search: an index of grams, and kept texts to look again, on SQLite and on PostgreSQL.

The index names the listings that hold all grams of a query (an FTS5 table without contents on
SQLite, a `tsvector` without positions on PostgreSQL); whether the terms themselves are there is
then read in the kept canonical text. So nothing depends on how long a text is, and nothing is found
that does not hold what was typed. portal.listings.grams says what that means.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy import (
    CTE,
    ColumnElement,
    Row,
    Select,
    String,
    and_,
    bindparam,
    case,
    cast,
    column,
    delete,
    exists,
    func,
    literal,
    literal_column,
    or_,
    select,
    table,
    text,
    union_all,
    update,
)
from sqlalchemy.dialects.postgresql import TSQUERY, TSVECTOR
from sqlalchemy.orm import Session

from portal.database import rows_changed, transaction
from portal.listings.grams import LONGEST_QUERY, canonical, grams_of, terms_of
from portal.listings.models import Listing

__all__ = [
    "LONGEST_QUERY",
    "Search",
    "asked",
    "forget",
    "holds",
    "index",
    "index_many",
    "matches",
    "narrowed",
]
FEW: Final = 1000
"""Up to so many candidates are looked up and sorted; of more, the list is read in its order."""
AnyRow = Row[*tuple[Any, ...]]
_t: Final = Listing.__table__.c
_texts: Final = table(
    "listing_search_texts",
    column("listing_id"),
    column("version"),
    column("content"),
    column("grams", TSVECTOR),
)
_KEEP: Final = text(
    "INSERT INTO listing_search_texts (listing_id, version, content)"
    " VALUES (:listing_id, :version, :content) ON CONFLICT (listing_id)"
    " DO UPDATE SET version = excluded.version, content = excluded.content"
)
_KEEP_WITH_GRAMS: Final = text(
    "INSERT INTO listing_search_texts (listing_id, version, content, grams)"
    " VALUES (:listing_id, :version, :content, CAST(:grams AS tsvector)) ON CONFLICT (listing_id)"
    " DO UPDATE SET version = excluded.version, content = excluded.content,"
    " grams = excluded.grams"
)
# FTS5 without contents has to be told which words go; it takes our word for it.
_FORGET: Final = text(
    "INSERT INTO listing_search_grams (listing_search_grams, rowid, tokens)"
    " VALUES ('delete', :listing_id, :gone)"
)
_LEARN: Final = text("INSERT INTO listing_search_grams (rowid, tokens) VALUES (:listing_id, :new)")
_MERGE: Final = text(
    "INSERT INTO listing_search_grams (listing_search_grams, rank) VALUES ('merge', :pages)"
)
_PAGES_A_STEP: Final = 500
_MOST_STEPS: Final = 10_000
_SOMETHING: Final = 2


def index(session: Session, listing_id: int, content: str) -> None:
    """Put (or replace) what a listing is found by, in the running transaction.

    Its row has to be there: provider and version are read from it. Where no word has changed, this
    is one UPDATE.
    """
    session.flush()
    version = select(_t.version).where(_t.id == listing_id).scalar_subquery()
    same = (_texts.c.listing_id == listing_id, _texts.c.content == canonical(content))
    if not rows_changed(session, update(_texts).where(*same).values(version=version)):
        index_many(session, [(listing_id, content)])


def index_many(session: Session, contents: Iterable[tuple[int, str]]) -> None:
    """As index(), for some hundreds of (listing id, content) at a time, each id once."""
    words = {listing_id: canonical(content) for listing_id, content in contents}
    rows = session.execute(
        select(_t.id, _t.provider_id, _t.version, _texts.c.content)
        .outerjoin_from(Listing, _texts, _texts.c.listing_id == _t.id)
        .where(_t.id.in_(words))
        # FTS5 writes a piece of index out whenever ids turn back.
        .order_by(_t.id)
    ).all()
    if not rows:
        return
    kept = [
        {"listing_id": row.id, "version": row.version, "content": words[row.id]} for row in rows
    ]
    if _is_sqlite(session):
        _tell_fts5(session, rows, words)
        session.execute(_KEEP, kept)
        return
    for one, row in zip(kept, rows, strict=True):
        grams = _grams(row.provider_id, words[row.id])
        one["grams"] = " ".join(f"'{gram}'" for gram in grams)
    session.execute(_KEEP_WITH_GRAMS, kept)


def forget(session: Session, listing_id: int) -> None:
    """Let a listing be found no more, in the running transaction, before its row goes."""
    if _is_sqlite(session):
        row = session.execute(
            select(_t.provider_id, _texts.c.content)
            .join_from(Listing, _texts, _texts.c.listing_id == _t.id)
            .where(_t.id == listing_id)
        ).one_or_none()
        if row is not None:
            gone = " ".join(_grams(row.provider_id, row.content))
            session.execute(_FORGET, {"listing_id": listing_id, "gone": gone})
    session.execute(delete(_texts).where(_texts.c.listing_id == listing_id))


def behind(above: int, up_to: int) -> Select[Any]:
    """Ids in a span of them whose listing is not indexed, or was at another version of it."""
    return (
        select(_t.id)
        .outerjoin_from(Listing, _texts, _texts.c.listing_id == _t.id)
        .where(
            _t.id > above,
            _t.id <= up_to,
            or_(_texts.c.listing_id.is_(None), _texts.c.version != _t.version),
        )
        .order_by(_t.id)
    )


def tidy() -> None:
    """After much indexing: let FTS5 join the pieces of its index, a little a transaction.

    A word is looked up in each piece, so that fewer of them answer sooner. PostgreSQL does this
    by itself.
    """
    pages = -_PAGES_A_STEP
    for _step in range(_MOST_STEPS):
        with transaction() as session:
            if not _is_sqlite(session) or _merged(session, pages) < _SOMETHING:
                return
        # Negative begins a merge of all pieces, positive goes on with one.
        pages = _PAGES_A_STEP


def _merged(session: Session, pages: int) -> int:
    """Write so many pages of a merge; returns rows changed, of which one is the request itself."""
    changes = select(func.total_changes())
    before = session.scalar(changes) or 0
    session.execute(_MERGE, {"pages": pages})
    return (session.scalar(changes) or 0) - before


def _tell_fts5(session: Session, rows: Sequence[AnyRow], words: dict[int, str]) -> None:
    """Take out what a listing no longer holds and put in what is new: the rest stands already."""
    gone, come = [], []
    for row in rows:
        if row.content == words[row.id]:
            continue
        new = _grams(row.provider_id, words[row.id])
        if row.content is not None:
            old = _grams(row.provider_id, row.content)
            # Even of nothing: FTS5 counts what goes and what comes.
            gone.append({"listing_id": row.id, "gone": " ".join(old - new)})
            new -= old
        come.append({"listing_id": row.id, "new": " ".join(new)})
    if gone:
        session.execute(_FORGET, gone)
    if come:
        session.execute(_LEARN, come)


def _is_sqlite(session: Session) -> bool:
    return session.get_bind().dialect.name == "sqlite"


def _grams(provider_id: int, content: str) -> set[str]:
    return {*grams_of(content), _scope(provider_id)}


def _scope(provider_id: int) -> str:
    # Longer than any gram of a text, so it is none.
    return f"provider{provider_id}"


@dataclass(frozen=True)
class Search:
    """A query as read: the statement depends on its shape alone, so that it can be built once."""

    shape: tuple[bool, ...]
    """Each term: whether it has a second form to look for."""
    parameters: dict[str, str]
    """Values of the statement's parameters."""


def asked(query: str, dialect: str, *, provider_id: int | None = None) -> Search | None:
    """A query in the words of the database; None where nothing in it can be searched for.

    Args:
        query: as typed; terms are separated by spaces, all of them have to be there.
        dialect: "sqlite" or "postgresql".
        provider_id: the provider whose listings are asked for, where it is only one's.
    """
    terms = terms_of(query)
    if not terms:
        return None
    grams = sorted(frozenset[str]().union(*(term.grams for term in terms)))
    parameters = {"search": _all_of(grams, dialect)}
    if provider_id is not None:
        parameters["own_search"] = _all_of([*grams, _scope(provider_id)], dialect)
    for number, term in enumerate(terms):
        parameters[f"term_{number}"] = term.exact
        if term.loose is not None:
            parameters[f"loose_{number}"] = term.loose
    return Search(tuple(term.loose is not None for term in terms), parameters)


def _all_of(grams: Sequence[str], dialect: str) -> str:
    # Grams are letters and digits: no sign in them could mean anything.
    if dialect == "sqlite":
        return " AND ".join(f'"{gram}"' for gram in grams)
    return " & ".join(f"'{gram}'" for gram in grams)


def matches(
    query: str, dialect: str, *, provider_id: int | None = None
) -> ColumnElement[bool] | None:
    """A condition on Listing.id for listings that hold every term of the query; as asked().

    For a page of them narrowed() costs less.
    """
    search = asked(query, dialect, provider_id=provider_id)
    if search is None:
        return None
    wanted = search.parameters["search" if provider_id is None else "own_search"]
    held = _holds(search.shape, dialect, search.parameters)
    return and_(_t.id.in_(_candidates(literal(wanted, String), dialect)), held)


def holds(query: str, dialect: str) -> ColumnElement[bool] | None:
    """The same condition for listings that are walked in an order anyway: no candidates are named.

    Where most are refused by it, matches() costs less.
    """
    search = asked(query, dialect)
    return None if search is None else _holds(search.shape, dialect, search.parameters)


def narrowed(
    statement: Select[Any],
    shape: tuple[bool, ...],
    dialect: str,
    *,
    most: int,
    is_of_one_provider: bool = False,
) -> Select[Any]:
    """A page of listings (a select with its order) of those that hold every term.

    Few candidates are looked up and sorted. Where there are many, the statement itself is walked
    in its order until the page is full: a word in every listing costs no sorting of all. Where
    there are many, but few of the provider, these few are looked up.

    Args:
        statement: selects from Listing; its conditions and order stay.
        shape: of the Search; its parameters are to be given when the select is run.
        dialect: "sqlite" or "postgresql".
        most: the limit of the page.
        is_of_one_provider: whether the search was asked() for one provider, as `statement` is.
    """
    holds = _holds(shape, dialect)
    hits = _candidates(bindparam("search", type_=String), dialect).limit(FEW + 1).cte("hits")
    are_few, are_many = _few(hits), ~_few(hits)
    found = [select(hits.c.id).where(are_few)]
    if is_of_one_provider:
        all_own = _candidates(bindparam("own_search", type_=String), dialect)
        own = _only_if(are_many, all_own, FEW + 1, dialect).cte("own")
        found.append(select(own.c.id).where(_few(own)))
        are_many = ~_few(own)
    walked = statement.with_only_columns(_t.id).where(holds).correlate(None)
    walked = _only_if(are_many, walked, most, dialect)
    found.append(select(walked.subquery().c.id))
    return statement.where(_t.id.in_(union_all(*found)), holds).limit(most)


def _few(hits: CTE) -> ColumnElement[bool]:
    return select(func.count()).select_from(hits).scalar_subquery() <= FEW


def _only_if(
    condition: ColumnElement[bool], statement: Select[Any], most: int, dialect: str
) -> Select[Any]:
    """The first rows of a select, none at all and for nothing where the condition is false.

    SQLite asks such a condition for each row, but a limit once; PostgreSQL asks it once, but plans
    badly for a limit it does not know.
    """
    if dialect == "sqlite":
        return statement.limit(case((condition, most), else_=0))
    return statement.where(condition).limit(most)


def _candidates(wanted: ColumnElement[str], dialect: str) -> Select[Any]:
    """The ids of the listings that hold all grams wanted."""
    if dialect == "sqlite":
        found = literal_column("listing_search_grams").op("MATCH")(wanted)
        grams = table("listing_search_grams")
        return select(literal_column("rowid").label("id")).select_from(grams).where(found)
    found = _texts.c.grams.bool_op("@@")(cast(wanted, TSQUERY))
    return select(_texts.c.listing_id.label("id")).where(found)


def _holds(
    shape: tuple[bool, ...], dialect: str, values: Mapping[str, str] | None = None
) -> ColumnElement[bool]:
    """Whether a listing's text holds the terms themselves, given now or by parameters."""

    def given(name: str) -> ColumnElement[str]:
        return literal(values[name], String) if values else bindparam(name, type_=String)

    place_of = func.instr if dialect == "sqlite" else func.strpos
    content = _texts.c.content
    conditions: list[ColumnElement[bool]] = []
    for number, has_loose in enumerate(shape):
        held = place_of(content, given(f"term_{number}")) > 0
        if has_loose:
            spaced = func.replace(content, "|", " ")
            held = held | (place_of(spaced, given(f"loose_{number}")) > 0)
        conditions.append(held)
    return exists().where(_texts.c.listing_id == _t.id, *conditions)
