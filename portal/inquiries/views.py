"""The sellers' inbox: queues, list and thread in one page, the poll for news, the answer."""

import secrets

from flask import Blueprint, Response, request, url_for
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from flask_login import current_user
from werkzeug.wrappers import Response as BaseResponse

from portal.inquiries import actions, asking, inbox, queries, threads
from portal.inquiries.forms import AnswerForm
from portal.permissions import Permission
from portal.web import formtoken
from portal.web.fragments import done, invalid, is_fragment_request, respond
from portal.web.guard import requires
from portal.web.navigation import Entry
from portal.web.polling import unattended

blueprint = Blueprint("inquiries", __name__, url_prefix="/portal/inquiries")
BLUEPRINTS = [blueprint, threads.blueprint]
NAVIGATION = [
    Entry(
        "inquiries.index",
        _l("Inquiries"),
        "inbox",
        Permission.INQUIRY_VIEW,
        badge=queries.UNANSWERED,
    ),
]
_PAGE, _FRAGMENT = "inquiries/index.html", "inquiries/_inbox.html"


@blueprint.get("/")
@requires(Permission.INQUIRY_VIEW)
def index() -> Response:
    """The provider's threads in one queue."""
    return respond(_PAGE, _FRAGMENT, **inbox.context(None))


@blueprint.get("/<int:inquiry_id>")
@requires(Permission.INQUIRY_VIEW)
def show(inquiry_id: int) -> Response:
    """One thread, beside the queue it was opened from."""
    return respond(_PAGE, _FRAGMENT, **inbox.context(inquiry_id, focus="heading"))


@blueprint.get("/news")
@unattended
@requires(Permission.INQUIRY_VIEW)
def news() -> Response:
    """What the open inbox asks every few seconds: nothing new is 204, without a body."""
    opened = request.args.get("open", type=_row_id)
    since = request.args.get("since", "")
    if is_fragment_request() and queries.news_of(current_user.provider_id, opened) == since:
        return Response(status=204)
    context = inbox.context(opened)
    version = context["stamp"].partition(".")[0]
    return respond(_PAGE, "inquiries/_news.html", **context, is_news=version != since.split(".")[0])


@blueprint.post("/<int:inquiry_id>/replies")
@requires(Permission.INQUIRY_ANSWER)
def reply(inquiry_id: int) -> BaseResponse:
    """Answer the buyer."""
    form = AnswerForm()
    if not form.validate():
        return invalid(_PAGE, _FRAGMENT, **inbox.context(inquiry_id, form=form))
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
        url, _FRAGMENT, **inbox.context(inquiry_id, focus="letter", spoken=_("Answer sent."))
    )


def _row_id(text: str) -> int:
    """An id from a query string; ValueError for what no table holds."""
    number = int(text)
    if not 0 < number < 1 << 63:
        raise ValueError(text)
    return number
