"""What a listing's page calls when somebody looks at it: by script, or as a one-pixel picture."""

import base64
from typing import Final

from flask import Blueprint, Response, abort, request
from werkzeug.exceptions import ServiceUnavailable

from portal.extensions import csrf
from portal.permissions import PUBLIC
from portal.statistics import counting
from portal.statistics.spool import SpoolError
from portal.web.guard import requires

blueprint = Blueprint("views", __name__)
_LONGEST_BODY: Final = 4096
_RETRY_SECONDS: Final = 5
_PIXEL: Final = base64.b64decode("R0lGODlhAQABAIAAAAAAAP///yH5BAEAAAAALAAAAAABAAEAAAIBRAA7")
_NOT_KEPT: Final = {"Cache-Control": "no-store"}


@blueprint.post("/offers/<int:listing_id>/views")
@requires(PUBLIC)
@csrf.exempt
# the view token says where it comes from, and nobody gains by a forged view
def beacon(listing_id: int) -> Response:
    """Count a view by script; the answer is the same whether it counted."""
    request.max_content_length = _LONGEST_BODY
    token = request.form.get("token")
    if token is None:
        abort(400)
    _note(listing_id, token)
    return Response(status=204, headers=_NOT_KEPT)


@blueprint.get("/offers/<int:listing_id>/views/pixel")
@requires(PUBLIC)
def pixel(listing_id: int) -> Response:
    """Count a view of a reader without JavaScript, whose browser loads pictures."""
    if request.method == "GET":  # HEAD comes here too, and shows nothing to anybody
        _note(listing_id, request.args.get("token", ""))
    return Response(_PIXEL, mimetype="image/gif", headers=_NOT_KEPT)


def _note(listing_id: int, token: str) -> None:
    try:
        counting.looked(listing_id, token)
    except SpoolError as error:
        raise ServiceUnavailable(retry_after=_RETRY_SECONDS) from error
