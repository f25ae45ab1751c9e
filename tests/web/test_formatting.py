"""Prices, days, moments and numbers as readers of both languages see them."""

from collections.abc import Iterator
from datetime import UTC, date, datetime
from types import SimpleNamespace
from zoneinfo import ZoneInfo

import pytest
from flask import Flask, g
from flask_babel import Babel, force_locale
from jinja2 import StrictUndefined

from portal.clock import DAY, HOUR, MARKET_ZONE, MINUTE
from portal.web import formatting
from tests import effort

# 15:27 in Shanghai, as the real offer was published.
PUBLISHED = int(datetime(2024, 3, 5, 7, 27, tzinfo=UTC).timestamp())


def priced(minor: int | None, currency: str = "CNY", unit: str = "item") -> SimpleNamespace:
    return SimpleNamespace(price_minor=minor, currency=currency, unit=unit)


@pytest.fixture
def app() -> Iterator[Flask]:
    app = Flask(__name__)
    app.jinja_env.undefined = StrictUndefined
    Babel(app, default_locale="zh_Hans_CN")
    formatting.register(app, place=lambda code, locale: f"{code}@{locale}")
    with app.test_request_context("/"):
        yield app


def shown(app: Flask, template: str, **context: object) -> tuple[str, str]:
    """What a template gives in Chinese and in English."""
    made = app.jinja_env.from_string(template)
    with force_locale("zh_Hans_CN"):
        zh = made.render(**context)
    with force_locale("en"):
        return zh, made.render(**context)


def test_the_price_of_the_real_offer(app: Flask) -> None:
    offer = priced(1_100_000)
    assert shown(app, "{{ x|price }}", x=offer) == ("11000.00元/件", "CNY 11,000.00 / item")
    assert shown(app, "{{ (x|price_parts)|join('~') }}", x=offer) == (
        "11000.00~元/件",
        "CNY 11,000.00~/ item",
    )


@pytest.mark.parametrize(
    ("offer", "zh", "en"),
    [
        (priced(None), "面议", "Price on request"),
        (priced(1), "0.01元/件", "CNY 0.01 / item"),
        (priced(250, "USD", "gpu_hour"), "2.50美元/卡时", "USD 2.50 / GPU-hour"),
        (priced(1200, "JPY", "machine_month"), "1200日元/台月", "JPY 1,200 / machine-month"),
        (priced(99_999_999_999_999), "999999999999.99元/件", "CNY 999,999,999,999.99 / item"),
    ],
)
def test_prices(app: Flask, offer: SimpleNamespace, zh: str, en: str) -> None:
    assert shown(app, "{{ x|price }}", x=offer) == (zh, en)


def test_amounts_and_units(app: Flask) -> None:
    assert shown(app, "{{ 1100000|money('CNY') }}") == ("11000.00元", "CNY 11,000.00")
    assert shown(app, "{{ 'gpu_hour'|unit }}") == ("卡时", "GPU-hour")
    assert formatting.plain_amount(5, "CNY") == "0.05"
    assert formatting.plain_amount(-1050, "CNY") == "-10.50"
    assert formatting.plain_amount(5, "JPY") == "5"


def test_every_unit_has_both_names() -> None:
    assert all(set(names) == {"zh", "en"} for names in formatting.UNITS.values())


def test_days(app: Flask) -> None:
    assert shown(app, "{{ x|day }}", x=date(2024, 3, 5)) == ("2024-03-05", "5 Mar 2024")


@pytest.mark.parametrize(
    ("age", "zh", "en"),
    [
        (0, "刚刚", "just now"),
        (-30, "刚刚", "just now"),
        (59, "刚刚", "just now"),
        (MINUTE, "1分钟前", "1 minute ago"),
        (42 * MINUTE, "42分钟前", "42 minutes ago"),
        (HOUR, "1小时前", "1 hour ago"),
        (23 * HOUR, "23小时前", "23 hours ago"),
        (6 * DAY, "6天前", "6 days ago"),
        (8 * DAY, "2024-03-05", "5 Mar 2024"),
        (-DAY, "2024-03-05", "5 Mar 2024"),
    ],
)
def test_moments(age: int, zh: str, en: str) -> None:
    for locale, text in (("zh", zh), ("en", en)):
        html = formatting.format_moment(PUBLISHED, locale, MARKET_ZONE, PUBLISHED + age)
        assert f">{text}</time>" in html
        assert 'datetime="2024-03-05T07:27:00Z"' in html
        assert ("data-relative" in html) == (-MINUTE < age < 7 * DAY)


def test_the_exact_time_stands_behind_a_moment_in_its_zone() -> None:
    html = formatting.format_moment(PUBLISHED, "zh", MARKET_ZONE, PUBLISHED + 60)
    assert 'title="2024-03-05 15:27 UTC+8"' in html
    html = formatting.format_moment(
        PUBLISHED, "en", ZoneInfo("Asia/Kolkata"), PUBLISHED, exact=True
    )
    assert 'title="5 Mar 2024 12:57 UTC+5:30"' in html
    assert ">5 Mar 2024 12:57</time>" in html


def test_the_readers_zone_is_used_where_it_is_known(app: Flask) -> None:
    assert shown(app, "{{ x|clock_time }}", x=PUBLISHED)[0] == "15:27"
    g.zone = ZoneInfo("America/New_York")
    assert shown(app, "{{ x|clock_time }}", x=PUBLISHED)[0] == "02:27"
    assert "UTC-5" in shown(app, "{{ x|moment(exact=True) }}", x=PUBLISHED)[0]


@pytest.mark.parametrize(
    ("seconds", "zh", "en"),
    [
        (0, "0 秒", "0 s"),
        (45, "45 秒", "45 s"),
        (38 * MINUTE + 20, "38 分钟", "38 min"),
        (2 * HOUR, "2 小时", "2 h"),
        (2 * HOUR + 5 * MINUTE, "2 小时 5 分钟", "2 h 5 min"),
        (3 * DAY + 4 * HOUR + 5 * MINUTE, "3 天 4 小时", "3 d 4 h"),
        (3 * DAY + 5 * MINUTE, "3 天", "3 d"),
        (-5, "0 秒", "0 s"),
    ],
)
def test_durations(seconds: int, zh: str, en: str) -> None:
    assert formatting.format_duration(seconds, "zh") == zh
    assert formatting.format_duration(seconds, "en") == en


def test_numbers_counts_and_sizes(app: Flask) -> None:
    for template, text in {
        "{{ 28461|number }}": "28,461",
        "{{ 18.25|number }}": "18.2",
        "{{ 18.0|number }}": "18",
        "{{ 1000|count }}": "1000",
        "{{ 1001|count }}": "1000+",
        "{{ 51|count(50) }}": "50+",
        "{{ 0|count }}": "0",
        "{{ 812|filesize }}": "812 B",
        "{{ 999999|filesize }}": "1.0 MB",
        "{{ 1234567|filesize }}": "1.2 MB",
        "{{ '# a *b*'|excerpt(20) }}": "a b",
    }.items():
        assert shown(app, template) == (text, text), template


def test_places_are_named_by_the_floor_above(app: Flask) -> None:
    assert shown(app, "{{ '110000'|place }}") == ("110000@zh", "110000@en")


def test_a_table_of_fifty_rows_costs_little(app: Flask) -> None:
    rows = [(priced(1_000_000 + n), PUBLISHED + n * 1000) for n in range(50)]
    table = app.jinja_env.from_string(
        "{% for offer, at in rows %}{{ offer|price }}{{ at|moment }}{{ 5|number }}{% endfor %}"
    )
    table.render(rows=rows)
    with effort.at_most(40):
        for _ in range(20):
            table.render(rows=rows)
