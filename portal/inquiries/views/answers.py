"""The seller's answer to a buyer: sent, refused with everything kept, taken back."""

import secrets
from typing import Any

from flask import flash, request, url_for
from flask_babel import gettext as _
from flask_login import current_user
from werkzeug.wrappers import Response as BaseResponse

from portal.inquiries import actions, asking, inbox, placeholders
from portal.inquiries.forms import AnswerForm, NoteForm
from portal.inquiries.opened import Returned, purpose
from portal.inquiries.views.page import FRAGMENT, PAGE, blueprint
from portal.inquiries.vocabulary import Writing
from portal.permissions import Permission
from portal.web import formtoken
from portal.web.formatting import current_locale
from portal.web.fragments import done, is_fragment_request, respond
from portal.web.guard import requires

_LARGEST = 1 << 63


@blueprint.post("/<int:inquiry_id>/replies")
@requires(Permission.INQUIRY_ANSWER)
def reply(inquiry_id: int) -> BaseResponse:
    """Answer the buyer."""
    form = AnswerForm()
    if not form.validate() or _holds_placeholders(form):
        return again(inquiry_id, form, Writing.ANSWER)
    try:
        sent = actions.answer(
            inquiry_id,
            provider_id=current_user.provider_id,
            person_id=current_user.person_id,
            body=form.body.data,
            form_nonce=nonce_of(Writing.ANSWER, inquiry_id),
            links=asking.links(),
            seen_id=number_sent("seen"),
        )
    except actions.Overtaken:
        seen_id = number_sent("seen")
        return again(inquiry_id, form, Writing.ANSWER, status=409, seen_id=seen_id)
    except actions.FormUsed:
        return again(inquiry_id, form, Writing.ANSWER, is_used=True)
    spoken = _("Answer sent. It can be taken back for %(seconds)s seconds.", seconds=actions.HOLD)
    return written(inquiry_id, f"letter-{sent.message_id}", "letter", spoken)


@blueprint.post("/<int:inquiry_id>/messages/<int:message_id>/take-back")
@requires(Permission.INQUIRY_ANSWER)
def take_back(inquiry_id: int, message_id: int) -> BaseResponse:
    """Take back an answer that has not gone out; its text stands in the box again."""
    try:
        actions.take_back(
            message_id,
            provider_id=current_user.provider_id,
            person_id=current_user.person_id,
            typed=request.form.get("body"),
        )
    except actions.TooLate:
        told = _("Too late: the answer is on its way to the buyer.")
        if is_fragment_request():
            context = inbox.context(inquiry_id, focus="letter", spoken=told)
            return respond(PAGE, FRAGMENT, status=409, **context | {"too_late_id": message_id})
        flash(told, "warning")
        return done(url_of(inquiry_id, f"letter-{message_id}"))
    spoken = _("Taken back: nothing was sent. Your text is in the box again.")
    return written(inquiry_id, "composer", "box", spoken)


def nonce_of(writing: Writing, inquiry_id: int) -> str:
    """Of the form that was sent; a new one where it has no good token."""
    token = formtoken.read(purpose(writing, inquiry_id), request.form.get("form_token"))
    return token.nonce if token else secrets.token_urlsafe(12)


def number_sent(name: str) -> int | None:
    """A number that stands in the form, None for none that a table holds."""
    number = request.form.get(name, type=int)
    return number if number is not None and 0 <= number < _LARGEST else None


def url_of(inquiry_id: int, anchor: str) -> str:
    """The thread's page at one of its parts, from the reader's place in the lists."""
    return url_for(".show", inquiry_id=inquiry_id, **inbox.place().query, _anchor=anchor)


def written(inquiry_id: int, anchor: str, focus: str, spoken: str) -> BaseResponse:
    """Answer a write that succeeded: the thread with it, the focus where the work goes on."""
    url = url_of(inquiry_id, anchor)
    if not is_fragment_request():
        return done(url)
    return done(url, FRAGMENT, **inbox.context(inquiry_id, focus=focus, spoken=spoken))


def again(
    inquiry_id: int,
    form: AnswerForm | NoteForm,
    writing: Writing,
    *,
    status: int = 422,
    is_used: bool = False,
    **why: Any,
) -> BaseResponse:
    """Give a form back with everything typed; one sent before with other words gets a new token."""
    if is_used:
        why["notice"] = _("This form was sent before with other words: press the button once more.")
    token = None if is_used else _good_token(writing, inquiry_id)
    revision = number_sent("draft") or 0
    returned = Returned(writing, form, token=token, revision=revision, **why)
    context = inbox.context(inquiry_id, returned, focus="box")
    return respond(PAGE, FRAGMENT, status=status, **context)


def _good_token(writing: Writing, inquiry_id: int) -> str | None:
    text = request.form.get("form_token")
    return text if formtoken.read(purpose(writing, inquiry_id), text) else None


def _holds_placeholders(form: AnswerForm) -> bool:
    """Whether the answer still holds what a snippet could not fill in; the field then says so."""
    found = placeholders.left_in(form.body.data)
    if not found:
        return False
    names = ", ".join(placeholders.written(one, current_locale()) for one in found)
    form.body.errors = [
        _("%(names)s is still to be filled in: write the value, or take it out.", names=names)
    ]
    return True
