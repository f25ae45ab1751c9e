"""An offer as buyers will see it, for those who write it: in any state, to nobody else."""

from types import SimpleNamespace
from typing import Any

from flask import Blueprint, Response
from flask_login import current_user

from portal.database import Missing
from portal.inquiries.asking import Ask
from portal.inquiries.forms import InquiryForm
from portal.permissions import Permission
from portal.storefront import pages, queries
from portal.storefront.related import related_to
from portal.web.fragments import respond
from portal.web.guard import requires

blueprint = Blueprint("previews", __name__)


@blueprint.get("/offers/<int:listing_id>/preview")
@requires(Permission.LISTING_VIEW)
def preview(listing_id: int) -> Response:
    """The public page and the card in the list, as they would be drawn from what is saved."""
    row = queries.own_offer_row(current_user.provider_id, listing_id)
    if row is None:
        raise Missing
    pairs, images = queries.parts_of(listing_id)
    return respond(
        "storefront/preview.html",
        "storefront/_preview.html",
        **pages.body_context(row, (pairs, images), related_to(row)),
        is_preview=True,
        # Nothing is counted and nothing can be sent: there is no token for either.
        view_token=None,
        ask=Ask(InquiryForm(formdata=None), token="", url=f"/offers/{listing_id}/inquiries"),
        card=pages.card(_as_listed(row, images)),
        state=row.status,
        is_live=queries.is_offered(row),
        may_edit=current_user.may(Permission.LISTING_EDIT),
    )


def _as_listed(row: Any, images: list[Any]) -> SimpleNamespace:
    """The row as the list of offers reads it."""
    return SimpleNamespace(
        **row._asdict(),
        image_key=images[0].name if images else None,
        verified_at=row.provider_verified_at,
    )
