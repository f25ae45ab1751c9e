"""Values changed in a row of the index: opened, saved, refused, or asked about."""

from collections.abc import Callable
from dataclasses import replace
from functools import partial
from typing import Final

from flask import Response, request
from flask_babel import gettext as _
from flask_login import current_user
from werkzeug.wrappers import Response as BaseResponse

from portal.listings import actions, inline, moves
from portal.listings.inline import CELLS, QUICK_DAYS, OpenCell
from portal.listings.moves import Standing, Verb
from portal.listings.queries import AnyRow
from portal.listings.views.page import blueprint, listing_here, row_of, value_done
from portal.listings.views.status import archive, publish, unarchive, withdraw
from portal.permissions import Permission
from portal.web.formatting import current_locale
from portal.web.fragments import respond
from portal.web.guard import requires
from portal.web.parsing import Invalid

_PAGE, _ROW = "listings/cell.html", "listings/_row.html"
_MOVES: Final[dict[str, Callable[[int], BaseResponse]]] = {
    Verb.PUBLISH: publish,
    Verb.SUBMIT: publish,
    Verb.WITHDRAW: withdraw,
    Verb.ARCHIVE: archive,
    Verb.UNARCHIVE: unarchive,
}
"""What the status in a row can be changed by."""


@blueprint.get("/<int:listing_id>/price", defaults={"name": "price"})
@blueprint.get("/<int:listing_id>/stock", defaults={"name": "stock"})
@blueprint.get("/<int:listing_id>/valid-until", defaults={"name": "valid-until"})
@requires(Permission.LISTING_EDIT)
def cell(listing_id: int, name: str) -> Response:
    """The row with one value open for editing."""
    row, _content = listing_here(listing_id)
    return _answer(row, inline.opened(name, row))


@blueprint.post("/<int:listing_id>/price", defaults={"name": "price"})
@blueprint.post("/<int:listing_id>/stock", defaults={"name": "stock"})
@blueprint.post("/<int:listing_id>/valid-until", defaults={"name": "valid-until"})
@requires(Permission.LISTING_EDIT)
def update_cell(listing_id: int, name: str) -> BaseResponse:
    """Save what was typed in the row."""
    sent, what, me = request.form.to_dict(), CELLS[name], current_user._get_current_object()
    if name == "valid-until" and (days := sent.get("until", "")) in map(str, QUICK_DAYS):
        row, _content = listing_here(listing_id)
        return _answer(row, inline.ending_in(row, sent, int(days)))
    try:
        saved = actions.set_typed(
            me.provider_id,
            listing_id,
            partial(what.read, sent),
            inline.version_seen(sent),
            by=me.person_id,
        )
    except Invalid as wrong:
        row, _content = listing_here(listing_id)
        return _answer(row, inline.refused(name, row, sent, wrong.message), status=422)
    except actions.Conflict as conflict:
        row, _content = listing_here(listing_id)
        differing = inline.differing(name, row, sent, conflict.theirs, conflict.base)
        return _answer(row, differing, status=409)
    return value_done(saved.row, inline.saved_words(name, current_locale()))


def _answer(row: AnyRow, opened: OpenCell, status: int = 200) -> Response:
    return respond(_PAGE, _ROW, status=status, **row_of(row, cell=opened))


@blueprint.get("/<int:listing_id>/status")
@requires(Permission.LISTING_PUBLISH)
def status(listing_id: int) -> Response:
    """The row with a choice of what can become of the offer."""
    row, _content = listing_here(listing_id)
    return _answer(row, _moving(row))


@blueprint.post("/<int:listing_id>/status")
@requires(Permission.LISTING_PUBLISH)
def update_status(listing_id: int) -> BaseResponse:
    """Do what was chosen."""
    row, _content = listing_here(listing_id)
    verb = request.form.get("move", "")
    opened = _moving(row)
    if verb not in {value for value, _text in opened.choices}:
        opened = replace(opened, errors=(_("Choose one of the listed values."),))
        return _answer(row, opened, status=422)
    return _MOVES[verb](listing_id)


def _moving(row: AnyRow) -> OpenCell:
    me = current_user
    is_reviewed = me.reviews_listings and not me.may(Permission.LISTING_REVIEW)
    offered = moves.offered(Standing.of(row, is_reviewed=is_reviewed), me.may)
    return inline.moving(row, [verb for verb in offered if verb in _MOVES])
