"""What stands around the index's table: tabs of views, filter form, what an empty list teaches."""

from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Final

from flask import current_app
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l

from portal import hardware, places
from portal.listings.fields import KINDS, units
from portal.listings.filters import (
    COLUMNS,
    ENDING_DAYS,
    INDEX,
    STALE_DAYS,
    Filters,
    pairs_of,
    query_of,
    read,
    url_of,
)
from portal.listings.saved_views import AFTER, BETWEEN
from portal.listings.sheet_columns import STATUSES
from portal.listings.vocabulary import Currency, Status

BUILT_IN: Final = (
    ("all", _l("All"), Filters()),
    ("live", _l("Live"), Filters(status=Status.LIVE)),
    ("attention", _l("Needs attention"), Filters(incomplete=True)),
    ("ending", _l("Ending soon"), Filters(status=Status.LIVE, expiring=14, sort="ends")),
    ("drafts", _l("Drafts"), Filters(status=Status.DRAFT)),
    ("archive", _l("Archive"), Filters(status=Status.ARCHIVED)),
)
"""The views that everybody has: key, name, what they ask for."""
COLUMN_NAMES: Final = {
    "own_number": _l("Your number"),
    "model": _l("Model and place"),
    "price": _l("Price"),
    "stock": _l("Stock"),
    "status": _l("Status"),
    "ends": _l("Valid until"),
    "trend": _l("14 days"),
    "views": _l("Views"),
    "inquiries": _l("Inquiries"),
    "confirmed": _l("Confirmed"),
    "completeness": _l("Completeness"),
    "own_category": _l("Your category"),
    "updated": _l("Changed"),
}
_SHEET: Final = {
    "model": ("gpu_model", "gpu_count", "place"),
    "price": ("price", "currency", "unit"),
    "ends": ("valid_until",),
    "views": ("views_total",),
    "inquiries": ("inquiries_total",),
    "confirmed": ("confirmed_at",),
    "updated": ("updated_at",),
}
"""Columns of a sheet for those of the table that are not called the same."""


@dataclass(frozen=True)
class Saved:
    """A saved view as a tab shows it."""

    id: int
    name: str
    query: str
    is_shared: bool
    is_own: bool

    @property
    def filters(self) -> Filters:
        """What it asks for."""
        return read(self.query.encode())[0]


@lru_cache(maxsize=256)
def saved_in(text: str | None) -> tuple[Saved, ...]:
    """The saved views in the text that saved_views.TABS reads, the reader's own first."""
    rows = [row.split(BETWEEN) for row in (text or "").split(AFTER) if row]
    rows.sort(key=lambda row: (row[4] != "1", int(row[5]), int(row[0])))
    return tuple(
        Saved(int(row[0]), row[1], row[2], is_shared=row[3] == "1", is_own=row[4] == "1")
        for row in rows
    )


@lru_cache(maxsize=512)
def drawn_views(
    saved: str | None, filters: Filters, locale: str, *, is_swapped: bool = False
) -> bytes:
    """The tabs of views, and at their end what is done with the present one, in UTF-8.

    Like a row they hold nothing of their reader but the views' names.
    """
    here = query_of(filters)
    tabs = [
        (f"listings-in-{key}", str(name), url_of(built_in), query_of(built_in) == here, False)
        for key, name, built_in in BUILT_IN
    ]
    tabs += [
        (f"listings-in-{view.id}", view.name, url_of(view.filters), view.query == here, True)
        for view in saved_in(saved)
    ]
    keep = [pair for pair in pairs_of(filters) if pair[0] not in {"columns", "density"}]
    return _drawn(
        "_views",
        tabs=tabs,
        is_known=any(is_here for *_rest, is_here, _own in tabs),
        query=here,
        columns=[(key, COLUMN_NAMES[key], key in filters.columns) for key in COLUMNS],
        keep=keep,
        density=filters.density,
        action=INDEX,
        exports=_exports(filters),
        is_swapped=is_swapped,
    )


def _exports(filters: Filters) -> list[tuple[str, str]]:
    """Words and address of each file that the present list can be had as."""
    # No column named: all of them.
    whole = query_of(filters, columns=())
    keys = ["title", *(key for name in filters.columns for key in _SHEET.get(name, (name,)))]
    shown = "&".join([*filter(None, [whole]), *(f"columns={key}" for key in keys)])
    return [
        (str(text), f"{INDEX}export.{kind}{f'?{query}' if query else ''}")
        for kind, text, query in (
            ("xlsx", _l("Excel, shown columns"), shown),
            ("xlsx", _l("Excel, all columns"), whole),
            ("csv", _l("CSV, all columns"), whole),
        )
    ]


@lru_cache(maxsize=256)
def drawn_filters(filters: Filters, locale: str) -> bytes:
    """The filter form, in UTF-8."""
    tops = [(place.code, place.name(locale)) for place in places.children()]
    if filters.place and filters.place not in dict(tops):
        tops.insert(0, (filters.place, places.label(filters.place, locale)))
    models = [pair for pairs in hardware.choices().values() for pair in pairs]
    sent = dict(pairs_of(filters))
    looks = [pair for pair in pairs_of(filters) if pair[0] in {"columns", "density"}]
    more = {"kind", "category", "unit", "currency", "price_from", "price_to", "expiring", "stale"}
    return _drawn(
        "_filters",
        filters=filters,
        sent=sent,
        looks=looks,
        is_open=bool(more & set(filters.given)) or filters.incomplete,
        status_options=[("", _("Not archived")), *STATUSES.items()],
        place_options=[("", _("All places")), *tops],
        gpu_options=[("", _("All models")), *models],
        kind_options=[("", _("All kinds")), *KINDS.items()],
        unit_options=[("", _("All units")), *units()],
        currency_options=[("", _("All currencies")), *((one.value, one.value) for one in Currency)],
        ending_options=[("", _("Any time")), *((days, _in_days(days)) for days in ENDING_DAYS)],
        stale_options=[("", _("Any time")), *((days, _for_days(days)) for days in STALE_DAYS)],
    )


def _in_days(days: int) -> str:
    return str(_("within %(days)s days", days=days))


def _for_days(days: int) -> str:
    return str(_("%(days)s days ago or longer", days=days))


FILTER_NAMES: Final = {
    "q": _l("the search words"),
    "status": _l("the status"),
    "gpu": _l("the GPU model"),
    "place": _l("the place"),
    "kind": _l("the kind of offer"),
    "category": _l("the category"),
    "unit": _l("the unit"),
    "currency": _l("the currency"),
    "price_from": _l("the lowest price"),
    "price_to": _l("the highest price"),
    "expiring": _l("when it ends"),
    "stale": _l("how long nothing was confirmed"),
    "incomplete": _l("what is missing"),
}
_NOTHING: Final = Filters()


def note_on(filters: Filters) -> str | None:
    """What the order or the prices leave out without saying so."""
    if filters.compares_prices:
        unit = dict(units()).get(filters.unit, filters.unit)
        return str(
            _(
                "Prices compare only in one currency and unit: these are offers in %(currency)s per"
                " %(unit)s with a price.",
                currency=filters.currency,
                unit=unit,
            )
        )
    if filters.sort == "stock":
        return str(_("In this order stand only offers that state their stock."))
    if filters.sort == "ends":
        return str(_("In this order stand only offers that have an end date."))
    return None


def without_one(filters: Filters) -> list[tuple[Any, str]]:
    """For each filter its name, and the index's address without it."""
    return [
        (FILTER_NAMES[name], url_of(filters, **{name: getattr(_NOTHING, name)}))
        for name in filters.given
    ]


def _drawn(name: str, **context: Any) -> bytes:
    # Not flask.render_template: that would bring what the layouts know of the reader.
    template = current_app.jinja_env.get_template(f"listings/{name}.html")
    return template.render(context).encode()
