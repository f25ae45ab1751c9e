"""What is typed into an answer or a note: kept on the server while it is typed."""

import re

from flask import Response, abort, make_response, render_template, request
from flask_babel import gettext as _
from flask_login import current_user
from werkzeug.wrappers import Response as BaseResponse

from portal.inquiries import actions
from portal.inquiries.forms import AnswerForm, NoteForm
from portal.inquiries.views.answers import again, nonce_of, number_sent, url_of
from portal.inquiries.views.page import blueprint
from portal.inquiries.vocabulary import Writing
from portal.permissions import Permission
from portal.web.formatting import current_zone, format_clock_time
from portal.web.fragments import done, is_fragment_request
from portal.web.guard import requires
from portal.web.parsing import printable

_LINE_ENDS = re.compile(r"\r\n?")


@blueprint.post("/<int:inquiry_id>/drafts")
@requires(Permission.INQUIRY_ANSWER)
def keep_draft(inquiry_id: int) -> BaseResponse:
    """Keep what stands in the box; nothing of it is judged."""
    writing = _writing()
    try:
        kept = actions.keep_draft(
            inquiry_id,
            provider_id=current_user.provider_id,
            person_id=current_user.person_id,
            writing=writing,
            body=printable(_LINE_ENDS.sub("\n", request.form.get("body", ""))),
            revision=number_sent("draft") or 0,
            form_nonce=nonce_of(writing, inquiry_id) if is_fragment_request() else None,
        )
    except actions.NewerDraft as newer:
        return _not_kept(inquiry_id, writing, 409, newer.saved_at)
    except actions.TooMuch:
        return _not_kept(inquiry_id, writing, 422, None)
    except actions.AlreadySent:
        return Response(status=204)
    if not is_fragment_request():
        return done(url_of(inquiry_id, "composer"))
    return _state(inquiry_id, 200, kept=kept, newer_at=None)


def _writing() -> Writing:
    text = request.form.get("writing", "")
    if text not in set(Writing):
        abort(400)
    return Writing(text)


def _not_kept(inquiry_id: int, writing: Writing, status: int, newer_at: int | None) -> BaseResponse:
    """Say why, with everything typed still there."""
    if is_fragment_request():
        return _state(inquiry_id, status, kept=None, newer_at=newer_at)
    if newer_at is None:
        told = _("This is too long to be kept as a draft: shorten it.")
    else:
        when = format_clock_time(newer_at, current_zone())
        told = _("You went on with this elsewhere at %(time)s; this form is older.", time=when)
    form = AnswerForm() if writing is Writing.ANSWER else NoteForm()
    return again(inquiry_id, form, writing, status=status, notice=told)


def _state(
    inquiry_id: int, status: int, *, kept: actions.Kept | None, newer_at: int | None
) -> Response:
    html = render_template(
        "inquiries/_draft_state.html",
        kept=kept,
        newer_at=newer_at,
        url=url_of(inquiry_id, "composer"),
    )
    return make_response(html, status)
