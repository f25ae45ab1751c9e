"""Pages of the statistics feature."""

from flask import Blueprint
from flask_babel import lazy_gettext as _l

from portal.permissions import Permission
from portal.statistics import beacon
from portal.web.guard import requires
from portal.web.navigation import Entry

blueprint = Blueprint("statistics", __name__, url_prefix="/portal/statistics")
BLUEPRINTS = [blueprint, beacon.blueprint]
NAVIGATION = [
    Entry("statistics.index", _l("Statistics"), "chart-line", Permission.STATISTICS_VIEW),
]


@blueprint.get("/")
@requires(Permission.STATISTICS_VIEW)
def index() -> str:
    """The provider's statistics."""
    return ""
