"""One change of many offers: chosen in the index, looked at, confirmed, told, taken back."""

import re
import secrets
from collections.abc import Sequence
from typing import Any, Final

from flask import Response, abort, flash, request, url_for
from flask_babel import gettext as _
from flask_babel import ngettext
from flask_login import current_user
from werkzeug.wrappers import Response as BaseResponse

from portal import clock
from portal.database import Missing
from portal.listings import actions, bulk_changes, queries
from portal.listings.bulk import ACTS, AT_ONCE, MOST, UNDOABLE, Act
from portal.listings.filters import read
from portal.listings.moves import Verb
from portal.listings.preview import SHOWN, Line, lines_of, outcome_of
from portal.listings.views.page import blueprint, media_folder, way_back
from portal.permissions import Permission
from portal.web.fragments import done, respond
from portal.web.guard import requires
from portal.web.parsing import Invalid, printable

_ID: Final = re.compile(r"[1-9][0-9]{0,17}")
_ROW: Final = re.compile(r"([1-9][0-9]{0,17})\.([1-9][0-9]{0,8})")
_NONCE: Final = re.compile(r"[0-9a-f]{32}")


@blueprint.post("/bulk")
@requires(Permission.LISTING_EDIT)
def preview_bulk() -> BaseResponse:
    """What the change would do to each of the listings; nothing is written."""
    act = _act()
    ids = _chosen()
    if not ids:
        flash(_("Tick at least one row first."), "info")
        return done(way_back())
    if len(ids) > MOST:
        flash(_("Choose at most %(most)s listings at a time.", most=f"{MOST:,}"), "warning")
        return done(way_back())
    lines, errors = _looked_at(act, ids)
    return _preview(act, ids, lines, errors)


def _act() -> Act:
    act = ACTS.get(request.form.get("act", ""))
    if act is None:
        raise Missing
    if act.verb and not current_user.may(Permission.LISTING_PUBLISH):
        abort(403)
    return act


def _chosen() -> list[int]:
    """The listings meant: the ticked ones, or all that match what the index was asked for."""
    me = current_user
    if request.form.get("all"):
        filters, _cursor = read(request.form.get("query", "").encode("utf-8", "replace"))
        own_day = clock.today_in(me.timezone)
        return queries.matching(me.provider_id, filters, most=MOST + 1, own_day=own_day)
    typed = [*request.form.getlist("ids"), *request.form.get("rows", "").split("_")]
    ids = [match[0] for one in typed if (match := _ID.match(one))]
    return list(dict.fromkeys(map(int, ids)))


def _looked_at(act: Act, ids: Sequence[int]) -> tuple[list[Line], tuple[Any, ...]]:
    """The lines of the preview; without a value that is asked for there are none yet."""
    me = current_user._get_current_object()
    if act.field and "value" not in request.form:
        lines_of(me.provider_id, ids, ACTS["withdraw"], None, me)  # whose they are
        return [], ()
    try:
        value = act.read(request.form)
    except Invalid as wrong:
        return [], (wrong.message,)
    return lines_of(me.provider_id, ids, act, value, me), ()


def _preview(
    act: Act, ids: Sequence[int], lines: Sequence[Line], errors: tuple[Any, ...]
) -> Response:
    changing = [line for line in lines if line.after is not None]
    left = [line for line in lines if line.after is None]
    return respond(
        "listings/bulk.html",
        "listings/_bulk_preview.html",
        status=422 if errors else 200,
        act=act,
        errors=errors,
        typed=printable(request.form.get("value", ""))[:200],
        is_endless=bool(request.form.get("no_end_date")),
        total=len(ids),
        changing=changing,
        left=left,
        shown=SHOWN,
        is_worker=len(ids) > AT_ONCE,
        is_final=act.verb is Verb.DELETE,
        place_options=bulk_changes.place_options() if act.field == "place" else [],
        rows="_".join(f"{line.id}.{line.version}" for line in lines) or "_".join(map(str, ids)),
        nonce=secrets.token_hex(16),
        way_back=way_back(),
    )


@blueprint.post("/bulk/confirm")
@requires(Permission.LISTING_EDIT)
def confirm_bulk() -> BaseResponse:
    """Do what was looked at."""
    act, me = _act(), current_user
    rows = [
        (int(match[1]), int(match[2]))
        for one in request.form.get("rows", "").split("_")
        if (match := _ROW.fullmatch(one))
    ]
    nonce = request.form.get("form_nonce", "")
    if not rows or len(rows) > MOST or not _NONCE.fullmatch(nonce):
        raise Missing
    try:
        value = act.read(request.form)
    except Invalid as wrong:
        return _preview(act, [listing_id for listing_id, _version in rows], [], (wrong.message,))
    doing = actions.Doing(
        me.provider_id,
        act.name,
        value,
        me.person_id,
        may_review=me.may(Permission.LISTING_REVIEW),
        folder=str(media_folder()),
    )
    change_id = actions.change_many(doing, list(dict(rows).items()), form_nonce=nonce)
    return done(url_for("listings.show_bulk", change_id=change_id, back=way_back()))


@blueprint.get("/bulk")
@requires(Permission.LISTING_EDIT)
def bulk_index() -> Response:
    """The changes of many that the provider's people made."""
    changes = bulk_changes.latest(current_user.provider_id)
    return respond(
        "listings/bulk_index.html",
        "listings/_bulk_index.html",
        changes=changes,
        acts=ACTS,
        may_undo=_may_undo,
    )


@blueprint.get("/bulk/<int:change_id>")
@requires(Permission.LISTING_EDIT)
def show_bulk(change_id: int) -> Response:
    """What a change did, listing by listing."""
    me = current_user
    change = bulk_changes.change_of(me.provider_id, change_id)
    changed, left = outcome_of(me.provider_id, change)
    waiting = sum(entry["why"] == "waiting" for entry in change.refused)
    taken_back = sum("undone" in entry for entry in change.changes)
    return respond(
        "listings/bulk_done.html",
        "listings/_bulk_done.html",
        change=change,
        act=ACTS[change.act],
        changed=changed,
        left=left,
        waiting=waiting,
        undoing=len(change.changes) - taken_back if change.undone_at else 0,
        total=len(change.changes) + len(change.refused),
        is_fresh=clock.now() - change.at < _FRESH,
        may_undo=_may_undo(change) and bool(change.changes),
        here=url_for("listings.show_bulk", change_id=change_id, back=way_back()),
        way_back=way_back(),
    )


_FRESH: Final = clock.MINUTE
"""Seconds after a change in which its page offers first of all to take it back."""


def _may_undo(change: Any) -> bool:
    is_in_time = clock.now() - change.at <= UNDOABLE
    return change.undone_at is None and is_in_time and ACTS[change.act].verb is not Verb.DELETE


@blueprint.post("/bulk/<int:change_id>/undo")
@requires(Permission.LISTING_EDIT)
def undo_bulk(change_id: int) -> BaseResponse:
    """Take a change back."""
    me = current_user
    try:
        actions.undo_many(me.provider_id, change_id, by=me.person_id)
    except actions.NotUndoable:
        flash(_("This cannot be taken back any more."), "warning")
        return done(url_for("listings.show_bulk", change_id=change_id, back=way_back()))
    change = bulk_changes.change_of(me.provider_id, change_id)
    back = sum(entry.get("undone") == "yes" for entry in change.changes)
    if back:
        said = ngettext(
            "%(num)s listing is as it was before.",
            "%(num)s listings are as they were before.",
            back,
        )
        flash(said, "success")
    return done(url_for("listings.show_bulk", change_id=change_id, back=way_back()))
