"""Jobs: done once, by one worker, whoever is killed or stopped in the middle."""

import threading
from collections import Counter
from threading import Barrier, Event, Thread
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import func, select

from portal import clock
from portal.database import transaction
from portal.extensions import db
from portal.jobs import actions, worker
from portal.jobs.actions import LEASE, Claim, PermanentFailure
from portal.jobs.models import DEAD, QUEUED, Job
from portal.jobs.worker import Handler, work, work_once


@pytest.fixture
def moment(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """The present moment, to be moved by the test."""
    now = [clock.now()]
    monkeypatch.setattr(clock, "now", lambda: now[0])
    return now


def put(app: Flask, kind: str = "test", number: int = 0, **given: Any) -> None:
    """Put a job in."""
    with app.app_context(), transaction() as session:
        actions.enqueue(session, kind, {"number": number}, **given)


def take(app: Flask) -> Claim | None:
    """Claim a job as a worker would."""
    with app.app_context():
        return actions.claim(["test"])


def taken(app: Flask) -> Claim:
    """Claim the job that must be there."""
    job = take(app)
    assert job is not None
    return job


def jobs_in(app: Flask) -> list[Job]:
    """All jobs in the table."""
    with app.app_context():
        return list(db.session.scalars(select(Job).order_by(Job.id)))


def test_a_job_is_taken_once_until_its_lease_ends(own_app: Flask, moment: list[int]) -> None:
    put(own_app, number=7)
    first = taken(own_app)
    assert first.payload == {"number": 7}
    assert take(own_app) is None
    moment[0] += LEASE + 1
    second = taken(own_app)
    assert (second.id, second.fence) == (first.id, first.fence + 1)


def test_a_worker_that_lost_its_lease_changes_nothing(own_app: Flask, moment: list[int]) -> None:
    put(own_app)
    slow = taken(own_app)
    moment[0] += LEASE + 1
    quick = taken(own_app)
    with own_app.app_context():
        assert not actions.renew(slow)
        assert not actions.finish(slow)
        assert not actions.fail(slow, "too late", is_permanent=True)
        [job] = db.session.scalars(select(Job))
        assert (job.state, job.tries, job.error) == (QUEUED, 0, None)
        assert actions.finish(quick)
    assert jobs_in(own_app) == []


def test_a_renewed_lease_holds(own_app: Flask, moment: list[int]) -> None:
    put(own_app)
    mine = taken(own_app)
    moment[0] += LEASE - 1
    with own_app.app_context():
        assert actions.renew(mine)
    moment[0] += LEASE - 1
    assert take(own_app) is None


def test_a_lease_does_not_outlast_a_clock_set_back(own_app: Flask, moment: list[int]) -> None:
    put(own_app)
    moment[0] += clock.HOUR
    taken(own_app)
    moment[0] -= clock.HOUR - 1
    assert take(own_app) is not None


def test_a_worker_whose_clock_is_a_little_behind_takes_nothing_twice(
    own_app: Flask, moment: list[int]
) -> None:
    put(own_app)
    moment[0] += 1
    taken(own_app)
    moment[0] -= 1  # another worker that had read its clock just before
    assert take(own_app) is None


def test_jobs_planned_before_the_clock_was_set_back_become_due(
    own_app: Flask, moment: list[int]
) -> None:
    put(own_app)
    with own_app.app_context():
        actions.plan_periodic({"test": 600})
    moment[0] -= clock.DAY
    assert take(own_app) is None
    with own_app.app_context():
        actions.plan_periodic({"test": 600})
    assert [take(own_app) is not None for _ in range(3)] == [True, True, False]


def test_one_key_one_job(own_app: Flask) -> None:
    put(own_app, key="only")
    put(own_app, key="only")
    assert len(jobs_in(own_app)) == 1


def test_periodic_jobs_move_to_their_next_slot(own_app: Flask, moment: list[int]) -> None:
    moment[0] = 1_000_000 * 600 + 5
    ran: list[int] = []
    handlers = {"test": Handler(lambda _payload: ran.append(moment[0]))}
    with own_app.app_context():
        actions.plan_periodic({"test": 600})
        actions.plan_periodic({"test": 600})
    assert work_once(own_app, handlers)
    assert not work_once(own_app, handlers)
    [job] = jobs_in(own_app)
    assert job.due_at == 1_000_001 * 600
    moment[0] = job.due_at
    assert work_once(own_app, handlers)
    assert len(ran) == 2


def test_a_release_that_looks_more_often_does_so_at_once(own_app: Flask, moment: list[int]) -> None:
    with own_app.app_context():
        actions.plan_periodic({"test": 600})
    assert work_once(own_app, {"test": Handler(lambda _payload: None)})
    with own_app.app_context():
        actions.plan_periodic({"test": 60})
        actions.plan_periodic({"test": 60})
    assert work_once(own_app, {"test": Handler(lambda _payload: None)})
    [job] = jobs_in(own_app)
    assert job.due_at == (moment[0] // 60 + 1) * 60


def test_a_periodic_job_is_never_given_up(own_app: Flask, moment: list[int]) -> None:
    def run(_payload: dict[str, Any]) -> None:
        raise PermanentFailure("no")

    with own_app.app_context():
        actions.plan_periodic({"test": 600})
    for _ in range(10):
        assert work_once(own_app, {"test": Handler(run)})
        moment[0] += 600
    [job] = jobs_in(own_app)
    assert job.state == QUEUED


def test_a_job_that_keeps_failing_dies_and_its_handler_is_told(
    own_app: Flask, moment: list[int]
) -> None:
    told: list[str] = []

    def run(_payload: dict[str, Any]) -> None:
        raise ValueError("bad luck")

    handlers = {"test": Handler(run, lambda _payload, error: told.append(error))}
    put(own_app)
    for _ in range(5):
        assert work_once(own_app, handlers)
        moment[0] += 8 * clock.HOUR
    assert told == []
    assert work_once(own_app, handlers)
    assert told == ["ValueError: bad luck"]
    [job] = jobs_in(own_app)
    assert (job.state, job.error) == (DEAD, "ValueError: bad luck")
    moment[0] += clock.DAY
    assert not work_once(own_app, handlers)


def test_two_workers_share_the_work_and_do_each_job_once(own_app: Flask) -> None:
    with own_app.app_context(), transaction() as session:
        for number in range(60):
            actions.enqueue(session, "test", {"number": number})
    done: Counter[int] = Counter()
    by: Counter[str] = Counter()
    guard, together = threading.Lock(), Barrier(2)

    def run(payload: dict[str, Any]) -> None:
        with guard:
            done[payload["number"]] += 1
            by[threading.current_thread().name] += 1

    def loop() -> None:
        together.wait()
        while work_once(own_app, {"test": Handler(run)}):
            pass

    threads = [Thread(target=loop, name=f"worker{number}") for number in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert done == dict.fromkeys(range(60), 1)
    assert len(by) == 2
    assert jobs_in(own_app) == []


def test_the_loop_wakes_soon_and_stops_cleanly(
    own_app: Flask, monkeypatch: pytest.MonkeyPatch
) -> None:
    started, let_go, stop = Event(), Event(), Event()

    def run(_payload: dict[str, Any]) -> None:
        started.set()
        assert let_go.wait(10)

    thread = Thread(target=work, args=(own_app, {"test": Handler(run)}, {}, stop))
    thread.start()
    put(own_app)
    assert started.wait(2 * worker.POLL + 1)
    stop.set()
    thread.join(0.2)
    assert thread.is_alive()  # what is begun is finished
    let_go.set()
    thread.join(10)
    assert not thread.is_alive()
    assert jobs_in(own_app) == []


def test_idle_workers_take_no_write_lock(own_app: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse() -> None:
        raise AssertionError

    monkeypatch.setattr(actions, "transaction", refuse)
    assert take(own_app) is None
    with own_app.app_context():
        assert db.session.scalar(select(func.count()).select_from(Job)) == 0
