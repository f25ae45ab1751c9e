"""Pages of the listings feature: the index, one listing, its price in the row, its status."""

import secrets
from collections.abc import Mapping
from typing import Any, Final

from flask import Blueprint, Response, current_app, flash, request, url_for
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from flask_login import current_user
from markupsafe import escape
from werkzeug.wrappers import Response as BaseResponse
from werkzeug.wsgi import wrap_file

from portal import clock
from portal.database import Missing
from portal.listings import actions, media, queries, rows
from portal.listings.completeness import hints
from portal.listings.content import Content
from portal.listings.filters import INDEX, Filters, read, url_of
from portal.listings.forms import (
    QUICK_DAYS,
    EditForm,
    ListingForm,
    NewForm,
    PriceForm,
    quick_ends,
)
from portal.listings.queries import PAGE, AnyRow
from portal.listings.wording import PART_NAMES, REASONS, named, part_in_words, side_by_side
from portal.permissions import PUBLIC, Permission
from portal.web import navigation, pagination
from portal.web.formatting import current_locale
from portal.web.fragments import done, invalid, is_fragment_request, respond, tell_apart
from portal.web.frames import framed
from portal.web.guard import requires, safe_next
from portal.web.navigation import Entry
from portal.web.pairs import pair_button
from portal.web.richtext import render

blueprint = Blueprint("listings", __name__, url_prefix="/portal/listings")
pictures = Blueprint("media", __name__, url_prefix="/media")
BLUEPRINTS = [blueprint, pictures]
NAVIGATION = [
    Entry("listings.index", _l("Listings"), "layout-list", Permission.LISTING_VIEW, queries.TOTAL),
]
_YEAR: Final = 365 * clock.DAY


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
    table = rows.drawn_table(listed, filters, may_edit=may_edit, back=here)
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


def way_back() -> str:
    """The index as the reader left it: the `back` of the form or the address, if it is safe."""
    return safe_next(request.form.get("back") or request.args.get("back")) or INDEX


def row_of(row: AnyRow, **context: Any) -> dict[str, Any]:
    """What the row's own template reads, for this reader."""
    may_edit = current_user.may(Permission.LISTING_EDIT)
    back = rows.back_query(way_back())
    return rows.row_context(
        row, may_edit=may_edit, today=clock.today(), back=back, way_back=way_back(), **context
    )


def _listing(listing_id: int) -> tuple[AnyRow, Content]:
    return queries.listing_of(current_user.provider_id, listing_id)


@blueprint.get("/<int:listing_id>/")
@requires(Permission.LISTING_VIEW)
def show(listing_id: int) -> Response:
    """One listing as buyers would see it, under its row."""
    row, content = _listing(listing_id)
    return respond("listings/show.html", "listings/_row.html", **_shown(row, content))


def _shown(row: AnyRow, content: Content, **context: Any) -> dict[str, Any]:
    """What the page of one listing reads."""
    told = [part for part in PART_NAMES if part not in {"title", "description", "attributes"}]
    return row_of(
        row,
        content=content,
        fact_rows=[(PART_NAMES[part], part_in_words(content, part)) for part in told],
        description=render(content.description) if content.description else None,
        **context,
    )


@blueprint.get("/<int:listing_id>/price")
@requires(Permission.LISTING_EDIT)
def price(listing_id: int) -> Response:
    """The row with its price open for editing."""
    row, _content = _listing(listing_id)
    return respond(
        "listings/price.html", "listings/_row.html", **row_of(row, form=PriceForm.of(row))
    )


@blueprint.post("/<int:listing_id>/price")
@requires(Permission.LISTING_EDIT)
def update_price(listing_id: int) -> BaseResponse:
    """Save a price typed in the row."""
    row, _content = _listing(listing_id)
    form = PriceForm.of(row)
    if not form.validate():
        return invalid("listings/price.html", "listings/_row.html", **row_of(row, form=form))
    me = current_user
    try:
        actions.set_price(
            me.provider_id, listing_id, form.price.data, form.version.data or 0, by=me.person_id
        )
    except actions.Conflict as conflict:
        return _price_differs(listing_id, form, conflict)
    return _row_done(listing_id, _("Price saved."))


def _price_differs(listing_id: int, form: PriceForm, conflict: actions.Conflict) -> BaseResponse:
    """409: somebody saved another price meanwhile; saving once more is a decision."""
    theirs, base = conflict.theirs, conflict.base
    row, _content = _listing(listing_id)
    again = PriceForm.reopened(form.price.typed or "", row, negotiable=form.negotiable.data)
    newer = {
        "theirs": part_in_words(theirs, "price"),
        "base": part_in_words(base, "price") if base else None,
    }
    context = row_of(row, form=again, newer=newer)
    return respond("listings/price.html", "listings/_row.html", status=409, **context)


@blueprint.post("/<int:listing_id>/publish")
@requires(Permission.LISTING_PUBLISH)
def publish(listing_id: int) -> BaseResponse:
    """Show the offer to buyers, or say what it lacks."""
    me = current_user
    try:
        actions.publish(me.provider_id, listing_id, by=me.person_id)
    except actions.NotPublishable as refused:
        problem = [REASONS[reason] for reason in refused.reasons]
        row, content = _listing(listing_id)
        context = _shown(row, content, problem=problem)
        return invalid("listings/show.html", "listings/_row.html", **context)
    return _row_done(listing_id, _("Published: buyers see it now."))


@blueprint.post("/<int:listing_id>/withdraw")
@requires(Permission.LISTING_PUBLISH)
def withdraw(listing_id: int) -> BaseResponse:
    """Take the offer off the public site."""
    me = current_user
    was_live = actions.withdraw(me.provider_id, listing_id, by=me.person_id)
    said = _("Withdrawn: buyers no longer see it.") if was_live else _("It was not public.")
    return _row_done(listing_id, said)


def _row_done(listing_id: int, said: str) -> BaseResponse:
    """After a write in a row: its new state for htmx, else back to where the reader was."""
    if not is_fragment_request():
        flash(said, "success")
        return done(way_back())
    row, _content = _listing(listing_id)
    counts = navigation.count(queries.COUNTS)
    return done(way_back(), "listings/_changed.html", counts=counts, **row_of(row, said=said))


@blueprint.get("/new")
@requires(Permission.LISTING_EDIT)
def new() -> Response:
    """The editor with nothing in it."""
    form = NewForm(data={"no_end_date": True, "form_nonce": secrets.token_hex(16)})
    return _editor(None, form)


@blueprint.post("/new")
@requires(Permission.LISTING_EDIT)
def create() -> BaseResponse:
    """Make a draft of what was typed."""
    form = NewForm()
    if helped := _helped(None, form):
        return helped
    if not form.validate():
        return _editor(None, form, status=422)
    me = current_user
    listing_id = actions.create(
        me.provider_id, form.content, by=me.person_id, form_nonce=form.form_nonce.data or None
    )
    flash(_("The draft is saved. Buyers see it once it is published."), "success")
    return done(_edit_url(listing_id))


@blueprint.get("/<int:listing_id>/edit")
@requires(Permission.LISTING_EDIT)
def edit(listing_id: int) -> Response:
    """The editor of one listing."""
    row, content = _listing(listing_id)
    return _editor(row, EditForm.of(content, row.version), hints=hints(content))


@blueprint.post("/<int:listing_id>/edit")
@requires(Permission.LISTING_EDIT)
def update(listing_id: int) -> BaseResponse:
    """Save what was typed, merged with what others saved meanwhile."""
    row, content = _listing(listing_id)
    form = EditForm.sent(
        content, lambda version: queries.content_at(row.provider_id, listing_id, version)
    )
    if helped := _helped(row, form):
        return helped
    if not form.validate():
        return _editor(row, form, status=422, hints=hints(content))
    me = current_user
    try:
        saved = actions.save(
            me.provider_id, listing_id, form.content, form.version.data, by=me.person_id
        )
    except actions.Conflict as conflict:
        return _differs(row, conflict)
    _say_saved(saved)
    return done(_edit_url(listing_id))


def _helped(row: AnyRow | None, form: ListingForm) -> Response | None:
    """The form again, not saved, after a button that is for work in it; None: it was Save."""
    if pressed := pair_button(request.form):
        form.attributes.press(pressed)
    elif "preview" in request.form:
        if is_fragment_request():
            return respond("listings/edit.html", "listings/_preview.html", preview=_preview(form))
    elif (days := request.form.get("until", "")) and days in map(str, QUICK_DAYS):
        form.end_in(int(days))
    else:
        return None
    return _editor(row, form, is_unsaved=True)


def _differs(row: AnyRow, conflict: actions.Conflict) -> Response:
    """409: the form with everything typed, and both versions side by side."""
    merged = conflict.merged
    sides = side_by_side(conflict.base, conflict.theirs, merged.content, merged.overlapping)
    form = EditForm.showing(merged.content, conflict.version)
    return _editor(row, form, status=409, conflict=sides, hints=hints(conflict.theirs))


def _editor(row: AnyRow | None, form: ListingForm, status: int = 200, **given: Any) -> Response:
    context = {"conflict": None, "hints": [], "is_unsaved": status != 200, **given}
    return respond(
        "listings/edit.html",
        "listings/_form.html",
        status=status,
        row=row,
        form=form,
        preview=_preview(form),
        action=_edit_url(row.id) if row else request.full_path.rstrip("?"),
        way_back=way_back(),
        quick_ends=quick_ends(),
        today=clock.today(),
        **context,
    )


def _preview(form: ListingForm) -> str | None:
    """The description as buyers would read it; None: nothing yet, "": it cannot be shown."""
    if form.description.errors or form.description.process_errors:
        return ""
    return render(form.description.data) if form.description.data else None


def _edit_url(listing_id: int) -> str:
    return url_for("listings.edit", listing_id=listing_id) + rows.back_query(way_back())


def _say_saved(saved: actions.Saved) -> None:
    if saved.taken:
        parts = named(saved.taken)
        flash(_("Saved. Kept what somebody else changed meanwhile: %(parts)s.", parts=parts))
    elif saved.changed:
        flash(_("Saved."), "success")
    else:
        flash(_("Nothing was different: there was nothing to save."), "info")


@blueprint.get("/<int:listing_id>/history")
@requires(Permission.LISTING_VIEW)
def history(listing_id: int) -> Response:
    """Who saved the listing when."""
    revisions = queries.revisions_of(current_user.provider_id, listing_id)
    if not revisions:
        _listing(listing_id)  # Missing, unless it is a listing without a history
    return respond(
        "listings/history.html",
        "listings/_history.html",
        listing_id=listing_id,
        revisions=revisions,
    )


@pictures.get("/<name>")
@requires(PUBLIC)
def picture(name: str) -> Response:
    """A stored picture; its name is its content, so it may be kept for good."""
    file = media.open_stored(current_app.config["PORTAL"].data_dir / "media", name)
    if file is None:
        raise Missing
    size = media.size_of(file)
    response = Response(
        wrap_file(request.environ, file), mimetype="image/webp", direct_passthrough=True
    )
    response.content_length = size
    response.set_etag(name.partition(".")[0])
    response.headers["Cache-Control"] = f"public, max-age={_YEAR}, immutable"
    response.headers["Content-Security-Policy"] = "default-src 'none'; sandbox"
    response.headers["Content-Disposition"] = f"inline; filename={name}"
    response.make_conditional(request, accept_ranges=True, complete_length=size)
    return response
