"""Full-text search: an index of grams, and kept texts to look again, on SQLite and on PostgreSQL.

The index names the rows that hold all grams of a query (an FTS5 table without contents on SQLite,
a `tsvector` without positions on PostgreSQL); whether the terms themselves are there is then read
in the kept canonical text. So nothing depends on how long a text is, and nothing is found that does
not hold what was typed. portal.search.grams says what that means.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, Final

from sqlalchemy import (
    CTE,
    ColumnElement,
    FromClause,
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
from portal.extensions import db
from portal.search.asking import asked, scope
from portal.search.grams import canonical, grams_of

FEW: Final = 1000
"""Up to so many candidates are looked up and sorted; of more, the list is read in its order."""
AnyRow = Row[*tuple[Any, ...]]
_SPAN: Final = 5000
"""Ids looked through at once."""
_PAGES_A_STEP: Final = 500
_MOST_STEPS: Final = 10_000
_SOMETHING: Final = 2


class SearchIndex:
    """What the rows of one table are found by: `<name>_texts`, and on SQLite `<name>_grams`.

    Args:
        name: of its tables, such as `listing_search`.
        key: the column of `<name>_texts` that names the row, such as `listing_id`.
        rows: the table that is searched; it has `id` and `provider_id`.
        version: its column that tells whether a row has changed since it was indexed.
    """

    def __init__(self, name: str, key: str, rows: FromClause, version: str) -> None:
        self._t = rows.c
        self._rows = rows
        self._version = rows.c[version]
        self._grams_table = f"{name}_grams"
        self._texts = table(
            f"{name}_texts",
            column(key),
            column("version"),
            column("content"),
            column("grams", TSVECTOR),
        )
        self._key = self._texts.c[key]
        kept = f"INSERT INTO {name}_texts ({key}, version, content"
        onto = (
            f" ON CONFLICT ({key}) DO UPDATE SET version = excluded.version,"
            " content = excluded.content"
        )
        self._keep = text(f"{kept}) VALUES (:id, :version, :content){onto}")
        self._keep_with_grams = text(
            f"{kept}, grams) VALUES (:id, :version, :content, CAST(:grams AS tsvector))"
            f"{onto}, grams = excluded.grams"
        )
        # FTS5 without contents has to be told which words go; it takes our word for it.
        told = f"INSERT INTO {name}_grams ("
        self._forget = text(f"{told}{name}_grams, rowid, tokens) VALUES ('delete', :id, :gone)")
        self._learn = text(f"{told}rowid, tokens) VALUES (:id, :new)")
        self._merge = text(f"{told}{name}_grams, rank) VALUES ('merge', :pages)")

    def index(self, session: Session, row_id: int, content: str) -> None:
        """Put (or replace) what a row is found by, in the running transaction.

        Its row has to be there: provider and version are read from it. Where no word has changed, this
        is one UPDATE.
        """
        session.flush()
        version = select(self._version).where(self._t.id == row_id).scalar_subquery()
        same = (self._key == row_id, self._texts.c.content == canonical(content))
        if not rows_changed(session, update(self._texts).where(*same).values(version=version)):
            self.index_many(session, [(row_id, content)])

    def index_many(self, session: Session, contents: Iterable[tuple[int, str]]) -> None:
        """As index(), for some hundreds of (id, content) at a time, each id once."""
        words = {row_id: canonical(content) for row_id, content in contents}
        rows = session.execute(
            select(
                self._t.id,
                self._t.provider_id,
                self._version.label("version"),
                self._texts.c.content,
            )
            .outerjoin_from(self._rows, self._texts, self._key == self._t.id)
            .where(self._t.id.in_(words))
            # FTS5 writes a piece of index out whenever ids turn back.
            .order_by(self._t.id)
        ).all()
        if not rows:
            return
        kept = [{"id": row.id, "version": row.version, "content": words[row.id]} for row in rows]
        if _is_sqlite(session):
            self._tell_fts5(session, rows, words)
            session.execute(self._keep, kept)
            return
        for one, row in zip(kept, rows, strict=True):
            grams = _grams(row.provider_id, words[row.id])
            one["grams"] = " ".join(f"'{gram}'" for gram in grams)
        session.execute(self._keep_with_grams, kept)

    def forget(self, session: Session, row_id: int) -> None:
        """Let a row be found no more, in the running transaction, before its row goes."""
        if _is_sqlite(session):
            row = session.execute(
                select(self._t.provider_id, self._texts.c.content)
                .join_from(self._rows, self._texts, self._key == self._t.id)
                .where(self._t.id == row_id)
            ).one_or_none()
            if row is not None:
                gone = " ".join(_grams(row.provider_id, row.content))
                session.execute(self._forget, {"id": row_id, "gone": gone})
        session.execute(delete(self._texts).where(self._key == row_id))

    def _behind(self, above: int, up_to: int) -> Select[Any]:
        """Ids in a span of them whose row is not indexed, or was at another version of it."""
        return (
            select(self._t.id)
            .outerjoin_from(self._rows, self._texts, self._key == self._t.id)
            .where(
                self._t.id > above,
                self._t.id <= up_to,
                or_(self._key.is_(None), self._texts.c.version != self._version),
            )
            .order_by(self._t.id)
        )

    def catch_up(self, index_some: Callable[[list[int]], int], at_once: int) -> int:
        """Have each row indexed that the index does not know as it is; says how many it were.

        Safe to repeat, to break off and to run twice at once: what it has done is there, and it
        goes on with the rest.

        Args:
            index_some: indexes the rows of these ids in a transaction of its own.
            at_once: rows a transaction: nobody waits long for it.
        """
        highest = db.session.scalar(select(func.max(self._t.id))) or 0
        indexed = 0
        for start in range(0, highest, _SPAN):
            behind = list(db.session.scalars(self._behind(start, start + _SPAN)))
            for first in range(0, len(behind), at_once):
                indexed += index_some(behind[first : first + at_once])
        if indexed:
            self.tidy()
        return indexed

    def tidy(self) -> None:
        """After much indexing: let FTS5 join the pieces of its index, a little a transaction.

        A word is looked up in each piece, so that fewer of them answer sooner. PostgreSQL does this
        by itself.
        """
        pages = -_PAGES_A_STEP
        for _step in range(_MOST_STEPS):
            with transaction() as session:
                if not _is_sqlite(session) or self._merged(session, pages) < _SOMETHING:
                    return
            # Negative begins a merge of all pieces, positive goes on with one.
            pages = _PAGES_A_STEP

    def _merged(self, session: Session, pages: int) -> int:
        """Write so many pages of a merge; returns rows changed, of which one is the request itself."""
        changes = select(func.total_changes())
        before = session.scalar(changes) or 0
        session.execute(self._merge, {"pages": pages})
        return (session.scalar(changes) or 0) - before

    def _tell_fts5(self, session: Session, rows: Sequence[AnyRow], words: dict[int, str]) -> None:
        """Take out what a row no longer holds and put in what is new: the rest stands already."""
        gone, come = [], []
        for row in rows:
            if row.content == words[row.id]:
                continue
            new = _grams(row.provider_id, words[row.id])
            if row.content is not None:
                old = _grams(row.provider_id, row.content)
                # Even of nothing: FTS5 counts what goes and what comes.
                gone.append({"id": row.id, "gone": " ".join(old - new)})
                new -= old
            come.append({"id": row.id, "new": " ".join(new)})
        if gone:
            session.execute(self._forget, gone)
        if come:
            session.execute(self._learn, come)

    def matches(
        self, query: str, dialect: str, *, provider_id: int | None = None
    ) -> ColumnElement[bool] | None:
        """A condition on the table for rows that hold every term of the query; as asked().

        For a page of them narrowed() costs less.
        """
        search = asked(query, dialect, provider_id=provider_id)
        if search is None:
            return None
        wanted = search.parameters["search" if provider_id is None else "own_search"]
        held = self._holds(search.shape, dialect, search.parameters)
        return and_(self._t.id.in_(self._candidates(literal(wanted, String), dialect)), held)

    def holds(self, query: str, dialect: str) -> ColumnElement[bool] | None:
        """The same condition for rows that are walked in an order anyway: no candidates are named.

        Where most are refused by it, matches() costs less.
        """
        search = asked(query, dialect)
        return None if search is None else self._holds(search.shape, dialect, search.parameters)

    def narrowed(
        self,
        statement: Select[Any],
        shape: tuple[bool, ...],
        dialect: str,
        *,
        most: int,
        is_of_one_provider: bool = False,
    ) -> Select[Any]:
        """A page of rows (a select with its order) of those that hold every term.

        Few candidates are looked up and sorted. Where there are many, the statement itself is walked
        in its order until the page is full: a word in every row costs no sorting of all. Where
        there are many, but few of the provider, these few are looked up.

        Args:
            statement: selects from the table; its conditions and order stay.
            shape: of the Search; its parameters are to be given when the select is run.
            dialect: "sqlite" or "postgresql".
            most: the limit of the page.
            is_of_one_provider: whether the search was asked() for one provider, as `statement` is.
        """
        holds = self._holds(shape, dialect)
        hits = (
            self._candidates(bindparam("search", type_=String), dialect).limit(FEW + 1).cte("hits")
        )
        are_few, are_many = _few(hits), ~_few(hits)
        found = [select(hits.c.id).where(are_few)]
        if is_of_one_provider:
            all_own = self._candidates(bindparam("own_search", type_=String), dialect)
            own = _only_if(are_many, all_own, FEW + 1, dialect).cte("own")
            found.append(select(own.c.id).where(_few(own)))
            are_many = ~_few(own)
        walked = statement.with_only_columns(self._t.id).where(holds).correlate(None)
        walked = _only_if(are_many, walked, most, dialect)
        found.append(select(walked.subquery().c.id))
        return statement.where(self._t.id.in_(union_all(*found)), holds).limit(most)

    def _candidates(self, wanted: ColumnElement[str], dialect: str) -> Select[Any]:
        """The ids of the rows that hold all grams wanted."""
        if dialect == "sqlite":
            found = literal_column(self._grams_table).op("MATCH")(wanted)
            grams = table(self._grams_table)
            return select(literal_column("rowid").label("id")).select_from(grams).where(found)
        found = self._texts.c.grams.bool_op("@@")(cast(wanted, TSQUERY))
        return select(self._key.label("id")).where(found)

    def _holds(
        self, shape: tuple[bool, ...], dialect: str, values: Mapping[str, str] | None = None
    ) -> ColumnElement[bool]:
        """Whether a row's text holds the terms themselves, given now or by parameters."""

        def given(name: str) -> ColumnElement[str]:
            return literal(values[name], String) if values else bindparam(name, type_=String)

        place_of = func.instr if dialect == "sqlite" else func.strpos
        content = self._texts.c.content
        conditions: list[ColumnElement[bool]] = []
        for number, has_loose in enumerate(shape):
            held = place_of(content, given(f"term_{number}")) > 0
            if has_loose:
                spaced = func.replace(content, "|", " ")
                held = held | (place_of(spaced, given(f"loose_{number}")) > 0)
            conditions.append(held)
        return exists().where(self._key == self._t.id, *conditions)


def _is_sqlite(session: Session) -> bool:
    return session.get_bind().dialect.name == "sqlite"


def _grams(provider_id: int, content: str) -> set[str]:
    return {*grams_of(content), scope(provider_id)}


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
