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

    bare = bare_client()
    name = client.application.config["SESSION_COOKIE_NAME"]
    if cookie := client.get_cookie(name):
        bare.set_cookie(name, cookie.value)
    # The same request, cookie and headers and all: making it is most of what either takes.
    calls = (_asks(client, url, 204), _asks(bare, f"/?{url.partition('?')[2]}", 200))
    ours, theirs = seconds_each(*calls)
    print(f"# poll {ours * 1e3:.3f} ms, bare Flask {theirs * 1e3:.3f} ms")
    return ours / theirs


def _asks(client: FlaskClient, url: str, status: int) -> Callable[[], None]:
    """A call that asks as the open page does, and insists on the status; 204 brings no body."""

    def call() -> None:
        answer = client.get(url, headers=HTMX)
        if answer.status_code != status or (status == 204 and answer.get_data()):
            raise RuntimeError(f"{url} answered {answer.status_code}")

    return call


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
