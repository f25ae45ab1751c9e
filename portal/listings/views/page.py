"""What all pages of listings share: their blueprint, the way back, one listing and its row."""

from pathlib import Path
from typing import Any

from flask import Blueprint, current_app, flash, request
from flask_login import current_user
from werkzeug.wrappers import Response as BaseResponse

from portal import clock
from portal.listings import queries, rows
from portal.listings.content import Content
from portal.listings.filters import INDEX
from portal.listings.queries import AnyRow
from portal.permissions import Permission
from portal.web import navigation
from portal.web.fragments import done, is_fragment_request
from portal.web.guard import safe_next

blueprint = Blueprint("listings", __name__, url_prefix="/portal/listings")


def way_back() -> str:
    """The index as the reader left it: the `back` of the form or the address, if it is safe."""
    return safe_next(request.form.get("back") or request.args.get("back")) or INDEX


def row_of(row: AnyRow, **context: Any) -> dict[str, Any]:
    """What the row's own template reads, for this reader."""
    may_edit = current_user.may(Permission.LISTING_EDIT)
    back = rows.back_query(way_back())
    own_day = clock.today_in(current_user.timezone)
    return rows.row_context(
        row,
        may_edit=may_edit,
        today=clock.today(),
        own_day=own_day,
        back=back,
        way_back=way_back(),
        **context,
    )


def listing_here(listing_id: int) -> tuple[AnyRow, Content]:
    """One listing of the reader's provider: its columns, and what its seller wrote.

    Raises:
        Missing: there is no such listing of theirs.
    """
    return queries.listing_of(current_user.provider_id, listing_id)


def row_done(listing_id: int, said: str) -> BaseResponse:
    """After a write in a row: its new state for htmx, else back to where the reader was."""
    if not is_fragment_request():
        flash(said, "success")
        return done(way_back())
    row, _content = listing_here(listing_id)
    counts = navigation.count(queries.COUNTS)
    return done(way_back(), "listings/_changed.html", counts=counts, **row_of(row, said=said))


def media_folder() -> Path:
    """Where pictures lie."""
    folder: Path = current_app.config["PORTAL"].data_dir / "media"
    return folder
