"""The index of a provider's listings, and the page of one."""

from collections.abc import Mapping
from typing import Any, Final

from flask import Response, make_response, redirect, render_template, request
from flask_login import current_user
from markupsafe import escape
from werkzeug.wrappers import Response as BaseResponse

from portal import clock
from portal.listings import bars, queries, rows, saved_views
from portal.listings.bulk import MOST
from portal.listings.content import Content
from portal.listings.drafts import number_of_drafts
from portal.listings.filters import Filters, read, url_of
from portal.listings.queries import COUNTED, AnyRow
from portal.listings.views.page import blueprint, listing_here, looks_of, row_of
from portal.listings.wording import PART_NAMES, part_in_words
from portal.permissions import Permission
from portal.web import navigation, pagination
from portal.web.formatting import current_locale, format_count
from portal.web.fragments import is_fragment_request, respond, tell_apart
from portal.web.frames import framed
from portal.web.guard import requires
from portal.web.richtext import render

_READ: Final = {**queries.BY_STATUS, "views": saved_views.TABS}
"""What the page shows of the provider besides its rows, read in one statement."""


@blueprint.get("/")
@requires(Permission.LISTING_VIEW)
def index() -> Response:
    """The provider's listings."""
    filters, given = read(request.query_string)
    cursor = pagination.decode(given, str if filters.sort == "ends" else int, int)
    if cursor and not queries.is_key(filters.sort, cursor[1]):
        cursor = None
    me = current_user._get_current_object()
    counts = navigation.count(_READ, person_id=me.person_id)
    looks = looks_of(filters)
    found = queries.listings_of(me.provider_id, filters, cursor, looks.own_day)
    here = url_of(filters, page=given) if cursor else filters.address
    table = rows.drawn_table(found, filters, cursor, looks, here)
    if is_fragment_request():
        return _swapped(filters, counts, table, here)
    return framed("listings/index.html", _index_parts(filters, counts, table, here, looks.locale))


def _swapped(filters: Filters, counts: Mapping[str, Any], table: bytes, here: str) -> Response:
    """The table, and the tabs in step with it; the address becomes the canonical one."""
    tabs = bars.drawn_views(counts["views"], filters, current_locale(), is_swapped=True)
    answer = tell_apart(Response(table + tabs))
    answer.headers["HX-Push-Url"] = here
    return answer


def _index_parts(
    filters: Filters, counts: Mapping[str, Any], table: bytes, here: str, locale: str
) -> dict[str, bytes]:
    """What the index shows inside its frame."""
    return {
        "table": table,
        "filter_form": bars.drawn_filters(filters, locale),
        "views": bars.drawn_views(counts["views"], filters, locale),
        "totals": rows.drawn_counts(counts["by_status"], locale),
        "way_back": escape(here).encode(),
    }


@blueprint.get("/numbers")
@requires(Permission.LISTING_VIEW)
def numbers() -> BaseResponse:
    """How many listings match the filters, and how many each tab's.

    A page asks for them once it is there, since counting costs more than the page itself.
    """
    me = current_user
    filters, _cursor = read(request.query_string)
    if not is_fragment_request():
        return redirect(url_of(filters))
    views = saved_views.views_of(me.provider_id, me.person_id)
    asked = {key: (one, COUNTED) for key, _name, one in bars.BUILT_IN}
    asked |= {str(view.id): (read(view.query.encode())[0], COUNTED) for view in views}
    asked["matching"] = (filters, MOST)
    counts = queries.how_many(me.provider_id, list(asked.values()), clock.today_in(me.timezone))
    shown = {
        name: format_count(n, cap)
        for (name, (_filters, cap)), n in zip(asked.items(), counts, strict=True)
    }
    unsaved = number_of_drafts(me.provider_id, me.person_id)
    return make_response(render_template("listings/_numbers.html", numbers=shown, unsaved=unsaved))


@blueprint.get("/<int:listing_id>/")
@requires(Permission.LISTING_VIEW)
def show(listing_id: int) -> Response:
    """One listing as buyers would see it, under its row."""
    row, content = listing_here(listing_id)
    return respond("listings/show.html", "listings/_row.html", **page_of(row, content))


def page_of(row: AnyRow, content: Content, **context: Any) -> dict[str, Any]:
    """What the page of one listing reads."""
    told = [part for part in PART_NAMES if part not in {"title", "description", "attributes"}]
    return row_of(
        row,
        content=content,
        fact_rows=[(PART_NAMES[part], part_in_words(content, part)) for part in told],
        description=render(content.description) if content.description else None,
        **context,
    )
