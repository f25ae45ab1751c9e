"""A worker killed at the one moment that cannot be made safe: after the server took the mail."""

import dataclasses
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from flask import Flask
from jinja2 import ChoiceLoader, DictLoader

from portal import clock
from portal.config import Settings, database_url
from portal.database import transaction
from portal.jobs.actions import LEASE
from portal.jobs.worker import Handler, work_once
from portal.mail import actions, sending
from tests.mail.peer import listening

ROOT = Path(__file__).parents[2]
HANDLERS = {actions.SEND: Handler(sending.send, sending.give_up)}
LETTER = "Subject\n\nBody\n"
# Sends the mail, then dies before that is noted.
WORKER = """
import os, signal
from portal import create_app
from portal.jobs.worker import Handler, work_once
from portal.mail import actions, sending
from tests.mail.test_killed import prepared
sending._note = lambda *_words, **_facts: os.kill(os.getpid(), signal.SIGKILL)
work_once(prepared(create_app()), {actions.SEND: Handler(sending.send)})
"""


def prepared(app: Flask) -> Flask:
    """The application, knowing one more letter."""
    assert app.jinja_env.loader is not None
    letters = DictLoader({"mail/letter.txt": LETTER})
    app.jinja_env.loader = ChoiceLoader([letters, app.jinja_env.loader])
    return app


def test_it_is_sent_again_under_the_same_id(
    own_app: Flask, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings: Settings = own_app.config["PORTAL"]
    with own_app.app_context(), transaction() as session:
        posted = actions.post(
            session, to="a@c.example", template="letter", language="en", context={}
        )
    with listening() as peer:
        environment = {
            **os.environ,
            "PORTAL_DATA_DIR": str(settings.data_dir),
            "PORTAL_DATABASE_URL": database_url(settings),
            "PORTAL_SMTP_URL": peer.url,
        }
        killed = subprocess.run(
            [sys.executable, "-c", WORKER], cwd=ROOT, env=environment, timeout=60, check=False
        )
        assert killed.returncode == -signal.SIGKILL
        own_app.config["PORTAL"] = dataclasses.replace(settings, smtp_url=peer.url)
        prepared(own_app)
        assert not work_once(own_app, HANDLERS)  # the dead worker's lease still holds
        later = clock.now() + LEASE + 1
        monkeypatch.setattr(clock, "now", lambda: later)
        assert work_once(own_app, HANDLERS)
        assert not work_once(own_app, HANDLERS)
    identifier = f"<{posted.key}@portal.example>"
    assert [message["Message-ID"] for message in peer.taken] == [identifier, identifier]
