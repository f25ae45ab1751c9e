"""The same table under Flask-Admin, in an environment of its own: printed beside our figures."""

import subprocess
import sys
from pathlib import Path
from typing import Final

from bench import pages, seed
from bench.figures import figure
from portal.extensions import db

HERE: Final = Path(__file__).parent
ENVIRONMENT: Final = HERE / ".venv"
_STAMP: Final = ENVIRONMENT / ".peers"


def python_of_peers() -> str:
    """The interpreter of the peers' environment, made on first use from bench/peers.lock."""
    python = ENVIRONMENT / "bin" / "python"
    lock = HERE / "peers.lock"
    if not _STAMP.exists() or _STAMP.stat().st_mtime < lock.stat().st_mtime:
        subprocess.run([sys.executable, "-m", "venv", ENVIRONMENT], check=True)
        install = [python, "-m", "pip", "install", "--quiet", "--require-hashes", "-r", lock]
        subprocess.run([str(part) for part in install], check=True)
        _STAMP.touch()
    return str(python)


@figure("flask-admin")
def flask_admin() -> float:
    """Flask-Admin's list page, 50 rows, the same 100,000 listings, against bare Flask."""
    app = seed.app_with(100_000)
    with app.app_context():
        path = db.engine.url.database or ""
    answer = subprocess.run(
        [python_of_peers(), str(HERE / "flask_admin_peer.py"), path],
        check=True,
        capture_output=True,
        text=True,
    )
    theirs = float(answer.stdout.split()[-1])
    (bare,) = pages.seconds_each(pages.fetch(pages.bare_client(), "/"))
    print(f"# Flask-Admin {theirs * 1e3:.2f} ms, bare Flask {bare * 1e3:.3f} ms")
    return theirs / bare
