"""The public inquiry form: drawn on an offer's page, received there, refused in words or stored.

The storefront calls blank() to draw the form and ask() to receive it. The form stands on a page
without session, so it carries a signed token: where it is for, when it was drawn, and a nonce by
which a second copy is known.
"""

import re
from dataclasses import dataclass
from typing import Any, Final

from flask import Response, current_app, request
from flask_babel import gettext as _
from werkzeug.exceptions import Gone

from portal.clock import DAY
from portal.config import Settings
from portal.database import Missing
from portal.inquiries import actions, queries
from portal.inquiries.forms import InquiryForm
from portal.inquiries.links import Links
from portal.inquiries.senders import Origin, TooMany, origin_of
from portal.inquiries.vocabulary import SpamSign
from portal.web import formtoken
from portal.web.formtoken import FormToken
from portal.web.fragments import respond
from portal.web.languages import current_language

OLDEST_FORM: Final = DAY
"""Seconds after which a form must be sent once more, under a fresh token."""
QUICKEST_PERSON: Final = 0.4
"""Seconds that a person needs at least, a password manager filling the form; what comes sooner was
sent by a program."""
MOST_LINKS: Final = 5
"""Web addresses in a question; with more of them it looks like advertising."""
_WEB_ADDRESS: Final = re.compile(r"https?://|\bwww\.", re.IGNORECASE)
_FORM: Final = "inquiries/_ask_form.html"

__all__ = ["Ask", "Asked", "Gone", "Refused", "ask", "blank", "links"]


@dataclass(frozen=True)
class Ask:
    """What the form's template reads."""

    form: InquiryForm
    token: str
    url: str
    notice: str | None = None


@dataclass(frozen=True)
class Asked:
    """What the answer page says; it tells nothing that the buyer did not send."""

    listing_url: str
    provider_name: str
    name: str
    email: str | None
    phone: str | None
    link_url: str
    usual_seconds: int | None
    """How long this provider's first answers usually take; None where too few are known."""


@dataclass(frozen=True)
class Refused:
    """Nothing was stored: the form comes back with everything typed and says why."""

    ask: Ask
    status: int
    retry_after: int | None = None

    def answer(self, page: str, **context: Any) -> Response:
        """The whole offer page around the form, or for htmx the form alone."""
        response = respond(page, _FORM, status=self.status, ask=self.ask, **context)
        if self.retry_after is not None:
            response.headers["Retry-After"] = str(self.retry_after)
        return response


def blank(listing_id: int) -> Ask:
    """An empty form for an offer's page."""
    return _drawn(InquiryForm(formdata=None), listing_id)


def ask(listing_id: int) -> Asked | Refused:
    """Receive the form sent in this request.

    Raises:
        Missing: no such listing, or it never was public.
        Gone: it was public once and is not live now.
    """
    form = InquiryForm()
    token = formtoken.read(_purpose(listing_id), request.form.get("csrf_token"))
    if refusal := _refuse_token(form, listing_id, token) or _refuse_fields(form, listing_id):
        return refusal
    assert token is not None
    question = _question(form, listing_id, token)
    try:
        received = actions.ask(question, links())
    except actions.FormUsed:
        notice = _("This form was sent before. Press Send once more to ask this as well.")
        return Refused(_drawn(form, listing_id, notice), 422)
    except TooMany as refused:
        notice = _("Too many messages from your network. Wait a little, then press Send again.")
        return Refused(_drawn(form, listing_id, notice), 429, refused.retry_after)
    except actions.NotOffered as refused:
        raise (Gone if refused.was_public else Missing) from None
    return Asked(
        listing_url=f"/offers/{listing_id}",
        provider_name=received.provider_name,
        name=question.name,
        email=question.email,
        phone=question.phone,
        link_url=received.link_url,
        usual_seconds=queries.usual_answer_seconds(received.provider_id),
    )


def links() -> Links:
    """Makes this installation's links."""
    settings: Settings = current_app.config["PORTAL"]
    keys = (current_app.config["SECRET_KEY"], *current_app.config["SECRET_KEY_FALLBACKS"])
    return Links(keys, settings.public_origin)


def origin(purpose: str, *, email: str | None = None, text: str | None = None) -> Origin:
    """By what this request is counted: its client address, and the given."""
    key = current_app.config["SECRET_KEY"]
    return origin_of(key, purpose, request.remote_addr or "", email=email, text=text)


def _purpose(listing_id: int) -> str:
    return f"inquiry:{listing_id}"


def _drawn(form: InquiryForm, listing_id: int, notice: str | None = None) -> Ask:
    return Ask(form, formtoken.issue(_purpose(listing_id)), _url(listing_id), notice)


def _url(listing_id: int) -> str:
    # By address, not by endpoint: the storefront is a floor above.
    return f"/offers/{listing_id}/inquiries"


def _refuse_token(form: InquiryForm, listing_id: int, token: FormToken | None) -> Refused | None:
    if token is None:
        notice = _("We could not tell that this form came from our page. Press Send once more.")
        return Refused(_drawn(form, listing_id, notice), 400)
    if token.age() > OLDEST_FORM:
        notice = _("This page stood open for more than a day. Please press Send once more.")
        return Refused(_drawn(form, listing_id, notice), 422)
    return None


def _refuse_fields(form: InquiryForm, listing_id: int) -> Refused | None:
    if form.validate():
        return None
    # The same token again: it is not used up, and the mended form is the same message.
    ask = Ask(form, request.form["csrf_token"], _url(listing_id))
    return Refused(ask, 422)


def _question(form: InquiryForm, listing_id: int, token: FormToken) -> actions.Question:
    return actions.Question(
        listing_id=listing_id,
        name=form.name.data,
        company=form.company.data or None,
        email=form.email.data,
        phone=form.phone.data,
        message=form.message.data,
        reply_by=form.reply_by.data,
        language=current_language(),
        form_nonce=token.nonce,
        origin=origin("inquiry", email=form.email.data, text=form.message.data),
        signs=_signs(form, token),
    )


def _signs(form: InquiryForm, token: FormToken) -> tuple[SpamSign, ...]:
    """What of the form itself looks as if no person had filled it in."""
    held = {
        SpamSign.TRAP: form.is_trap_sprung,
        SpamSign.QUICK: token.age() < QUICKEST_PERSON,
        SpamSign.LINKS: len(_WEB_ADDRESS.findall(form.message.data)) > MOST_LINKS,
    }
    return tuple(sign for sign, is_so in held.items() if is_so)
