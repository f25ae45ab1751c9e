"""The reads behind the statistics pages: days cut at Shanghai midnight, exact medians, the tops."""

import random
import statistics
from datetime import date, timedelta

import pytest

from portal import clock
from portal.accounts.models import Provider
from portal.database import Missing
from portal.inquiries.vocabulary import State
from portal.listings.models import Listing
from portal.statistics import queries
from portal.statistics.definitions import FEWEST_INQUIRIES
from portal.statistics.periods import Period
from portal.statistics.report import Report
from tests import factories
from tests.statistics.conftest import add_day

LAST = date(2026, 11, 24)
WEEK = Period(LAST - timedelta(days=6), LAST)


@pytest.fixture
def listing(provider: Provider) -> Listing:
    """A live listing of provider A."""
    return factories.listing(provider)


def _report(listing: Listing, period: Period = WEEK) -> Report:
    return queries.of_provider(listing.provider_id, period)


def _asked(listing: Listing, at: int, took: int | None = None) -> None:
    answered = None if took is None else at + took
    factories.inquiry(listing, created_at=at, last_message_at=at, first_answered_at=answered)


def test_an_inquiry_belongs_to_the_shanghai_day(listing: Listing) -> None:
    midnight = clock.start_of(LAST)
    _asked(listing, midnight - 1)
    _asked(listing, midnight)
    _asked(listing, midnight + 1)
    _asked(listing, midnight + clock.DAY - 1)
    _asked(listing, midnight + clock.DAY)  # tomorrow: not yet
    now = _report(listing).now
    assert now.daily("inquiries") == [0, 0, 0, 0, 0, 1, 3]


def test_both_ends_of_both_periods(listing: Listing) -> None:
    for day, count in (
        (WEEK.before.first - timedelta(days=1), 1),
        (WEEK.before.first, 10),
        (WEEK.before.last, 100),
        (WEEK.first, 1000),
        (WEEK.last, 10_000),
    ):
        add_day(listing, day, human=count)
        _asked(listing, clock.start_of(day))
    report = _report(listing)
    assert (report.now.total("human"), report.before.total("human")) == (11_000, 110)
    assert (report.now.total("inquiries"), report.before.total("inquiries")) == (2, 2)
    assert report.since == WEEK.before.first - timedelta(days=1)


@pytest.mark.parametrize("many", [1, 2, 3, 9, 10, 11, 40])
def test_median_and_ninth_tenth_are_exact(listing: Listing, many: int) -> None:
    spans = [random.Random(many).randrange(0, 200_000) for _ in range(many)]
    for span in spans:
        _asked(listing, WEEK.start + 60, span)
    _asked(listing, WEEK.start + 60)  # unanswered
    now = _report(listing).now
    expected = int(statistics.median(spans)) if many >= FEWEST_INQUIRIES else None
    assert now.answers.median == expected
    assert now.answers.p90 == (None if expected is None else sorted(spans)[-(-9 * many // 10) - 1])


def test_an_answer_counts_to_the_day_of_its_inquiry(listing: Listing) -> None:
    for _n in range(FEWEST_INQUIRIES):
        _asked(listing, WEEK.start - 1, 100)
        _asked(listing, WEEK.start, 300)
    report = _report(listing)
    assert (report.before.answers.median, report.now.answers.median) == (100, 300)


def test_spam_counts_nowhere(listing: Listing) -> None:
    factories.inquiry(listing, created_at=WEEK.start, state=State.SPAM)
    assert _report(listing).now.total("inquiries") == 0


def test_the_tops_are_those_of_the_period(provider: Provider) -> None:
    old, new, none = (factories.listing(provider) for _ in range(3))
    add_day(old, WEEK.first - timedelta(days=1), human=900)
    add_day(old, WEEK.first, human=3)
    add_day(new, WEEK.first, human=20)
    add_day(new, WEEK.last, human=30)
    _asked(new, WEEK.start)
    report = _report(new)
    assert [(top.id, top.views, top.inquiries) for top in report.tops or ()] == [
        (new.id, 50, 1),
        (old.id, 3, 0),
        (none.id, 0, 0),
    ]
    assert (report.tops or [])[0].daily == [20, 0, 0, 0, 0, 0, 30]


def test_a_tenant_reads_nothing_of_another(listing: Listing, other_provider: Provider) -> None:
    add_day(listing, LAST, human=5)
    _asked(listing, clock.start_of(LAST), 60)
    report = queries.of_provider(other_provider.id, WEEK)
    assert report.is_empty
    assert not report.tops
    with pytest.raises(Missing):
        queries.of_listing(other_provider.id, listing.id, WEEK)
    assert queries.of_listing(None, listing.id, WEEK).now.total("human") == 5
