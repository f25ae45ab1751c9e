"""A worker killed in the middle of a change of many, and the next one: each offer once, all told."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from flask import Flask
from sqlalchemy import func, select

from portal import clock, config
from portal.audit.models import AuditEntry
from portal.database import transaction
from portal.extensions import db
from portal.jobs.models import Job
from portal.jobs.worker import work_once
from portal.listings import actions
from portal.listings.actions import bulk as bulk_actions
from portal.listings.models import BulkChange, Image, Listing, Revision
from portal.listings.pictures import prepare
from portal.worker import handlers
from tests import factories
from tests.listings.conftest import REAL
from tests.listings.picture_files import quarters, saved

OFFERS = 130
AT_ONCE = 50
_KILLED = """
import os, signal, sys
from portal import create_app
from portal.jobs.worker import work_once
from portal.listings.actions import bulk, lifecycle
from portal.worker import handlers
bulk.AT_ONCE = int(sys.argv[3])
room = {"bulk": bulk, "lifecycle": lifecycle}[sys.argv[1].partition(".")[0]]
name = sys.argv[1].partition(".")[2]
there, calls = getattr(room, name), []
def dies(*arguments, **named):
    calls.append(1)
    done = there(*arguments, **named)
    if len(calls) == int(sys.argv[2]):
        os.kill(os.getpid(), signal.SIGKILL)
    return done
setattr(room, name, dies)
app = create_app()
while work_once(app, handlers(app.config["PORTAL"])):
    pass
"""


def _begun(app: Flask, act: str, monkeypatch: pytest.MonkeyPatch) -> tuple[int, list[int]]:
    """A change that waits for the worker: its id, and the offers it is about."""
    monkeypatch.setattr(bulk_actions, "AT_ONCE", AT_ONCE)
    folder = app.config["PORTAL"].data_dir / "media"
    with app.app_context():
        provider_id = factories.provider().id
        ids = [actions.create(provider_id, REAL, by=None) for _ in range(OFFERS)]
        picture = prepare(saved(quarters(), "PNG"))
        for one in ids[::10]:
            actions.add_pictures(folder, provider_id, [picture], listing_id=one)
        doing = actions.Doing(provider_id, act, 7, None, may_review=False, folder=str(folder))
        rows = [(one, 1) for one in ids]
        return actions.change_many(doing, rows, form_nonce="a" * 32), ids


def _killed(app: Flask, function: str, call: int) -> None:
    settings = app.config["PORTAL"]
    environment = {
        **os.environ,
        "PORTAL_DATA_DIR": str(settings.data_dir),
        "PORTAL_DATABASE_URL": config.database_url(settings),
    }
    done = subprocess.run(
        [sys.executable, "-c", _KILLED, function, str(call), str(AT_ONCE)],
        env=environment,
        cwd=Path(__file__).parents[2],
        check=False,
        capture_output=True,
    )
    assert done.returncode == -signal.SIGKILL, done.stderr.decode()[-2000:]


def _gone_on(app: Flask) -> None:
    """The next worker, after the dead one's lease has run out."""
    with app.app_context(), transaction() as session:
        for job in session.scalars(select(Job).where(Job.kind == actions.BULK)):
            job.lease_until = clock.now() - 1
    while work_once(app, handlers(app.config["PORTAL"])):
        pass


def _told(change_id: int) -> list[int]:
    """The offers that the change says it changed; it left none."""
    change = db.session.get_one(BulkChange, change_id)
    assert change.refused == []
    return sorted(entry["id"] for entry in change.changes)


def _acts(act: str) -> dict[int | None, int]:
    counted = (
        select(AuditEntry.subject_id, func.count())
        .where(AuditEntry.subject == "listing", AuditEntry.act == act)
        .group_by(AuditEntry.subject_id)
    )
    return {row[0]: row[1] for row in db.session.execute(counted)}


@pytest.mark.parametrize(
    ("function", "call"), [("bulk.set_values", 75), ("bulk._keep", 2)], ids=["in a batch", "at its end"]
)  # fmt: skip
def test_a_killed_change_goes_on_and_does_nothing_twice(
    own_app: Flask, monkeypatch: pytest.MonkeyPatch, function: str, call: int
) -> None:
    change_id, ids = _begun(own_app, "stock", monkeypatch)
    _killed(own_app, function, call)
    with own_app.app_context():
        changed = select(func.count()).select_from(Listing).where(Listing.stock == 7)
        assert db.session.scalar(changed) == AT_ONCE
    _gone_on(own_app)
    with own_app.app_context():
        assert _told(change_id) == ids
        assert set(db.session.execute(select(Listing.version, Listing.stock))) == {(2, 7)}
        assert _acts("listing.save") == dict.fromkeys(ids, 1)
        assert db.session.scalar(select(func.count()).select_from(Revision)) == 2 * OFFERS
        assert db.session.scalar(select(func.count()).select_from(Job)) == 0
        db.session.remove()


@pytest.mark.parametrize(
    ("function", "call"),
    [("lifecycle.delete_rows", 75), ("bulk._keep", 2), ("bulk._remove", 1)],
    ids=["in a batch", "at its end", "behind it"],
)
def test_a_killed_removal_tells_of_each_offer_what_became_of_it(
    own_app: Flask, monkeypatch: pytest.MonkeyPatch, function: str, call: int
) -> None:
    change_id, ids = _begun(own_app, "delete", monkeypatch)
    _killed(own_app, function, call)
    with own_app.app_context():
        assert db.session.scalar(select(func.count()).select_from(Listing)) == OFFERS - AT_ONCE
    _gone_on(own_app)
    with own_app.app_context():
        assert _told(change_id) == ids
        assert {entry["title"] for entry in db.session.get_one(BulkChange, change_id).changes} == {
            REAL.title
        }
        assert _acts("listing.delete") == dict.fromkeys(ids, 1)
        for table in (Listing, Revision, Image, Job):
            assert db.session.scalar(select(func.count()).select_from(table)) == 0
        db.session.remove()
    assert list((own_app.config["PORTAL"].data_dir / "media").iterdir()) == []
