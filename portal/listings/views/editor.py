"""The editor: a new listing, and everything that its seller decides on one that is there."""

import re
import secrets
from collections.abc import Sequence
from typing import Any, Final

from flask import Response, flash, request, url_for
from flask_babel import gettext as _
from flask_login import current_user
from werkzeug.wrappers import Response as BaseResponse

from portal import hardware
from portal.listings import actions, layout, queries, rows
from portal.listings.completeness import completeness, misplaced
from portal.listings.content import Content
from portal.listings.drafts import (
    DRAFT_TEXT,
    FORM_KEY,
    draft_in,
    draft_of,
    drafts_of,
    is_of_new,
)
from portal.listings.fields import RULES
from portal.listings.forms import (
    NAMES,
    QUICK_DAYS,
    EditForm,
    ListingForm,
    NewForm,
    quick_ends,
)
from portal.listings.lists import entry_button
from portal.listings.pricing import REASONS, Amount, conversions, discounted
from portal.listings.queries import AnyRow
from portal.listings.views.page import blueprint, listing_here, media_folder, way_back
from portal.listings.wording import QUOTA_FULL, named, side_by_side
from portal.permissions import Permission
from portal.web import navigation
from portal.web.fields import submitted
from portal.web.fragments import done, is_fragment_request, respond
from portal.web.guard import requires
from portal.web.pairs import pair_button
from portal.web.parsing import printable
from portal.web.richtext import render

_HELP: Final = {
    "1": "listings/_preview.html",
    "gpu": "listings/_gpu.html",
    "price": "listings/_rates.html",
}
"""What the buttons named `preview` show anew: the text, the model's figures, the price."""
_PLAIN: Final[dict[str, Any]] = {"conflict": None, "draft": None, "left": ()}
"""Both versions after a conflict; a draft that is not in the form; drafts of new listings."""
_LONGEST_TITLE: Final = 100
_KEY: Final = re.compile(r"[0-9a-f]{16}")
_NAME: Final = re.compile(r"([a-z_]{1,40})(?:-[0-9]{1,4}-[a-z]{1,20})?")


@blueprint.get("/new")
@requires(Permission.LISTING_EDIT)
def new() -> Response:
    """The editor with nothing in it, or as somebody left it."""
    me, place = current_user, request.args.get("draft", "")
    if draft := draft_of(me.provider_id, me.person_id, place) if is_of_new(place) else None:
        form = NewForm.resumed(draft.form, draft.place)
        return _editor(None, form, is_unsaved="kept", draft_revision=draft.revision)
    left = drafts_of(me.provider_id, me.person_id, of_new=True)
    return _editor(None, NewForm.blank(secrets.token_hex(16)), left=left)


@blueprint.post("/new")
@requires(Permission.LISTING_EDIT)
def create() -> BaseResponse:
    """Make a draft of what was typed."""
    form = NewForm()
    if helped := _helped(None, form):
        return helped
    if not form.validate():
        return _editor(None, form, status=422)
    me = current_user
    try:
        listing_id = actions.create_from_form(
            me.provider_id,
            form.content,
            by=me.person_id,
            form_nonce=form.form_nonce.data,
            typed=_typed(),
        )
    except (actions.PicturesGone, actions.NumberTaken) as refused:
        return _refused(None, form, refused)
    flash(_("The draft is saved. Buyers see it once it is published."), "success")
    return done(edit_url(listing_id))


@blueprint.get("/<int:listing_id>/edit")
@requires(Permission.LISTING_EDIT)
def edit(listing_id: int) -> Response:
    """The editor of one listing, as it is saved or as its reader left it."""
    row, content = listing_here(listing_id)
    place = {"person_id": current_user.person_id, "place": str(listing_id)}
    found = navigation.count({"draft": DRAFT_TEXT}, **place)["draft"]
    draft = draft_in(found, listing_id, row.title)
    if draft and "draft" in request.args:
        form = EditForm.resumed(draft.form, content)
        return _editor(row, form, content, is_unsaved="kept", draft_revision=draft.revision)
    return _editor(row, EditForm.of(content, row.version), content, draft=draft)


@blueprint.post("/<int:listing_id>/edit")
@requires(Permission.LISTING_EDIT)
def update(listing_id: int) -> BaseResponse:
    """Save what was typed, merged with what others saved meanwhile."""
    row, content = listing_here(listing_id)
    form = _sent(row, content)
    if helped := _helped(row, form, content):
        return helped
    if not form.validate():
        return _editor(row, form, content, status=422)
    try:
        saved = _save(listing_id, form)
    except actions.Conflict as conflict:
        return _differs(row, conflict)
    except (actions.PicturesGone, actions.NumberTaken) as refused:
        return _refused(row, form, refused, content)
    _say_saved(saved)
    return done(edit_url(listing_id))


@blueprint.post("/<int:listing_id>/duplicate")
@requires(Permission.LISTING_EDIT)
def duplicate(listing_id: int) -> BaseResponse:
    """Begin another offer with everything that this one says."""
    row, _content = listing_here(listing_id)
    me, suffix = current_user, _(" (copy)")
    title = row.title[: _LONGEST_TITLE - len(suffix)] + suffix
    try:
        copy = actions.duplicate(
            media_folder(), me.provider_id, listing_id, title=title, by=me.person_id
        )
    except actions.QuotaFull:
        flash(str(QUOTA_FULL), "error")
        return done(edit_url(listing_id))
    flash(_("This is the copy, as a draft. The offer it was made from stays as it is."), "success")
    return done(edit_url(copy))


def _save(listing_id: int, form: EditForm) -> actions.Saved:
    me = current_user
    return actions.save_form(
        me.provider_id,
        listing_id,
        form.content,
        form.version.data or 0,
        by=me.person_id,
        typed=_typed(),
    )


def _typed() -> actions.Typed:
    return actions.Typed(draft_revision(), sent_fields())


def _sent(row: AnyRow, content: Content) -> EditForm:
    return EditForm.sent(
        content, lambda version: queries.content_at(row.provider_id, row.id, version)
    )


def reopened(listing_id: int | None, problems: list[Any], status: int) -> Response:
    """The editor with everything that was sent, and at its pictures why that was refused."""
    row, content = listing_here(listing_id) if listing_id else (None, None)
    form = _sent(row, content) if row and content else NewForm()
    for problem in problems:
        form.refuse("images", problem)
    return _editor(row, form, content, status=status)


def refused_at_fields(
    row: AnyRow, content: Content, refused: Sequence[tuple[str | None, Any]]
) -> Response:
    """422: the editor, with why a move was refused at the fields that it is about.

    Args:
        row: the listing's columns.
        content: what is saved.
        refused: field (None: about none) and sentence.
    """
    form = EditForm.showing(content, row.version)
    for name, reason in refused:
        if name:
            form.refuse(name, reason)
    if wrong := next((form[name] for name, _reason in refused if name), None):
        wrong.render_kw = {"autofocus": True}
    return _editor(row, form, content, status=422, refused=refused, is_unsaved=False)


def _helped(
    row: AnyRow | None, form: ListingForm, content: Content | None = None
) -> Response | None:
    """The form again, not saved, after a button that is for work in it; None: it was Save."""
    if pressed := pair_button(request.form):
        form.attributes.press(pressed)
    elif button := entry_button(request.form):
        form[button.field].press(button)
    elif (help_with := request.form.get("preview")) in _HELP:
        if is_fragment_request():
            return respond("listings/edit.html", _HELP[help_with or ""], **_shown(form))
    elif (days := request.form.get("until", "")) and days in map(str, QUICK_DAYS):
        form.end_in(int(days))
    else:
        return None
    return _editor(row, form, content, is_unsaved=True)


def _refused(
    row: AnyRow | None,
    form: ListingForm,
    why: actions.PicturesGone | actions.NumberTaken,
    content: Content | None = None,
) -> Response:
    """422: what only the database knows speaks against the form."""
    if isinstance(why, actions.NumberTaken):
        message = _("Your offer #%(number)s has this number already.", number=why.listing_id)
        form.refuse("own_number", message)
    else:
        form.images.mark(why.keys, _("This picture is no longer there: add it again."))
        form.refuse(
            "images", _("Some pictures are no longer there: remove them, or add them again.")
        )
    return _editor(row, form, content, status=422)


def _differs(row: AnyRow, conflict: actions.Conflict) -> Response:
    """409: the form with everything typed, and both versions side by side."""
    merged = conflict.merged
    sides = side_by_side(conflict.base, conflict.theirs, merged.content, merged.overlapping)
    form = EditForm.showing(merged.content, conflict.version)
    return _editor(row, form, conflict.theirs, status=409, conflict=sides)


def _editor(
    row: AnyRow | None,
    form: ListingForm,
    content: Content | None = None,
    status: int = 200,
    **given: Any,
) -> Response:
    """The editor, or for htmx its form.

    Args:
        row: the listing's columns; None: not there yet.
        form: what it shows.
        content: what is saved; None: nothing yet.
        status: of the answer.
        given: what differs from _PLAIN, and `is_unsaved` ("kept": it is a draft unchanged),
            `draft_revision` (of the draft in it).
    """
    context = _PLAIN | {"is_unsaved": status != 200, "draft_revision": draft_revision()}
    context |= _around(row) | _outlined(form, content) | _shown(form) | given
    page, fragment = "listings/edit.html", "listings/_form.html"
    return respond(page, fragment, status=status, row=row, form=form, **context)


def _around(row: AnyRow | None) -> dict[str, Any]:
    """What the editor's template reads whatever stands in the form."""
    return {
        "sections": {section.key: section for section in layout.sections()},
        "rules": RULES,
        "part_of": layout.part_of,
        "action": edit_url(row.id)
        if row
        else url_for("listings.new") + rows.back_query(way_back()),
        "way_back": way_back(),
        "quick_ends": quick_ends(),
        "form_key": _form_key(),
    }


def _outlined(form: ListingForm, content: Content | None) -> dict[str, Any]:
    """How complete what is saved is, and which sections need another look."""
    complete = completeness(content or Content(title=""))
    wrong = [field.name for field in form if field.errors]
    return {
        "complete": complete,
        "odd": misplaced(content) if content else [],
        "outline": layout.outline(wrong, [hint.field for hint in complete.missing]),
    }


def _shown(form: ListingForm) -> dict[str, Any]:
    """What the editor works out of what stands in the form."""
    amount = form.amount
    currency, unit = form.currency.data or "CNY", form.unit.data or "item"
    converted = conversions(
        amount,
        currency,
        unit,
        gpu_count=form.gpu_count.data,
        item_quantity=form.item_quantity.data,
        item_unit=form.item_unit.data,
    )
    return {
        "preview": _preview(form),
        "gpu": hardware.model(form.gpu_model.data),
        "rates": [Amount(minor, currency, per) for per, minor in converted.rates],
        "why_not": REASONS[converted.reason] if converted.reason else None,
        "discounted": [
            (months, percent, Amount(minor, currency, unit))
            for months, percent, minor in discounted(amount, form.discounts.data or ())
        ],
    }


def _preview(form: ListingForm) -> str | None:
    """The description as buyers would read it; None: nothing yet, "": it cannot be shown."""
    if form.description.errors or form.description.process_errors:
        return ""
    return render(form.description.data) if form.description.data else None


def _form_key() -> str:
    """The key of the form that came in, which goes on, else one of its own."""
    sent = request.form.get(FORM_KEY, "")
    return sent if _KEY.fullmatch(sent) else secrets.token_hex(8)


def draft_revision() -> int:
    """The revision of the draft that the sent form holds; 0: none."""
    sent = request.form.get("draft", "")
    return int(sent) if sent.isdecimal() and sent.isascii() and len(sent) < 10 else 0


def sent_fields() -> list[tuple[str, str]]:
    """The editor's own fields of the body, in its order; whatever else was sent is left out."""
    form = submitted()
    return [
        (name, printable(text))
        for name, text in form.items(multi=True)
        if isinstance(text, str) and (match := _NAME.fullmatch(name)) and match[1] in NAMES
    ]


def edit_url(listing_id: int, **query: str) -> str:
    """The editor's address, with the way back to the index as it was left."""
    url = url_for("listings.edit", listing_id=listing_id) + rows.back_query(way_back())
    for name, value in query.items():
        url += f"{'&' if '?' in url else '?'}{name}={value}"
    return url


def _say_saved(saved: actions.Saved) -> None:
    if saved.taken:
        parts = named(saved.taken)
        flash(_("Saved. Kept what somebody else changed meanwhile: %(parts)s.", parts=parts))
    elif saved.changed:
        flash(_("Saved."), "success")
    else:
        flash(_("Nothing was different: there was nothing to save."), "info")
