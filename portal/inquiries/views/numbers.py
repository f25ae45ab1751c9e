"""The desk's numbers: a page about some days, and each of its tables as a file."""

from collections.abc import Mapping
from typing import Any, Final

from flask import Response, request, url_for
from flask_babel import gettext as _
from flask_login import current_user

from portal.inquiries import exporting, numbers_in_words, queries, spans
from portal.inquiries.filters import NOBODY, Queue
from portal.inquiries.numbers import Report, numbers_of, titles_of
from portal.inquiries.spans import Span
from portal.inquiries.views.page import blueprint
from portal.permissions import Permission
from portal.web import navigation
from portal.web.fragments import respond
from portal.web.guard import requires

_COMPARED: Final = ("received", "median", "in_time", "won")
_COUNTS: Final = {"stages": queries.BY_STAGE, "people": queries.PEOPLE}


@blueprint.get("/numbers")
@requires(Permission.INQUIRY_VIEW)
def numbers() -> Response:
    """How the desk did on the days of the address."""
    counted = navigation.count(_COUNTS)
    span, report = _asked()
    return respond(
        "inquiries/numbers.html",
        "inquiries/_numbers.html",
        span=span,
        report=report,
        is_first_use=not counted["stages"],
        sellers=_sellers(report, counted["people"]),
        listings=_listings(report),
        definitions=numbers_in_words.DEFINITIONS,
        words=numbers_in_words,
        longest=spans.LONGEST,
        compared={key: numbers_in_words.compared(key, report, span.days) for key in _COMPARED},
        ranges=[(n, url_for(".numbers", days=n), n == span.length) for n in spans.LENGTHS],
        files={table: _file_url(table, span) for table in exporting.TABLES},
        inbox=_inbox_of(span),
    )


@blueprint.get("/numbers/whole.csv", defaults={"table": "whole"})
@blueprint.get("/numbers/sellers.csv", defaults={"table": "sellers"})
@blueprint.get("/numbers/listings.csv", defaults={"table": "listings"})
@blueprint.get("/numbers/reasons.csv", defaults={"table": "reasons"})
@requires(Permission.INQUIRY_VIEW)
def numbers_file(table: str) -> Response:
    """One of the page's tables."""
    span, report = _asked()
    names: Mapping[Any, str] = {}
    if table == "sellers":
        names = _sellers(report, navigation.count(_COUNTS)["people"])
    elif table == "listings":
        names = _listings(report)
    return exporting.numbers_file(table, report, span, names)


def _asked() -> tuple[Span, Report]:
    span = spans.read(request.args.to_dict(), current_user.timezone)
    return span, numbers_of(current_user.provider_id, span.start, span.end)


def _sellers(report: Report, people: Any) -> dict[int | None, str]:
    """Names of the sellers' lines."""
    known = {one.id: one.name for one in queries.people_in(people)}
    gone = _("A former colleague")
    names = {one.key: known.get(one.key or 0, gone) for one in report.sellers}
    return names | {None: _("Nobody yet")}


def _listings(report: Report) -> Mapping[Any, str]:
    """Titles of the listings' lines."""
    keys = [one.key for one in report.listings if one.key is not None]
    return titles_of(current_user.provider_id, keys) if keys else {}


def _file_url(table: str, span: Span) -> str:
    query: dict[str, Any] = dict(span.query)
    return url_for(".numbers_file", table=table, **query)


def _inbox_of(span: Span) -> Any:
    """Gives the address of the inquiries behind a number."""

    def address(**narrowed: Any) -> str:
        if "assignee" in narrowed:
            narrowed["assignee"] = narrowed["assignee"] or NOBODY
        return url_for(
            ".index", queue=Queue.ALL.value, since=span.first, until=span.last, **narrowed
        )

    return address
