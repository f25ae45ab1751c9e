"""Public pages of offers and providers; none of them looks at a session."""

from typing import Any

import flask
from flask import Blueprint, Response, request

from portal.database import Missing
from portal.extensions import csrf
from portal.inquiries import asking
from portal.permissions import PUBLIC
from portal.statistics import counting
from portal.storefront import crawlers, pages, previews, queries
from portal.storefront.filters import asked, url_of
from portal.storefront.related import related_to
from portal.web.fragments import is_fragment_request, respond
from portal.web.guard import requires
from portal.web.navigation import Entry

blueprint = Blueprint("storefront", __name__)
BLUEPRINTS = [blueprint, crawlers.blueprint, previews.blueprint]
NAVIGATION: list[Entry] = []


@blueprint.get("/")
@requires(PUBLIC)
def index() -> Response:
    """Live offers, newest first."""
    filters = asked(request.args)
    context = pages.list_context(filters)
    response = respond("storefront/index.html", "storefront/_results.html", **context)
    if is_fragment_request():
        # The address without the fields that were left empty.
        response.headers["HX-Push-Url"] = url_of(filters, page=request.args.get("page", "")[:400])
    return _kept(response)


@blueprint.get("/offers/<int:listing_id>")
@requires(PUBLIC)
def show(listing_id: int) -> Response:
    """One offer; 410 with similar ones once it is no longer offered."""
    row = _public(listing_id)
    related = related_to(row)
    if not queries.is_offered(row):
        return _gone(row, related)
    etag = pages.stamp(tuple(row), [tuple(one) for one in related])
    # A proxy that compresses hands our tag on as a weak one: still the same copy (RFC 9110, 13.1.2).
    if request.if_none_match.contains_weak(etag):
        return _not_modified(etag)
    ask = asking.blank(row.id)
    response = respond(
        "storefront/show.html",
        "storefront/_offer.html",
        ask=ask,
        **pages.offer_context(row, related),
    )
    response.set_etag(etag)
    if request.method == "GET":
        counting.served(row.id, row.provider_id)
    return response


@blueprint.post("/offers/<int:listing_id>/inquiries")
@csrf.exempt
@requires(PUBLIC)
def ask(listing_id: int) -> Response:
    """Receive a buyer's question; the form carries its own signed token."""
    try:
        outcome = asking.ask(listing_id)
        if isinstance(outcome, asking.Asked):
            return respond("inquiries/asked.html", "inquiries/_asked.html", asked=outcome)
        row = _public(listing_id)
        if not queries.is_offered(row):
            raise asking.Gone
    except asking.Gone:
        row = _public(listing_id)
        return _gone(row, related_to(row))
    context = pages.offer_context(row, related_to(row))
    return outcome.answer("storefront/show.html", **context)


@blueprint.get("/providers/<int:provider_id>")
@requires(PUBLIC)
def provider(provider_id: int) -> Response:
    """A provider's profile and its live offers."""
    row = queries.provider_row(provider_id)
    if row is None:
        raise Missing
    context = pages.provider_context(row)
    return _kept(respond("storefront/provider.html", "storefront/_own.html", **context))


def _public(listing_id: int) -> Any:
    """A listing that is, or once was, public.

    Raises:
        Missing: it is unknown, or never was: the reader is told the same.
    """
    row = queries.offer_row(listing_id)
    if row is None or row.published_at is None:
        raise Missing
    return row


def _gone(row: Any, related: list[Any]) -> Response:
    similar = [pages.card(one) for one in related]
    return respond("storefront/gone.html", "storefront/_gone.html", status=410, related=similar)


def _kept(response: Response) -> Response:
    """With a digest of its content for an ETag: nothing in these pages is made anew each time."""
    response.add_etag()
    response.make_conditional(request)
    return response


def _not_modified(etag: str) -> Response:
    response = flask.make_response("", 304)
    response.set_etag(etag)
    response.vary.update(("HX-Request", "HX-Request-Type", "HX-History-Restore-Request"))
    return response
