"""Sign-in, sign-out, and the person's own page with their sessions."""

import flask
from flask import Blueprint, Response, flash, redirect, request, session, url_for
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from flask_login import current_user, login_user, logout_user
from werkzeug.wrappers import Response as BaseResponse

from portal import clock
from portal.accounts import actions, notices, providers, queries
from portal.accounts.devices import device
from portal.accounts.forms import AwayForm, SignInForm
from portal.accounts.identity import Identity
from portal.digests import digest_of, network_digest
from portal.extensions import login_manager
from portal.permissions import PUBLIC, SIGNED_IN, Permission, Role
from portal.web.fragments import done, respond
from portal.web.guard import is_public, requires, safe_next
from portal.web.navigation import Entry
from portal.web.polling import is_unattended

blueprint = Blueprint("accounts", __name__)
BLUEPRINTS = [blueprint, notices.blueprint, providers.blueprint]
ROLE_NAMES = {
    Role.STAFF: _l("Staff"),
    Role.SELLER: _l("Seller"),
    Role.MANAGER: _l("Head of the sellers"),
    Role.ADMIN: _l("Admin of the marketplace"),
}
NAVIGATION = [*providers.NAVIGATION, Entry("accounts.account", _l("My account"), "circle-user")]


blueprint.add_app_template_filter(device)


@login_manager.user_loader
def load_identity(token: str) -> Identity | None:
    """Whoever holds the session named in the cookie, as of now."""
    return queries.identity_of(token, digest_of(token))


@blueprint.before_app_request
def keep_session_alive() -> None:
    """Note the use of a session on private pages; public pages do not look at it.

    What an open page asks by itself is no use: left alone it would never go idle.
    """
    if is_public() or is_unattended():
        return
    reader = current_user._get_current_object()
    if reader.is_authenticated:
        actions.keep_alive(reader.session_id, reader.seen_at)


@blueprint.get("/sign-in")
@requires(PUBLIC)
def sign_in() -> str | BaseResponse:
    """The sign-in page."""
    target = safe_next(request.args.get("next")) or ""
    if current_user.is_authenticated:
        return redirect(target or url_for("accounts.home"), 303)
    return flask.render_template("accounts/sign_in.html", form=SignInForm(data={"next": target}))


@blueprint.post("/sign-in")
@requires(PUBLIC)
def open_session() -> BaseResponse:
    """Check the password and open a session."""
    form = SignInForm()
    if not form.validate():
        return _sign_in_again(form, 422)
    try:
        token = actions.sign_in(
            form.email.data.strip(),
            form.password.data,
            remember=form.remember.data,
            user_agent=request.user_agent.string,
            network_digest=_network(),
        )
    except actions.Throttled as throttled:
        wait = throttled.retry_after
        words = _("Too many tries. Wait %(seconds)s seconds and try again.", seconds=wait)
        return _sign_in_again(form, 429, words, {"Retry-After": str(wait)})
    identity = load_identity(token) if token else None
    if identity is None:
        return _sign_in_again(form, 422, _("E-mail or password is wrong."))
    _start(identity, remember=form.remember.data)
    return redirect(safe_next(form.next.data) or url_for("accounts.home"), 303)


def _network() -> str:
    key = flask.current_app.config["SECRET_KEY"]
    return network_digest(key, "sign-in", request.remote_addr or "")


def _sign_in_again(
    form: SignInForm, status: int, words: str = "", headers: dict[str, str] | None = None
) -> BaseResponse:
    if words:
        form.form_errors = [words]
    page = flask.render_template("accounts/sign_in.html", form=form)
    return flask.make_response(page, status, headers or {})


def _start(identity: Identity, *, remember: bool) -> None:
    session.clear()  # nothing of the anonymous session, its CSRF token included, lives on
    session.permanent = remember
    login_user(identity)


@blueprint.post("/sign-out")
@requires(SIGNED_IN)
def sign_out() -> BaseResponse:
    """End this session; its cookie is worth nothing afterwards, wherever it was copied to."""
    actions.end_session(current_user.person_id, current_user.session_id)
    logout_user()
    session.clear()
    response = redirect(url_for("accounts.sign_in"), 303)
    response.headers["Clear-Site-Data"] = '"cache", "storage"'
    return response


@blueprint.get("/portal/")
@requires(SIGNED_IN)
def home() -> BaseResponse:
    """The first page this person works on: for who answers but does not edit, the inbox."""
    entries = [
        entry
        for entry in flask.current_app.extensions["portal.navigation"]
        if entry.permission is None or current_user.may(entry.permission)
    ]
    if not current_user.may(Permission.LISTING_EDIT):
        entries.sort(key=lambda entry: entry.permission is not Permission.INQUIRY_VIEW)
    return redirect(url_for(entries[0].endpoint), 302)


@blueprint.get("/portal/account/")
@requires(SIGNED_IN)
def account() -> Response:
    """The person's own page: who they are here, when they are away, where they are signed in."""
    return _account()


def _account(away_form: AwayForm | None = None) -> Response:
    away = queries.away_of(current_user.person_id)
    return respond(
        "accounts/account.html",
        "accounts/_away.html",
        status=422 if away_form else 200,
        sessions=queries.sessions_of(current_user.person_id),
        notices_form=notices.form_of(current_user, away.notices),
        role_names=[ROLE_NAMES[role] for role in Role if role in current_user.roles],
        away_form=away_form or AwayForm(formdata=None, obj=away),
        is_away_set=away.away_until is not None
        and away.away_until >= clock.today_in(current_user.timezone),
        has_threads=current_user.may(Permission.INQUIRY_ANSWER),
    )


@blueprint.post("/portal/account/away")
@requires(SIGNED_IN)
def settle_away() -> BaseResponse:
    """Note from when until when the person is out of office, or that they are back."""
    form = AwayForm()
    if request.form.get("action") == "back":
        actions.set_away(current_user.person_id, None, None)
        flash(_("Welcome back."))
        return done(url_for("accounts.account"))
    if not form.validate():
        return _account(form)
    actions.set_away(current_user.person_id, form.away_from.data, form.away_until.data)
    flash(_("Saved."))
    return done(url_for("accounts.account"))


@blueprint.post("/portal/account/sessions/<int:session_id>/end")
@requires(SIGNED_IN)
def end_session(session_id: int) -> BaseResponse:
    """End one of the person's own sessions."""
    actions.end_session(current_user.person_id, session_id)
    flash(_("That device is signed out."))
    return done(url_for("accounts.account"))


@blueprint.post("/portal/account/sessions/end-others")
@requires(SIGNED_IN)
def end_other_sessions() -> BaseResponse:
    """End all sessions but this one."""
    actions.end_other_sessions(current_user.person_id, current_user.session_id)
    flash(_("All other devices are signed out."))
    return done(url_for("accounts.account"))


@blueprint.after_app_request
def remember_language(response: flask.Response) -> flask.Response:
    """A language chosen while signed in is also the one this person is written to in."""
    if request.endpoint == "choose_language" and current_user.is_authenticated:
        code = (request.view_args or {}).get("code")
        if code in {"zh", "en"} and code != current_user.language:
            actions.choose_language(current_user.person_id, code)
    return response
