"""For machines: is the process alive, can it serve, and what did a browser's policy refuse."""

import structlog
from flask import Blueprint, Response, request
from sqlalchemy import text

from portal.extensions import csrf, db
from portal.permissions import PUBLIC
from portal.web.guard import requires

log = structlog.get_logger()
blueprint = Blueprint("health", __name__)
_LONGEST_REPORT = 2000


@blueprint.get("/healthz")
@requires(PUBLIC)
def alive() -> Response:
    """The process answers."""
    return Response("ok\n", mimetype="text/plain", headers={"Cache-Control": "no-store"})


@blueprint.get("/readyz")
@requires(PUBLIC)
def ready() -> Response:
    """The database answers too; 503 through the error page where it does not."""
    db.session.execute(text("SELECT 1"))
    return Response("ready\n", mimetype="text/plain", headers={"Cache-Control": "no-store"})


@blueprint.post("/csp-report")
@requires(PUBLIC)
@csrf.exempt
def policy_report() -> Response:
    """A browser says that the content policy refused something: one line in the log."""
    body = request.get_data(cache=False)[:_LONGEST_REPORT]
    log.warning("content policy violated", report=body.decode("utf-8", "replace"))
    return Response(status=204)
