"""Values changed in a row of the index."""

from flask import Response
from flask_babel import gettext as _
from flask_login import current_user
from werkzeug.wrappers import Response as BaseResponse

from portal.listings import actions
from portal.listings.forms import PriceForm
from portal.listings.views.page import blueprint, listing_here, row_done, row_of
from portal.listings.wording import part_in_words
from portal.permissions import Permission
from portal.web.fragments import invalid, respond
from portal.web.guard import requires


@blueprint.get("/<int:listing_id>/price")
@requires(Permission.LISTING_EDIT)
def price(listing_id: int) -> Response:
    """The row with its price open for editing."""
    row, _content = listing_here(listing_id)
    return respond(
        "listings/price.html", "listings/_row.html", **row_of(row, form=PriceForm.of(row))
    )


@blueprint.post("/<int:listing_id>/price")
@requires(Permission.LISTING_EDIT)
def update_price(listing_id: int) -> BaseResponse:
    """Save a price typed in the row."""
    row, _content = listing_here(listing_id)
    form = PriceForm.of(row)
    if not form.validate():
        return invalid("listings/price.html", "listings/_row.html", **row_of(row, form=form))
    me = current_user
    try:
        actions.set_values(
            me.provider_id,
            listing_id,
            {"price_minor": form.price.data},
            form.version.data or 0,
            by=me.person_id,
        )
    except actions.Conflict as conflict:
        return _price_differs(listing_id, form, conflict)
    return row_done(listing_id, _("Price saved."))


def _price_differs(listing_id: int, form: PriceForm, conflict: actions.Conflict) -> BaseResponse:
    """409: somebody saved another price meanwhile; saving once more is a decision."""
    theirs, base = conflict.theirs, conflict.base
    row, _content = listing_here(listing_id)
    again = PriceForm.reopened(form.price.typed or "", row, negotiable=form.negotiable.data)
    newer = {
        "theirs": part_in_words(theirs, "price"),
        "base": part_in_words(base, "price") if base else None,
    }
    context = row_of(row, form=again, newer=newer)
    return respond("listings/price.html", "listings/_row.html", status=409, **context)
