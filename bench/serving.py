"""Figures of the running server: what counting costs, and whether a killed process loses views."""

import os
import random
import signal
import statistics
import threading
import time
from pathlib import Path
from typing import Final

from flask import Flask
from sqlalchemy import func, select

from bench import load, seed
from bench.figures import figure
from portal.config import Settings
from portal.extensions import db
from portal.listings.models import Listing, Status
from portal.statistics.models import ListingDay
from portal.statistics.tokens import token_for
from tests.serving.server import Server

_ROUNDS: Final = 14
_SECONDS: Final = 1.5
_READERS: Final = 4
_KILLS: Final = 20
_LISTINGS: Final = 1_000
_SENDERS: Final = 6
_DRAIN_SECONDS: Final = 60.0


def _data_dir(app: Flask) -> Path:
    settings: Settings = app.config["PORTAL"]
    return settings.data_dir


@figure("counting-cost", at_least=0.95)
def counting_cost() -> float:
    """Offer page with the view counted against not counted: answers a second, 2 workers."""
    app = seed.app_with(_LISTINGS)
    ratios = []
    with (
        load.serving(_data_dir(app)) as counted,
        load.serving(_data_dir(app), PORTAL_COUNTING="0") as bare,
    ):
        page = _live_offer(app)
        for number in range(_ROUNDS):
            pair = [counted, bare] if number % 2 else [bare, counted]
            rates = {
                server: load.answers_a_second(server.port, page, seconds=_SECONDS, readers=_READERS)
                for server in pair
            }
            ratios.append(rates[counted] / rates[bare])
    print(f"# last round {rates[counted]:.0f} counted, {rates[bare]:.0f} not counted a second")
    return statistics.median(ratios)


def _live_offer(app: Flask) -> str:
    with app.app_context():
        found = db.session.scalar(
            select(Listing.id).where(Listing.status == Status.LIVE, Listing.valid_until.is_(None))
        )
    return f"/offers/{found}"


@figure("views-lost", at_most=0)
def views_lost() -> float:
    """Acknowledged views lost, or counted twice, over 20 kill -9 of web workers and worker."""
    app = seed.app_with(_LISTINGS)
    with load.serving(_data_dir(app)) as server:
        before = _counted(app)
        acknowledged, sent = _send_while_killing(app, server)
        counted = _await_drained(app, before, acknowledged) - before
    lost = max(0, acknowledged - counted)
    doubled = max(0, counted - sent)
    print(f"# {acknowledged} acknowledged of {sent} sent, {counted} counted, {_KILLS} kills")
    return lost + doubled


def _send_while_killing(app: Flask, server: Server) -> tuple[int, int]:
    """Beacons from readers who are all different, while processes are killed; acked and sent."""
    stop = threading.Event()
    acknowledged, sent = [0] * _SENDERS, [0] * _SENDERS

    def send(number: int) -> None:
        offer = _live_offer(app)
        listing_id = int(offer.rpartition("/")[2])
        while not stop.is_set():
            with app.app_context():
                body = f"token={token_for(listing_id)}".encode()
            agent = f"{load.BROWSER} reader {number}-{sent[number]}"
            sent[number] += 1
            try:
                status, _answer = load.request(server.port, "POST", f"{offer}/views", body, agent)
            except OSError:
                continue
            acknowledged[number] += status == 204

    senders = [threading.Thread(target=send, args=(each,)) for each in range(_SENDERS)]
    for sender in senders:
        sender.start()
    chance = random.Random(11)
    for _ in range(_KILLS):
        time.sleep(0.7)
        victims = server.web_workers() + server.background_workers()
        if victims:
            os.kill(chance.choice(victims), signal.SIGKILL)
    time.sleep(1)
    stop.set()
    for sender in senders:
        sender.join()
    return sum(acknowledged), sum(sent)


def _counted(app: Flask) -> int:
    with app.app_context():
        return int(db.session.scalar(select(func.coalesce(func.sum(ListingDay.human), 0))) or 0)


def _await_drained(app: Flask, before: int, acknowledged: int) -> int:
    """The human views in the table once they stop growing and nothing acknowledged is missing."""
    until = time.monotonic() + _DRAIN_SECONDS
    counted, still_since = _counted(app), time.monotonic()
    while time.monotonic() < until:
        time.sleep(0.2)
        now = _counted(app)
        if now != counted:
            counted, still_since = now, time.monotonic()
        is_still = time.monotonic() - still_since > 3
        if is_still and counted - before >= acknowledged:
            break
    return counted
