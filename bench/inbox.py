"""Figures of the sellers' inbox: how it grows with its threads, and what a poll without news costs."""

from collections.abc import Callable
from typing import Final

from flask.testing import FlaskClient
from sqlalchemy import event

from bench import seed
from bench.figures import figure
from bench.pages import bare_client, fetch, seconds_each
from portal.extensions import db
from tests.pages import HTMX

_FEW: Final = 1_000
_MANY: Final = 100_000
_QUEUES: Final = ("mine", "unassigned", "us", "overdue", "buyer", "won", "all")
_MOST_STATEMENTS: Final = 4


@figure("inbox-growth", at_most=1.15)
def inbox_growth() -> float:
    """Inbox with a thread open, each queue, 100,000 threads against 1,000: the worst of them."""
    clients = [seed.signed_in(seed.app_with_threads(threads)) for threads in (_FEW, _MANY)]
    most = max(_statements(clients[1], _page(queue)) for queue in _QUEUES)
    print(f"# {most} statements a page at most")
    if most > _MOST_STATEMENTS:
        return float("inf")
    worst = 0.0
    for queue in _QUEUES:
        few, many = seconds_each(*(fetch(client, _page(queue)) for client in clients))
        print(f"# {queue}: {few * 1e3:.2f} ms of {_FEW:,}, {many * 1e3:.2f} ms of {_MANY:,}")
        worst = max(worst, many / few)
    return worst


@figure("poll-idle", at_most=2)
def poll_idle() -> float:
    """A poll with nothing new, a thread open, 100,000 threads: against bare Flask."""
    client = seed.signed_in(seed.app_with_threads(_MANY))
    page = client.get(_page("us")).get_data(as_text=True)
    url = page.split('<div id="inbox-news')[1].split('hx-get="')[1].split('"')[0]
    url = url.replace("&amp;", "&")

    def poll() -> None:
        answer = client.get(url, headers=HTMX)
        if answer.status_code != 204 or answer.get_data():
            raise RuntimeError(f"{url} answered {answer.status_code}")

    ours, bare = seconds_each(poll, fetch(bare_client(), "/"))
    print(f"# poll {ours * 1e3:.3f} ms, bare Flask {bare * 1e3:.3f} ms")
    return ours / bare


def _page(queue: str) -> str:
    return f"/portal/inquiries/7?queue={queue}"


def _statements(client: FlaskClient, url: str) -> int:
    fetch(client, url)()  # who opens a thread the first time has read it, which is noted
    seen: list[str] = []
    with client.application.app_context():
        engine = db.engine
    listener: Callable[..., None] = lambda *arguments: seen.append(arguments[2])  # noqa: E731
    event.listen(engine, "before_cursor_execute", listener)
    try:
        fetch(client, url)()
    finally:
        event.remove(engine, "before_cursor_execute", listener)
    return sum(not one.startswith(("BEGIN", "COMMIT", "ROLLBACK")) for one in seen)
