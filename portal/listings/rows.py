"""Rows of the index, drawn once and kept: fifty from here cost less than drawing one.

A drawn row holds nothing of its reader: no name, no token, not even the filters of the page it
stands in. Where a link has to lead back to that page the row has a mark, which each page fills.
It is kept by all the values it shows, so it can never be out of date, and by what it looks like:
see Looks.
"""

from datetime import UTC, date, datetime
from functools import lru_cache
from typing import Any, Final, NamedTuple
from urllib.parse import quote

from flask import current_app
from jinja2 import Template
from markupsafe import Markup

from portal import clock, hardware
from portal.listings import bars
from portal.listings.bulk import ACTS
from portal.listings.counters import shifted
from portal.listings.filters import INDEX, Filters, query_of, url_of
from portal.listings.queries import PAGE, Cursor, Shown, counts_in, named, rows_in, sort_key
from portal.web.formatting import format_day
from portal.web.kept import Kept
from portal.web.pagination import Page, paged

# A control character: no field takes one, so no title can hold it.
_BACK: Final = "\x02"
# About 2 kB a row.
_kept: Final[Kept[str]] = Kept(4000)
# About 100 kB a table of fifty rows.
_tables: Final[Kept[bytes]] = Kept(50)


class Looks(NamedTuple):
    """What rows look like besides their values.

    Args:
        locale: language.
        may_edit: whether the buttons and cells that change a listing are there.
        is_reviewed: whether publishing hands in for review.
        today: the marketplace's day, of the 14 days of views.
        own_day: the provider's day, in which its offers end.
        columns: see filters.COLUMNS.
    """

    locale: str
    may_edit: bool
    is_reviewed: bool
    today: date
    own_day: date
    columns: tuple[str, ...]


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
        found = _template("_row").render(row_context(named(row, looks.columns), looks, _BACK))
        _kept.put(key, found)
    return found


def drawn_row(context: dict[str, Any]) -> str:
    """One row from what row_context() gives; none of its cells is open."""
    return _template("_row").render(context)


def _template(name: str) -> Template:
    # Not flask.render_template: that would bring what the layouts know of the reader.
    return current_app.jinja_env.get_template(f"listings/{name}.html")


def row_context(row: Any, looks: Looks, back: str, **context: Any) -> dict[str, Any]:
    """What `listings/_row.html` reads.

    Args:
        row: the listing's columns.
        looks: of the row.
        back: what its links append, see back_query().
        context: `cell` (the value being edited, see inline.OpenCell), `problem` (why something was
            refused), `said` (to be announced).
    """
    gpu = hardware.model(row.gpu_model)
    return {
        "gpu_name": gpu.name if gpu else row.gpu_model,
        "changed": _when(row.updated_at, looks),
        "confirmed": _confirmed(row, looks) if "confirmed" in looks.columns else None,
        "ends": format_day(last, looks.locale) if (last := _day(row.valid_until)) else None,
        "missing": _missing(row) if "completeness" in looks.columns else 0,
        "column_names": bars.COLUMN_NAMES,
        "cell": None,
        "problem": None,
        "said": None,
        **context,
        "row": row,
        "recent": shifted(_numbers(row.views_recent), _day(row.views_day), looks.today),
        "has_ended": last is not None and last < looks.own_day,
        "looks": looks,
        "may_edit": looks.may_edit,
        "back": back,
    }


def _confirmed(row: Any, looks: Looks) -> Markup | None:
    return _when(row.confirmed_at, looks) if row.confirmed_at else None


def _missing(row: Any) -> int:
    """How much is not stated of what models.INCOMPLETE asks for."""
    names = ("place", "delivery_days", "gpu_model", "gpu_count", "price_minor")
    is_described = row.has_description if hasattr(row, "has_description") else row.description
    return sum(getattr(row, name) is None for name in names) + (not is_described)


def _when(seconds: int, looks: Looks) -> Markup:
    """The time of day of what was today, the day of what is older: true all day long.

    With JavaScript it becomes "42 minutes ago"; the exact time stands behind it.
    """
    then = datetime.fromtimestamp(seconds, clock.MARKET_ZONE)
    day, hour = format_day(then.date(), looks.locale), f"{then:%H:%M}"
    machine = datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    shown = hour if then.date() == looks.today else day
    return Markup(
        '<time datetime="{machine}" title="{day} {hour} UTC+8" data-relative>{shown}</time>'
    ).format(machine=machine, day=day, hour=hour, shown=shown)


def _day(value: date | str | None) -> date | None:
    """A day as the driver gave it: SQLite's gives text."""
    return date.fromisoformat(value) if isinstance(value, str) else value


def _numbers(stored: str) -> list[int]:
    return [int(count) for count in stored.strip("[]").split(",") if count.strip()]


@lru_cache(maxsize=256)
def drawn_counts(by_status: str | None, locale: str) -> bytes:
    """The heading's counts, of what queries.BY_STATUS reads."""
    return _template("_counts").render(counts=counts_in(by_status), swap_counts=False).encode()


def back_query(back: str) -> str:
    """The part of a link's address that names the page to come back to; "" for the plain index."""
    if "?" not in back:
        return ""
    return f"?back={quote(back, safe='/')}"
