"""The spool: whole lines or none, a lock as long as the writer lives, room for a full disk."""

import errno
import os
import signal
import subprocess
import sys
from datetime import date
from pathlib import Path

import pytest

from portal import clock
from portal.statistics import spool, visitors
from portal.statistics.robots import HUMAN, PREVIEW, ROBOT, looker_of
from portal.statistics.spool import LOOKED, Hit, Spool, SpoolError

HIT = Hit(LOOKED, 1_795_000_000, 7, 3, "human", "visitor", "before", "nonce")

WRITER = """
import os, signal, sys
from pathlib import Path
from portal.statistics.spool import LOOKED, Hit, Spool
spool = Spool(Path(sys.argv[1]))
for number in range(int(sys.argv[2])):
    spool.append(Hit(LOOKED, number, 1))
    print(number, flush=True)
os.kill(os.getpid(), signal.SIGKILL)
"""


def test_a_line_holds_the_hit_and_a_changed_one_nothing() -> None:
    line = HIT.line()[:-1]
    assert spool.hit_of(line) == HIT
    for place in range(len(line)):
        changed = line[:place] + bytes([line[place] ^ 1]) + line[place + 1 :]
        assert spool.hit_of(changed) is None
        assert spool.hit_of(line[:place]) is None


def test_a_killed_writer_leaves_every_acknowledged_line(tmp_path: Path) -> None:
    writer = subprocess.run(
        [sys.executable, "-c", WRITER, str(tmp_path), "500"],
        capture_output=True,
        timeout=60,
        check=False,
    )
    assert writer.returncode == -signal.SIGKILL
    acknowledged = [int(number) for number in writer.stdout.split()]
    [path] = spool.files_in(tmp_path)
    assert not spool.has_writer(path)
    assert [hit.at for hit in spool.read_chunk(path, 0, 10_000).hits] == acknowledged


def test_a_living_writer_holds_its_file(tmp_path: Path) -> None:
    own = Spool(tmp_path)
    own.append(HIT)
    [path] = spool.files_in(tmp_path)
    assert spool.has_writer(path)
    own.close()
    assert not spool.has_writer(path)


def test_a_forked_process_writes_a_file_of_its_own(tmp_path: Path) -> None:
    own = Spool(tmp_path)
    own.append(HIT)
    child = os.fork()
    if child == 0:
        own.append(HIT)
        os._exit(0)
    os.waitpid(child, 0)
    own.append(HIT)
    sizes = sorted(path.stat().st_size for path in spool.files_in(tmp_path))
    assert sizes == [len(HIT.line()), 2 * len(HIT.line())]


def test_large_and_old_files_are_rotated(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(spool, "ROTATE_BYTES", 3 * len(HIT.line()))
    own = Spool(tmp_path)
    for _ in range(7):
        own.append(HIT)
    assert len(list(spool.files_in(tmp_path))) == 3
    monkeypatch.setattr(spool, "ROTATE_SECONDS", 0)
    own.append(HIT)
    assert len(list(spool.files_in(tmp_path))) == 4


def test_a_full_disk_is_said_and_leaves_no_half_line(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    own = Spool(tmp_path)
    own.append(HIT)
    whole = os.write

    def half(file: int, line: bytes) -> int:
        return whole(file, line[:10])

    def full(_file: int, _line: bytes) -> int:
        raise OSError(errno.ENOSPC, "No space left on device")

    for broken in (half, full):
        monkeypatch.setattr(os, "write", broken)
        with pytest.raises(SpoolError):
            own.append(HIT)
    monkeypatch.setattr(os, "write", whole)
    own.append(HIT)
    [path] = spool.files_in(tmp_path)
    assert path.read_bytes() == 2 * HIT.line()


def test_the_salt_is_shared_changes_daily_and_goes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    midnight = clock.start_of(date(2026, 11, 21))
    who = ("192.0.2.1", "Firefox")
    evening = visitors.hashes_of(tmp_path, midnight - 1, *who)
    morning = visitors.hashes_of(tmp_path, midnight + 1, *who)
    noon = visitors.hashes_of(tmp_path, midnight + 12 * clock.HOUR, *who)
    assert evening == (morning[1], "")
    assert noon == (morning[0], "")
    assert morning[0] != morning[1]
    assert sorted(path.name for path in tmp_path.iterdir()) == [
        "2026-11-20.salt",
        "2026-11-21.salt",
    ]
    monkeypatch.setattr(clock, "now", lambda: midnight + 29 * clock.MINUTE)
    assert visitors.destroy_old_salts(tmp_path) == 0
    monkeypatch.setattr(clock, "now", lambda: midnight + 31 * clock.MINUTE)
    assert visitors.destroy_old_salts(tmp_path) == 1
    assert visitors.hashes_of(tmp_path, midnight + 60, *who)[1] != evening[0]


@pytest.mark.parametrize(
    ("agent", "expected"),
    [
        ("Mozilla/5.0 (Windows NT 10.0; Win64; x64; rv:140.0) Gecko/20100101 Firefox/140.0", HUMAN),
        ("Mozilla/5.0 (iPhone; CPU iPhone OS 18_5) Mobile/15E148 MicroMessenger/8.0.60", HUMAN),
        ("Mozilla/5.0 (Linux; Android 14; CUBOT P80) AppleWebKit/537.36 Chrome/140.0.0.0", HUMAN),
        ("python-requests/2.32.0", ROBOT),
        ("Go-http-client/2.0", ROBOT),
        ("  ", ROBOT),
        ("x" * 100_000, HUMAN),
        ("WhatsApp/2.23.20.0", PREVIEW),
        ("Twitterbot/1.0", PREVIEW),
    ],
)
def test_user_agents_are_told_apart(agent: str, expected: str) -> None:
    assert looker_of(agent) == expected
