"""Acts as they stand in the list of changes: looked at row by row, taken back; spam emptied."""

import secrets
from typing import Any, Final

from flask import Response, flash, request, url_for
from flask_babel import gettext as _
from flask_babel import ngettext
from flask_login import current_user
from werkzeug.wrappers import Response as BaseResponse

from portal.database import Missing
from portal.inquiries import acting, actions, asking, changes, inbox
from portal.inquiries.actions.acts import MOST
from portal.inquiries.moves import Act
from portal.inquiries.views.acts import opened
from portal.inquiries.views.page import blueprint
from portal.permissions import Permission
from portal.web.fragments import done, is_fragment_request, respond
from portal.web.guard import requires

_NONCE_LENGTH: Final = 32


@blueprint.get("/changes")
@requires(Permission.INQUIRY_ANSWER)
def changes_index() -> Response:
    """What the provider's people last did to threads."""
    return respond(
        "inquiries/bulk_index.html",
        "inquiries/_bulk_index.html",
        changes=changes.latest(current_user.provider_id),
        labels=acting.LABELS,
        may_undo=actions.may_undo,
    )


@blueprint.get("/changes/<int:act_id>")
@requires(Permission.INQUIRY_ANSWER)
def show_change(act_id: int) -> Response:
    """What one act did, thread by thread."""
    change = changes.change_of(current_user.provider_id, act_id)
    changed, left = changes.lines_of(change)
    return respond(
        "inquiries/bulk.html",
        "inquiries/_bulk_done.html",
        change=change,
        label=acting.LABELS[Act(change.act)],
        changed=changed,
        left=left,
        refusals=acting.REFUSALS,
        may_undo=change.undone_at is None and actions.may_undo(change.act, change.at),
        way_back=url_for(".index", **inbox.place().query),
        undo_url=url_for(".undo_change", act_id=act_id, **inbox.place().query),
    )


@blueprint.post("/changes/<int:act_id>/undo")
@requires(Permission.INQUIRY_ANSWER)
def undo_change(act_id: int) -> BaseResponse:
    """Take an act back."""
    me, here = current_user, inbox.place().query
    try:
        taken_back = actions.undo(me.provider_id, act_id, by=me.person_id)
    except actions.NotUndoable:
        return _said(_("This cannot be taken back any more."), "warning", act_id)
    if taken_back.refused:
        said = ngettext(
            "%(num)s inquiry was changed since and stays as it is.",
            "%(num)s inquiries were changed since and stay as they are.",
            len(taken_back.refused),
        )
        flash(said, "warning")
        return done(url_for(".show_change", act_id=act_id, **here))
    number = len(taken_back.changed)
    said = ngettext("It is as it was before.", "%(num)s are as they were before.", number)
    return _said(said, "success", act_id)


def _said(said: str, kind: str, act_id: int) -> BaseResponse:
    """Where the reader was: the thread, or the act's own page."""
    here, thread = inbox.place().query, opened()
    if thread is not None and is_fragment_request():
        context = inbox.context(thread, spoken=said)
        plain = {"said": said, "kind": kind, "change_id": act_id, "has_undo": False, "ids": ()}
        return done("", "inquiries/_acted.html", acted=plain, **context)
    flash(said, kind)
    if thread is not None:
        return done(url_for(".show", inquiry_id=thread, **here))
    if is_fragment_request() and request.args.get("list"):
        return done(url_for(".index", **here))
    return done(url_for(".show_change", act_id=act_id, **here))


@blueprint.get("/spam/empty")
@requires(Permission.INQUIRY_MANAGE)
def ask_empty() -> Response:
    """Ask before spam is deleted for good."""
    return respond("inquiries/empty_spam.html", "inquiries/_empty_spam.html", **_spam())


def _spam() -> dict[str, Any]:
    ids = changes.spam_of(current_user.provider_id, MOST)
    return {"ids": ids, "most": MOST, "form_nonce": secrets.token_hex(16)}


@blueprint.post("/spam/empty")
@requires(Permission.INQUIRY_MANAGE)
def empty_spam() -> BaseResponse:
    """Delete what lay in the spam queue when it was asked."""
    up_to, nonce = request.form.get("up_to", type=int), request.form.get("form_nonce", "")
    if not up_to or len(nonce) != _NONCE_LENGTH:
        raise Missing
    ids = [one for one in changes.spam_of(current_user.provider_id, MOST) if one <= up_to]
    if ids:
        acted = actions.change(
            current_user.provider_id,
            current_user.person_id,
            [(one, None) for one in ids],
            actions.Doing(act=Act.EMPTY),
            form_nonce=nonce,
            links=asking.links(),
        )
        number = len(acted.changed)
        flash(ngettext("%(num)s inquiry deleted.", "%(num)s inquiries deleted.", number), "success")
    return done(url_for(".index", queue="spam"))
