"""What machines that read the site ask for: robots.txt and the sitemap of live offers."""

from datetime import UTC, datetime
from typing import Final

import flask
from flask import Blueprint, Response, request

from portal.database import Missing
from portal.permissions import PUBLIC
from portal.storefront import pages, queries
from portal.web.guard import requires

blueprint = Blueprint("crawlers", __name__)
_CLOSED: Final = (
    "/portal/",
    "/sign-in",
    "/password/",
    "/threads/",
    "/offers/*/views",
    "/offers/*/preview",
)


@blueprint.get("/robots.txt")
@requires(PUBLIC)
def robots() -> Response:
    """What search engines may read."""
    closed = "".join(f"Disallow: {path}\n" for path in _CLOSED)
    text = f"User-agent: *\n{closed}\nSitemap: {pages.origin()}/sitemap.xml\n"
    return _kept(text, "text/plain; charset=utf-8")


@blueprint.get("/sitemap.xml")
@requires(PUBLIC)
def sitemap() -> Response:
    """All live offers, or the list of the sitemap's parts where there are many."""
    parts = queries.sitemap_parts()
    if parts == 1:
        return _part(0)
    return _xml("storefront/sitemaps.xml", parts=range(parts))


@blueprint.get("/sitemap-<int(max=999999999999):part>.xml")
@requires(PUBLIC)
def sitemap_part(part: int) -> Response:
    """The live offers of one span of ids."""
    if part >= queries.sitemap_parts():
        raise Missing
    return _part(part)


def _part(part: int) -> Response:
    offers = [(row.id, _written(row.updated_at)) for row in queries.sitemap_part(part)]
    return _xml("storefront/sitemap.xml", offers=offers, has_home=part == 0)


def _written(seconds: int) -> str:
    return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def _xml(template: str, **context: object) -> Response:
    text = flask.render_template(template, origin=pages.origin(), **context)
    return _kept(text, "application/xml; charset=utf-8")


def _kept(text: str, content_type: str) -> Response:
    response = Response(text, content_type=content_type)
    response.add_etag()
    response.make_conditional(request)
    return response
