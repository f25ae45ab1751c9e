"""Rows as one JSON value, so that a list and a thread come in one statement, on both databases."""

from typing import Any

from sqlalchemy import JSON, ColumnElement, FromClause, ScalarSelect, literal_column, select
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.functions import FunctionElement


class _Object(FunctionElement[Any]):
    """A JSON object of alternating names and values."""

    inherit_cache = True
    type = JSON()


class _Array(FunctionElement[Any]):
    """A JSON array of what the rows hold; without rows NULL or empty."""

    inherit_cache = True
    type = JSON()


@compiles(_Object, "sqlite")
def _object_sqlite(element: _Object, compiler: Any, **kw: Any) -> str:
    return f"json_object({compiler.process(element.clauses, **kw)})"


@compiles(_Object, "postgresql")
def _object_postgresql(element: _Object, compiler: Any, **kw: Any) -> str:
    return f"json_build_object({compiler.process(element.clauses, **kw)})"


@compiles(_Array, "sqlite")
def _array_sqlite(element: _Array, compiler: Any, **kw: Any) -> str:
    return f"json_group_array({compiler.process(element.clauses, **kw)})"


@compiles(_Array, "postgresql")
def _array_postgresql(element: _Array, compiler: Any, **kw: Any) -> str:
    return f"json_agg({compiler.process(element.clauses, **kw)})"


def json_rows(rows: FromClause) -> ScalarSelect[Any]:
    """All rows of a subquery as one JSON array of objects by column name.

    Their order is not promised: sort what comes out. Days come out as `YYYY-MM-DD`.
    """
    pairs: list[ColumnElement[Any]] = []
    for column in rows.c:
        # A literal, since PostgreSQL cannot tell the type of a parameter here; names are ours.
        pairs += [literal_column(f"'{column.key}'"), column]
    return select(_Array(_Object(*pairs))).select_from(rows).scalar_subquery()
