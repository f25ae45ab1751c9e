"""The background worker: sends mails, counts views, does what is due from time to time."""

import ctypes
import gc
import os
import signal
import sys
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path
from threading import Event, Thread
from typing import Any, Final

import structlog
from flask import Flask
from sqlalchemy.exc import DBAPIError
from sqlalchemy.exc import TimeoutError as PoolTimeout

from portal.accounts.actions import purge_ended_sessions
from portal.clock import DAY, HOUR, MINUTE
from portal.config import Settings
from portal.imports import actions as imports
from portal.imports import storing
from portal.inquiries import actions as inquiries
from portal.inquiries import notices
from portal.inquiries import search as threads
from portal.inquiries.senders import purge_senders
from portal.inquiries.threads.finding import mail_links
from portal.jobs.worker import Handler, work
from portal.listings import actions as listings
from portal.listings.reindexing import reindex
from portal.mail import actions as mail
from portal.mail import sending
from portal.statistics import actions as statistics
from portal.statistics.counting import salt_folder, spool_folder
from portal.statistics.drain import drain

log = structlog.get_logger()
DRAIN_PAUSE: Final = 1.0
"""Seconds between two looks into an empty spool: so far a shown count may lag behind."""
_PR_SET_PDEATHSIG: Final = 1
_FAULT_PAUSE: Final = 2.0
_PATIENCE: Final = 15.0
"""Seconds for the job at hand when the worker is asked to stop; a cut-off job runs again."""
PERIODS: Final = {
    "imports.purge": HOUR,
    # A desk opens at a full quarter of an hour.
    "inquiries.digest": 15 * MINUTE,
    "inquiries.forget": HOUR,
    "inquiries.purge-drafts": HOUR,
    "inquiries.purge-senders": HOUR,
    inquiries.RECKON: DAY,
    "inquiries.wake": MINUTE,
    # A provider's midnight is at a full quarter of an hour, wherever it is.
    "listings.expire": MINUTE,
    "inquiries.reindex": DAY,
    "listings.reindex": DAY,
    "listings.warn": 15 * MINUTE,
    "listings.purge-drafts": HOUR,
    "listings.sweep-pictures": HOUR,
    "sessions.purge": HOUR,
    "statistics.purge": 10 * MINUTE,
}


def handlers(settings: Settings) -> dict[str, Handler]:
    """Kind of job → what does it, mails aside."""
    sheets = storing.folder_of(settings)
    return {
        imports.CHECK: Handler(partial(imports.check, sheets), imports.give_up),
        imports.WRITE: Handler(partial(imports.write, sheets), imports.give_up),
        "imports.purge": _periodic(partial(imports.purge, sheets)),
        "inquiries.digest": _periodic(inquiries.send_digests),
        "inquiries.forget": _periodic(inquiries.forget_due),
        "inquiries.purge-drafts": _periodic(inquiries.purge_drafts),
        notices.FLOOD: Handler(notices.send_digest),
        inquiries.SEND_LINKS: Handler(mail_links),
        "inquiries.purge-senders": _periodic(purge_senders),
        inquiries.RECKON: Handler(inquiries.reckon),
        "inquiries.wake": _periodic(inquiries.wake_due),
        listings.BULK: Handler(listings.run_bulk),
        "listings.expire": _periodic(listings.expire_ended),
        "inquiries.reindex": _periodic(threads.reindex),
        "listings.reindex": _periodic(reindex),
        "listings.warn": _periodic(listings.warn_of_ending),
        "listings.purge-drafts": _periodic(listings.purge_drafts),
        "listings.sweep-pictures": _periodic(
            lambda: listings.sweep_pictures(settings.data_dir / "media")
        ),
        "sessions.purge": _periodic(purge_ended_sessions),
        "statistics.purge": _periodic(lambda: statistics.purge(salt_folder(settings))),
    }


def mail_handlers() -> dict[str, Handler]:
    """What sends mails: in a thread of its own, so that no long import delays them."""
    return {mail.SEND: Handler(sending.send, _give_up_mail)}


def _give_up_mail(payload: dict[str, Any], error: str) -> None:
    sending.give_up(payload, error)
    inquiries.undelivered(payload["mail_id"], error)


def _periodic(act: Callable[[], int]) -> Handler:
    def run(_payload: dict[str, Any]) -> None:
        act()

    return Handler(run)


def run(app: Flask) -> None:
    """Work until SIGTERM or SIGINT; what is begun is finished, or begun again by the next worker."""
    stop = Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stop.set())
    # What is there now stays: the collector need not look through it in the midst of each import.
    gc.freeze()
    settings: Settings = app.config["PORTAL"]
    threads = [
        Thread(target=_drain_on, args=(app, stop), name="drain", daemon=True),
        Thread(
            target=work, args=(app, handlers(settings), PERIODS, stop), name="jobs", daemon=True
        ),
        Thread(target=work, args=(app, mail_handlers(), {}, stop), name="mails", daemon=True),
    ]
    for thread in threads:
        thread.start()
    log.info("worker started", pid=os.getpid())
    while not stop.wait(1):
        if not all(thread.is_alive() for thread in threads):
            log.error("a thread of the worker has ended: starting over")
            sys.exit(1)
    deadline = time.monotonic() + _PATIENCE
    for thread in threads:
        thread.join(max(0, deadline - time.monotonic()))
    log.info("worker stopped", pid=os.getpid())


def _drain_on(app: Flask, stop: Event) -> None:
    """Drain until told to stop, and once more then: what the web workers left is counted."""
    folder = spool_folder(app.config["PORTAL"])
    is_last = False
    while not is_last:
        is_last = stop.is_set()
        pause = _drain_all(app, folder)
        if not is_last:
            stop.wait(pause)


def _drain_all(app: Flask, folder: Path) -> float:
    """Count all that is there now; returns seconds to wait before the next look."""
    try:
        with app.app_context():
            while drain(folder):
                pass
    except (DBAPIError, PoolTimeout, OSError) as error:
        # Nothing is lost: the spool keeps the views until the database is back.
        log.warning("views wait in the spool", error=str(error).splitlines()[0][:200])
        return _FAULT_PAUSE
    return DRAIN_PAUSE


def die_with_parent(parent: int) -> None:
    """Be told to stop when the process that started this one is gone, however it went.

    Args:
        parent: its process id; if it is gone already, this process ends at once.
    """
    libc = ctypes.CDLL(None)
    if hasattr(libc, "prctl"):  # Linux: the kernel tells
        libc.prctl(_PR_SET_PDEATHSIG, signal.SIGTERM)
        if os.getppid() != parent:
            os.kill(os.getpid(), signal.SIGTERM)
        return
    Thread(target=_watch, args=(parent,), name="parent", daemon=True).start()


def _watch(parent: int) -> None:
    while os.getppid() == parent:
        time.sleep(1)
    os.kill(os.getpid(), signal.SIGTERM)
