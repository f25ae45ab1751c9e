"""Rows of the index, drawn once and kept: fifty from here cost less than drawing one.

A drawn row holds nothing of its reader: no name, no token, not even the filters of the page it
stands in. Where a link has to lead back to that page the row has a mark, which each page fills.
It is kept by all the values it shows, so it can never be out of date, and by language, by whether
its buttons are there, and by the marketplace day (from which "ended" and the 14 days follow).
"""

from collections.abc import Sequence
from datetime import UTC, date, datetime
from functools import lru_cache
from typing import Any, Final
from urllib.parse import quote

from flask import current_app
from flask_babel import gettext as _
from markupsafe import Markup

from portal import clock, hardware, places
from portal.listings.counters import shifted
from portal.listings.filters import Filters
from portal.listings.queries import AnyRow
from portal.web.formatting import current_locale, format_day

KEPT: Final = 4000
"""Rows a process keeps at most, about 2 kB each; twice as many while the older half is leaving."""
# A control character: no field takes one, so no title can hold it.
_BACK: Final = "\x02"


class _Kept:
    """A bounded map that forgets what was not asked for lately; safe between threads.

    Two generations instead of a list of uses: a look-up that finds writes nothing.
    """

    def __init__(self, most: int) -> None:
        self._most = most
        self._new: dict[Any, str] = {}
        self._old: dict[Any, str] = {}

    def get(self, key: Any) -> str | None:
        found = self._new.get(key)
        if found is None and (found := self._old.get(key)) is not None:
            self.put(key, found)
        return found

    def put(self, key: Any, drawn: str) -> None:
        if len(self._new) >= self._most:
            self._old, self._new = self._new, {}
        self._new[key] = drawn


_kept: Final = _Kept(KEPT)


def drawn(rows: Sequence[AnyRow], *, locale: str, may_edit: bool, today: date, back: str) -> Markup:
    """The rows of a table's body.

    Args:
        rows: as queries.listings_of gives them.
        locale: `zh` or `en`.
        may_edit: whether the reader may change listings.
        today: the marketplace's day.
        back: path of the page they stand in.
    """
    # Plain strings until the end: joining Markup would ask each part whether it is safe.
    parts = [_drawn(row, locale, may_edit, today) for row in rows]
    return Markup("".join(parts).replace(_BACK, back_query(back)))  # noqa: S704 - rendered by Jinja


def _drawn(row: AnyRow, locale: str, may_edit: bool, today: date) -> str:
    key = (row, locale, may_edit, today)
    found = _kept.get(key)
    if found is None:
        # Not flask.render_template: that would bring what the layouts know of the reader.
        template = current_app.jinja_env.get_template("listings/_row.html")
        found = template.render(row_context(row, may_edit=may_edit, today=today, back=_BACK))
        _kept.put(key, found)
    return found


def row_context(
    row: Any, *, may_edit: bool, today: date, back: str, **context: Any
) -> dict[str, Any]:
    """What `listings/_row.html` reads.

    Args:
        row: the listing's columns.
        may_edit: whether the reader may change listings.
        today: the marketplace's day.
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
        "recent": shifted(_numbers(row.views_recent), row.views_day, today),
        "has_ended": row.valid_until is not None and row.valid_until < today,
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
def drawn_filters(filters: Filters, locale: str) -> Markup:
    """The filter form: like a row it holds nothing of its reader."""
    tops = [(place.code, place.name(locale)) for place in places.children()]
    if filters.place and filters.place not in dict(tops):
        tops.insert(0, (filters.place, places.label(filters.place, locale)))
    models = [pair for pairs in hardware.choices().values() for pair in pairs]
    template = current_app.jinja_env.get_template("listings/_filters.html")
    return Markup(  # noqa: S704 - rendered by Jinja
        template.render(
            filters=filters,
            place_options=[("", _("All places")), *tops],
            gpu_options=[("", _("All models")), *models],
        )
    )


def _numbers(stored: str) -> list[int]:
    return [int(count) for count in stored.strip("[]").split(",") if count.strip()]


def back_query(back: str) -> str:
    """The part of a link's address that names the page to come back to; "" for the plain index."""
    if "?" not in back:
        return ""
    return f"?back={quote(back, safe='/')}"
