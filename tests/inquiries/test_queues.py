"""The desk's lists: what stands in which queue, in which order, narrowed by what, read by which index."""

from collections.abc import Iterator
from datetime import date
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import event, select, text

from portal.accounts.models import Person, Provider
from portal.database import transaction
from portal.extensions import db
from portal.inquiries import filters, inbox, queries, search
from portal.inquiries.filters import Filters, Queue
from portal.inquiries.models import Inquiry, ReadMark
from portal.inquiries.queries import Asker
from portal.inquiries.vocabulary import State
from portal.listings.models import Listing
from portal.permissions import Role
from tests import factories
from tests.inquiries.conftest import NOW
from tests.pages import PagesClient

LATE, SOON = NOW - 3600, NOW + 3600


@pytest.fixture
def me(provider: Provider) -> Person:
    return factories.person(provider, Role.SELLER, language="en")


@pytest.fixture
def other(provider: Provider) -> Person:
    return factories.person(provider, Role.SELLER)


@pytest.fixture
def asker(provider: Provider, me: Person) -> Asker:
    return Asker(provider.id, me.id, "Asia/Shanghai")


@pytest.fixture
def client(app: Flask, me: Person) -> PagesClient:
    made: Any = app.test_client()
    made.sign_in(factories.session_of(me))
    return made  # type: ignore[no-any-return]


@pytest.fixture
def one_of_each(listing: Listing, me: Person, other: Person) -> None:
    """A thread for each place that one can have; their names say which."""
    for name, columns in {
        "mine late": {"assignee_id": me.id, "due_at": LATE},
        "mine answered": {"assignee_id": me.id, "state": State.ANSWERED},
        "mine snoozed": {"assignee_id": me.id, "due_at": SOON, "snoozed_until": NOW + 86_400},
        "mine won": {"assignee_id": me.id, "outcome": "won", "closed_at": NOW},
        "other soon": {"assignee_id": other.id, "due_at": SOON, "state": State.WAITING},
        "other lost": {"assignee_id": other.id, "outcome": "lost", "closed_at": NOW},
        "nobody soon": {"due_at": SOON + 60},
        "nobody spam": {"state": State.SPAM, "due_at": LATE},
        "nobody spam won": {"state": State.SPAM, "outcome": "won"},
    }.items():
        factories.inquiry(listing, name=name, **columns)


def names(asker: Asker, queue: Queue, **given: Any) -> list[str]:
    return [line.name for line in queries.lines_of(asker, queue, Filters(**given), None)]


EACH = {
    Queue.MINE: ["mine late", "mine answered"],
    Queue.UNASSIGNED: ["nobody soon"],
    Queue.US: ["mine late", "other soon", "nobody soon"],
    Queue.OVERDUE: ["mine late"],
    Queue.BUYER: ["mine answered"],
    Queue.SNOOZED: ["mine snoozed"],
    Queue.WON: ["mine won"],
    Queue.LOST: ["other lost"],
    Queue.SPAM: ["nobody spam", "nobody spam won"],
}


@pytest.mark.usefixtures("one_of_each")
@pytest.mark.parametrize("queue", list(EACH))
def test_each_queue_holds_its_own_with_the_most_urgent_first(asker: Asker, queue: Queue) -> None:
    found = names(asker, queue)
    assert found == EACH[queue] if queue is not Queue.SPAM else sorted(found) == EACH[queue]


@pytest.mark.usefixtures("one_of_each")
def test_all_is_everything_but_spam_overdue_first(asker: Asker) -> None:
    found = names(asker, Queue.ALL)
    assert found[0] == "mine late"
    assert sorted(found) == sorted(
        {name for names in EACH.values() for name in names if "spam" not in name}
    )


@pytest.mark.usefixtures("one_of_each")
def test_counts_are_what_the_lists_hold(client: PagesClient, asker: Asker) -> None:
    page = client.get("/portal/inquiries/").text
    for queue in Queue:
        link = page.split(f'id="queue-{queue.value}"')[1].split("</a>")[0]
        shown = link.split('nav__badge num">')[1].split("<")[0] if "nav__badge" in link else "0"
        assert int(shown) == len(names(asker, queue)), queue


@pytest.mark.usefixtures("one_of_each")
def test_the_inbox_opens_where_there_is_something_to_do(
    client: PagesClient, listing: Listing, me: Person
) -> None:
    assert "queue=mine" in client.get("/portal/inquiries/").text.split('id="inbox-news')[1][:300]
    with transaction() as session:
        session.execute(text("UPDATE inquiries SET assignee_id = NULL"))
    assert "queue=us" in client.get("/portal/inquiries/").text.split('id="inbox-news')[1][:300]
    with transaction() as session:
        session.execute(text("UPDATE inquiries SET outcome = 'won' WHERE state <> 'spam'"))
    assert "queue=all" in client.get("/portal/inquiries/").text.split('id="inbox-news')[1][:300]


@pytest.mark.parametrize("former", ["new", "waiting", "answered"])
def test_addresses_of_before_lead_to_what_they_meant(
    client: PagesClient, listing: Listing, former: str
) -> None:
    state = State(former)
    factories.inquiry(listing, name="Here", state=state)
    assert "Here" in client.get(f"/portal/inquiries/?queue={former}").text


def test_another_providers_threads_are_in_no_queue(
    asker: Asker, other_provider: Provider, me: Person
) -> None:
    foreign = factories.listing(other_provider)
    for state in State:
        factories.inquiry(foreign, state=state, assignee_id=me.id)
    assert [names(asker, queue) for queue in Queue] == [[]] * len(Queue)


@pytest.mark.usefixtures("one_of_each")
def test_filters_narrow_a_queue(asker: Asker, other: Person, provider: Provider) -> None:
    assert names(asker, Queue.US, assignee=str(other.id)) == ["other soon"]
    assert names(asker, Queue.US, assignee=filters.ME) == ["mine late"]
    assert names(asker, Queue.US, assignee=filters.NOBODY) == ["nobody soon"]
    elsewhere = factories.listing(provider)
    factories.inquiry(elsewhere, name="elsewhere")
    assert names(asker, Queue.ALL, listing=elsewhere.id) == ["elsewhere"]


def test_days_are_the_providers_and_both_ends_count(asker: Asker, listing: Listing) -> None:
    # 2026-09-21 in Shanghai begins at 16:00 UTC on the 20th.
    begin = 1_789_920_000
    for name, at in {
        "before": begin - 1,
        "first": begin,
        "last": begin + 86_399,
        "after": begin + 86_400,
    }.items():
        factories.inquiry(listing, name=name, created_at=at, last_message_at=at)
    day = date(2026, 9, 21)
    assert set(names(asker, Queue.ALL, since=day, until=day)) == {"first", "last"}


def test_a_search_finds_buyer_words_and_offer(asker: Asker, listing: Listing) -> None:
    wanted = factories.inquiry(listing, name="赵雷")
    factories.inquiry(listing, name="钱多", listing_then={"title": "H200 整机"})
    search.reindex()
    assert names(asker, Queue.ALL, q="赵雷") == ["赵雷"]
    assert names(asker, Queue.ALL, q="H200") == ["钱多"]
    assert len(names(asker, Queue.ALL, q="交付时间")) == 2
    assert names(asker, Queue.ALL, q="%") == []
    assert names(asker, Queue.WON, q="赵雷") == []
    assert wanted.id


@pytest.mark.parametrize(
    ("query", "kept"),
    [
        ("queue=us&assignee=me&q= x ", {"assignee": "me", "q": "x"}),
        ("queue=mine&assignee=nobody", {}),
        ("queue=us&assignee=x&listing=0&since=x&until=2026-02-30", {}),
        ("queue=us&listing=007&assignee=-1", {}),
        ("queue=us&listing=" + "9" * 30, {}),
        ("queue=us&since=2026-01-02&listing=7", {"since": "2026-01-02", "listing": "7"}),
    ],
)
def test_an_address_keeps_what_is_ours(app: Flask, query: str, kept: dict[str, str]) -> None:
    with app.test_request_context("/?" + query) as context:
        arguments = context.request.args.to_dict()
    queue = filters.queue_named(arguments["queue"])
    assert filters.read(arguments, queue).query == kept


def test_hostile_searches_are_text(client: PagesClient, listing: Listing) -> None:
    factories.inquiry(listing)
    for q in ("<script>", '" OR 1=1', "\0", "a" * 5000, "\u202e", "'"):
        answer = client.get("/portal/inquiries/", query_string={"q": q, "queue": "all"})
        assert answer.status_code == 200
        assert "<script>probe" not in answer.text


def test_a_thread_is_unread_until_its_reader_opens_it(
    client: PagesClient, client_for: Any, provider: Provider, listing: Listing
) -> None:
    inquiry = factories.inquiry(listing)
    colleague = client_for(provider, Role.SELLER)
    assert "rows__link--unread" in client.get("/portal/inquiries/").text
    assert "rows__link--unread" in client.get("/portal/inquiries/").text  # a list is no reading
    assert client.head(f"/portal/inquiries/{inquiry.id}").status_code == 200
    assert not db.session.scalars(select(ReadMark)).all()
    assert "rows__link--unread" not in client.get(f"/portal/inquiries/{inquiry.id}").text
    assert "rows__link--unread" not in client.get("/portal/inquiries/").text
    assert "rows__link--unread" in colleague.get("/portal/inquiries/").text
    with transaction() as session:
        session.get_one(Inquiry, inquiry.id).last_letter_id = 10**6
    assert "rows__link--unread" in client.get("/portal/inquiries/").text


@pytest.mark.parametrize("queue", [queue for queue in Queue if queue is not Queue.ALL])
def test_an_empty_queue_says_what_to_do(
    client: PagesClient, listing: Listing, queue: Queue
) -> None:
    factories.inquiry(listing, outcome="lost" if queue is Queue.WON else "won")
    page = client.get(f"/portal/inquiries/?queue={queue.value}").text
    title, what_to_do = (text._args[0] for text in inbox.EMPTY[queue])
    assert f"<h2>{title}</h2>" in page
    assert what_to_do in page


@pytest.fixture
def plans(app: Flask, database: None) -> Iterator[list[str]]:
    """The database's plan of each statement that reads a list while this is watched."""
    found: list[str] = []

    def explain(conn: Any, cursor: Any, statement: str, values: Any, *_more: Any) -> None:
        if "inquiry_reads" not in statement or statement.startswith("EXPLAIN"):
            return
        own = conn.connection.cursor()
        how = "EXPLAIN QUERY PLAN " if conn.dialect.name == "sqlite" else "EXPLAIN "
        own.execute(how + statement, values)
        found.append(" ".join(str(row[-1]) for row in own.fetchall()))

    engine = db.engines[None].engine
    event.listen(engine, "before_cursor_execute", explain)
    yield found
    event.remove(engine, "before_cursor_execute", explain)


INDEXES = {
    Queue.MINE: "ix_inquiries_open_assignee",
    Queue.UNASSIGNED: "ix_inquiries_open_assignee",
    Queue.ALL: "ix_inquiries_rank",
    Queue.US: "ix_inquiries_stage",
    Queue.OVERDUE: "ix_inquiries_stage",
    Queue.WON: "ix_inquiries_stage",
    Queue.SPAM: "ix_inquiries_stage",
}


@pytest.mark.parametrize("queue", list(INDEXES))
@pytest.mark.parametrize("cursor", [None, (False, (NOW, 5)), (True, (NOW, 5))])
def test_each_list_is_walked_in_its_index(
    asker: Asker, plans: list[str], queue: Queue, cursor: queries.Cursor
) -> None:
    if db.engine.dialect.name == "postgresql":
        # A planner that sees an empty table takes any way.
        db.session.execute(text("SET LOCAL enable_seqscan = off"))
        db.session.execute(text("SET LOCAL enable_sort = off"))
        db.session.execute(text("SET LOCAL enable_bitmapscan = off"))
    queries.lines_of(asker, queue, Filters(), cursor)
    (plan,) = plans
    assert INDEXES[queue] in plan
    assert "TEMP B-TREE" not in plan
    assert "Sort" not in plan
