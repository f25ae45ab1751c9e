"""Pictures: taken in from the editor, and given out as files."""

from collections.abc import Sequence
from typing import Final

from flask import Blueprint, Response, render_template, request
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from flask_login import current_user
from werkzeug.datastructures import FileStorage
from werkzeug.wrappers import Response as BaseResponse
from werkzeug.wsgi import wrap_file

from portal import clock
from portal.database import Missing
from portal.listings import actions, media
from portal.listings.containers import NotAPicture, Refusal
from portal.listings.pictures import MOST_AT_ONCE, MOST_BYTES, Prepared, prepare
from portal.listings.views.drafts import editor_url, keep, place_sent
from portal.listings.views.editor import reopened, sent_fields
from portal.listings.views.page import blueprint, media_folder
from portal.listings.wording import QUOTA_FULL
from portal.permissions import PUBLIC, Permission
from portal.web.fragments import done, is_fragment_request
from portal.web.guard import requires, takes_files
from portal.web.parsing import printable

files = Blueprint("media", __name__, url_prefix="/media")
_YEAR: Final = 365 * clock.DAY
_MIB: Final = 1024 * 1024
_SHOWN_NAME: Final = 80
_TOO_LARGE, _UNPROCESSABLE, _FULL = 413, 422, 507
REFUSALS: Final = {
    Refusal.EMPTY: _l("This file is empty."),
    Refusal.TOO_MANY_BYTES: _l("This file is larger than 10 MB: save the picture smaller."),
    Refusal.NOT_A_PICTURE: _l("This is no JPEG, PNG, WebP or GIF picture."),
    Refusal.VECTOR: _l("Drawings (SVG, PDF) are not taken: save it as a PNG picture."),
    Refusal.TOO_LARGE_PIXELS: _l("This picture has too many pixels: save it smaller."),
    Refusal.TRUNCATED: _l("This picture is cut off or damaged: open it, save it anew, try again."),
}
"""Why a file is not taken."""


@blueprint.post("/pictures")
@takes_files(MOST_AT_ONCE * MOST_BYTES + _MIB, 400)
@requires(Permission.LISTING_EDIT)
def upload() -> BaseResponse:
    """Take pictures for the form they were chosen in; they stand there once it is saved."""
    place, listing_id = place_sent()
    sent = [file for file in request.files.getlist("pictures") if file.filename]
    if not sent:
        return _refused(listing_id, [_("Choose a picture first.")], _UNPROCESSABLE)
    if len(sent) > MOST_AT_ONCE:
        return _refused(listing_id, [_too_many()], _UNPROCESSABLE)
    ready, problems, status = _prepared(sent)
    if problems:
        return _refused(listing_id, problems, status)
    try:
        keys = actions.add_pictures(
            media_folder(), current_user.provider_id, ready, listing_id=listing_id
        )
    except actions.QuotaFull:
        return _refused(listing_id, [str(QUOTA_FULL)], _UNPROCESSABLE)
    except OSError:
        return _refused(listing_id, [_("It could not be stored just now: try later.")], _FULL)
    if is_fragment_request():
        return _cards(keys)
    return _back(place, listing_id, keys)


def _prepared(sent: list[FileStorage]) -> tuple[list[Prepared], list[str], int]:
    """The pictures; or of each file that is none why, and the status to answer with."""
    ready: list[Prepared] = []
    problems: list[str] = []
    status = _UNPROCESSABLE
    for file in sent:
        try:
            ready.append(prepare(file.stream.read(MOST_BYTES + 1)))
        except NotAPicture as error:
            problems.append(f"{_name(file)}: {REFUSALS[error.reason]}")
            if error.reason is Refusal.TOO_MANY_BYTES:
                status = _TOO_LARGE
    return ready, problems, status


def _too_many() -> str:
    return str(_("At most %(num)s pictures at once: send the others after them.", num=MOST_AT_ONCE))


def _name(file: FileStorage) -> str:
    """The file's name as its sender reads it; it names nothing here."""
    return printable((file.filename or "")[-_SHOWN_NAME:])


def _refused(listing_id: int | None, problems: list[str], status: int) -> Response:
    if is_fragment_request():
        return _cards([], problems, status)
    return reopened(listing_id, problems, status)


def _cards(keys: Sequence[str], problems: Sequence[str] = (), status: int = 200) -> Response:
    """For script: the new cards, or why there are none."""
    html = render_template("listings/_uploaded.html", keys=keys, problems=problems)
    return Response(html, status)


def _back(place: str, listing_id: int | None, keys: list[str]) -> BaseResponse:
    """Without script: the editor again with what was typed and the new pictures, as a draft."""
    try:
        keep(place, listing_id, [*sent_fields(), *_added(keys)])
    except (actions.NewerDraft, actions.TooMuch):
        again = _("What you typed could not be kept beside a newer draft: save, then add pictures.")
        return reopened(listing_id, [again], _UNPROCESSABLE)
    return done(editor_url(place, listing_id))


def _added(keys: list[str]) -> list[tuple[str, str]]:
    """The fields of new pictures, behind those that the form has already."""
    taken = [name.split("-")[1] for name in request.form if name.startswith("images-")]
    first = max((int(n) for n in taken if n.isdecimal() and len(n) < 5), default=-1) + 1
    return [
        field
        for n, key in enumerate(keys, first)
        for field in ((f"images-{n}-key", key), (f"images-{n}-alt", ""))
    ]


@files.get("/<name>")
@requires(PUBLIC)
def picture(name: str) -> Response:
    """A stored picture; its name is its content, so it may be kept for good."""
    file = media.open_stored(media_folder(), name)
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
