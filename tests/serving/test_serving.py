"""`portal serve`: starts, answers, replaces what dies, stops in order, leaves nothing behind."""

import os
import signal
import subprocess
from pathlib import Path

import pytest
from flask import Flask

from portal.accounts import actions
from portal.permissions import Role
from tests.conftest import settings_for
from tests.serving.server import Server, is_alive, running, until


def run(server: Server, *words: str) -> subprocess.CompletedProcess[str]:
    """A `portal` command beside the server, to its end."""
    return subprocess.run(
        server.command(*words),
        env=server.environment,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


def test_it_answers_and_says_where(running_server: Server) -> None:
    assert running_server.answers()
    until(lambda: running_server.url in running_server.output())
    assert len(running_server.web_workers()) == 2
    until(running_server.background_workers)


def test_a_second_server_on_the_same_port_is_refused(running_server: Server) -> None:
    second = run(running_server, "serve", f"--port={running_server.port}")
    assert second.returncode == 1
    assert f"port {running_server.port}" in second.stderr
    assert running_server.answers()


def test_dead_workers_are_replaced(running_server: Server) -> None:
    until(running_server.background_workers)
    old_web, old_background = running_server.web_workers(), running_server.background_workers()
    for pid in (*old_web, *old_background):
        os.kill(pid, signal.SIGKILL)
    until(lambda: len(set(running_server.web_workers()) - set(old_web)) == 2)
    until(running_server.answers)
    until(lambda: set(running_server.background_workers()) - set(old_background))
    alive = {*running_server.web_workers(), *running_server.background_workers()}
    assert not alive & {*old_web, *old_background}


def test_it_stops_in_order(tmp_path: Path) -> None:
    with running(settings_for(tmp_path, "sqlite", "stop")) as server:
        until(server.background_workers)
        family = [*server.web_workers(), *server.background_workers()]
        assert server.stop() == 0
        assert not any(is_alive(pid) for pid in family)
        server.start()
        until(lambda: len(server.web_workers()) == 2 and server.background_workers())
        family = [*server.web_workers(), *server.background_workers()]
        server.kill()
        until(lambda: not any(is_alive(pid) for pid in family), 30)
        server.start()
        assert server.answers()


def test_missing_tables_are_named(tmp_path: Path) -> None:
    server = Server(settings_for(tmp_path, "sqlite", "none"))
    refused = run(server, "serve", f"--port={server.port}")
    assert refused.returncode == 1
    assert "portal init" in refused.stderr


@pytest.mark.parametrize("host", ["0.0.0.0", "192.0.2.7"])
def test_demo_people_are_not_exposed(tmp_path: Path, host: str) -> None:
    def seed(_app: Flask) -> None:
        actions.add_person("staff@a.example", "李敏", "demo password", frozenset({Role.STAFF}))

    with running(settings_for(tmp_path, "sqlite", "demo"), seed) as server:
        until(lambda: "staff@a.example" in server.output())
        server.stop()
        server.environment["PORTAL_PUBLIC_ORIGIN"] = "https://offers.example"
        refused = run(server, "serve", f"--host={host}", f"--port={server.port}")
        assert refused.returncode == 1
        assert "demo people" in refused.stderr
        assert refused.stdout == ""
