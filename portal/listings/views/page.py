"""What all pages of listings share: their blueprint, the way back, one listing and its row."""

from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from flask import Blueprint, Response, current_app, flash, request
from flask_login import current_user
from werkzeug.wrappers import Response as BaseResponse

from portal import clock
from portal.listings import queries, rows, skeletons
from portal.listings.content import Content
from portal.listings.filters import INDEX, Filters, read
from portal.listings.queries import AnyRow
from portal.listings.skeletons import Looks
from portal.permissions import Permission
from portal.web import navigation
from portal.web.formatting import current_locale
from portal.web.fragments import done, is_fragment_request, tell_apart
from portal.web.guard import safe_next

blueprint = Blueprint("listings", __name__, url_prefix="/portal/listings")


def way_back() -> str:
    """The index as the reader left it: the `back` of the form or the address, if it is safe."""
    return safe_next(request.form.get("back") or request.args.get("back")) or INDEX


def list_left() -> Filters:
    """What the index was asked for when the reader left it: its columns are the row's."""
    return read(urlsplit(way_back()).query.encode())[0]


def looks_of(filters: Filters) -> Looks:
    """What rows look like for this reader."""
    me = current_user._get_current_object()
    return Looks(
        locale=current_locale(),
        may_edit=me.may(Permission.LISTING_EDIT),
        is_reviewed=me.reviews_listings and not me.may(Permission.LISTING_REVIEW),
        today=clock.today(),
        own_day=clock.today_in(me.timezone),
        columns=filters.columns,
    )


def row_of(row: AnyRow, **context: Any) -> dict[str, Any]:
    """What the row's own template reads, for this reader."""
    back = rows.back_query(way_back())
    return rows.row_context(row, looks_of(list_left()), back, way_back=way_back(), **context)


def listing_here(listing_id: int) -> tuple[AnyRow, Content]:
    """One listing of the reader's provider: its columns, and what its seller wrote.

    Raises:
        Missing: there is no such listing of theirs.
    """
    return queries.listing_of(current_user.provider_id, listing_id)


def value_done(row: AnyRow, said: str) -> BaseResponse:
    """After a value was saved in a row, which moves no count: as row_done().

    Args:
        row: the listing's columns as they were written: they need not be read once more.
        said: to be announced.
    """
    if not is_fragment_request():
        flash(said, "success")
        return done(way_back())
    back = rows.back_query(way_back())
    return tell_apart(Response(skeletons.filled(row, looks_of(list_left()), back, said)))


def row_done(listing_id: int, said: str) -> BaseResponse:
    """After a move in a row: its new state for htmx, else back to where the reader was.

    Args:
        listing_id: whose row.
        said: to be announced.
    """
    if not is_fragment_request():
        flash(said, "success")
        return done(way_back())
    row, _content = listing_here(listing_id)
    counts = queries.counts_in(navigation.count(queries.BY_STATUS)["by_status"])
    return done(way_back(), "listings/_changed.html", counts=counts, **row_of(row, said=said))


def media_folder() -> Path:
    """Where pictures lie."""
    folder: Path = current_app.config["PORTAL"].data_dir / "media"
    return folder
