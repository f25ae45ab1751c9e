"""What a buyer writes behind the private link: a further message, a wish to be called."""

from flask_babel import gettext as _
from werkzeug.wrappers import Response as BaseResponse

from portal.extensions import csrf
from portal.inquiries import actions, asking
from portal.inquiries.forms import CallForm, WriteBackForm
from portal.inquiries.senders import TooMany
from portal.inquiries.threads.page import (
    Filled,
    Unsigned,
    again,
    blueprint,
    found,
    once,
    refused,
    signed,
    written,
)
from portal.permissions import PUBLIC
from portal.web.guard import requires


@blueprint.post("/<token>")
@csrf.exempt  # its signed form token is checked here: the page has no session to keep one in
@requires(PUBLIC)
def write_back(token: str) -> BaseResponse:
    """Take the buyer's next message."""
    thread, form = found(token), WriteBackForm()
    try:
        form_token = signed(thread)
        if not form.validate():
            return again(token, thread, Filled(write_back=form))
        actions.write_back(
            thread.inquiry.id,
            body=form.body.data,
            form_nonce=once(form_token, form.body.data),
            origin=asking.origin("thread"),
            links=asking.links(),
        )
    except (Unsigned, TooMany) as error:
        return refused(token, thread, Filled(write_back=form), error)
    return written(token, _("Your message was sent."), "newest")


@blueprint.post("/<token>/call")
@csrf.exempt
@requires(PUBLIC)
def call(token: str) -> BaseResponse:
    """Take the wish to be called."""
    thread, form = found(token), CallForm()
    try:
        form_token = signed(thread)
        if not form.validate():
            return again(token, thread, Filled(call=form))
        wish = actions.Call(form.phone.data, form.when.data)
        actions.ask_for_call(
            thread.inquiry.id,
            wish,
            body=_in_words(wish),
            form_nonce=once(form_token, f"{wish.phone}:{wish.when}"),
            origin=asking.origin("thread"),
            links=asking.links(),
        )
    except (Unsigned, TooMany) as error:
        return refused(token, thread, Filled(call=form), error)
    return written(token, _("Your wish for a call was sent."), "newest")


def _in_words(wish: actions.Call) -> str:
    """The wish as the message that both sides read."""
    said: str = _("Please call me: %(number)s", number=wish.phone)
    if wish.when:
        said += "\n" + _("Best time: %(when)s", when=wish.when)
    return said
