"""What is done to threads from the inbox: to the open one, to the ticked ones, to a whole queue."""

import re
from typing import Any, Final

from flask import abort, flash, request, url_for
from flask_babel import gettext as _
from flask_babel import ngettext
from flask_login import current_user
from werkzeug.wrappers import Response as BaseResponse

from portal.database import Missing
from portal.inquiries import acting, actions, asking, inbox, queries
from portal.inquiries.actions.acts import MOST
from portal.inquiries.filters import Queue
from portal.inquiries.moves import MOVES, Act
from portal.inquiries.queries import PAGE as ROWS
from portal.inquiries.queries import Asker, Cursor
from portal.inquiries.views.page import PAGE, blueprint, row_id
from portal.permissions import Permission
from portal.web import navigation
from portal.web.fragments import done, is_fragment_request, respond
from portal.web.guard import requires
from portal.web.parsing import Invalid, printable

_ACTED: Final = "inquiries/_acted.html"
_ROW: Final = re.compile(r"([1-9][0-9]{0,17})(?:\.([1-9][0-9]{0,8}))?")
_NONCE: Final = re.compile(r"[0-9a-f]{32}")
_SAYING: Final = ("act", "day", "amount", "currency", "reason")
"""Fields that say what is done: see acting.read()."""
_CONFLICT: Final = 409
_UNPROCESSABLE: Final = 422


@blueprint.post("/acts")
@requires(Permission.INQUIRY_ANSWER)
def act_on() -> BaseResponse:
    """Do one thing to one thread or to many."""
    rows, nonce = _chosen(), request.form.get("form_nonce", "")
    if not _NONCE.fullmatch(nonce):
        raise Missing
    try:
        doing = _doing()
    except Invalid as wrong:
        return _again(wrong.message)
    if not rows:
        return _again(_("Tick at least one row first."))
    try:
        acted = actions.change(
            current_user.provider_id,
            current_user.person_id,
            rows,
            doing,
            # Of one page several acts can be sent: a copy is the same act on the same threads.
            form_nonce=f"{nonce} {[request.form.get(name) for name in _SAYING]} {rows}",
            links=asking.links(),
        )
    except actions.NoSuchColleague:
        return _again(_("Choose somebody who answers inquiries and is still here."))
    return _told(doing.act, acted, len(rows))


def opened() -> int | None:
    """The thread that stands beside the list."""
    return request.args.get("open", type=row_id)


def _chosen() -> list[tuple[int, int | None]]:
    """Ids and versions: of the ticked ones, or the ids of all in the queue, the most urgent first."""
    if request.form.get("all"):
        return [(one, None) for one in _all_here()]
    found = [match for one in request.form.getlist("ids") if (match := _ROW.fullmatch(one))]
    chosen = {int(match[1]): int(match[2]) if match[2] else None for match in found}
    return list(chosen.items())[:MOST]


def _all_here() -> list[int]:
    """All that the list shows on its pages, up to MOST."""
    here, me = inbox.place(), current_user
    asker = Asker(me.provider_id, me.person_id, me.timezone)
    found: list[int] = []
    cursor: Cursor = None
    while len(found) < MOST:
        lines = queries.lines_of(asker, here.queue or Queue.ALL, here.filters, cursor)
        found += [line.id for line in lines[:ROWS]]
        if len(lines) <= ROWS:
            break
        cursor = (False, (lines[ROWS - 1].rank, lines[ROWS - 1].id))
    return found[:MOST]


def _doing() -> actions.Doing:
    """The act that was asked for; raises Invalid, Missing for what is none of ours."""
    hours = acting.working_time(navigation.count(acting.PANEL), current_user.timezone)
    try:
        doing = acting.read(request.form, hours)
    except acting.Unreadable:
        raise Missing from None
    if doing.act is Act.EMPTY or not current_user.may(MOVES[doing.act].permission):
        # It is confirmed on a page of its own: see spam.py.
        abort(403)
    return doing


def _again(why: Any, status: int = _UNPROCESSABLE) -> BaseResponse:
    """The inbox as it was with the menu open again, everything typed kept."""
    if not is_fragment_request():
        flash(why, "warning")
    typed = {name: printable(text)[:200] for name, text in request.form.items()}
    context = inbox.context(opened()) | {"refused_act": {"why": why, "typed": typed}}
    return respond(PAGE, _ACTED, status=status, acted=None, **context)


def _told(act: Act, acted: actions.Acted, asked: int) -> BaseResponse:
    """What was done, with its undo; row by row where something of many was left."""
    here = inbox.place().query
    if asked == 1 and acted.refused:
        return _again(acting.REFUSALS[acted.refused[0][1]], _CONFLICT)
    said = said_of(act, acted)
    result = url_for(".show_change", act_id=acted.change_id, **here)
    if acted.refused:
        return done(result)
    if is_fragment_request():
        context = inbox.context(opened(), spoken=said)
        return done(
            "", _ACTED, acted=_offer(act, acted, said), **context, **_next_up(context, acted)
        )
    # The toast goes by with the page; the list of changes and the thread's own line keep the undo.
    flash(said, "success")
    single = acted.changed[0] if asked == 1 and not request.form.get("bulk") else None
    if single is not None:
        return done(url_for(".show", inquiry_id=single, **here))
    return done(result)


def _offer(act: Act, acted: actions.Acted, said: str) -> dict[str, Any]:
    return {
        "said": said,
        "change_id": acted.change_id,
        "has_undo": not MOVES[act].is_final,
        "ids": acted.changed,
    }


def _next_up(context: dict[str, Any], acted: actions.Acted) -> dict[str, Any]:
    """The thread that stands where the open one stood until this act took it out of the list."""
    lines, gone = context["listed"].rows, opened()
    if gone not in acted.changed or not lines or any(line.id == gone for line in lines):
        return {}
    after = (line for line in lines if (line.rank, line.id) > (acted.rank, gone))
    return {"next_up": next(after, lines[-1])}


def said_of(act: Act, acted: actions.Acted) -> str:
    """One sentence for the toast."""
    number = len(acted.changed)
    if number == 1:
        return str(acting.DONE[act])
    done = acting.DONE[act]
    told: str = ngettext(
        "%(num)s inquiry: %(done)s", "%(num)s inquiries: %(done)s", number, done=done
    )
    return told


@blueprint.post("/<int:inquiry_id>/unread")
@requires(Permission.INQUIRY_VIEW)
def mark_unread(inquiry_id: int) -> BaseResponse:
    """Take back that the reader has seen a thread, and leave it."""
    me = current_user
    actions.mark_unread(me.provider_id, me.person_id, [inquiry_id])
    url = url_for(".index", **inbox.place().query)
    if not is_fragment_request():
        return done(url)
    context = inbox.context(None, spoken=_("Marked as unread."))
    response = done(url, _ACTED, acted=None, **context)
    response.headers["HX-Push-Url"] = url
    return response
