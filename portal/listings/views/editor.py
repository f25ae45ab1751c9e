"""The editor: a new listing, and everything that its seller decides on one that is there."""

import secrets
from typing import Any

from flask import Response, flash, request, url_for
from flask_babel import gettext as _
from flask_login import current_user
from werkzeug.wrappers import Response as BaseResponse

from portal import clock
from portal.listings import actions, queries, rows
from portal.listings.completeness import hints
from portal.listings.forms import (
    QUICK_DAYS,
    EditForm,
    ListingForm,
    NewForm,
    quick_ends,
)
from portal.listings.queries import AnyRow
from portal.listings.views.page import blueprint, listing_here, way_back
from portal.listings.wording import named, side_by_side
from portal.permissions import Permission
from portal.web.fragments import done, is_fragment_request, respond
from portal.web.guard import requires
from portal.web.pairs import pair_button
from portal.web.richtext import render


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
    row, content = listing_here(listing_id)
    return _editor(row, EditForm.of(content, row.version), hints=hints(content))


@blueprint.post("/<int:listing_id>/edit")
@requires(Permission.LISTING_EDIT)
def update(listing_id: int) -> BaseResponse:
    """Save what was typed, merged with what others saved meanwhile."""
    row, content = listing_here(listing_id)
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
