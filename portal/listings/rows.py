"""Rows of the index, drawn once and kept: fifty from here cost less than drawing one.

A drawn row holds nothing of its reader: no name, no token, not even the filters of the page it
stands in. Where a link has to lead back to that page the row has a mark, which each page fills.
It is kept by all the values it shows, so it can never be out of date, and by what it looks like:
see Looks.
"""

from functools import lru_cache
from typing import Any, Final
from urllib.parse import quote

from flask import current_app
from jinja2 import Template
from markupsafe import Markup

from portal.listings import bars, skeletons
from portal.listings.bulk import ACTS
from portal.listings.filters import INDEX, Filters, query_of, url_of
from portal.listings.queries import PAGE, Cursor, Shown, counts_in, named, rows_in, sort_key
from portal.listings.skeletons import Looks
from portal.web.kept import Kept
from portal.web.pagination import Page, paged

# A control character: no field takes one, so no title can hold it.
_BACK: Final = "\x02"
# About 2 kB a row.
_kept: Final[Kept[str]] = Kept(4000)
# About 100 kB a table of fifty rows.
_tables: Final[Kept[bytes]] = Kept(50)


def drawn_table(found: str, filters: Filters, cursor: Cursor, looks: Looks, back: str) -> bytes:
    """The index's table with its rows, or what stands in place of none, in UTF-8.

    Args:
        found: rows as queries.listings_of gives them.
        filters: what they were asked for by.
        cursor: where they go on from.
        looks: of the rows.
        back: path of the page they stand in.
    """
    key = (found, filters, cursor, looks, back)
    table = _tables.get(key)
    if table is None:
        listed = paged(
            rows_in(found, filters.sort, cursor),
            size=PAGE,
            cursor=cursor,
            key=lambda row: sort_key(filters.sort, row),
            url=lambda page: url_of(filters, page=page),
        )
        table = _table(listed, filters, looks, back)
        _tables.put(key, table)
    return table


def _table(listed: Page[Shown], filters: Filters, looks: Looks, back: str) -> bytes:
    drawn = "".join([_drawn(row, looks) for row in listed.rows])
    return (
        _template("_table")
        .render(
            listed=listed,
            filters=filters,
            looks=looks,
            url_of=url_of,
            query=query_of(filters),
            numbers_url=f"{INDEX}numbers?{query_of(filters)}",
            note=bars.note_on(filters),
            names=bars.COLUMN_NAMES,
            acts=ACTS,
            without=bars.without_one(filters),
            clear_url=url_of(Filters(columns=filters.columns, density=filters.density)),
            drawn=Markup(drawn.replace(_BACK, back_query(back))),  # noqa: S704 - rendered by Jinja
        )
        .encode()
    )


def _drawn(row: Shown, looks: Looks) -> str:
    key = (row, looks)
    found = _kept.get(key)
    if found is None:
        found = skeletons.filled(named(row, looks.columns), looks, _BACK)
        _kept.put(key, found)
    return found


def _template(name: str) -> Template:
    # Not flask.render_template: that would bring what the layouts know of the reader.
    return current_app.jinja_env.get_template(f"listings/{name}.html")


def row_context(row: Any, looks: Looks, back: str, **context: Any) -> dict[str, Any]:
    """What `listings/_row.html` reads, and the pages that include it.

    Args:
        row: the listing's columns.
        looks: of the row.
        back: what its links append, see back_query().
        context: `cell` (the value being edited, see inline.OpenCell), `problem` (why something was
            refused), `said` (to be announced).
    """
    texts = skeletons.texts_of(row, looks, back, context.get("said"))
    return {
        "column_names": bars.COLUMN_NAMES,
        "cell": None,
        "problem": None,
        **context,
        **skeletons.context_of(texts, skeletons.state_of(row, looks), looks),
        "row": row,
        "back": back,
    }


@lru_cache(maxsize=256)
def drawn_counts(by_status: str | None, locale: str) -> bytes:
    """The heading's counts, of what queries.BY_STATUS reads."""
    return _template("_counts").render(counts=counts_in(by_status), swap_counts=False).encode()


def back_query(back: str) -> str:
    """The part of a link's address that names the page to come back to; "" for the plain index."""
    if "?" not in back:
        return ""
    return f"?back={quote(back, safe='/')}"
