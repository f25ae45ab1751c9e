"""Saved views of the index: kept under a name, renamed, shared, put in order, forgotten."""

from flask import Response, flash, request, url_for
from flask_babel import gettext as _
from flask_login import current_user
from werkzeug.wrappers import Response as BaseResponse

from portal.listings import actions, saved_views
from portal.listings.filters import query_of, read, url_of
from portal.listings.views.page import blueprint
from portal.permissions import Permission
from portal.web.fragments import done, respond
from portal.web.guard import requires
from portal.web.parsing import Invalid, parse_line, printable

_LONGEST_NAME = 50
_LONGEST_QUERY = 1000


@blueprint.get("/views/")
@requires(Permission.LISTING_VIEW)
def view_index() -> Response:
    """The reader's views and those that colleagues share."""
    return _listed()


@blueprint.post("/views/")
@requires(Permission.LISTING_VIEW)
def keep_view() -> BaseResponse:
    """Keep what the index was asked for under a name."""
    me = current_user
    filters, _cursor = read(request.form.get("query", "").encode("utf-8", "replace"))
    query = query_of(filters)
    try:
        name = _name()
        if len(query) > _LONGEST_QUERY:
            raise Invalid(_("This view asks for too much: leave a filter or a column out."))
        actions.keep_view(
            me.provider_id,
            me.person_id,
            name,
            query,
            is_shared=bool(request.form.get("shared")) and _may_share(),
        )
    except Invalid as wrong:
        return _listed(keeping=query, errors=(str(wrong),))
    except (actions.NameTaken, actions.TooManyViews) as refused:
        return _listed(keeping=query, errors=(_why(refused),))
    flash(_("The view is kept."), "success")
    return done(url_of(filters))


@blueprint.post("/views/<int:view_id>")
@requires(Permission.LISTING_VIEW)
def update_view(view_id: int) -> BaseResponse:
    """Rename and share a view."""
    me = current_user
    try:
        actions.change_view(
            me.provider_id,
            me.person_id,
            view_id,
            name=_name(),
            is_shared=bool(request.form.get("shared")) and _may_share(),
            may_any=_may_share(),
        )
    except Invalid as wrong:
        return _listed(wrong_id=view_id, errors=(str(wrong),))
    except (actions.NameTaken, actions.TooManyViews) as refused:
        return _listed(wrong_id=view_id, errors=(_why(refused),))
    flash(_("Saved."), "success")
    return done(url_for("listings.view_index"))


@blueprint.post("/views/<int:view_id>/delete")
@requires(Permission.LISTING_VIEW)
def forget_view(view_id: int) -> BaseResponse:
    """Forget a view."""
    me = current_user
    actions.forget_view(me.provider_id, me.person_id, view_id, may_any=_may_share())
    flash(_("The view is forgotten."), "success")
    return done(url_for("listings.view_index"))


@blueprint.post("/views/<int:view_id>/move")
@requires(Permission.LISTING_VIEW)
def move_view(view_id: int) -> BaseResponse:
    """Let a view stand one place earlier or later."""
    me = current_user
    by = -1 if request.form.get("to") == "earlier" else 1
    actions.move_view(me.provider_id, me.person_id, view_id, by=by)
    return done(url_for("listings.view_index"))


def _name() -> str:
    return parse_line(request.form.get("name", ""), most=_LONGEST_NAME, least=1)


def _may_share() -> bool:
    """Whether the reader decides what colleagues find among their views: who edits offers does."""
    return bool(current_user.may(Permission.LISTING_EDIT))


def _why(refused: Exception) -> str:
    if isinstance(refused, actions.NameTaken):
        return str(_("There is a view of this name already."))
    return str(_("There are %(most)s views already: forget one first.", most=saved_views.MOST))


def _listed(
    *, keeping: str | None = None, wrong_id: int | None = None, errors: tuple[str, ...] = ()
) -> Response:
    me = current_user
    return respond(
        "listings/views.html",
        "listings/_saved_views.html",
        status=422 if errors else 200,
        views=saved_views.views_of(me.provider_id, me.person_id),
        url_of_query=lambda query: url_of(read(query.encode())[0]),
        may_share=_may_share(),
        keeping=keeping,
        wrong_id=wrong_id,
        typed=printable(request.form.get("name", ""))[:100],
        errors=errors,
    )
