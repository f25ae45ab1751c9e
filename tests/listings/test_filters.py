"""What the index can be asked for: each filter, each order page by page, the canonical address."""

import re
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import text

from portal import clock
from portal.accounts.models import Provider
from portal.extensions import db
from portal.listings import queries, rows
from portal.listings.filters import SORTS, asked, read, url_of
from portal.listings.models import Status
from tests import factories
from tests.pages import PagesClient

INDEX = "/portal/listings/"


def ids(html: str) -> list[int]:
    return [int(found) for found in re.findall(r'id="listings-row-(\d+)"', html)]


def listed(client: PagesClient, query: str) -> list[int]:
    answer = client.get(f"{INDEX}?{query}")
    assert answer.status_code == 200
    return ids(answer.get_data(as_text=True))


@pytest.mark.parametrize(
    ("query", "fields", "other"),
    [
        ("kind=rental", {"kind": "rental"}, {"kind": "used"}),
        ("category=整机", {"own_category": "整机"}, {"own_category": "云"}),
        ("unit=gpu_hour", {"unit": "gpu_hour"}, {"unit": "item"}),
        ("currency=USD", {"currency": "USD"}, {"currency": "CNY"}),
        ("price_from=100", {"price_minor": 10_000}, {"price_minor": 9_999}),
        ("price_to=100", {"price_minor": 10_000}, {"price_minor": 10_001}),
        ("price_to=100", {"price_minor": 1}, {"price_minor": 1, "currency": "USD"}),
        ("price_to=100", {"price_minor": 1}, {"price_minor": 1, "unit": "gpu_hour"}),
        ("price_to=100", {"price_minor": 1}, {"price_minor": None}),
        ("incomplete=1", {"description": ""}, {"gpu_model": "l40s", "gpu_count": 1, "delivery_days": 1}),
        ("status=archived", {"status": Status.ARCHIVED}, {}),
        ("", {}, {"status": Status.ARCHIVED}),
        ("place=overseas", {"place": "overseas-us"}, {"place": "110000"}),
    ],
)  # fmt: skip
def test_a_filter_leaves_out_what_does_not_match(
    staff: PagesClient,
    provider: Provider,
    query: str,
    fields: dict[str, Any],
    other: dict[str, Any],
) -> None:
    wanted = factories.listing(provider, **fields)
    factories.listing(provider, **other)
    assert listed(staff, query) == [wanted.id]


def test_ending_soon_goes_by_the_day_and_asks_for_live_ones(
    staff: PagesClient, provider: Provider
) -> None:
    today = clock.today()
    made = {
        days: factories.listing(provider, valid_until=today + timedelta(days=days)).id
        for days in (-1, 0, 7, 8)
    }
    factories.listing(provider)
    factories.listing(provider, status=Status.PAUSED, valid_until=today)
    assert listed(staff, "expiring=7") == [made[0], made[7]]
    assert listed(staff, "expiring=14") == [made[0], made[7], made[8]]


def test_stale_is_what_was_neither_changed_nor_confirmed(
    staff: PagesClient, provider: Provider
) -> None:
    now = clock.now()
    old, older = now - 40 * clock.DAY, now - 70 * clock.DAY
    stale = factories.listing(provider, updated_at=old).id
    staler = factories.listing(provider, updated_at=older, confirmed_at=older).id
    factories.listing(provider, updated_at=older, confirmed_at=now)
    factories.listing(provider, updated_at=now)
    factories.listing(provider, updated_at=older, status=Status.DRAFT)
    assert listed(staff, "stale=30") == [staler, stale]
    assert listed(staff, "stale=60") == [staler]


@pytest.mark.parametrize("sort", SORTS)
def test_every_order_has_each_row_once_forwards_and_back(
    staff: PagesClient, provider: Provider, sort: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(queries, "PAGE", 3)
    monkeypatch.setattr(rows, "PAGE", 3)
    queries._page.cache_clear()
    today = clock.today()
    made = [
        factories.listing(
            provider,
            price_minor=100 + number // 2,
            stock=number // 2,
            views_total=number // 2,
            valid_until=today + timedelta(days=number // 2),
            updated_at=clock.now() - number // 2,
        ).id
        for number in range(8)
    ]
    seen: list[list[int]] = []
    where: str | None = f"{INDEX}?sort={sort}"
    while where:
        html = staff.get(where).get_data(as_text=True)
        seen.append(ids(html))
        following = re.search(r'rel="next"[^>]*href="([^"]*)"|href="([^"]*)"[^>]*rel="next"', html)
        where = (following[1] or following[2]).replace("&amp;", "&") if following else None
    assert [len(page) for page in seen] == [3, 3, 2]
    assert sorted(one for page in seen for one in page) == sorted(made)
    previous = re.search(r'href="([^"]*)"[^>]*rel="prev"', html)
    assert previous
    assert ids(staff.get(previous[1].replace("&amp;", "&")).get_data(as_text=True)) == seen[1]
    queries._page.cache_clear()


def test_prices_compare_in_one_currency_and_unit_and_the_page_says_so(
    staff: PagesClient, provider: Provider
) -> None:
    dear, cheap = (factories.listing(provider, price_minor=price).id for price in (900, 100))
    factories.listing(provider, price_minor=500, unit="gpu_hour")
    factories.listing(provider, price_minor=None)
    assert listed(staff, "sort=cheapest") == [cheap, dear]
    assert listed(staff, "sort=dearest") == [dear, cheap]
    html = staff.get(f"{INDEX}?sort=cheapest").get_data(as_text=True)
    assert "Prices compare only in one currency and unit" in html


def test_an_address_has_one_form() -> None:
    filters, page = read(
        b"stale=&q=+4090+&status=live&columns=updated&columns=price&columns=evil&density=compact"
        b"&sort=updated&price_from=1,000&price_from=2&page=abc&evil=1"
    )
    assert page == "abc"
    assert url_of(filters) == (
        f"{INDEX}?q=4090&status=live&unit=item&currency=CNY&price_from=1000.00&density=compact"
        "&columns=price&columns=updated"
    )
    again, _page = read(url_of(filters).partition("?")[2].encode())
    assert again == filters
    assert url_of(asked({"sort": "updated", "status": "", "density": "comfortable"})) == INDEX


@pytest.mark.parametrize(
    "query",
    [
        "price_from=NaN&price_to=1e309", "price_from=-1&expiring=8&stale=abc", "expiring=7&page=WzAsMSwxXQ",
        "sort=ends&page=WzAsIngiLDFd", "sort=id;drop&per_page=1000000000", "columns=" + "a" * 3000,
        "category=%00%ff&density=x", "price_to=" + "9" * 400, "kind=<b>&unit=<b>&currency=%27",
    ],
)  # fmt: skip
def test_what_is_no_question_of_ours_is_left_out(
    staff: PagesClient, provider: Provider, query: str
) -> None:
    factories.listing(provider, valid_until=clock.today())
    assert staff.get(f"{INDEX}?{query}").status_code == 200


def test_chosen_columns_and_density_are_drawn(staff: PagesClient, provider: Provider) -> None:
    factories.listing(provider, own_number="HX-7", own_category="整机", stock=3)
    query = "columns=own_number&columns=own_category&columns=confirmed&columns=completeness"
    html = staff.get(f"{INDEX}?{query}&density=compact").get_data(as_text=True)
    assert all(word in html for word in ("HX-7", "整机", "never", "3 missing"))
    assert 'data-density="compact"' in html
    assert 'data-col="price"' not in html


def test_nothing_found_says_which_filter_to_leave_out(
    staff: PagesClient, provider: Provider
) -> None:
    factories.listing(provider)
    html = staff.get(f"{INDEX}?status=draft&gpu=l40s").get_data(as_text=True)
    assert "without the status" in html
    assert f'href="{INDEX}?gpu=l40s"' in html
    assert "Clear the filters" in html


def test_the_filter_of_what_is_missing_reads_its_own_index(
    staff: PagesClient, provider: Provider
) -> None:
    if db.engine.dialect.name != "sqlite":
        pytest.skip("PostgreSQL plans by its statistics")
    seen = db.session.connection().execute(
        text(
            "EXPLAIN QUERY PLAN SELECT id FROM listings WHERE provider_id = 1 AND "
            f"{queries.INCOMPLETE.text} ORDER BY updated_at DESC, id DESC LIMIT 51"
        )
    )
    assert "ix_listings_incomplete" in str(seen.all())
