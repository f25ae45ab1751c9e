"""Writing views down as they happen: when a page is sent, and when a browser shows it."""

from pathlib import Path
from typing import Final

import structlog
from flask import current_app, request
from flask_login import current_user

from portal import clock
from portal.accounts.identity import Identity
from portal.config import Settings
from portal.listings.counters import provider_of
from portal.permissions import Permission
from portal.statistics import tokens
from portal.statistics.robots import HUMAN, looker_of
from portal.statistics.spool import LOOKED, SERVED, Hit, SpoolError, spool_in
from portal.statistics.tokens import token_for
from portal.statistics.visitors import hashes_of

__all__ = ["looked", "served", "token_for"]

log = structlog.get_logger()
STAFF: Final = "staff"


def served(listing_id: int, provider_id: int) -> None:
    """Note that a listing's page is being sent (GET, 200); a full disk does not stop the page."""
    settings: Settings = current_app.config["PORTAL"]
    if not settings.counting:
        return
    hit = Hit(SERVED, clock.now(), listing_id, provider_id, _looker())
    try:
        spool_in(spool_folder(settings)).append(hit)
    except SpoolError as error:
        log.warning("view not written down", error=str(error))


def looked(listing_id: int, token: str) -> None:
    """Note that somebody looks at a listing's page, unless the token is no good.

    Robots and pages loaded ahead leave no line: their page was noted when it was sent.

    Raises:
        SpoolError: the disk is full; the view must not be acknowledged.
    """
    settings: Settings = current_app.config["PORTAL"]
    if not settings.counting or _looker() != HUMAN:
        return
    known = tokens.read(listing_id, token)
    if known is None:
        return
    at = clock.now()
    visitor, before = hashes_of(
        salt_folder(settings), at, request.remote_addr or "", request.user_agent.string
    )
    looker = STAFF if _is_staff_of(listing_id) else HUMAN
    hit = Hit(LOOKED, at, listing_id, 0, looker, visitor, before, known.nonce)
    spool_in(spool_folder(settings)).append(hit)


def spool_folder(settings: Settings) -> Path:
    """Where the web processes leave their spool files."""
    return settings.data_dir / "spool"


def salt_folder(settings: Settings) -> Path:
    """Where the salts of the visitors' hashes lie."""
    return settings.data_dir / "salts"


def _looker() -> str:
    headers = request.headers
    purpose = headers.get("Sec-Purpose") or headers.get("Purpose") or headers.get("X-Moz") or ""
    return looker_of(headers.get("User-Agent", ""), purpose)


def _is_staff_of(listing_id: int) -> bool:
    """Whether a signed-in reader works for the listing's provider or for the marketplace."""
    if current_app.config["SESSION_COOKIE_NAME"] not in request.cookies:
        return False
    if not current_user.is_authenticated:
        return False
    reader: Identity = current_user
    if reader.may(Permission.STATISTICS_ALL):
        return True
    return reader.provider_id is not None and reader.provider_id == provider_of(listing_id)
