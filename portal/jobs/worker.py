"""The loop of a background worker: claim a job, run its handler, note how it went."""

import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from threading import Event, Thread
from typing import Any, Final

import structlog
from flask import Flask
from sqlalchemy.exc import DBAPIError
from sqlalchemy.exc import TimeoutError as PoolTimeout

from portal.database import transaction
from portal.jobs import actions
from portal.jobs.actions import Claim, PermanentFailure

log = structlog.get_logger()
POLL: Final = 0.25
"""Seconds between two looks for work while there is none."""
RENEWAL: Final = actions.LEASE / 3
LONGEST_RUN: Final = 10 * actions.LEASE
"""Seconds after which a handler's lease is no longer renewed: another worker may try."""
PLANNING: Final = 60
_PAUSE: Final = 1.0


@dataclass(frozen=True)
class Handler:
    """What does a kind of job; it may run twice for one job and must bear it."""

    run: Callable[[dict[str, Any]], None]
    give_up: Callable[[dict[str, Any], str], None] | None = None
    """Called with the last error, in the transaction that gives the job up."""


def work(
    app: Flask, handlers: Mapping[str, Handler], periods: Mapping[str, int], stop: Event
) -> None:
    """Work until `stop` is set; a job already begun is finished first.

    Args:
        app: its context is entered anew for each job.
        handlers: kind of job → what does it.
        periods: kind of periodic job → seconds between two runs.
        stop: ends the loop.
    """
    planned = float("-inf")
    while not stop.is_set():
        try:
            if time.monotonic() - planned > PLANNING:
                planned = time.monotonic()
                with app.app_context():
                    actions.plan_periodic(periods)
            if not work_once(app, handlers):
                stop.wait(POLL)
        except (DBAPIError, PoolTimeout) as error:
            # Locked, full or away: it comes back, and so does the job, after its lease.
            log.warning("jobs wait for the database", error=str(error).splitlines()[0][:200])
            stop.wait(_PAUSE)


def work_once(app: Flask, handlers: Mapping[str, Handler]) -> bool:
    """Do one job if one is due; returns whether there was one."""
    with app.app_context():
        job = actions.claim(handlers)
    if job is None:
        return False
    handler = handlers[job.kind]
    started = time.monotonic()
    try:
        with _renewed(app, job), app.app_context():
            handler.run(job.payload)
    except Exception as error:  # noqa: BLE001 - whatever it is, it is kept with the job
        _failed(app, handler, job, error)
        return True
    with app.app_context():
        was_mine = actions.finish(job)
    took = round(time.monotonic() - started, 3)
    log.info("job done", job=job.id, kind=job.kind, seconds=took, late=not was_mine)
    return True


def _failed(app: Flask, handler: Handler, job: Claim, error: Exception) -> None:
    is_permanent = isinstance(error, PermanentFailure)
    words = str(error) if is_permanent else f"{type(error).__name__}: {error}"
    with app.app_context(), transaction():
        is_dead = actions.fail(job, words, is_permanent=is_permanent)
        if is_dead and handler.give_up:
            handler.give_up(job.payload, words)
    log.warning(
        "job failed",
        job=job.id,
        kind=job.kind,
        tries=job.tries + 1,
        error=words[:300],
        given_up=is_dead,
    )


@contextmanager
def _renewed(app: Flask, job: Claim) -> Iterator[None]:
    """Keep the job's lease alive; a stopped process renews nothing and loses it."""
    done = Event()

    def renew() -> None:
        until = time.monotonic() + LONGEST_RUN
        while not done.wait(RENEWAL) and time.monotonic() < until:
            try:
                with app.app_context():
                    if not actions.renew(job):
                        return
            except (DBAPIError, PoolTimeout):
                continue

    thread = Thread(target=renew, name=f"lease-{job.id}", daemon=True)
    thread.start()
    try:
        yield
    finally:
        done.set()
        thread.join()
