"""A worker killed in the middle of an import, and the next one: every row once."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from flask import Flask
from sqlalchemy import select

from portal import clock, config
from portal.accounts.actions import add_provider
from portal.database import transaction
from portal.extensions import db
from portal.imports import actions, reading, storing
from portal.imports.matching import Matching
from portal.imports.models import Import, ImportRow
from portal.jobs.models import Job
from portal.jobs.worker import work_once
from portal.listings.models import Attribute, Listing, Revision
from portal.worker import handlers
from tests.imports.conftest import as_csv

ROWS = 300
_KILLED = """
import os, signal, sys
from portal import create_app
from portal.imports.actions import dry_run, writing
from portal.jobs.worker import work_once
from portal.worker import handlers
dry_run.AT_ONCE = 50
there = getattr(writing._Work, sys.argv[1])
calls = []
def dies(self, *arguments):
    calls.append(1)
    if len(calls) == 3:
        there(self, *arguments)
        os.kill(os.getpid(), signal.SIGKILL)
    return there(self, *arguments)
setattr(writing._Work, sys.argv[1], dies)
app = create_app()
while work_once(app, handlers(app.config["PORTAL"])):
    pass
"""


def _started(app: Flask, *, whole: bool = False) -> int:
    """An import of new offers that waits for the worker."""
    settings = app.config["PORTAL"]
    rows = [["Title", "Price", "Rack"], *([f"Offer {n}", str(n + 1), f"R{n}"] for n in range(ROWS))]
    data = as_csv(rows)
    with app.app_context():
        provider_id = add_provider("Killed")
        import_id = actions.upload(
            storing.folder_of(settings), provider_id, "x.csv", data, reading.read(data), by=None
        )
        matching = Matching(columns={0: "title", 1: "price", 2: "own"})
        actions.match(provider_id, import_id, matching, by=None)
        _work(app)
        actions.start(provider_id, import_id, whole=whole, by=None)
    return import_id


def _work(app: Flask) -> None:
    while work_once(app, handlers(app.config["PORTAL"])):
        pass


def _killed(app: Flask, method: str) -> None:
    settings = app.config["PORTAL"]
    environment = {
        **os.environ,
        "PORTAL_DATA_DIR": str(settings.data_dir),
        "PORTAL_DATABASE_URL": config.database_url(settings),
    }
    done = subprocess.run(
        [sys.executable, "-c", _KILLED, method],
        env=environment,
        cwd=Path(__file__).parents[2],
        check=False,
        capture_output=True,
    )
    assert done.returncode == -signal.SIGKILL, done.stderr.decode()[-2000:]


def _freed(app: Flask) -> None:
    """As after the dead worker's lease has run out."""
    with app.app_context(), transaction() as session:
        for job in session.scalars(select(Job).where(Job.kind == "imports.write")):
            job.lease_until = clock.now() - 1


def _count(model: type) -> int:
    return db.session.query(model).count()


@pytest.mark.parametrize("method", ["_create", "write"], ids=["in a batch", "at its end"])
def test_a_killed_import_goes_on_without_a_row_twice(own_app: Flask, method: str) -> None:
    import_id = _started(own_app)
    _killed(own_app, method)
    with own_app.app_context():
        half = _count(Listing)
        assert half == 100
        assert _count(Revision) == _count(Attribute) == half
        assert db.session.query(ImportRow).filter(ImportRow.is_written).count() == half
    _freed(own_app)
    _work(own_app)
    with own_app.app_context():
        assert _count(Listing) == _count(Revision) == _count(Attribute) == ROWS
        titles = db.session.scalars(select(Listing.title)).all()
        assert len(set(titles)) == ROWS
        one = db.session.get(Import, import_id)
        assert one is not None
        assert (one.state, one.done, one.counts) == ("done", ROWS, {"new": ROWS})
        db.session.remove()


def test_a_killed_import_of_all_or_nothing_leaves_nothing(own_app: Flask) -> None:
    import_id = _started(own_app, whole=True)
    _killed(own_app, "write")
    with own_app.app_context():
        assert _count(Listing) == 0
    _freed(own_app)
    _work(own_app)
    with own_app.app_context():
        assert _count(Listing) == ROWS
        one = db.session.get(Import, import_id)
        assert one is not None
        assert one.state == "done"
        db.session.remove()


def test_a_job_of_an_older_question_does_nothing(own_app: Flask) -> None:
    import_id = _started(own_app)
    with own_app.app_context():
        stale = {"import_id": import_id, "run": "0" * 16}
        actions.write(storing.folder_of(own_app.config["PORTAL"]), stale)
        assert _count(Listing) == 0
        db.session.remove()


def test_old_imports_go_with_their_sheets(own_app: Flask) -> None:
    import_id = _started(own_app)
    folder = storing.folder_of(own_app.config["PORTAL"])
    _work(own_app)
    with own_app.app_context():
        assert actions.purge(folder) == 0
        with transaction() as session:
            one = session.get_one(Import, import_id)
            one.created_at -= 31 * clock.DAY
        assert actions.purge(folder) == 1
        assert _count(Import) == _count(ImportRow) == 0
        assert _count(Listing) == ROWS
        db.session.remove()
    assert list(folder.iterdir()) == []
