"""Pages of the marketplace's admins about providers: what the marketplace settles for each."""

from typing import Final

from flask import Blueprint, Response, flash, request, url_for
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from flask_login import current_user
from werkzeug.wrappers import Response as BaseResponse

from portal.accounts import actions, queries
from portal.accounts.forms import ProviderForm
from portal.permissions import Permission
from portal.web import pagination
from portal.web.fragments import done, invalid, respond
from portal.web.guard import requires
from portal.web.navigation import Entry

blueprint = Blueprint("providers", __name__, url_prefix="/portal/providers")
NAVIGATION = [
    Entry("providers.index", _l("Providers"), "building-2", Permission.PROVIDER_EDIT),
]
_EDITED: Final = ("accounts/provider.html", "accounts/_provider_form.html")


@blueprint.get("/")
@requires(Permission.PROVIDER_EDIT)
def index() -> Response:
    """All providers by name."""
    cursor = pagination.decode(request.args.get("page"), str, int)
    listed = pagination.paged(
        queries.providers(cursor),
        size=queries.PROVIDERS_PAGE,
        cursor=cursor,
        key=lambda row: (row.name, row.id),
        url=lambda page: url_for("providers.index", page=page),
    )
    return respond("accounts/providers.html", "accounts/_providers.html", listed=listed)


@blueprint.get("/<int:provider_id>")
@requires(Permission.PROVIDER_EDIT)
def show(provider_id: int) -> Response:
    """One provider's settings."""
    row = queries.provider_settings(provider_id)
    form = ProviderForm(data={"timezone": row.timezone, "reviews_listings": row.reviews_listings})
    return respond(*_EDITED, row=row, form=form)


@blueprint.post("/<int:provider_id>")
@requires(Permission.PROVIDER_EDIT)
def update(provider_id: int) -> BaseResponse:
    """Save one provider's settings."""
    row = queries.provider_settings(provider_id)
    form = ProviderForm()
    if not form.validate():
        return invalid(*_EDITED, row=row, form=form)
    is_changed = actions.settle_provider(
        provider_id,
        timezone=str(form.timezone.data),
        reviews_listings=form.reviews_listings.data,
        by=current_user.person_id,
    )
    if is_changed:
        flash(_("Saved: %(name)s.", name=row.name), "success")
    else:
        flash(_("Nothing was different: there was nothing to save."), "info")
    return done(url_for("providers.index"))
