"""Rows of the index, drawn once and kept: fifty from here cost less than drawing one.

A drawn row holds nothing of its reader: no name, no token, not even the filters of the page it
stands in. Where a link has to lead back to that page the row has a mark, which each page fills.
It is kept by all the values it shows, so it can never be out of date, and by language, by whether
its buttons are there, and by the day of the marketplace (the 14 days) and the provider ("ended").
"""

from datetime import UTC, date, datetime
from functools import lru_cache
from typing import Any, Final
from urllib.parse import quote

from flask import current_app
from flask_babel import gettext as _
from jinja2 import Template
from markupsafe import Markup

from portal import clock, hardware, places
from portal.listings.counters import shifted
from portal.listings.filters import Filters, url_of
from portal.listings.queries import COUNTS, Shown, named
from portal.web.formatting import current_locale, format_day
from portal.web.kept import Kept
from portal.web.pagination import Page

# A control character: no field takes one, so no title can hold it.
_BACK: Final = "\x02"
# About 2 kB a row.
_kept: Final[Kept[str]] = Kept(4000)
# About 100 kB a table of fifty rows.
_tables: Final[Kept[bytes]] = Kept(50)


def drawn_table(
    listed: Page[Shown], filters: Filters, *, may_edit: bool, own_day: date, back: str
) -> bytes:
    """The index's table with its rows, or what stands in place of none, in UTF-8.

    Args:
        listed: rows as queries.listings_of gives them, and the links to other pages.
        filters: what they were asked for by.
        may_edit: whether the reader may change listings.
        own_day: the provider's day.
        back: path of the page they stand in.
    """
    alike = (current_locale(), may_edit, clock.today(), own_day)
    rows = tuple(listed.rows)
    key = (rows, alike, filters, back, listed.next_url, listed.previous_url)
    table = _tables.get(key)
    if table is None:
        drawn = "".join([_drawn(row, alike) for row in listed.rows])
        table = (
            _template("_table")
            .render(
                listed=listed,
                filters=filters,
                may_edit=may_edit,
                url_of=url_of,
                drawn=Markup(drawn.replace(_BACK, back_query(back))),  # noqa: S704 - rendered by Jinja
            )
            .encode()
        )
        _tables.put(key, table)
    return table


def _drawn(row: Shown, alike: tuple[str, bool, date, date]) -> str:
    key = (row, alike)
    found = _kept.get(key)
    if found is None:
        _locale, may_edit, today, own_day = alike
        found = _template("_row").render(
            row_context(named(row), may_edit=may_edit, today=today, own_day=own_day, back=_BACK)
        )
        _kept.put(key, found)
    return found


def _template(name: str) -> Template:
    # Not flask.render_template: that would bring what the layouts know of the reader.
    return current_app.jinja_env.get_template(f"listings/{name}.html")


def row_context(
    row: Any, *, may_edit: bool, today: date, own_day: date, back: str, **context: Any
) -> dict[str, Any]:
    """What `listings/_row.html` reads.

    Args:
        row: the listing's columns.
        may_edit: whether the reader may change listings.
        today: the marketplace's day.
        own_day: the provider's day, in which its offers end.
        back: what its links append, see back_query().
        context: `form` (the price being edited), `newer` (a price saved meanwhile), `problem`
            (why something was refused), `said` (to be announced).
    """
    locale = current_locale()
    gpu = hardware.model(row.gpu_model)
    return {
        "gpu_name": gpu.name if gpu else row.gpu_model,
        "changed": _changed(row.updated_at, locale, today),
        "form": None,
        "newer": None,
        "problem": None,
        "said": None,
        **context,
        "row": row,
        "recent": shifted(_numbers(row.views_recent), _day(row.views_day), today),
        "has_ended": (last := _day(row.valid_until)) is not None and last < own_day,
        "may_edit": may_edit,
        "back": back,
    }


def _changed(seconds: int, locale: str, today: date) -> Markup:
    """The time of day of a change made today, the day of an older one: true all day long.

    With JavaScript it becomes "42 minutes ago"; the exact time stands behind it.
    """
    then = datetime.fromtimestamp(seconds, clock.MARKET_ZONE)
    day, hour = format_day(then.date(), locale), f"{then:%H:%M}"
    machine = datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    shown = hour if then.date() == today else day
    return Markup(
        '<time datetime="{machine}" title="{day} {hour} UTC+8" data-relative>{shown}</time>'
    ).format(machine=machine, day=day, hour=hour, shown=shown)


@lru_cache(maxsize=256)
def drawn_filters(filters: Filters, locale: str) -> bytes:
    """The filter form: like a row it holds nothing of its reader."""
    tops = [(place.code, place.name(locale)) for place in places.children()]
    if filters.place and filters.place not in dict(tops):
        tops.insert(0, (filters.place, places.label(filters.place, locale)))
    models = [pair for pairs in hardware.choices().values() for pair in pairs]
    drawn = _template("_filters").render(
        filters=filters,
        place_options=[("", _("All places")), *tops],
        gpu_options=[("", _("All models")), *models],
    )
    return drawn.encode()


def _day(value: date | str | None) -> date | None:
    """A day as the driver gave it: SQLite's gives text."""
    return date.fromisoformat(value) if isinstance(value, str) else value


def _numbers(stored: str) -> list[int]:
    return [int(count) for count in stored.strip("[]").split(",") if count.strip()]


@lru_cache(maxsize=256)
def drawn_counts(counts: tuple[int, ...], locale: str) -> bytes:
    """The heading's counts, in the order of queries.COUNTS."""
    named = dict(zip(COUNTS, counts, strict=True))
    return _template("_counts").render(counts=named, swap_counts=False).encode()


def back_query(back: str) -> str:
    """The part of a link's address that names the page to come back to; "" for the plain index."""
    if "?" not in back:
        return ""
    return f"?back={quote(back, safe='/')}"
