"""Pictures as files."""

from typing import Final

from flask import Blueprint, Response, current_app, request
from werkzeug.wsgi import wrap_file

from portal import clock
from portal.database import Missing
from portal.listings import media
from portal.permissions import PUBLIC
from portal.web.guard import requires

files = Blueprint("media", __name__, url_prefix="/media")
_YEAR: Final = 365 * clock.DAY


@files.get("/<name>")
@requires(PUBLIC)
def picture(name: str) -> Response:
    """A stored picture; its name is its content, so it may be kept for good."""
    file = media.open_stored(current_app.config["PORTAL"].data_dir / "media", name)
    if file is None:
        raise Missing
    size = media.size_of(file)
    response = Response(
        wrap_file(request.environ, file), mimetype="image/webp", direct_passthrough=True
    )
    response.content_length = size
    response.set_etag(name.partition(".")[0])
    response.headers["Cache-Control"] = f"public, max-age={_YEAR}, immutable"
    response.headers["Content-Security-Policy"] = "default-src 'none'; sandbox"
    response.headers["Content-Disposition"] = f"inline; filename={name}"
    response.make_conditional(request, accept_ranges=True, complete_length=size)
    return response
