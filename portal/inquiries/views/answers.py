"""The seller's answer to a buyer."""

import secrets

from flask import request, url_for
from flask_babel import gettext as _
from flask_login import current_user
from werkzeug.wrappers import Response as BaseResponse

from portal.inquiries import actions, asking, inbox
from portal.inquiries.forms import AnswerForm
from portal.inquiries.views.page import FRAGMENT, PAGE, blueprint
from portal.permissions import Permission
from portal.web import formtoken
from portal.web.fragments import done, invalid, is_fragment_request
from portal.web.guard import requires


@blueprint.post("/<int:inquiry_id>/replies")
@requires(Permission.INQUIRY_ANSWER)
def reply(inquiry_id: int) -> BaseResponse:
    """Answer the buyer."""
    form = AnswerForm()
    if not form.validate():
        return invalid(PAGE, FRAGMENT, **inbox.context(inquiry_id, form=form))
    token = formtoken.read(inbox.purpose(inquiry_id), request.form.get("form_token"))
    actions.answer(
        inquiry_id,
        provider_id=current_user.provider_id,
        person_id=current_user.person_id,
        body=form.body.data,
        form_nonce=token.nonce if token else secrets.token_urlsafe(12),
        links=asking.links(),
    )
    url = url_for(".show", inquiry_id=inquiry_id, **inbox.place().query)
    if not is_fragment_request():
        return done(url)
    return done(
        url, FRAGMENT, **inbox.context(inquiry_id, focus="letter", spoken=_("Answer sent."))
    )
