"""The reviewer's pages: what waits over all providers, one offer as buyers read it, the verdict."""

from typing import Any, Final

from flask import Blueprint, Response, flash, request, url_for
from flask_babel import gettext as _
from flask_login import current_user
from werkzeug.wrappers import Response as BaseResponse

from portal.database import Missing
from portal.listings import actions, queries, reviews
from portal.listings.content import Content
from portal.listings.differences import differences
from portal.listings.models import Status
from portal.listings.review_form import ReviewForm
from portal.listings.reviews import PAGE, Queue
from portal.listings.substance import QUIET
from portal.listings.wording import PART_NAMES, REASONS, part_in_words
from portal.permissions import Permission
from portal.web import navigation, pagination
from portal.web.fragments import done, invalid, respond
from portal.web.guard import requires
from portal.web.richtext import render

blueprint = Blueprint("reviews", __name__, url_prefix="/portal/reviews")
_LISTED: Final = ("listings/reviews.html", "listings/_reviews.html")
_ONE: Final = ("listings/review.html", "listings/_review.html")


@blueprint.get("/")
@requires(Permission.LISTING_REVIEW)
def index() -> Response:
    """What waits, longest first."""
    queue = Queue.CHANGED if request.args.get("queue") == Queue.CHANGED else Queue.NEW
    cursor = pagination.decode(request.args.get("page"), int, int)
    listed = pagination.paged(
        reviews.queue_of(queue, cursor),
        size=PAGE,
        cursor=cursor,
        key=reviews.sort_key,
        url=lambda page: url_for("reviews.index", queue=queue.value, page=page),
    )
    counts = navigation.count({"waiting": reviews.WAITING})
    return respond(*_LISTED, listed=listed, queue=queue, waiting=counts["waiting"])


@blueprint.get("/<int:listing_id>")
@requires(Permission.LISTING_REVIEW)
def show(listing_id: int) -> BaseResponse:
    """One offer as buyers read it, a place for a reason at each of its parts."""
    row, content, owner = _waiting(listing_id)
    if row is None:
        return _no_longer()
    return respond(
        *_ONE, **_context(row, content, owner, ReviewForm(data={"version": row.version}))
    )


@blueprint.post("/<int:listing_id>/approve")
@requires(Permission.LISTING_REVIEW)
def approve(listing_id: int) -> BaseResponse:
    """Let the offer go public as it was looked at."""
    return _decide(listing_id, is_approved=True)


@blueprint.post("/<int:listing_id>/reject")
@requires(Permission.LISTING_REVIEW)
def reject(listing_id: int) -> BaseResponse:
    """Send the offer back with what is to be changed."""
    return _decide(listing_id, is_approved=False)


def _decide(listing_id: int, *, is_approved: bool) -> BaseResponse:
    row, content, owner = _waiting(listing_id)
    if row is None:
        return _no_longer()
    form = ReviewForm()
    if not form.validate():
        return invalid(*_ONE, **_context(row, content, owner, form))
    if not is_approved and not form.reasons:
        form.ask_for_a_reason()
        return invalid(*_ONE, **_context(row, content, owner, form))
    by, version = current_user.person_id, form.version.data
    try:
        if is_approved:
            moved = actions.approve(owner.id, listing_id, version, by=by)
        else:
            moved = actions.reject(owner.id, listing_id, version, form.reasons, by=by)
    except actions.ChangedSince:
        return _look_again(listing_id, form)
    except actions.NotPublishable as refused:
        form.form_errors = [REASONS[reason] for reason in refused.reasons]
        return invalid(*_ONE, **_context(row, content, owner, form))
    return _decided(moved, row.title)


def _decided(moved: actions.Moved, title: str) -> BaseResponse:
    if not moved:
        return _no_longer()
    if moved.after is Status.LIVE:
        flash(_("Approved: buyers see “%(title)s”.", title=title), "success")
    else:
        flash(_("Sent back: “%(title)s” is a draft again.", title=title), "success")
    return done(url_for("reviews.index"))


def _look_again(listing_id: int, form: ReviewForm) -> BaseResponse:
    """409: what stands there now, with every reason kept."""
    row, content, owner = _waiting(listing_id)
    if row is None:
        return _no_longer()
    form.form_errors = [_("It was changed while you were reading. This is how it reads now.")]
    form.version.data, form.version.raw_data = row.version, [str(row.version)]
    return respond(*_ONE, status=409, **_context(row, content, owner, form))


def _no_longer() -> BaseResponse:
    flash(
        _("It no longer waits for a review: somebody decided, or its staff took it back."), "info"
    )
    return done(url_for("reviews.index"))


def _waiting(listing_id: int) -> tuple[Any, Content, Any]:
    """The listing (None: it does not wait), what its seller wrote, and its provider.

    Raises:
        Missing: there is no such listing.
    """
    owner = reviews.owner_of(listing_id)
    if owner is None:
        raise Missing
    row, content = queries.listing_of(owner.id, listing_id)
    is_waiting = row.submitted_at is not None and row.status in {Status.IN_REVIEW, Status.LIVE}
    return (row if is_waiting else None), content, owner


def _context(row: Any, content: Content, owner: Any, form: ReviewForm) -> dict[str, Any]:
    """What `listings/_review.html` reads."""
    earlier = reviews.last_public(row.id, row.version)
    told = [_told(part, content, form) for part in _TOLD]
    return {
        "row": row,
        "owner": owner,
        "content": content,
        "form": form,
        "stated": [one for one in told if one["is_stated"]],
        "unstated": [one for one in told if not one["is_stated"]],
        "description": render(content.description) if content.description else None,
        "then": earlier[0] if earlier else None,
        "changes": differences(earlier[1], content) if earlier else [],
    }


def _told(part: str, content: Content, form: ReviewForm) -> dict[str, Any]:
    """One part in words, line by line."""
    return {
        "name": part,
        "label": PART_NAMES[part],
        "lines": part_in_words(content, part).split("\n"),
        "is_stated": any(value not in {None, "", ()} for value in content.part(part)),
        "is_asked": bool(form.reason(part).data or form.reason(part).errors),
    }


_TOLD: Final = tuple(part for part in PART_NAMES if part not in {"description", "images"} | QUIET)
