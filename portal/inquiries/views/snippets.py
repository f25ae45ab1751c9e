"""Snippets: the page where they are kept, and one of them filled in for an answer."""

from typing import Any

from flask import Response, flash, jsonify, url_for
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from flask_login import current_user
from werkzeug.wrappers import Response as BaseResponse

from portal.inquiries import actions, snippets
from portal.inquiries.forms import SnippetForm
from portal.inquiries.placeholders import Placeholder, written
from portal.inquiries.views.page import blueprint
from portal.permissions import Permission
from portal.web.formatting import current_locale
from portal.web.fragments import done, respond
from portal.web.guard import requires

_PAGE, _FRAGMENT = "inquiries/snippets.html", "inquiries/_snippets.html"
PLACEHOLDER_NAMES = {
    Placeholder.PRICE: _l("the price with its unit"),
    Placeholder.STOCK: _l("how many are in stock"),
    Placeholder.DELIVERY: _l("the delivery time"),
    Placeholder.VALID_UNTIL: _l("the offer's last day"),
    Placeholder.TITLE: _l("the offer's title"),
    Placeholder.PLACE: _l("the place"),
    Placeholder.BUYER: _l("the buyer's name"),
    Placeholder.COMPANY: _l("the buyer's company"),
    Placeholder.SELLER: _l("your name"),
    Placeholder.PROVIDER: _l("the provider's name"),
}
"""What each stands for, in words."""


@blueprint.get("/snippets/")
@requires(Permission.INQUIRY_ANSWER)
def snippet_index() -> Response:
    """The reader's snippets and the shared ones."""
    return _listed(SnippetForm(formdata=None))


@blueprint.post("/snippets/")
@requires(Permission.INQUIRY_ANSWER)
def keep_snippet() -> BaseResponse:
    """Keep a new one."""
    form = SnippetForm()
    if not form.validate():
        return _listed(form, status=422)
    me = current_user
    try:
        actions.keep_snippet(
            me.provider_id,
            me.person_id,
            name=form.name.data,
            body=form.body.data,
            is_shared=form.shared.data,
            most=snippets.MOST,
        )
    except actions.TooManySnippets:
        form.name.errors = [_("There are too many snippets: forget some first.")]
        return _listed(form, status=422)
    return _kept()


@blueprint.post("/snippets/<int:snippet_id>")
@requires(Permission.INQUIRY_ANSWER)
def change_snippet(snippet_id: int) -> BaseResponse:
    """Change one's own, or a shared one."""
    form = SnippetForm()
    if not form.validate():
        return _listed(form, snippet_id, status=422)
    me = current_user
    try:
        actions.change_snippet(
            me.provider_id,
            me.person_id,
            snippet_id,
            name=form.name.data,
            body=form.body.data,
            version=form.version.data or 0,
        )
    except actions.SnippetChanged as conflict:
        form.body.errors = [
            _(
                "Somebody else has changed it meanwhile. It says now: %(text)s",
                text=conflict.now.body,
            ),
            _("Save again to replace that with yours."),
        ]
        return _listed(form, snippet_id, conflict.now.version, status=409)
    return _kept()


@blueprint.post("/snippets/<int:snippet_id>/forget")
@requires(Permission.INQUIRY_ANSWER)
def forget_snippet(snippet_id: int) -> BaseResponse:
    """Forget one's own, or a shared one."""
    actions.forget_snippet(current_user.provider_id, current_user.person_id, snippet_id)
    flash(_("The snippet is forgotten."), "success")
    return done(url_for("inquiries.snippet_index"))


@blueprint.get("/<int:inquiry_id>/snippets/<int:snippet_id>")
@requires(Permission.INQUIRY_ANSWER)
def fill_snippet(inquiry_id: int, snippet_id: int) -> Response:
    """A snippet with the thread's values: JSON of `text`, and `missing` in words."""
    me = current_user
    person = (me.person_id, me.name)
    filled = snippets.filled_for(me.provider_id, person, inquiry_id, snippet_id)
    return jsonify(
        text=filled.text, missing=[str(PLACEHOLDER_NAMES[one]) for one in filled.missing]
    )


def _kept() -> BaseResponse:
    flash(_("Saved."), "success")
    return done(url_for("inquiries.snippet_index"))


def _listed(
    form: SnippetForm, changing: int | None = None, version: int | None = None, status: int = 200
) -> Response:
    """The page; a form that was refused stands where it came from.

    Args:
        form: of a new snippet, or of the one that is being changed.
        changing: that one's id.
        version: of it, where it is newer than the form's.
        status: of the answer.
    """
    me = current_user
    found = snippets.snippets_of(me.provider_id, me.person_id)
    context: dict[str, Any] = {
        "form": form,
        "changing": changing,
        "newer_version": version,
        "own": [one for one in found if not one.is_shared],
        "shared": [one for one in found if one.is_shared],
        "placeholders": [
            (written(one, current_locale()), text) for one, text in PLACEHOLDER_NAMES.items()
        ],
    }
    return respond(_PAGE, _FRAGMENT, status=status, **context)
