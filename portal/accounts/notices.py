"""Which mails tell a person of what happens: chosen on their page, or by the link in such a mail.

The link is of use to whoever has the mail, without signing in. Looking at it changes nothing, since
mail programs and guards open links; what mail programs send on one click (RFC 8058) means: none.
"""

from typing import Any, Final

import flask
from flask import Blueprint, Response, flash, request, url_for
from flask_babel import gettext as _
from flask_login import current_user
from werkzeug.wrappers import Response as BaseResponse

from portal.accounts import actions, queries
from portal.accounts.forms import NoticesForm
from portal.accounts.models import Notices
from portal.database import Missing
from portal.extensions import csrf
from portal.mail import unsubscribing
from portal.permissions import PUBLIC, SIGNED_IN
from portal.web.fragments import done
from portal.web.guard import requires

blueprint = Blueprint("notices", __name__)
_PAGE: Final = "accounts/unsubscribe.html"
_ONE_CLICK: Final = "List-Unsubscribe"


@blueprint.after_request
def keep_private(response: Response) -> Response:
    """No cache, no search engine, no address told to other sites: the address is the permission."""
    if request.endpoint != "notices.choose":
        response.headers["Cache-Control"] = "no-store"
        response.headers["Referrer-Policy"] = "no-referrer"
        response.headers["X-Robots-Tag"] = "noindex, nofollow"
    return response


def form_of(reader: Any, chosen: str) -> NoticesForm | None:
    """The form as this reader's page shows it; None for the marketplace's own, who get no such mails."""
    if reader.provider_id is None:
        return None
    return NoticesForm(formdata=None, data={"notices": chosen})


@blueprint.post("/portal/account/notices")
@requires(SIGNED_IN)
def choose() -> BaseResponse:
    """Choose for oneself, signed in."""
    form = NoticesForm()
    if not form.validate():
        flash(form.notices.errors[0], "error")
    elif actions.choose_notices(
        current_user.person_id, Notices(str(form.notices.data)), by=current_user.person_id
    ):
        flash(_("Saved: which mails come to you."), "success")
    else:
        flash(_("Nothing was different: there was nothing to save."), "info")
    return done(url_for("accounts.account"))


@blueprint.get(f"{unsubscribing.PATH}<token>")
@requires(PUBLIC)
def unsubscribe(token: str) -> Response:
    """The choices, for whoever followed the link in a mail."""
    notices = queries.notices_of(_person(token))
    return _page(token, NoticesForm(formdata=None, data={"notices": notices}))


@blueprint.post(f"{unsubscribing.PATH}<token>")
@csrf.exempt  # the token in its address is the permission, and mail programs have no other
@requires(PUBLIC)
def choose_by_link(token: str) -> Response:
    """Take the choice of the page, or one click in a mail program."""
    person_id = _person(token)
    if _ONE_CLICK in request.form and "notices" not in request.form:
        actions.choose_notices(person_id, Notices.NONE, by=None)
        return Response(_("No more mails of this kind will come.") + "\n", mimetype="text/plain")
    form = NoticesForm()
    if not form.validate():
        return _page(token, form, status=422)
    actions.choose_notices(person_id, Notices(str(form.notices.data)), by=None)
    return _page(token, form, is_saved=True)


def _person(token: str) -> int:
    """Whom a link names.

    Raises:
        Missing: nobody; we have not made it.
    """
    person_id = unsubscribing.person_of(token)
    if person_id is None:
        raise Missing
    return person_id


def _page(token: str, form: NoticesForm, *, status: int = 200, is_saved: bool = False) -> Response:
    address = url_for("notices.unsubscribe", token=token)
    page = flask.render_template(_PAGE, form=form, address=address, token=token, is_saved=is_saved)
    return flask.make_response(page, status)
