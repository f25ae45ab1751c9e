"""What all pages behind a private link share: no session, no trace, the thread, its forms' tokens.

Whoever has the link has the thread: there is no session and no account. A page is therefore never
kept by a cache, never found by a search engine, and never named to another site.
"""

from dataclasses import dataclass
from typing import Any, Final

from flask import Blueprint, Response, request, url_for
from flask_babel import gettext as _
from werkzeug.wrappers import Response as BaseResponse

from portal.clock import DAY
from portal.database import Missing
from portal.digests import digest_of
from portal.inquiries import offers, queries
from portal.inquiries.forms import CallForm, LinksForm, WriteBackForm
from portal.inquiries.links import LONGEST_TOKEN
from portal.inquiries.senders import TooMany
from portal.inquiries.threads import reading
from portal.inquiries.threads.reading import Reading, Standing
from portal.listings.models import Status
from portal.web import formtoken
from portal.web.formtoken import FormToken
from portal.web.fragments import done, is_fragment_request, respond

blueprint = Blueprint("threads", __name__, url_prefix="/threads")
PAGE: Final = "inquiries/buyer.html"
FRAGMENT: Final = "inquiries/_buyer.html"
FINDING: Final = "links"
"""What the token of the form that asks for links is for."""
OLDEST_FORM: Final = 30 * DAY
"""Seconds; the link stays open in a tab for long, and its secrecy protects the form anyway."""


class Gone(Exception):  # noqa: N818 - an answer, not a fault
    """The link is good no more, or what it led to was deleted."""

    def __init__(self, token: str, thread: Reading) -> None:
        super().__init__("gone")
        self.token, self.thread = token, thread


class Unsigned(Exception):  # noqa: N818 - an answer, not a fault
    """The form did not come from this page (400), or the page stood open for too long (422)."""

    def __init__(self, status: int) -> None:
        super().__init__(f"form token refused: {status}")
        self.status = status


@blueprint.after_request
def keep_private(response: Response) -> Response:
    """No cache, no search engine, no address told to other sites; the error pages too."""
    response.headers["Cache-Control"] = "no-store"
    response.headers["Referrer-Policy"] = "no-referrer"
    response.headers["X-Robots-Tag"] = "noindex, nofollow"
    return response


@blueprint.errorhandler(Gone)
def show_gone(gone: Gone) -> BaseResponse:
    """Say kindly that nothing is here any more; an expired link can be sent again."""
    if is_fragment_request():
        return done(url_for(".show", token=gone.token))
    return respond(
        "inquiries/link_gone.html",
        "inquiries/_link_gone.html",
        status=410,
        is_forgotten=gone.thread.is_forgotten,
        forgotten_at=gone.thread.inquiry.forgotten_at,
        provider_name=gone.thread.inquiry.provider_name,
        form=LinksForm(formdata=None),
        form_token=formtoken.issue(FINDING),
        notice=None,
    )


def found(token: str) -> Reading:
    """The thread behind a link.

    Raises:
        Missing: there is none.
        Gone: the link has expired, or the thread was deleted.
    """
    thread = reading.by_digest(digest_of(token)) if len(token) <= LONGEST_TOKEN else None
    if thread is None:
        raise Missing
    if thread.is_forgotten or thread.has_ended:
        raise Gone(token, thread)
    return thread


def purpose(thread: Reading) -> str:
    """Of the tokens of this thread's forms."""
    return f"thread:{thread.inquiry.id}"


def signed(thread: Reading) -> FormToken:
    """The token of the form sent in this request.

    Raises:
        Unsigned: it is none of this thread's, or too old.
    """
    token = formtoken.read(purpose(thread), request.form.get("csrf_token"))
    if token is None or token.age() > OLDEST_FORM:
        raise Unsigned(400 if token is None else 422)
    return token


def once(token: FormToken, words: str) -> str:
    """By which a second copy of a form is known; the same form with other words is no copy."""
    return digest_of(f"{token.nonce}:{words}")[:32]


@dataclass
class Filled:
    """What came in and could not be taken: the page's forms as they were filled in, and why."""

    write_back: WriteBackForm | None = None
    call: CallForm | None = None
    notice: str | None = None
    token: str | None = None
    """The one that came, where it is not used up."""
    spoken: str | None = None
    """What a screen reader says after the swap."""
    focus: str | None = None
    """Where the focus goes then: `newest` or `standing`."""


def context(token: str, thread: Reading, filled: Filled | None = None) -> dict[str, Any]:
    """What the page and its fragment read."""
    inquiry, filled = thread.inquiry, filled or Filled()
    standing = thread.standing
    is_waiting = standing is Standing.WAITING
    return {
        "links": _addresses(token),
        "inquiry": inquiry,
        "messages": thread.messages,
        "standing": standing.value,
        "deletes_at": thread.deletes_at,
        "ends_at": thread.ends_at,
        "usual_seconds": queries.usual_answer_seconds(inquiry.provider_id) if is_waiting else None,
        "offer_then": offers.then(inquiry.listing_then),
        "offer_now": offers.now(inquiry),
        "is_offered": inquiry.status == Status.LIVE,
        "form": filled.write_back or WriteBackForm(formdata=None),
        "call_form": filled.call or CallForm(formdata=None, data={"phone": inquiry.phone}),
        "form_token": filled.token or formtoken.issue(purpose(thread)),
        "notice": filled.notice,
        "spoken": filled.spoken,
        "focus": filled.focus,
    }


def refused(token: str, thread: Reading, filled: Filled, error: Exception) -> Response:
    """The page again with everything typed: 400 or 422 for its token, 429 for a limit."""
    if isinstance(error, TooMany):
        filled.notice = _("Too many messages from your network. Wait a little, then try again.")
        response = respond(PAGE, FRAGMENT, status=429, **context(token, thread, filled))
        response.headers["Retry-After"] = str(error.retry_after)
        return response
    assert isinstance(error, Unsigned)
    filled.notice = _("Please send it once more: this page had stood open for too long.")
    return respond(PAGE, FRAGMENT, status=error.status, **context(token, thread, filled))


def again(token: str, thread: Reading, filled: Filled) -> Response:
    """The page with a form that is not right; its token is not used up."""
    filled.token = request.form["csrf_token"]
    return respond(PAGE, FRAGMENT, status=422, **context(token, thread, filled))


def written(token: str, spoken: str, focus: str) -> BaseResponse:
    """The page as it is after a write; `focus`: the part that shows it."""
    url = url_for(".show", token=token)
    if not is_fragment_request():
        return done(f"{url}#{focus}")
    filled = Filled(spoken=spoken, focus=focus)
    return done(url, FRAGMENT, **context(token, found(token), filled))


def _addresses(token: str) -> dict[str, str]:
    verbs = ("show", "write_back", "call", "close", "deletion", "withdraw_deletion")
    return {verb: url_for(f".{verb}", token=token) for verb in verbs}
