"""Pages of the statistics feature: a provider's, a listing's, everybody's, and their daily counts."""

from typing import Any

from flask import Blueprint, Response, request, url_for
from flask_babel import lazy_gettext as _l
from flask_login import current_user

from portal.database import Missing
from portal.permissions import Permission
from portal.statistics import beacon, queries, wording
from portal.statistics.definitions import DEFINITIONS, KEPT_OUT
from portal.statistics.exporting import days_file
from portal.statistics.periods import LENGTHS, Period, latest, length_asked
from portal.statistics.report import Report
from portal.web.comparing import percent
from portal.web.fragments import respond
from portal.web.guard import requires
from portal.web.navigation import Entry

blueprint = Blueprint("statistics", __name__, url_prefix="/portal/statistics")
BLUEPRINTS = [blueprint, beacon.blueprint]
NAVIGATION = [
    Entry("statistics.index", _l("Statistics"), "chart-line", Permission.STATISTICS_VIEW),
]


@blueprint.get("/")
@requires(Permission.STATISTICS_VIEW)
def index() -> Response:
    """The reader's provider's figures; everybody's for the marketplace."""
    return _page(_own(), "statistics.index")


@blueprint.get("/days.csv")
@requires(Permission.STATISTICS_VIEW)
def days() -> Response:
    """The same figures day by day."""
    return days_file(_own(), "views")


@blueprint.get("/listings/<int:listing_id>")
@requires(Permission.STATISTICS_VIEW)
def listing(listing_id: int) -> Response:
    """One listing's figures."""
    return _page(_of_listing(listing_id), "statistics.listing", listing_id=listing_id)


@blueprint.get("/listings/<int:listing_id>/days.csv")
@requires(Permission.STATISTICS_VIEW)
def listing_days(listing_id: int) -> Response:
    """One listing's figures day by day."""
    return days_file(_of_listing(listing_id), f"views-listing-{listing_id}")


@blueprint.get("/providers/<int:provider_id>")
@requires(Permission.STATISTICS_VIEW)
def provider(provider_id: int) -> Response:
    """One provider's figures, for the marketplace and for the provider itself."""
    return _page(_of_provider(provider_id), "statistics.provider", provider_id=provider_id)


@blueprint.get("/providers/<int:provider_id>/days.csv")
@requires(Permission.STATISTICS_VIEW)
def provider_days(provider_id: int) -> Response:
    """One provider's figures day by day."""
    return days_file(_of_provider(provider_id), f"views-provider-{provider_id}")


def _sees_all() -> bool:
    may: bool = current_user.may(Permission.STATISTICS_ALL)
    return may


def _asked() -> Period:
    return latest(length_asked(request.args.get("days")))


def _own() -> Report:
    if _sees_all():
        return queries.of_market(_asked())
    return _of_provider(current_user.provider_id)


def _of_provider(provider_id: int | None) -> Report:
    if provider_id is None or not (_sees_all() or provider_id == current_user.provider_id):
        raise Missing
    return queries.of_provider(provider_id, _asked())


def _of_listing(listing_id: int) -> Report:
    if _sees_all():
        return queries.of_listing(None, listing_id, _asked())
    if current_user.provider_id is None:
        raise Missing
    return queries.of_listing(current_user.provider_id, listing_id, _asked())


def _page(report: Report, endpoint: str, **ids: Any) -> Response:
    kind = endpoint.rpartition(".")[2]
    file = {"index": "days"}.get(kind, f"{kind}_days")
    length = report.period.length
    return respond(
        "statistics/page.html",
        "statistics/_report.html",
        report=report,
        kind=kind,
        sees_all=_sees_all(),
        cards=wording.cards(report),
        percent=percent,
        labels=[f"{day:%m-%d}" for day in report.period.days],
        definitions=DEFINITIONS,
        kept_out=KEPT_OUT,
        candidates=queries.CANDIDATES,
        most_providers=queries.SHOPS,
        ranges=[(n, url_for(endpoint, days=n, **ids), n == length) for n in LENGTHS],
        file_url=url_for(f"statistics.{file}", days=length, **ids),
    )
