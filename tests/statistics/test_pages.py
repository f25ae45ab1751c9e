"""The statistics pages: known figures shown, to whom they belong and to nobody else."""

import csv
import io
from collections.abc import Iterator
from datetime import date, timedelta
from html import unescape

import pytest
import time_machine
from flask_babel import force_locale

from portal import clock
from portal.accounts.models import Provider
from portal.extensions import db
from portal.inquiries.vocabulary import State
from portal.listings.models import Listing
from portal.permissions import Role
from portal.statistics.definitions import DEFINITIONS, FEWEST_VIEWS
from tests import factories
from tests.conftest import ClientFor
from tests.pages import PagesClient
from tests.statistics.conftest import add_day

TODAY = date(2026, 11, 24)
NOON = clock.start_of(TODAY) + 12 * clock.HOUR
INDEX = "/portal/statistics/"


@pytest.fixture(autouse=True)
def at_noon() -> Iterator[None]:
    """It is noon of TODAY in Shanghai."""
    with time_machine.travel(NOON, tick=False):
        yield


@pytest.fixture
def listing(provider: Provider) -> Listing:
    """A listing with 1,250 views these 30 days and 1,000 the 30 before."""
    made = factories.listing(provider, title="RTX 5090 32G 首批现货", previous_site_views=496)
    add_day(made, TODAY - timedelta(days=89), human=7)
    add_day(made, TODAY - timedelta(days=30), human=1000, served=1100)
    add_day(made, TODAY - timedelta(days=29), human=1200, served=1300, robot=311)
    add_day(made, TODAY, human=50, served=60, preview=12, staff=13, repeated=14)
    return made


def _ask(listing: Listing, age: int, took: int | None = None, **fields: object) -> None:
    at = NOON - age
    answered = {} if took is None else {"first_answered_at": at + took, "state": State.ANSWERED}
    factories.inquiry(listing, created_at=at, last_message_at=at, **answered, **fields)


def test_the_page_shows_the_figures(seller: PagesClient, listing: Listing, hx: bool) -> None:
    _ask(listing, 5 * clock.DAY, 10 * clock.MINUTE)
    _ask(listing, 4 * clock.DAY, 38 * clock.MINUTE)
    _ask(listing, 3 * clock.DAY, 25 * clock.HOUR)
    _ask(listing, clock.HOUR)
    _ask(listing, clock.HOUR, state=State.SPAM)
    answer = seller.get(INDEX, hx=hx)
    page = answer.text
    assert answer.status_code == 200
    assert ("<!doctype" in page.lower()) is not hx
    assert "26 Oct 2026 to 24 Nov 2026" in page
    assert "robots and own staff not counted" in page
    assert "1,250" in page
    assert "25.0%" in page
    assert "30 days before: 1,000" in page
    assert "1,360" in page  # served
    assert "0.32%" in page  # 4 of 1,250
    assert "38 min" in page
    assert "67%" in page  # 2 of the 3 that are a day old
    assert all(f">{count}<" in page for count in (311, 12, 13, 14))
    assert listing.title in page


@pytest.mark.parametrize(("days", "shown"), [("7", "50"), ("90", "2,257"), ("30", "1,250")])
def test_the_range_stands_in_the_address(
    seller: PagesClient, listing: Listing, days: str, shown: str
) -> None:
    page = seller.get(INDEX, query_string={"days": days}).text
    assert f'<span class="kpi__value">{shown}</span>' in page
    assert f'href="/portal/statistics/?days={days}" aria-current="true"' in page


@pytest.mark.parametrize("days", ["", "0", "-1", "31", str(10**18), "9" * 400, "7 ", "x\u202e"])
def test_a_range_that_is_none_is_the_usual(
    seller: PagesClient, listing: Listing, days: str
) -> None:
    page = seller.get(INDEX, query_string={"days": days}).text
    assert '<span class="kpi__value">1,250</span>' in page


def test_each_figure_stands_beside_its_definition(seller: PagesClient, listing: Listing) -> None:
    page = unescape(seller.get(f"{INDEX}listings/{listing.id}").text)
    assert '<details class="card definitions" id="means">' in page
    with force_locale("en"):
        said = {key: (str(one.name), str(one.text)) for key, one in DEFINITIONS.items()}
    for key, (name, text) in said.items():
        assert f'id="means-{key}"' in page
        assert name in page
        assert text in page
    for key in ("views", "inquiries", "rate", "median", "in_time"):
        assert f'href="#means-{key}"' in page
    assert str(FEWEST_VIEWS) in said["rate"][1]
    whole = seller.get(INDEX).text
    assert [key for key in said if f'id="means-{key}"' not in whole] == ["previous_site"]


def test_inquiries_are_compared_even_where_views_cannot_be(
    seller: PagesClient, provider: Provider
) -> None:
    made = factories.listing(provider)
    add_day(made, TODAY, human=60)
    _ask(made, clock.HOUR)
    _ask(made, 31 * clock.DAY)
    page = seller.get(INDEX).text
    assert "30 days before: 1" in page
    assert "Views are counted since 24 Nov 2026; the days before show 0." in page
    assert "The 30 days before" not in page  # no dashed line of days that nobody counted


def listing_provider(listing: Listing) -> Provider:
    return db.session.get_one(Provider, listing.provider_id)


def test_few_views_make_no_rate(seller: PagesClient, provider: Provider) -> None:
    made = factories.listing(provider)
    add_day(made, TODAY, human=FEWEST_VIEWS - 1)
    _ask(made, clock.HOUR)
    page = seller.get(INDEX).text
    assert "too few to say" in page
    assert "counted since 24 Nov 2026" in page  # nothing to compare with, and it says so


def test_a_provider_without_anything_is_told_what_will_come(
    seller: PagesClient, provider: Provider, hx: bool
) -> None:
    page = seller.get(INDEX, hx=hx).text
    assert "Nothing counted yet" in page
    assert '<svg class="chart__plot"' not in page


def test_one_listing_has_its_own_page(seller: PagesClient, listing: Listing, hx: bool) -> None:
    other = factories.listing(listing_provider(listing))
    add_day(other, TODAY, human=77_777)
    page = seller.get(f"/portal/statistics/listings/{listing.id}", hx=hx).text
    assert '<span class="kpi__value">1,250</span>' in page
    assert "77,777" not in page
    assert "Previous site" in page
    assert "496" in page
    assert "1,746" not in page  # never added up


@pytest.mark.parametrize("role", [Role.SELLER, Role.STAFF])
def test_another_tenant_gets_what_an_unknown_address_gets(
    client_for: ClientFor, listing: Listing, other_provider: Provider, role: Role
) -> None:
    stranger = client_for(other_provider, role)
    for path in ("listings", "providers"):
        theirs = listing.id if path == "listings" else listing.provider_id
        for end in ("", "/days.csv"):
            known = stranger.get(f"/portal/statistics/{path}/{theirs}{end}")
            unknown = stranger.get(f"/portal/statistics/{path}/987654321{end}")
            assert known.status_code == unknown.status_code == 404
            assert known.text.replace(f"{path}%2F{theirs}", "").replace(f"{path}/{theirs}", "") == (
                unknown.text.replace(f"{path}%2F987654321", "").replace(f"{path}/987654321", "")
            )
    assert listing.title not in stranger.get(INDEX).text
    own = stranger.get(f"/portal/statistics/providers/{other_provider.id}")
    assert own.status_code == 200


@pytest.mark.parametrize("number", [0, 2**31, 2**63 - 1, 2**63, 10**30])
def test_numbers_of_no_row_are_not_found(
    admin: PagesClient, seller: PagesClient, number: int
) -> None:
    for client in (admin, seller):
        for path in ("listings", "providers"):
            assert client.get(f"/portal/statistics/{path}/{number}").status_code == 404


def test_the_marketplace_sees_all_providers(
    admin: PagesClient, listing: Listing, other_provider: Provider, hx: bool
) -> None:
    second = factories.listing(other_provider)
    add_day(second, TODAY, human=500)
    _ask(second, 2 * clock.DAY, 10 * clock.MINUTE)
    _ask(second, 2 * clock.DAY, 20 * clock.MINUTE)
    _ask(second, 2 * clock.DAY, 50 * clock.MINUTE)
    _ask(second, clock.HOUR)
    page = admin.get(INDEX, hx=hx).text
    assert '<span class="kpi__value">1,750</span>' in page
    row = page.split(f'id="providers-row-{other_provider.id}"')[1].split("</tr>")[0]
    assert all(text in row for text in (">500<", ">4<", "75%", "20 min"))
    theirs = admin.get(f"/portal/statistics/providers/{other_provider.id}", hx=hx).text
    assert '<span class="kpi__value">500</span>' in theirs
    assert admin.get(f"/portal/statistics/listings/{listing.id}", hx=hx).status_code == 200


@pytest.mark.parametrize("many", [2, 59])
def test_each_page_takes_three_statements(
    seller: PagesClient, admin: PagesClient, listing: Listing, statements: list[str], many: int
) -> None:
    for _n in range(many):
        more = factories.listing(listing_provider(listing))
        add_day(more, TODAY, human=5)
        _ask(more, clock.HOUR)
    for client in (seller, admin):
        for path in (
            "",
            f"listings/{listing.id}",
            f"providers/{listing.provider_id}",
            "days.csv",
        ):
            statements.clear()
            assert client.get(INDEX + path).status_code == 200
            assert len(statements) <= 3, statements


def test_the_days_come_as_a_file(seller: PagesClient, listing: Listing) -> None:
    _ask(listing, clock.HOUR)
    answer = seller.get(f"{INDEX}days.csv")
    assert answer.data.startswith(b"\xef\xbb\xbf")
    assert answer.mimetype == "text/csv"
    assert answer.headers["Cache-Control"] == "no-store"
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert answer.headers["Content-Disposition"] == (
        'attachment; filename="views-2026-10-26-2026-11-24.csv"'
    )
    rows = list(csv.reader(io.StringIO(answer.data.decode("utf-8-sig"))))
    assert rows[0][:3] == ["Day", "Views", "Pages served"]
    assert len(rows) == 31
    assert rows[1] == ["2026-10-26", "1200", "1300", "311", "0", "0", "0", "0"]
    assert rows[-1] == ["2026-11-24", "50", "60", "0", "12", "13", "14", "1"]
    assert not any(cell[:1] in "=+-@\t\r" for row in rows for cell in row)


def test_chinese_readers_read_chinese(client_for: ClientFor, listing: Listing) -> None:
    client = client_for(listing_provider(listing), Role.SELLER, language="zh")
    page = client.get(INDEX).text
    assert 'lang="zh-CN"' in page
    assert "2026-10-26" in page
    assert "1,250" in page


def test_hostile_titles_stay_text(seller: PagesClient, provider: Provider) -> None:
    made = factories.listing(provider, title="<script>probe()</script>=HYPERLINK")
    add_day(made, TODAY, human=5)
    for path in ("", f"listings/{made.id}"):
        assert "<script>probe" not in seller.get(INDEX + path).text
