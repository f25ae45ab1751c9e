"""Public pages of offers and providers."""

from flask import Blueprint

from portal.permissions import PUBLIC
from portal.web.guard import requires
from portal.web.navigation import Entry

blueprint = Blueprint("storefront", __name__)
BLUEPRINTS = [blueprint]
NAVIGATION: list[Entry] = []


@blueprint.get("/")
@requires(PUBLIC)
def index() -> str:
    """Live offers."""
    return ""
