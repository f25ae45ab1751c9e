"""The buyer's side of a thread, behind its private link: read the answer, write back.

Whoever has the link has the thread: there is no session and no account. The page therefore is
never kept by a cache, never found by a search engine, and never named to another site.
"""

from typing import Any, Final

from flask import Blueprint, Response, request, url_for
from flask_babel import gettext as _
from sqlalchemy import Row
from werkzeug.wrappers import Response as BaseResponse

from portal.clock import DAY
from portal.database import Missing
from portal.digests import digest_of
from portal.extensions import csrf
from portal.inquiries import actions, asking, conversation, offers
from portal.inquiries.forms import WriteBackForm
from portal.inquiries.links import LONGEST_TOKEN
from portal.inquiries.senders import TooMany
from portal.listings.models import Status
from portal.permissions import PUBLIC
from portal.web import formtoken
from portal.web.fragments import done, is_fragment_request, respond
from portal.web.guard import requires

blueprint = Blueprint("threads", __name__, url_prefix="/threads")
_PAGE, _FRAGMENT = "inquiries/buyer.html", "inquiries/_buyer.html"
OLDEST_FORM: Final = 30 * DAY
"""Seconds; the link stays open in a tab for long, and its secrecy protects the form anyway."""


@blueprint.after_request
def keep_private(response: Response) -> Response:
    """No cache, no search engine, no address told to other sites; the error pages too."""
    response.headers["Cache-Control"] = "no-store"
    response.headers["Referrer-Policy"] = "no-referrer"
    response.headers["X-Robots-Tag"] = "noindex, nofollow"
    return response


@blueprint.get("/<token>")
@requires(PUBLIC)
def show(token: str) -> Response:
    """The conversation as its buyer reads it."""
    return respond(_PAGE, _FRAGMENT, **_context(token, _found(token)))


@blueprint.post("/<token>")
@csrf.exempt  # its signed form token is checked here: the page has no session to keep one in
@requires(PUBLIC)
def write_back(token: str) -> BaseResponse:
    """Take the buyer's next message."""
    found = _found(token)
    form = WriteBackForm()
    signed = formtoken.read(_purpose(found[0].id), request.form.get("csrf_token"))
    if signed is None or signed.age() > OLDEST_FORM:
        notice = _("Please press Send once more: this page had stood open for too long.")
        return _again(token, found, form, 400 if signed is None else 422, notice)
    if not form.validate():
        return _again(token, found, form, 422, token_kept=True)
    try:
        actions.write_back(
            found[0].id,
            body=form.body.data,
            form_nonce=signed.nonce,
            network_digest=asking.sender("thread"),
            links=asking.links(),
        )
    except TooMany as refused:
        notice = _("Too many messages from your network. Wait a little, then press Send again.")
        response = _again(token, found, form, 429, notice)
        response.headers["Retry-After"] = str(refused.retry_after)
        return response
    url = url_for(".show", token=token)
    if not is_fragment_request():
        return done(url + "#newest")
    context = _context(token, _found(token)) | {"spoken": _("Your message was sent.")}
    return done(url, _FRAGMENT, **context)


Found = tuple[Row[Any], Any]


def _found(token: str) -> Found:
    """The thread behind a link.

    Raises:
        Missing: there is none.
    """
    found = conversation.thread_by_digest(digest_of(token)) if len(token) <= LONGEST_TOKEN else None
    if found is None:
        raise Missing
    return found


def _again(
    token: str,
    found: Found,
    form: WriteBackForm,
    status: int,
    notice: str | None = None,
    *,
    token_kept: bool = False,
) -> Response:
    context = _context(token, found, form, notice)
    if token_kept:
        context["form_token"] = request.form["csrf_token"]
    return respond(_PAGE, _FRAGMENT, status=status, **context)


def _context(
    token: str, found: Found, form: WriteBackForm | None = None, notice: str | None = None
) -> dict[str, Any]:
    inquiry, messages = found
    return {
        "thread_url": url_for(".show", token=token),
        "inquiry": inquiry,
        "messages": messages,
        "offer_then": offers.then(inquiry.listing_then),
        "offer_now": offers.now(inquiry),
        "is_offered": inquiry.status == Status.LIVE,
        "form": form or WriteBackForm(formdata=None),
        "form_token": formtoken.issue(_purpose(inquiry.id)),
        "notice": notice,
        "spoken": None,
    }


def _purpose(inquiry_id: int) -> str:
    return f"thread:{inquiry_id}"
