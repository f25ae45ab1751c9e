"""The index of a provider's listings, and the page of one."""

from collections.abc import Mapping
from typing import Any

from flask import Response, request
from flask_login import current_user
from markupsafe import escape

from portal import clock
from portal.listings import queries, rows
from portal.listings.content import Content
from portal.listings.filters import Filters, read, url_of
from portal.listings.queries import PAGE, AnyRow
from portal.listings.views.page import blueprint, listing_here, row_of
from portal.listings.wording import PART_NAMES, part_in_words
from portal.permissions import Permission
from portal.web import navigation, pagination
from portal.web.formatting import current_locale
from portal.web.fragments import is_fragment_request, respond, tell_apart
from portal.web.frames import framed
from portal.web.guard import requires
from portal.web.richtext import render


@blueprint.get("/")
@requires(Permission.LISTING_VIEW)
def index() -> Response:
    """The provider's listings."""
    filters, given = read(request.query_string)
    cursor = pagination.decode(given, int, int)
    counts = navigation.count(queries.COUNTS)
    me = current_user._get_current_object()
    found = queries.listings_of(me.provider_id, filters, cursor)
    listed = pagination.paged(
        found,
        size=PAGE,
        cursor=cursor,
        key=lambda row: queries.sort_key(filters.sort, row),
        url=lambda page: url_of(filters, page=page),
    )
    may_edit = me.may(Permission.LISTING_EDIT)
    here = url_of(filters, page=given if cursor else None)
    own_day = clock.today_in(me.timezone)
    table = rows.drawn_table(listed, filters, may_edit=may_edit, own_day=own_day, back=here)
    if is_fragment_request():
        return tell_apart(Response(table))
    return framed("listings/index.html", _index_parts(filters, counts, table, here))


def _index_parts(
    filters: Filters, counts: Mapping[str, int], table: bytes, here: str
) -> dict[str, bytes]:
    """What the index shows inside its frame."""
    locale = current_locale()
    return {
        "table": table,
        "filter_form": rows.drawn_filters(filters, locale),
        "totals": rows.drawn_counts(tuple(counts[name] for name in queries.COUNTS), locale),
        "way_back": escape(here).encode(),
    }


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
