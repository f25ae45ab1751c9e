"""An offer as buyers will see it, for those who write it: in any state, to nobody else."""

from types import SimpleNamespace
from typing import Any

from flask import Blueprint, Response
from flask_login import current_user

from portal.database import Missing
from portal.listings.models import Status
from portal.permissions import Permission
from portal.storefront import pages, queries
from portal.storefront.offers import offer_of
from portal.web.fragments import respond
from portal.web.guard import requires

# Here and not in the listings' room, since what is drawn are the public pages' own templates.
blueprint = Blueprint("previews", __name__, url_prefix="/portal/listings")


@blueprint.get("/<int:listing_id>/preview")
@requires(Permission.LISTING_VIEW)
def preview(listing_id: int) -> Response:
    """The public page and the card in the list, as they would be drawn from what is saved."""
    row = queries.offer_row(listing_id)
    if row is None or row.provider_id != current_user.provider_id:
        raise Missing
    pairs, pictures = queries.parts_of(listing_id)
    return respond(
        "storefront/preview.html",
        "storefront/_preview.html",
        offer=offer_of(row, pairs, pictures),
        card=pages.card(_as_listed(row, pictures)),
        is_live=row.status == Status.LIVE and not queries.has_ended(row),
        may_edit=current_user.may(Permission.LISTING_EDIT),
    )


def _as_listed(row: Any, pictures: list[Any]) -> SimpleNamespace:
    """The row as the list of offers reads it."""
    return SimpleNamespace(
        **row._asdict(),
        image_key=pictures[0].name if pictures else None,
        verified_at=row.provider_verified_at,
    )
