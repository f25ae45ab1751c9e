"""What was saved when and by whom, what it changed, and how to bring it back."""

from typing import Any

from flask import Response, flash, request, url_for
from flask_babel import gettext as _
from flask_login import current_user
from werkzeug.wrappers import Response as BaseResponse

from portal.listings import actions
from portal.listings.differences import differences
from portal.listings.forms import RestoreForm
from portal.listings.revisions import PAGE, Saved, Saving, revisions_of, two_revisions
from portal.listings.views.page import blueprint
from portal.listings.wording import named
from portal.permissions import Permission
from portal.web.fragments import done, respond
from portal.web.guard import requires
from portal.web.rowids import LARGEST_ORDINAL, ordinal


@blueprint.get("/<int:listing_id>/history")
@requires(Permission.LISTING_VIEW)
def history(listing_id: int) -> Response:
    """The saves of a listing, newest first, each with what it changed."""
    return _history(listing_id)


def _history(listing_id: int, *, status: int = 200, problem: str | None = None) -> Response:
    before = request.args.get("before", type=ordinal)
    found = revisions_of(current_user.provider_id, listing_id, before=before)
    older = [*found.savings, None][1:]
    entries = [_entry(saving, one) for saving, one in zip(found.savings, older, strict=True)]
    return respond(
        "listings/history.html",
        "listings/_history.html",
        status=status,
        row=found,
        entries=entries[:PAGE],
        problem=problem,
        older_url=_older_url(found),
    )


def _entry(saving: Saving, older: Saving | None) -> dict[str, Any]:
    content = saving.content()
    # What a revision of the first release does not know was not changed by the next one.
    changes = differences(older.content(content), content) if older else None
    return {"saving": saving, "changes": changes}


def _older_url(found: Saved) -> str | None:
    if len(found.savings) <= PAGE:
        return None
    last = found.savings[PAGE - 1].version
    return url_for("listings.history", listing_id=found.id, before=last)


@blueprint.get("/<int:listing_id>/history/compare")
@requires(Permission.LISTING_VIEW)
def compare(listing_id: int) -> BaseResponse:
    """Two versions side by side."""
    first, second = (request.args.get(name, type=ordinal) for name in ("from", "to"))
    if not first or not second or first == second:
        flash(_("Choose two different versions."), "info")
        return done(url_for("listings.history", listing_id=listing_id))
    found = two_revisions(current_user.provider_id, listing_id, first, second)
    newer, older = found.savings
    content = newer.content()
    return respond(
        "listings/compare.html",
        "listings/_compare.html",
        row=found,
        older=older,
        newer=newer,
        changes=differences(older.content(content), content),
    )


@blueprint.post(f"/<int:listing_id>/history/<int(max={LARGEST_ORDINAL}):version>/restore")
@requires(Permission.LISTING_EDIT)
def restore(listing_id: int, version: int) -> BaseResponse:
    """Bring an earlier version back as a new one."""
    form, me = RestoreForm(), current_user
    if not form.validate():
        return _history(listing_id, status=422, problem=_("Load the page again and restore then."))
    try:
        restored = actions.restore(
            me.provider_id, listing_id, version, form.version.data, by=me.person_id
        )
    except actions.SavedSince:
        said = _("Somebody saved this listing meanwhile: look at the newest version first.")
        return _history(listing_id, status=409, problem=said)
    except actions.NumberTaken as taken:
        said = _("Listing #%(number)s has this number of yours by now.", number=taken.listing_id)
        return _history(listing_id, status=409, problem=said)
    _say_restored(version, restored)
    return done(url_for("listings.history", listing_id=listing_id))


def _say_restored(version: int, restored: actions.Restored) -> None:
    if not restored.saved.changed:
        flash(_("The listing already says what version %(number)s said.", number=version), "info")
        return
    said = _(
        "Version %(old)s is back, as version %(new)s.", old=version, new=restored.saved.version
    )
    if restored.left:
        said += " " + _("These stayed as they are: %(parts)s.", parts=named(restored.left))
    flash(said, "success")
