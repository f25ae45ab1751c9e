"""Pages of imports: a sheet sent, its columns matched, its rows checked, brought in, and told."""

import secrets
from collections.abc import Mapping
from itertools import islice
from pathlib import Path
from typing import Any, Final

from flask import Blueprint, Response, abort, current_app, flash, request, url_for
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from flask_login import current_user
from werkzeug.wrappers import Response as BaseResponse

from portal import hardware
from portal.config import MIB
from portal.imports import actions, queries, storing
from portal.imports.actions.sending import MOST_WHOLE, may_be_whole
from portal.imports.forms import (
    MOST_ASKED,
    NO_GPU,
    ColumnsForm,
    UploadForm,
    chosen_gpus,
    field_groups,
    file_name_of,
)
from portal.imports.matching import CONSTANTS, KEYS, OWN, TARGETS, Matching
from portal.imports.models import Outcome, State
from portal.imports.queries import AnyRow
from portal.imports.showing import Shower
from portal.listings import fields
from portal.listings.days import own_today
from portal.listings.vocabulary import Currency
from portal.permissions import Permission
from portal.web import pagination
from portal.web.fragments import done, respond
from portal.web.guard import requires, takes_files
from portal.web.navigation import Entry
from portal.web.polling import unattended
from portal.web.sheets import Format, sheet_file

blueprint = Blueprint("imports", __name__, url_prefix="/portal/imports")
BLUEPRINTS = [blueprint]
NAVIGATION = [Entry("imports.index", _l("Imports"), "upload", Permission.LISTING_EDIT)]
_LARGEST_BODY: Final = 12 * MIB
_MOST_FIELDS: Final = 10
_SAMPLES: Final = 3
_SAMPLED: Final = 20
_OUTCOMES: Final = tuple(outcome.value for outcome in Outcome)


def _folder() -> Path:
    return storing.folder_of(current_app.config["PORTAL"])


def _here(import_id: int) -> AnyRow:
    return queries.import_of(current_user.provider_id, import_id)


@blueprint.get("/")
@requires(Permission.LISTING_EDIT)
def index() -> Response:
    """The provider's imports, and the form for a new one."""
    return _index(UploadForm(data={"form_nonce": secrets.token_hex(16)}))


def _index(form: UploadForm, status: int = 200, problems: Any = ()) -> Response:
    return respond(
        "imports/index.html",
        "imports/_imports.html",
        status=status,
        form=form,
        problems=problems,
        imports=queries.imports_of(current_user.provider_id),
    )


@blueprint.post("/")
@takes_files(_LARGEST_BODY, _MOST_FIELDS)
@requires(Permission.LISTING_EDIT)
def upload() -> BaseResponse:
    """Take a sheet."""
    form, file = UploadForm(), request.files.get("file")
    found = form.sheet_in(file)
    if found is None:
        return _index(form, 422, form.problems)
    me = current_user
    try:
        import_id = actions.upload(
            _folder(), me.provider_id, file_name_of(file), *found,
            by=me.person_id, form_nonce=form.form_nonce.data,
        )  # fmt: skip
    except OSError:
        abort(503)
    return done(url_for(".columns", import_id=import_id))


@blueprint.get("/<int:import_id>/columns")
@requires(Permission.LISTING_EDIT)
def columns(import_id: int) -> Response:
    """What each column of the sheet is: as matched, as remembered, or as its heading suggests."""
    one = _here(import_id)
    if one.mapping:
        matching, is_remembered = Matching.stored(one.mapping, one.options), False
    else:
        matching, is_remembered = queries.matching_for(one.provider_id, one.columns)
    return _columns(one, ColumnsForm(one.columns, matching), is_remembered=is_remembered)


def _columns(
    one: AnyRow, form: ColumnsForm, status: int = 200, *, is_remembered: bool = False
) -> Response:
    return respond(
        "imports/columns.html",
        "imports/_columns.html",
        status=status,
        one=one,
        form=form,
        is_remembered=is_remembered,
        samples=_samples(one),
        groups=field_groups(),
        own=OWN,
        constants=_constants(),
        keys=[(key, TARGETS[key].label) for key in KEYS],
    )


def _samples(one: AnyRow) -> list[list[str]]:
    """The first different texts of each column."""
    found: list[list[str]] = [[] for _column in one.columns]
    try:
        for _number, cells in islice(storing.rows_of(_folder(), one.key), _SAMPLED):
            for texts, text in zip(found, cells, strict=True):
                if text.strip() and text not in texts and len(texts) < _SAMPLES:
                    texts.append(text)
    except FileNotFoundError:
        pass
    return found


def _constants() -> list[tuple[str, Any, Any]]:
    """Name, label and options of each field that may be the same for every row."""
    options: dict[str, Any] = {
        "currency": [(code.value, code.value) for code in Currency],
        "unit": fields.units(),
    }
    for name in CONSTANTS:
        rule = fields.RULES.get(name)
        if isinstance(rule, fields.Choice):
            options[name] = rule.options()
    return [(name, TARGETS[name].label, options[name]) for name in CONSTANTS]


@blueprint.post("/<int:import_id>/columns")
@requires(Permission.LISTING_EDIT)
def match(import_id: int) -> BaseResponse:
    """Keep what the columns are, and begin the dry run."""
    one = _here(import_id)
    before = Matching.stored(one.mapping, one.options)
    if not one.mapping:
        before, _remembered = queries.matching_for(one.provider_id, one.columns)
    form = ColumnsForm.sent(one.columns, request.form, before)
    if form.errors:
        return _columns(one, form, 422)
    return _act(import_id, lambda: actions.match(
        one.provider_id, import_id, form.matching, by=current_user.person_id
    ))  # fmt: skip


def _act(import_id: int, act: Any) -> BaseResponse:
    """Do something with an import and show how it goes on."""
    try:
        act()
    except actions.AlreadyRunning:
        flash(_("This import has gone on meanwhile: here it is as it stands now."), "warning")
    return done(url_for(".show", import_id=import_id))


@blueprint.get("/<int:import_id>/")
@requires(Permission.LISTING_EDIT)
def show(import_id: int) -> BaseResponse:
    """How far an import has come, and what becomes of its rows."""
    one = _here(import_id)
    if one.state == State.UPLOADED:
        return done(url_for(".columns", import_id=import_id))
    return _shown(one)


@blueprint.get("/<int:import_id>/progress")
@unattended
@requires(Permission.LISTING_EDIT)
def progress(import_id: int) -> Response:
    """The same, as an open page asks for it while the work goes on."""
    return _shown(_here(import_id))


def _shown(one: AnyRow) -> Response:
    is_running = one.state in {State.CHECKING, State.IMPORTING}
    context = {"listed": None, "table": [], "headings": []} if is_running else _table(one)
    unknown = one.options.get("unknown", ()) if one.state == State.CHECKED else ()
    return respond(
        "imports/show.html",
        "imports/_import.html",
        one=one,
        is_running=is_running,
        url=url_for(".show", import_id=one.id),
        may_be_whole=may_be_whole(one.counts, one.total),
        most_whole=MOST_WHOLE,
        unknown=list(unknown)[:MOST_ASKED],
        more_unknown=max(0, len(unknown) - MOST_ASKED),
        gpus=hardware.choices(),
        no_gpu=NO_GPU,
        outcome=_outcome(request.args),
        **context,
    )


def _outcome(arguments: Mapping[str, str]) -> str:
    asked = arguments.get("outcome", "")
    return asked if asked in _OUTCOMES else ""


def _table(one: AnyRow) -> dict[str, Any]:
    """A page of the sheet's rows with what was said of them."""
    outcome = _outcome(request.args)
    cursor = pagination.decode(request.args.get("page"), int)
    listed = pagination.paged(
        queries.rows_of(one.id, outcome, cursor),
        size=queries.PAGE,
        cursor=cursor,
        key=lambda row: (row.number,),
        url=lambda page: url_for(".show", import_id=one.id, outcome=outcome or None, page=page),
    )
    shower = Shower(_folder(), one, own_today())
    return {"listed": listed, "table": shower.shown(listed.rows), "headings": shower.heads}


@blueprint.post("/<int:import_id>/gpus")
@requires(Permission.LISTING_EDIT)
def choose_gpus(import_id: int) -> BaseResponse:
    """Say which models the unknown names are, and check once more."""
    me = current_user
    return _act(import_id, lambda: actions.choose_gpus(
        me.provider_id, import_id, chosen_gpus(request.form), by=me.person_id
    ))  # fmt: skip


@blueprint.post("/<int:import_id>/start")
@requires(Permission.LISTING_EDIT)
def start(import_id: int) -> BaseResponse:
    """Bring in what the dry run found good."""
    me, whole = current_user, request.form.get("whole") == "1"
    return _act(import_id, lambda: actions.start(
        me.provider_id, import_id, whole=whole, by=me.person_id
    ))  # fmt: skip


@blueprint.get("/<int:import_id>/refused.csv")
@requires(Permission.LISTING_EDIT)
def refused_csv(import_id: int) -> Response:
    """The refused rows as a CSV, to be corrected and sent again."""
    return _refused(import_id, Format.CSV)


@blueprint.get("/<int:import_id>/refused.xlsx")
@requires(Permission.LISTING_EDIT)
def refused_xlsx(import_id: int) -> Response:
    """The same as XLSX."""
    return _refused(import_id, Format.XLSX)


def _refused(import_id: int, kind: Format) -> Response:
    one = _here(import_id)
    name = one.file_name.rpartition(".")[0] or one.file_name
    return sheet_file(
        kind, f"{name}-{_('refused')}", *Shower(_folder(), one, own_today()).refused()
    )
