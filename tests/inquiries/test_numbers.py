"""The desk's numbers against examples worked out by hand, and the page that shows them."""

import csv
import io
from collections.abc import Callable
from datetime import date
from typing import Any

import pytest
from sqlalchemy import select

from portal.accounts.models import Person, Provider
from portal.clock import DAY, HOUR
from portal.extensions import db
from portal.inquiries import numbers, spans
from portal.inquiries.models import Inquiry
from portal.inquiries.numbers import Answers, Numbers, Report, Share, numbers_of
from portal.inquiries.vocabulary import LostReason, Outcome, State
from portal.listings.models import Listing
from portal.permissions import Role
from tests import factories
from tests.inquiries.conftest import NOW
from tests.pages import PagesClient

URL = "/portal/inquiries/numbers"
SINCE, UNTIL = NOW - 7 * DAY, NOW + 1
ASKED = NOW - 3 * DAY
LOST: dict[str, Any] = {"outcome": Outcome.LOST, "closed_at": ASKED + HOUR}


@pytest.fixture
def ann(provider: Provider) -> Person:
    """A seller of provider A."""
    return factories.person(provider, Role.SELLER, name="Ann")


@pytest.fixture
def bob(provider: Provider) -> Person:
    """Another one."""
    return factories.person(provider, Role.SELLER, name="=Bob")


def _asked(about: Listing, to: Person | None = None, took: int | None = None, **fields: Any) -> Any:
    """An inquiry of three days ago with one working day to answer; answered after `took` seconds."""
    answered = {} if took is None else {"first_answered_at": ASKED + took, "state": State.ANSWERED}
    return factories.inquiry(
        about,
        **{
            "created_at": ASKED,
            "workday_ends_at": ASKED + DAY,
            "assignee_id": to and to.id,
            "first_answered_by": to and to.id if took is not None else None,
            **answered,
            **fields,
        },
    )


@pytest.fixture
def desk(provider: Provider, listing: Listing, ann: Person, bob: Person) -> Listing:
    """Eight inquiries of which each test knows what became; returns the second listing."""
    other = factories.listing(provider, title="@H100 rack")
    won: dict[str, Any] = {"outcome": Outcome.WON, "closed_at": NOW - DAY}
    _asked(listing, ann, 600, **won)
    _asked(listing, ann, 1200, **LOST, lost_reason=LostReason.PRICE)
    # Late, and Bob's answer.
    _asked(listing, ann, DAY + 1, first_answered_by=bob.id)
    # Late, overdue.
    _asked(listing, ann, due_at=NOW - HOUR)
    # Snoozed, and may still be answered in time.
    _asked(other, ann, workday_ends_at=NOW, snoozed_until=NOW + DAY)
    # Closed by its buyer before anybody was late; nobody's.
    _asked(other, None, **LOST, lost_reason=LostReason.BUYER_CLOSED)
    _asked(listing, ann, 5, state=State.SPAM)
    # Open, and of another time.
    _asked(listing, bob, 1, created_at=NOW - 40 * DAY)
    return other


def _of(lines: tuple[Numbers, ...], key: int | None) -> Numbers:
    (found,) = (one for one in lines if one.key == key)
    return found


def test_the_whole_desk(desk: Listing, provider: Provider) -> None:
    assert numbers_of(provider.id, SINCE, UNTIL).whole == Numbers(
        key=None,
        received=6,
        spam=1,
        answers=Answers(3, median=1200, p90=DAY + 1),
        in_time=Share(2, 4),
        not_due=1,
        won=Share(1, 2),
        lost=((LostReason.PRICE, 1),),
        closed_by_buyer=1,
        open=4,
        overdue=1,
    )


def test_each_seller(desk: Listing, provider: Provider, ann: Person, bob: Person) -> None:
    report = numbers_of(provider.id, SINCE, UNTIL)
    assert [one.key for one in report.sellers] == [ann.id, bob.id, None]
    assert _of(report.sellers, ann.id) == Numbers(
        key=ann.id,
        received=5,
        spam=1,
        answers=Answers(2, None, None),
        in_time=Share(2, 4),
        not_due=1,
        won=Share(1, 2),
        lost=((LostReason.PRICE, 1),),
        closed_by_buyer=0,
        open=3,
        overdue=1,
    )
    bobs = _of(report.sellers, bob.id)
    # Ann's thread that he answered, and his own open one of another time.
    assert (bobs.received, bobs.answers.count, bobs.open, bobs.overdue) == (0, 1, 1, 0)
    nobodys = _of(report.sellers, None)
    assert (nobodys.received, nobodys.won, nobodys.closed_by_buyer) == (1, Share(0, 0), 1)
    assert nobodys.in_time == Share(0, 0)


def test_each_listing(
    desk: Listing, provider: Provider, listing: Listing, monkeypatch: pytest.MonkeyPatch
) -> None:
    report = numbers_of(provider.id, SINCE, UNTIL)
    assert [(one.key, one.received, one.open) for one in report.listings] == [
        (listing.id, 4, 3),
        (desk.id, 2, 1),
    ]
    assert not report.has_more_listings
    monkeypatch.setattr(numbers, "MOST_LISTINGS", 1)
    report = numbers_of(provider.id, SINCE, UNTIL)
    assert [one.key for one in report.listings] == [listing.id]
    assert report.has_more_listings


def test_the_span_takes_its_first_second_and_not_its_last(
    desk: Listing, provider: Provider
) -> None:
    def received(since: int, until: int) -> int:
        return numbers_of(provider.id, since, until).whole.received

    assert received(ASKED, ASKED + 1) == 6
    assert received(ASKED + 1, UNTIL) == received(SINCE, ASKED) == 0


def test_all_providers_together(
    desk: Listing, provider: Provider, other_provider: Provider
) -> None:
    before = numbers_of(None, SINCE, UNTIL).whole
    _asked(factories.listing(other_provider), took=60)
    after = numbers_of(None, SINCE, UNTIL).whole
    assert after.received == before.received + 1
    assert numbers_of(provider.id, SINCE, UNTIL).whole.received == 6
    assert numbers_of(other_provider.id, SINCE, UNTIL).whole.received == 1


@pytest.mark.parametrize(
    ("times", "median", "p90"),
    [
        ([5, 1], None, None),
        ([9, 1, 4], 4, 9),
        ([1, 2, 3, 4], 2, 4),
        (range(1, 11), 5, 9),
        (range(1, 12), 6, 10),
        (range(1, 101), 50, 90),
    ],
)
def test_middle_and_ninetieth_of_hundred(times: Any, median: Any, p90: Any) -> None:
    assert Answers.of(times) == Answers(len(times), median, p90)


@pytest.mark.parametrize(
    ("part", "whole", "low", "high"),
    # Newcombe, Statistics in Medicine 17 (1998), table I: 81/263, 15/148, 0/20, 1/29.
    [
        (81, 263, 0.2553, 0.3662),
        (15, 148, 0.0624, 0.1605),
        (0, 20, 0.0, 0.1611),
        (1, 29, 0.0061, 0.1718),
    ],
)
def test_the_span_of_a_rate(part: int, whole: int, low: float, high: float) -> None:
    interval = Share(part, whole).interval
    assert interval is not None
    assert [round(end, 4) for end in interval] == [low, high]


def test_of_nothing_nothing_is_said() -> None:
    assert (Share(0, 0).rate, Share(0, 0).interval) == (None, None)
    assert Share(1, 19).is_small
    assert not Share(1, 20).is_small


ZONE = "Asia/Shanghai"
TODAY = date(2026, 9, 21)


@pytest.mark.parametrize(
    ("asked", "first", "last", "query"),
    [
        ({}, date(2026, 8, 23), TODAY, {"days": "30"}),
        ({"days": "7"}, date(2026, 9, 15), TODAY, {"days": "7"}),
        ({"days": "31", "from": "x"}, date(2026, 8, 23), TODAY, {"days": "30"}),
        ({"from": "2026-09-01"}, date(2026, 9, 1), TODAY, None),
        ({"to": "2026-09-01"}, date(2026, 8, 3), date(2026, 9, 1), None),
        ({"from": "2026-09-05", "to": "2026-09-02"}, date(2026, 9, 2), date(2026, 9, 5), None),
        ({"from": "1900-01-01", "to": "2199-12-31"}, date(2198, 12, 31), date(2199, 12, 31), None),
    ],
)
def test_days_asked_for(asked: dict[str, str], first: date, last: date, query: Any) -> None:
    span = spans.read(asked, ZONE)
    assert (span.first, span.last) == (first, last)
    assert span.query == query or {"from": first.isoformat(), "to": last.isoformat()} == span.query
    assert span.is_cut == ("1900-01-01" in asked.values())
    assert span.end - span.start == ((last - first).days + 1) * DAY


def test_days_are_the_providers() -> None:
    days = [spans.read({"from": "2026-09-01", "to": "2026-09-01"}, zone) for zone in (ZONE, "UTC")]
    assert days[1].start - days[0].start == 8 * HOUR


def _page(client: PagesClient, hx: bool, query: str = "") -> str:
    answer = client.get(URL + query, hx=hx)
    assert answer.status_code == 200
    assert ("<html" in answer.text) is not hx
    return str(answer.text)


def test_the_page(desk: Listing, seller: PagesClient, hx: bool) -> None:
    text = _page(seller, hx)
    for words in (
        "20 min",
        "nine of ten within 1 d",
        "50%",
        "2 of 4",
        "one more is not due yet",
        "9–91%",
        "1 of 2 closed",
        "Too few for one percentage",
        "1 overdue",
        "One more was closed by its buyer",
        "@H100 rack",
    ):
        assert words in text, words
    assert 'id="means-won"' in text
    # A number leads to its inquiries.
    assert f"listing={desk.id}" in text
    assert "assignee=nobody" in text


def test_the_page_in_chinese(
    desk: Listing, client_for: Callable[..., PagesClient], provider: Provider
) -> None:
    text = _page(client_for(provider, Role.SELLER, language="zh"), hx=False)
    for words in ("询盘数据", "首次回复", "1 个工作日内", "20 分钟"):
        assert words in text, words


def test_nothing_received(desk: Listing, seller: PagesClient, hx: bool) -> None:
    text = _page(seller, hx, "?from=2020-01-01&to=2020-02-01")
    assert "Nothing was received in this time" in text
    # What is open now does not depend on the days.
    assert "By seller" in text
    assert "By listing" not in text


def test_before_the_first_inquiry(
    client_for: Callable[..., PagesClient], provider: Provider, hx: bool
) -> None:
    assert "No inquiry has come yet" in _page(client_for(provider, Role.SELLER), hx)


@pytest.mark.parametrize("query", ["?days=x", "?days=0", "?from=x", "?to=2026-02-30", "?from=%00"])
def test_an_address_of_nonsense_is_the_usual_page(seller: PagesClient, query: str) -> None:
    assert "23 Aug 2026 to 21 Sep 2026" in _page(seller, hx=False, query=query)


def test_too_many_days_are_cut_and_said(seller: PagesClient) -> None:
    assert "At most 366 days" in _page(seller, hx=False, query="?from=2020-01-01&to=2026-01-01")


def test_another_provider_sees_nothing_of_it(
    desk: Listing, client_for: Callable[..., PagesClient], other_provider: Provider
) -> None:
    eve = client_for(other_provider, Role.SELLER)
    text = _page(eve, hx=False)
    assert "No inquiry has come yet" in text
    assert "Ann" not in text
    for table in ("sellers", "listings", "reasons"):  # "whole" has a line a figure
        assert len(_rows(eve, table)) == 1


def test_staff_without_inquiries_are_refused(staff: PagesClient) -> None:
    for path in (URL, f"{URL}/sellers.csv"):
        assert staff.get(path).status_code == 403


def test_four_statements(desk: Listing, seller: PagesClient, statements: list[str]) -> None:
    seller.get(URL)
    assert len(statements) <= 4, statements


def _rows(client: PagesClient, table: str) -> list[list[str]]:
    answer = client.get(f"{URL}/{table}.csv")
    assert answer.status_code == 200
    assert answer.headers["Content-Type"].startswith("text/csv")
    assert f"inquiries-{table}-2026-08-23-2026-09-21.csv" in answer.headers["Content-Disposition"]
    return list(csv.reader(io.StringIO(answer.text.removeprefix("\ufeff"))))


def test_the_files(desk: Listing, seller: PagesClient, ann: Person, listing: Listing) -> None:
    heads, *rows = _rows(seller, "sellers")
    anns = dict(zip(heads, rows[0], strict=True))
    assert (anns["Seller"], anns["Number"], anns["Received"]) == ("Ann", str(ann.id), "5")
    assert (anns["Won"], anns["Lost"], anns["Won rate (%)"]) == ("1", "1", "")
    assert anns["Lost: The price"] == anns["Overdue now"] == "1"
    # A name that some program would take for a formula.
    assert rows[1][0] == "'=Bob"
    heads, *rows = _rows(seller, "listings")
    assert [row[0] for row in rows] == [listing.title, "'@H100 rack"]
    assert dict(zip(heads, rows[0], strict=True))["Median first response (seconds)"] == "1200"
    _heads, *rows = _rows(seller, "reasons")
    assert rows == [["The price", "1"]]
    whole = {row[0]: row[1:] for row in _rows(seller, "whole")}
    # Of one inquiry in the time before no percentage is made.
    assert whole["Received"] == ["6", "1", "5", ""]
    assert whole["Median first response (seconds)"] == ["1200", "", "", ""]
    assert seller.get(f"{URL}/people.csv").status_code == 404


def test_counts_stay_when_the_personal_data_is_gone(desk: Listing, provider: Provider) -> None:
    before = numbers_of(provider.id, SINCE, UNTIL)
    for inquiry in db.session.scalars(select(Inquiry)):
        inquiry.name, inquiry.company, inquiry.forgotten_at = "", None, NOW
    db.session.flush()
    after: Report = numbers_of(provider.id, SINCE, UNTIL)
    assert after == before


def test_the_time_before_is_as_long_and_in_no_other_figure(
    listing: Listing, provider: Provider, ann: Person
) -> None:
    for at in (SINCE - 1, SINCE - (UNTIL - SINCE), SINCE - (UNTIL - SINCE) - 1):
        _asked(listing, ann, 60, created_at=at, first_answered_at=at + 60)
    report = numbers_of(provider.id, SINCE, UNTIL)
    assert (report.before.received, report.before.answers.count) == (2, 2)
    assert (report.whole.received, report.whole.answers.count) == (0, 0)
    assert report.listings == ()


@pytest.mark.parametrize(
    ("earlier", "said"),
    [(0, "30 days before: 0"), (3, "up 3"), (20, "up 15.0%")],
)
def test_change_is_a_percentage_of_many_only(
    listing: Listing, seller: PagesClient, ann: Person, earlier: int, said: str
) -> None:
    for _n in range(earlier):
        _asked(listing, ann, created_at=NOW - 40 * DAY)
    for _n in range(23 if earlier == 20 else 6):
        _asked(listing, ann)
    text = _page(seller, hx=False)
    assert said in text
    assert f"30 days before: {earlier}" in text
    assert ("up " in text) is bool(earlier)
