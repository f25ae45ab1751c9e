"""What is typed and not saved: kept on the server while it is typed, listed, thrown away."""

import re
from typing import Final

from flask import Response, abort, flash, make_response, render_template, request, url_for
from flask_babel import gettext as _
from flask_login import current_user
from werkzeug.wrappers import Response as BaseResponse

from portal.database import Missing
from portal.listings import actions
from portal.listings.drafts import drafts_of, is_of_new
from portal.listings.views.editor import draft_revision, edit_url, reopened, sent_fields
from portal.listings.views.page import blueprint
from portal.permissions import Permission
from portal.web.formatting import current_zone, format_clock_time
from portal.web.fragments import done, is_fragment_request, respond
from portal.web.guard import requires

_LISTING: Final = re.compile(r"[1-9][0-9]{0,17}")


@blueprint.get("/drafts")
@requires(Permission.LISTING_EDIT)
def drafts() -> Response:
    """Everything that the reader typed and has not saved."""
    me = current_user
    return respond(
        "listings/drafts.html",
        "listings/_drafts.html",
        left=drafts_of(me.provider_id, me.person_id),
    )


@blueprint.post("/drafts")
@requires(Permission.LISTING_EDIT)
def keep_draft() -> BaseResponse:
    """Keep what stands in the editor; nothing of it is judged."""
    place, listing_id = place_sent()
    try:
        kept = keep(place, listing_id, sent_fields(), is_by_itself=is_fragment_request())
    except actions.NewerDraft as newer:
        return _not_kept(listing_id, 409, newer.saved_at)
    except actions.TooMuch:
        return _not_kept(listing_id, 422, None)
    except actions.SavedJustNow:
        return Response(status=204)
    if not is_fragment_request():
        return done(editor_url(place, listing_id))
    return make_response(
        render_template("listings/_draft_state.html", kept=kept, newer_at=None, place=place)
    )


@blueprint.post("/drafts/<place>/discard")
@requires(Permission.LISTING_EDIT)
def discard_draft(place: str) -> BaseResponse:
    """Throw away what was typed; what is saved stays."""
    is_listing = _LISTING.fullmatch(place)
    if not is_listing and not is_of_new(place):
        raise Missing
    actions.discard_draft(current_user.provider_id, current_user.person_id, place)
    flash(_("Thrown away. What is saved is as it was."), "success")
    return done(edit_url(int(place)) if is_listing else url_for("listings.drafts"))


def keep(
    place: str,
    listing_id: int | None,
    fields: list[tuple[str, str]],
    *,
    is_by_itself: bool = False,
) -> actions.Kept:
    """Keep fields as the reader's draft; raises as actions.keep_draft()."""
    me = current_user
    return actions.keep_draft(
        me.provider_id,
        me.person_id,
        place,
        fields,
        revision=draft_revision(),
        listing_id=listing_id,
        is_by_itself=is_by_itself,
    )


def place_sent() -> tuple[str, int | None]:
    """Where the form belongs: the draft's place, and the listing's id if it is there already.

    Aborts with 400 where the form says neither.
    """
    listing, nonce = request.form.get("listing_id", ""), request.form.get("form_nonce", "")
    if _LISTING.fullmatch(listing):
        return listing, int(listing)
    if not is_of_new(nonce):
        abort(400)
    return nonce, None


def editor_url(place: str, listing_id: int | None) -> str:
    """The editor with the draft of that place in it."""
    if listing_id is None:
        return url_for("listings.new", draft=place)
    return edit_url(listing_id, draft="continue")


def _not_kept(listing_id: int | None, status: int, newer_at: int | None) -> Response:
    """409 or 422: say why, with everything typed still there."""
    if is_fragment_request():
        html = render_template(
            "listings/_draft_state.html", kept=None, newer_at=newer_at, place=place_sent()[0]
        )
        return make_response(html, status)
    if newer_at is None:
        problem = _("This is too much to be kept as a draft, or you have too many drafts: save it.")
    else:
        when = format_clock_time(newer_at, current_zone())
        problem = _("You went on with this elsewhere at %(time)s; this form is older.", time=when)
    return reopened(listing_id, [problem], status)
