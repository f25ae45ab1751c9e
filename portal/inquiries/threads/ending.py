"""How a buyer ends it: needs no more help, or wants the own data deleted, and takes that back."""

from flask import Response
from flask_babel import gettext as _
from werkzeug.wrappers import Response as BaseResponse

from portal.extensions import csrf
from portal.inquiries import actions, asking
from portal.inquiries.senders import TooMany
from portal.inquiries.threads.page import (
    Filled,
    Unsigned,
    blueprint,
    context,
    found,
    refused,
    signed,
    written,
)
from portal.permissions import PUBLIC
from portal.web.fragments import respond
from portal.web.guard import requires

_COUNTED = "thread.end"


@blueprint.post("/<token>/close")
@csrf.exempt  # its signed form token is checked here, as in writing.py
@requires(PUBLIC)
def close(token: str) -> BaseResponse:
    """Note that the buyer needs no more help."""
    thread = found(token)
    try:
        signed(thread)
        actions.close(thread.inquiry.id, origin=asking.origin(_COUNTED))
    except (Unsigned, TooMany) as error:
        return refused(token, thread, Filled(), error)
    return written(token, _("The conversation is closed."), "standing")


@blueprint.get("/<token>/deletion")
@requires(PUBLIC)
def deletion(token: str) -> Response:
    """Say what a deletion takes along, what stays, and when."""
    return respond(
        "inquiries/buyer_deletion.html",
        "inquiries/_buyer_deletion.html",
        **context(token, found(token)),
    )


@blueprint.post("/<token>/deletion")
@csrf.exempt
@requires(PUBLIC)
def ask_deletion(token: str) -> BaseResponse:
    """Have the buyer's data go a day from now."""
    thread = found(token)
    try:
        signed(thread)
        origin = asking.origin(_COUNTED)
        actions.ask_deletion(thread.inquiry.id, origin=origin, links=asking.links())
    except (Unsigned, TooMany) as error:
        return refused(token, thread, Filled(), error)
    return written(token, _("Your data will be deleted tomorrow."), "standing")


@blueprint.post("/<token>/deletion/withdraw")
@csrf.exempt
@requires(PUBLIC)
def withdraw_deletion(token: str) -> BaseResponse:
    """Take the wish for deletion back."""
    thread = found(token)
    try:
        signed(thread)
        actions.withdraw_deletion(thread.inquiry.id, origin=asking.origin(_COUNTED))
    except (Unsigned, TooMany) as error:
        return refused(token, thread, Filled(), error)
    return written(token, _("Your conversation stays."), "standing")
