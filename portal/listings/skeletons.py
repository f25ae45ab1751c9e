"""A row's markup, drawn once for each shape by its template and kept with gaps for its texts.

The template reads of a listing only texts, and whether they are there; so the same markup serves
all rows that lack the same ones. A row is then one escaped copy of its texts into the gaps, at a
thirtieth of what drawing it costs. A row that is being edited is drawn by the template itself.
"""

import re
from collections.abc import Callable
from datetime import UTC, date, datetime
from typing import Any, Final, NamedTuple

from flask import current_app
from markupsafe import Markup, escape

from portal import clock, hardware, places
from portal.listings.counters import shifted
from portal.web.formatting import format_day, format_number, format_price_parts, spark_points
from portal.web.kept import Kept

# A control character: no field takes one, and nothing is looked for in what fills a gap.
_GAP: Final = "\x03{}\x03"
_GAPS: Final = re.compile("\x03([a-z_]+)\x03")
Texts = dict[str, Any]
"""What a row shows by name: texts, or None where there is nothing to show."""


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


class State(NamedTuple):
    """What a row's markup depends on besides its looks and which texts are there.

    Args:
        status: of the listing.
        has_ended: whether its last day is over.
        missing: how much is not stated, where that is shown.
    """

    status: str
    has_ended: bool
    missing: int


_kept: Final[Kept[str]] = Kept(1000)


def filled(row: Any, looks: Looks, back: str, said: str | None = None) -> str:
    """A row's HTML; none of its cells is open.

    Args:
        row: the listing's columns by name.
        looks: of the row; its locale is the one in force.
        back: what its links append, see rows.back_query().
        said: to be announced.
    """
    texts, state = texts_of(row, looks, back, said), state_of(row, looks)
    # All that the template may branch on.
    absent = tuple([text is None for text in texts.values()])
    key = (looks.locale, looks.may_edit, looks.is_reviewed, looks.columns, state, absent)
    skeleton = _kept.get(key)
    if skeleton is None:
        skeleton = _skeleton(texts, state, looks)
        _kept.put(key, skeleton)
    return skeleton % {name: escape(text) for name, text in texts.items()}


def _skeleton(texts: Texts, state: State, looks: Looks) -> str:
    """The template's answer to texts that are gaps, as a pattern for `%`."""
    gaps = {name: None if text is None else _GAP.format(name) for name, text in texts.items()}
    # Not flask.render_template: that would bring what the layouts know of the reader.
    template = current_app.jinja_env.get_template("listings/_row.html")
    html = template.render(context_of(gaps, state, looks), cell=None, problem=None)
    pattern = _GAPS.sub(r"%(\1)s", html.replace("%", "%%"))
    if "\x03" in pattern or "%03" in pattern or "\\u0003" in pattern:
        raise RuntimeError("listings/_row.html changes a text: it would never be filled in")
    return pattern


def context_of(texts: Texts, state: State, looks: Looks) -> dict[str, Any]:
    """What `listings/_row.html` reads of a listing."""
    return {"state": state, "shown": texts, "looks": looks, "may_edit": looks.may_edit}


def state_of(row: Any, looks: Looks) -> State:
    """The state of a row."""
    last = _day(row.valid_until)
    has_ended = last is not None and last < looks.own_day
    return State(row.status, has_ended, _missing(row) if "completeness" in looks.columns else 0)


def texts_of(row: Any, looks: Looks, back: str, said: str | None) -> Texts:
    """What a row shows in the columns that were chosen."""
    texts = {"id": str(row.id), "title": row.title, "back": back or None, "said": said or None}
    for column in looks.columns:
        if made := _TEXTS.get(column):
            texts |= made(row, looks)
    return texts


def _model(row: Any, looks: Looks) -> Texts:
    gpu = hardware.model(row.gpu_model)
    return {
        "gpu": (gpu.name if gpu else row.gpu_model) or None,
        "count": str(row.gpu_count) if row.gpu_count else None,
        "place": places.label(row.place, looks.locale) or None,
    }


def _price(row: Any, looks: Looks) -> Texts:
    amount, per = format_price_parts(row.price_minor, row.currency, row.unit, looks.locale)
    return {"amount": amount, "per": per or None}


def _stock(row: Any, _looks: Looks) -> Texts:
    return {"stock": None if row.stock is None else format_number(row.stock)}


def _ends(row: Any, looks: Looks) -> Texts:
    last = _day(row.valid_until)
    return {"ends": format_day(last, looks.locale) if last else None}


def _trend(row: Any, looks: Looks) -> Texts:
    kept = [int(count) for count in row.views_recent.strip("[]").split(",") if count.strip()]
    recent = shifted(kept, _day(row.views_day), looks.today)
    return {"recent": " ".join(map(str, recent)), "points": spark_points(recent)}


def _confirmed(row: Any, looks: Looks) -> Texts:
    return {"confirmed": _when(row.confirmed_at, looks) if row.confirmed_at else None}


_TEXTS: Final[dict[str, Callable[[Any, Looks], Texts]]] = {
    "own_number": lambda row, _looks: {"own_number": row.own_number or None},
    "model": _model,
    "price": _price,
    "stock": _stock,
    "ends": _ends,
    "trend": _trend,
    "views": lambda row, _looks: {"views": format_number(row.views_total)},
    "inquiries": lambda row, _looks: {"inquiries": format_number(row.inquiries_total)},
    "confirmed": _confirmed,
    "own_category": lambda row, _looks: {"own_category": row.own_category or None},
    "updated": lambda row, looks: {"changed": _when(row.updated_at, looks)},
}


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
    day, hour = format_day(then, looks.locale), f"{then.hour:02}:{then.minute:02}"
    # Put together by hand: strftime costs more than the rest of the cell.
    machine = f"{datetime.fromtimestamp(seconds, UTC).isoformat()[:19]}Z"
    shown = hour if then.date() == looks.today else day
    return Markup(  # noqa: S704 - made of numbers and own words
        f'<time datetime="{machine}" title="{day} {hour} UTC+8" data-relative>{shown}</time>'
    )


def _day(value: date | str | None) -> date | None:
    """A day as the driver gave it: SQLite's gives text."""
    return date.fromisoformat(value) if isinstance(value, str) else value
