"""Lost links: whoever names an address has its conversations' links mailed to it, and only to it."""

from typing import Any

from flask import Response, redirect, request, url_for
from flask_babel import gettext as _
from werkzeug.wrappers import Response as BaseResponse

from portal.extensions import csrf
from portal.inquiries import actions, asking
from portal.inquiries.forms import LinksForm
from portal.inquiries.senders import TooMany
from portal.inquiries.threads.page import FINDING, OLDEST_FORM, blueprint
from portal.permissions import PUBLIC
from portal.web import formtoken
from portal.web.fragments import respond
from portal.web.guard import requires
from portal.web.languages import current_language


@blueprint.get("/")
@requires(PUBLIC)
def find() -> Response:
    """The form that asks for an address."""
    return _page(200, LinksForm(formdata=None))


@blueprint.post("/")
@csrf.exempt  # its signed form token is checked here: the page has no session to keep one in
@requires(PUBLIC)
def send_links() -> BaseResponse:
    """Have the links mailed; known or not, the answer is the same."""
    form = LinksForm()
    token = formtoken.read(FINDING, request.form.get("csrf_token"))
    if token is None or token.age() > OLDEST_FORM:
        notice = _("Please send it once more: this page had stood open for too long.")
        return _page(400 if token is None else 422, form, notice)
    if not form.validate():
        return _page(422, form)
    try:
        origin = asking.origin(FINDING, email=form.email.data)
        actions.want_links(
            form.email.data, current_language(), origin=origin, form_nonce=token.nonce
        )
    except TooMany as refused:
        notice = _("Too many wishes for links. Wait a little, then try again.")
        response = _page(429, form, notice)
        response.headers["Retry-After"] = str(refused.retry_after)
        return response
    return redirect(url_for(".sent"), 303)


@blueprint.get("/sent")
@requires(PUBLIC)
def sent() -> Response:
    """What happens next, the same for every address."""
    return respond("inquiries/links_sent.html", "inquiries/_links_sent.html")


def mail_links(wish: dict[str, Any]) -> None:
    """Do the job that such a wish puts into the queue."""
    actions.send_links(wish, asking.links())


def _page(status: int, form: LinksForm, notice: str | None = None) -> Response:
    return respond(
        "inquiries/links.html",
        "inquiries/_links.html",
        status=status,
        form=form,
        form_token=formtoken.issue(FINDING),
        notice=notice,
    )
