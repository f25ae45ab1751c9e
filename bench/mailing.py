"""Figures of mails out: what a bad mail server does to a buyer, what a killed worker does to mails."""

import http.client
import os
import random
import secrets
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Final
from urllib.parse import urlencode

import flask_migrate
from flask import Flask
from sqlalchemy import ColumnElement, func, select, update

from bench import load, seed
from bench.figures import figure
from portal import clock, config, create_app
from portal.accounts.actions import add_person, add_provider
from portal.config import Settings
from portal.database import Base, transaction
from portal.extensions import db
from portal.inquiries.models import ThreadEvent
from portal.inquiries.vocabulary import Event
from portal.jobs.models import Job
from portal.listings import actions as listings
from portal.listings.content import Content
from portal.mail.actions import SEND, post
from portal.mail.models import QUEUED, Mail
from portal.permissions import Role
from portal.web import formtoken
from tests.mail.peer import Peer, listening
from tests.serving.server import free_port, until

ROUNDS: Final = 100
_MAILS: Final = 200
_ASKED: Final = 40
_MODES: Final = ("refused", "mute", "hang", "busy", "unwanted", "unknown")
_FINAL: Final = frozenset({"unwanted", "unknown"})
"""Those that say 550, after DATA and at RCPT."""
_COLD: Final = 10
"""Of those asked the first, which are not timed."""
_PATIENCE: Final = 2.0
"""Seconds until the worker has surely met the bad server."""
_WAIT: Final = 90.0
_chance: Final = random.Random(5)


def _fresh() -> tuple[Flask, Path]:
    """An application on an empty database of its own."""
    data = seed.folder()
    settings = Settings(data_dir=data)
    config.create_secret_key(config.secret_key_path(settings))
    app = create_app(settings)
    with app.app_context():
        flask_migrate.upgrade()
    return app, data


@figure("inquiry-smtp", at_most=300)
def inquiry_smtp() -> float:
    """Slowest answer to an inquiry (ms) while SMTP refuses, hangs, says 421 or 550.

    Infinite when a mail is lost or doubled once the server has come to itself, or when a 550 is not
    told in its thread.
    """
    slowest, faults = 0.0, 0
    for mode in _MODES:
        took, wrong = _under(mode)
        print(
            f"# {mode}: slowest of {_ASKED - _COLD} {took:.0f} ms, {wrong} mails lost, doubled or untold"
        )
        slowest, faults = max(slowest, took), faults + wrong
    return slowest if not faults else float("inf")


def _under(mode: str) -> tuple[float, int]:
    """Inquiries while the mail server behaves like that: slowest answer (ms), mails gone wrong."""
    app, data = _fresh()
    with app.app_context():
        provider = add_provider("Provider")
        roles = frozenset({Role.SELLER})
        add_person("seller@a.example", "Seller", secrets.token_hex(), roles, provider_id=provider)
        offer = Content(title="RTX 4090", place="110000", description="适合推理场景。" * 20)
        listing = listings.create(provider, offer, by=None)
        listings.publish(provider, listing, by=None)
    port = free_port()
    with (
        load.serving(data, PORTAL_SMTP_URL=f"smtp://127.0.0.1:{port}") as server,
        ExitStack() as kept,
    ):
        peer = None if mode == "refused" else kept.enter_context(listening(mode, port))
        # The first ones are slow in each process, whatever the mail server does: templates are read.
        took = max([_ask(app, server.port, listing) for _ in range(_ASKED)][_COLD:])
        time.sleep(_PATIENCE)
        if mode in _FINAL:
            until(lambda: not _count(app, Mail, Mail.state == QUEUED), _WAIT, pause=0.2)
            told = _count(app, ThreadEvent, ThreadEvent.kind == Event.MAIL_FAILED.value)
            return took, abs(told - _ASKED)
        peer = peer or kept.enter_context(listening("take", port))
        peer.mode = "take"
        until(lambda: _is_through(app), _WAIT, pause=0.5)
        return took, _gone_wrong(app, peer)


def _is_through(app: Flask) -> bool:
    """Whether no mail waits; those that wait for their next try need not wait longer."""
    with app.app_context(), transaction() as session:
        session.execute(update(Job).where(Job.kind == SEND).values(due_at=0))
    return not _count(app, Mail, Mail.state == QUEUED)


def _gone_wrong(app: Flask, peer: Peer) -> int:
    """Mails that the server has not taken exactly once."""
    with app.app_context():
        wanted = {f"<{key}@portal.example>" for key in db.session.scalars(select(Mail.key))}
        db.session.rollback()
    taken = Counter(str(message["Message-ID"]) for message in peer.taken)
    to_buyers = _count(app, Mail, Mail.notice_of.is_(None))
    return sum(taken[one] != 1 for one in wanted | taken.keys()) + abs(to_buyers - _ASKED)


def _ask(app: Flask, port: int, listing: int) -> float:
    """One inquiry of somebody new, from an address of their own; milliseconds until its answer."""
    with app.app_context():
        issued = clock.milliseconds() - 60_000
        token = formtoken._serializer(f"inquiry:{listing}").dumps([secrets.token_hex(8), issued])
    form = {
        "csrf_token": token,
        "name": "王芳",
        "email": f"{secrets.token_hex(6)}@c.example",
        "message": f"{secrets.token_hex(20)}?",
    }
    places = secrets.token_bytes(3)
    source = f"127.{places[0] | 1}.{places[1]}.{places[2] or 1}"
    connection = http.client.HTTPConnection("127.0.0.1", port, 30, source_address=(source, 0))
    headers = {
        "Content-Type": "application/x-www-form-urlencoded",
        "User-Agent": load.BROWSER,
    }
    begun = time.perf_counter()
    connection.request("POST", f"/offers/{listing}/inquiries", urlencode(form), headers)
    answer = connection.getresponse()
    answer.read()
    took = (time.perf_counter() - begun) * 1000
    connection.close()
    if answer.status != 200:
        raise RuntimeError(f"an inquiry was answered {answer.status}")
    return took


def _count(app: Flask, table: type[Base], where: ColumnElement[bool]) -> int:
    with app.app_context():
        number = db.session.scalar(select(func.count()).select_from(table).where(where)) or 0
        db.session.rollback()
        return number


@figure("mail-kill", at_most=0)
def mail_kill() -> float:
    """Mails lost, or doubled more often than a worker was killed, over 100 kill -9 around DATA."""
    app, data = _fresh()
    with app.app_context():
        for number in range(_MAILS):
            _post(number)
        keys = {f"<{key}@portal.example>" for key in db.session.scalars(select(Mail.key))}
        db.session.rollback()
    kills = 0
    with listening() as peer, _workers(data, peer.url) as workers:
        while _count(app, Mail, Mail.state == QUEUED):
            kills += _let_work(app, peer, workers, is_last=kills == ROUNDS)
    taken = Counter(str(message["Message-ID"]) for message in peer.taken)
    lost, doubled = len(keys - taken.keys()), len(peer.taken) - len(taken)
    print(f"# {_MAILS} mails, {kills} kills, {lost} lost, {doubled} taken once more")
    return lost + max(0, doubled - kills) + len(taken.keys() - keys) + abs(ROUNDS - kills)


def _post(number: int) -> None:
    with transaction() as session:
        post(
            session,
            to=f"a{number}@c.example",
            template="inquiry_link",
            language="en",
            context={"provider": "P", "title": "T", "name": "N", "url": "http://127.0.0.1/"},
        )


@contextmanager
def _workers(data: Path, url: str) -> Iterator[subprocess.Popen[str]]:
    """The process that forks a worker for each line it reads."""
    environment = {**os.environ, "PORTAL_DATA_DIR": str(data), "PORTAL_SMTP_URL": url}
    with subprocess.Popen(
        [sys.executable, "-m", "bench.mailworker"],
        env=environment,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    ) as process:
        yield process
        assert process.stdin is not None
        process.stdin.close()


def _let_work(app: Flask, peer: Peer, workers: subprocess.Popen[str], *, is_last: bool) -> bool:
    """Let a worker send until it is killed: a moment after a mail was taken, or at the very end."""
    assert workers.stdin is not None
    assert workers.stdout is not None
    with app.app_context(), transaction() as session:
        # The dead worker's lease would hold for a minute.
        session.execute(update(Job).values(lease_until=0))
    before = len(peer.taken)
    workers.stdin.write("go\n")
    workers.stdin.flush()
    pid = int(workers.stdout.readline())
    if is_last:
        until(lambda: not _count(app, Mail, Mail.state == QUEUED), _WAIT, pause=0.05)
    else:
        until(lambda: len(peer.taken) > before, _WAIT, pause=0.0002)
        # Before the server's answer, between it and the note, or just after.
        time.sleep(_chance.choice((0, 0.0005, 0.001, 0.002, 0.004)))
    os.kill(pid, signal.SIGKILL)
    workers.stdout.readline()
    return not is_last
