"""What becomes of a listing: each verb of moves.MOVES that staff and sellers have a button for."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final

from flask import Response, current_app, flash, request
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from flask_login import current_user
from werkzeug.wrappers import Response as BaseResponse

from portal.config import Settings
from portal.listings import actions, moves
from portal.listings.availability import age_of
from portal.listings.completeness import hints
from portal.listings.models import Status
from portal.listings.moves import Standing, Verb
from portal.listings.views.editor import refused_at_fields
from portal.listings.views.index import page_of
from portal.listings.views.page import blueprint, listing_here, row_done, way_back
from portal.listings.wording import PART_NAMES, REASON_FIELDS, REASONS
from portal.permissions import Permission
from portal.web.fragments import done, invalid, is_fragment_request
from portal.web.guard import requires

_SIDE: Final = "listings/_side.html"
_NOW: Final = {
    Status.DRAFT: _l("It is a draft: buyers do not see it."),
    Status.IN_REVIEW: _l("Handed in for review: buyers see it once it is approved."),
    Status.LIVE: _l("Published: buyers see it now."),
    Status.PAUSED: _l("It is paused: buyers do not see it."),
    Status.EXPIRED: _l("It has expired: buyers do not see it."),
    Status.ARCHIVED: _l("It is in the archive: buyers do not see it."),
}
_UNCHANGED: Final = {
    Status.DRAFT: _l("It was a draft already: nothing has changed."),
    Status.IN_REVIEW: _l("It is waiting for review already: nothing has changed."),
    Status.LIVE: _l("It is live: nothing has changed."),
    Status.PAUSED: _l("It was not public: nothing has changed."),
    Status.EXPIRED: _l("It has expired: nothing has changed."),
    Status.ARCHIVED: _l("It is in the archive: nothing has changed."),
}


@blueprint.app_template_global()
def offered_verbs(row: Any) -> list[Verb]:
    """What the reader may do with a listing of their provider, given its columns."""
    me = current_user
    is_reviewed = me.reviews_listings and not me.may(Permission.LISTING_REVIEW)
    return list(moves.offered(Standing.of(row, is_reviewed=is_reviewed), me.may))


blueprint.add_app_template_global(age_of, "confirmation_age")


@blueprint.app_template_global()
def part_name(part: str) -> str:
    """A part's name (content.PARTS) in the reader's language; "" for the offer as a whole."""
    return str(PART_NAMES.get(part, ""))


@blueprint.post("/<int:listing_id>/publish")
@requires(Permission.LISTING_PUBLISH)
def publish(listing_id: int) -> BaseResponse:
    """Show the offer to buyers or hand it in for review, or say what it lacks."""
    me = current_user
    may_review = me.may(Permission.LISTING_REVIEW)
    try:
        moved = actions.publish(me.provider_id, listing_id, by=me.person_id, may_review=may_review)
    except actions.NotPublishable as refused:
        return _refused(listing_id, refused.reasons)
    return _answer(listing_id, _said(moved))


@blueprint.post("/<int:listing_id>/withdraw")
@requires(Permission.LISTING_PUBLISH)
def withdraw(listing_id: int) -> BaseResponse:
    """Take the offer off the public site, or out of review."""
    me = current_user
    moved = actions.withdraw(me.provider_id, listing_id, by=me.person_id)
    if moved.before is Status.LIVE:
        return _answer(listing_id, _("Withdrawn: buyers no longer see it."))
    if moved.before is Status.IN_REVIEW:
        return _answer(listing_id, _("Taken back: nobody reviews it now."))
    return _answer(listing_id, _said(moved))


@blueprint.post("/<int:listing_id>/archive")
@requires(Permission.LISTING_PUBLISH)
def archive(listing_id: int) -> BaseResponse:
    """Put the offer away."""
    me = current_user
    moved = actions.archive(me.provider_id, listing_id, by=me.person_id)
    return _answer(listing_id, _said(moved))


@blueprint.post("/<int:listing_id>/unarchive")
@requires(Permission.LISTING_PUBLISH)
def unarchive(listing_id: int) -> BaseResponse:
    """Take the offer out of the archive, not public yet."""
    me = current_user
    moved = actions.unarchive(me.provider_id, listing_id, by=me.person_id)
    return _answer(listing_id, _said(moved))


@blueprint.post("/<int:listing_id>/confirm")
@requires(Permission.LISTING_CONFIRM)
def confirm(listing_id: int) -> BaseResponse:
    """Note that the offer can still be had."""
    me = current_user
    moved = actions.confirm(me.provider_id, listing_id, by=me.person_id)
    if moved:
        said = _("Noted: it can still be had.")
    elif moved.after in {Status.LIVE, Status.PAUSED}:
        said = _("That was noted a moment ago: nothing has changed.")
    else:
        said = _said(moved)
    if not _is_beside():
        return row_done(listing_id, said)
    row, _content = listing_here(listing_id)
    return done(way_back(), "listings/_availability.html", row=row, said=said, action=way_back())


@blueprint.post("/<int:listing_id>/delete")
@requires(Permission.LISTING_PUBLISH)
def delete(listing_id: int) -> BaseResponse:
    """Remove an offer that was never public, for good."""
    me = current_user
    settings: Settings = current_app.config["PORTAL"]
    folder: Path = settings.data_dir / "media"
    moved = actions.delete(me.provider_id, listing_id, folder, by=me.person_id)
    if not moved:
        return _answer(listing_id, _("What buyers saw once is kept: put it into the archive."))
    flash(_("The draft is deleted."), "success")
    # Whoever came from the editor of what is gone now goes on to the list.
    return done("/portal/listings/")


def _refused(listing_id: int, reasons: Sequence[str]) -> Response:
    """422: why it is not published, in the editor at the fields that it is about."""
    row, content = listing_here(listing_id)
    if request.form.get("beside") != "1":
        page = page_of(row, content, problem=[REASONS[reason] for reason in reasons])
        return invalid("listings/show.html", "listings/_row.html", **page)
    refused = [(REASON_FIELDS.get(reason), REASONS[reason]) for reason in reasons]
    if not is_fragment_request():
        return refused_at_fields(row, content, refused)
    return invalid("listings/edit.html", _SIDE, row=row, refused=refused, **_beside(content))


def _said(moved: actions.Moved) -> str:
    assert moved.after is not None
    return str((_NOW if moved else _UNCHANGED)[moved.after])


def _answer(listing_id: int, said: str) -> BaseResponse:
    """The card of the editor where the button stood in it, else the row."""
    if not _is_beside():
        return row_done(listing_id, said)
    row, content = listing_here(listing_id)
    return done(way_back(), _SIDE, row=row, said=said, **_beside(content))


def _is_beside() -> bool:
    return is_fragment_request() and request.form.get("beside") == "1"


def _beside(content: Any) -> dict[str, Any]:
    return {"hints": hints(content), "action": way_back()}
