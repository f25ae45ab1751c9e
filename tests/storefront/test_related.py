"""Offers like another: which, in what order, never one that buyers may not see, never by a scan."""

from datetime import timedelta
from typing import Any

import pytest
from flask import Flask

from portal import clock
from portal.accounts.models import Provider
from portal.extensions import db
from portal.listings.models import Listing, Status
from portal.storefront import listed, queries
from portal.storefront.filters import asked
from portal.storefront.related import related_to
from tests import factories


def _titles(offer: Listing) -> list[str]:
    row = queries.offer_row(offer.id)
    return [one.title for one in related_to(row)]


def _offer(of: Provider, title: str, age: int = 0, **fields: Any) -> Listing:
    given: dict[str, Any] = {"place": None, "unit": "gpu_hour", "price_minor": 100, **fields}
    return factories.listing(of, title=title, published_at=clock.now() - age, **given)


@pytest.fixture
def asked_about(provider: Provider) -> Listing:
    """A 4090 in Beijing at 10.00 a GPU-hour."""
    return _offer(provider, "本商品", gpu_model="rtx-4090", place="110000", price_minor=1000)


def test_the_same_gpu_comes_first_and_its_nearest_before_the_newest(
    provider: Provider, other_provider: Provider, asked_about: Listing
) -> None:
    gpu = {"gpu_model": "rtx-4090"}
    _offer(other_provider, "同卡", **gpu)
    _offer(other_provider, "同卡同价", 9, **gpu, price_minor=1900)
    _offer(provider, "同卡同城", 99, **gpu, place="110000")
    _offer(other_provider, "同卡同城同价", 999, **gpu, place="110000", price_minor=500)
    _offer(provider, "同城同价", place="110000", price_minor=1000)
    assert _titles(asked_about) == ["同卡同城同价", "同卡同城", "同卡同价", "同卡"]


def test_then_the_same_place_and_price_band(
    provider: Provider, other_provider: Provider, asked_about: Listing
) -> None:
    _offer(provider, "同卡", 9999, gpu_model="rtx-4090")
    _offer(other_provider, "最新")
    _offer(provider, "同城", 9, place="110000")
    _offer(other_provider, "同城同价", 99, place="110000", price_minor=2000)
    _offer(other_provider, "同价", 999, price_minor=1100)
    _offer(provider, "同价异币", 9, price_minor=1000, currency="USD")
    assert _titles(asked_about) == ["同卡", "同城同价", "同城", "同价"]


def test_what_buyers_may_not_see_is_related_to_nothing(
    provider: Provider, other_provider: Provider, asked_about: Listing
) -> None:
    like: dict[str, Any] = {"gpu_model": "rtx-4090", "place": "110000", "price_minor": 1000}
    for status in set(Status) - {Status.LIVE}:
        for of in (provider, other_provider):
            _offer(of, "不可见", status=status, **like)
    _offer(provider, "过期", valid_until=clock.today() - timedelta(days=3), **like)
    assert _titles(asked_about) == []
    bare = _offer(provider, "无规格", price_minor=None)
    assert _titles(bare) == ["本商品"]


@pytest.mark.parametrize("fields", [{}, {"gpu_model": None}, {"price_minor": None}])
def test_one_statement_that_scans_no_table(
    app: Flask, provider: Provider, statements: list[str], fields: dict[str, Any]
) -> None:
    one = _offer(provider, "本商品", **{"gpu_model": "h20", "place": "110000", **fields})
    row = queries.offer_row(one.id)
    statements.clear()
    related_to(row)
    assert len(statements) == 1
    _scans_nothing(statements)


@pytest.mark.parametrize("cap", [1000, 0])
@pytest.mark.parametrize(
    "query",
    [
        "",
        "gpu=h20",
        "place=440000",
        "sort=price",
        "sort=price-down&unit=item",
        "price_from=1&price_to=2",
        "price_to=2&currency=USD&unit=gpu_hour",
        "negotiable=yes",
        "delivery=container&in_stock=yes",
    ],
)
def test_the_list_reads_an_index_whatever_is_asked(
    provider: Provider,
    statements: list[str],
    monkeypatch: pytest.MonkeyPatch,
    query: str,
    cap: int,
) -> None:
    monkeypatch.setattr(listed, "COUNT_CAP", cap)
    _offer(provider, "商品")
    statements.clear()
    listed.live_offers(asked(dict(pair.split("=") for pair in query.split("&") if pair)), None)
    assert len(statements) == 2
    _scans_nothing(statements)


def _scans_nothing(statements: list[str]) -> None:
    """No table of offers is read from one end to the other, as SQLite plans it."""
    connection = db.session.connection()
    if connection.dialect.name != "sqlite":
        return
    for statement in list(statements):
        cursor = connection.connection.cursor()
        cursor.execute(f"EXPLAIN QUERY PLAN {statement}", [None] * statement.count("?"))
        plan = [row[-1] for row in cursor.fetchall()]
        assert plan
        assert not [step for step in plan if step.startswith(("SCAN listings", "SCAN providers"))]
