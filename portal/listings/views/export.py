"""The index's listings as a file for a spreadsheet."""

from flask import Response, request
from flask_babel import gettext as _
from flask_login import current_user

from portal.listings.days import own_today
from portal.listings.exporting import rows_of
from portal.listings.filters import read
from portal.listings.sheet_columns import chosen, heading
from portal.listings.views.page import blueprint
from portal.permissions import Permission
from portal.web.guard import requires
from portal.web.sheets import Column, Format, sheet_file


@blueprint.get("/export.csv")
@requires(Permission.LISTING_VIEW)
def export_csv() -> Response:
    """The listings the index shows for the same query, as CSV."""
    return _export(Format.CSV)


@blueprint.get("/export.xlsx")
@requires(Permission.LISTING_VIEW)
def export_xlsx() -> Response:
    """The same as XLSX."""
    return _export(Format.XLSX)


def _export(kind: Format) -> Response:
    filters, _cursor = read(request.query_string)
    columns = chosen(request.args.getlist("columns"))
    heads = [Column(heading(column), column.width) for column in columns]
    me = current_user
    own_day = own_today()
    rows = rows_of(me.provider_id, filters, columns, own_day)
    return sheet_file(kind, f"{_('Listings')}-{own_day}", heads, rows)
