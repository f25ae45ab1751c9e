"""The list of offers, a provider's page, and what crawlers ask for, on both databases."""

import html
import re
from typing import Any
from urllib.parse import quote
from xml.etree import ElementTree as ET

import pytest

from portal import clock
from portal.accounts.models import Provider
from portal.listings.models import Listing, Status
from portal.storefront import listed, queries
from portal.storefront.filters import Filters, asked, url_of
from tests import factories
from tests.storefront.conftest import Get


def _titles(page: str) -> list[str]:
    found = re.findall(r'class="deal__title"><a href="[^"]*">(.*?)</a>', page)
    return [html.unescape(title) for title in found]


def test_live_offers_newest_first(get: Get, provider: Provider, hx: bool, language: str) -> None:
    now = clock.now()
    for age, title in ((50, "旧的"), (5, "新的"), (20, "中间")):
        factories.listing(provider, title=title, published_at=now - age)
    for status in (Status.DRAFT, Status.PAUSED, Status.EXPIRED, Status.ARCHIVED, Status.IN_REVIEW):
        factories.listing(provider, title="不在售", status=status)
    answer = get("/", language, hx=hx)
    assert answer.status_code == 200
    assert _titles(answer.text) == ["新的", "中间", "旧的"]
    assert ("<!doctype" in answer.text) is not hx
    assert "HX-Request" in answer.headers["Vary"]
    assert provider.name in answer.text


def test_a_card_says_what_a_buyer_needs(get: Get, provider: Provider) -> None:
    factories.listing(
        provider,
        gpu_model="rtx-4090",
        gpu_count=8,
        price_minor=1_280_000,
        unit="machine_month",
        place="440300",
        delivery_days=2,
    )
    page = html.unescape(get("/").text)
    for words in (
        "RTX 4090 × 8",
        "24<small> GiB",
        "Shenzhen, Guangdong",
        "CNY 12,800.00",
        "/ machine-month",
        "≈ CNY 2.22 / GPU-hour",
        "Delivered within 2 days",
        "just now",
    ):
        assert words in page, words


@pytest.mark.parametrize(
    "q", ["北京", "4090", "RTX 4090", "rtx4090", "ＲＴＸ４０９０", "推理 4090"]
)
def test_search(get: Get, provider: Provider, q: str) -> None:
    factories.listing(provider, title="RTX4090 推理 北京")
    factories.listing(provider, title="H20 训练 上海", description="")
    page = get(f"/?q={quote(q)}").text
    assert _titles(page) == ["RTX4090 推理 北京"]
    assert f'value="{q}"' in page


@pytest.mark.parametrize("cap", [1000, 0])
def test_filters_narrow_and_are_shown(
    get: Get, provider: Provider, monkeypatch: pytest.MonkeyPatch, cap: int
) -> None:
    monkeypatch.setattr(listed, "COUNT_CAP", cap)

    def offer(title: str, **fields: Any) -> None:
        factories.listing(provider, title=title, **fields)

    offer("甲方", gpu_model="h20", place="440300", unit="gpu_hour", price_minor=500, stock=3)
    offer(
        "乙方",
        gpu_model="rtx-4090",
        place="440000",
        unit="gpu_hour",
        price_minor=250,
        delivery="container",
        stock=0,
    )
    offer("丙方", gpu_model="rtx-4090", place="110000", unit="item", price_minor=None)
    offer(
        "丁方", gpu_model="rtx-4090", place="110000", unit="item", currency="USD", price_minor=300
    )
    for query, expected in (
        ("gpu=rtx-4090", {"乙方", "丙方", "丁方"}),
        ("place=440000", {"甲方", "乙方"}),
        ("place=440300", {"甲方"}),
        ("unit=gpu_hour", {"甲方", "乙方"}),
        ("price_from=2.6", {"甲方"}),
        ("price_to=３.00", {"乙方"}),
        ("price_from=9&price_to=1", {"甲方", "乙方"}),
        ("price_to=4&currency=USD", {"丁方"}),
        ("currency=USD", {"丙方", "丁方"}),
        ("negotiable=yes", {"丙方"}),
        ("negotiable=no", {"甲方", "乙方", "丁方"}),
        ("gpu=h20&place=110000", set()),
        ("delivery=container", {"乙方"}),
        ("delivery=hosting", set()),
        ("in_stock=yes", {"甲方"}),
        ("in_stock=yes&delivery=container", set()),
        ("q=甲方&sort=price", {"甲方"}),
        ("q=方&negotiable=yes&price_from=1", set()),
    ):
        page = get(f"/?{query}").text
        assert set(_titles(page)) == expected, query
        assert 'class="chip"' in page
        assert '<meta name="robots" content="noindex,follow">' in page


def test_order_by_price_leaves_offers_on_request_to_the_end(get: Get, provider: Provider) -> None:
    for title, price in (("中等", 500), ("便宜", 100), ("面议", None), ("最贵", 900)):
        factories.listing(provider, title=title, price_minor=price, unit="gpu_hour")
    up, down = (_titles(get(f"/?sort={sort}").text) for sort in ("price", "price-down"))
    assert up == ["便宜", "中等", "最贵", "面议"]
    assert down == ["最贵", "中等", "便宜", "面议"]


WAYS = [pytest.param(1000, id="few"), pytest.param(0, id="many")]


@pytest.mark.parametrize("cap", WAYS)
@pytest.mark.parametrize("unpriced", [1, 5, 8])
@pytest.mark.parametrize("sort", ["newest", "price", "price-down"])
def test_pages_follow_each_other_and_back(
    get: Get,
    provider: Provider,
    monkeypatch: pytest.MonkeyPatch,
    sort: str,
    unpriced: int,
    cap: int,
) -> None:
    monkeypatch.setattr(listed, "PAGE", 3)
    monkeypatch.setattr(listed, "COUNT_CAP", cap)
    for number in range(8):
        price = 100 + number // 2 if number >= unpriced else None
        factories.listing(provider, title=f"供应 {number}", published_at=9, price_minor=price)
    seen: list[list[str]] = []
    url: str | None = f"/?sort={sort}"
    while url:
        page = get(url).text
        seen.append(_titles(page))
        following = re.search(r'href="([^"]+)" rel="next" hx-get', page) or re.search(
            r'class="btn[^>]*href="([^"]+)"[^>]*rel="next"', page
        )
        url = html.unescape(following[1]) if following else None
        assert len(seen) < 5
    assert [len(titles) for titles in seen] == [3, 3, 2]
    assert len({title for titles in seen for title in titles}) == 8
    back = re.search(r'class="btn[^>]*href="([^"]+)"[^>]*rel="prev"', page)
    assert back
    page = get(html.unescape(back[1])).text
    assert _titles(page) == seen[1]
    back = re.search(r'class="btn[^>]*href="([^"]+)"[^>]*rel="prev"', page)
    assert back
    assert _titles(get(html.unescape(back[1])).text) == seen[0]


@pytest.mark.parametrize(
    "query",
    [
        "page=garbage",
        "page=" + "A" * 5000,
        "page=WzAsOTk5OTk5OTk5OTk5OTk5OTk5OTk5OSwxXQ",
        "page=-1&sort=id;drop",
        "price_from=NaN&price_to=Infinity",
        "price_from=1e400",
        "price_from=-1",
        "price_to=" + "9" * 60,
        "price_from=0&price_to=0.00",
        "place=x&gpu=x&unit=x&currency=x&negotiable=x&sort=x",
        "place[]=1&q[]=2",
        "q=" + "+".join(f"w{number}" for number in range(2000)),
        "q=" + "a" * 30 + "!" * 100,
        "q=%00",
        "q=%ff%fe%80",
        "q=*:*",
        "q=%25&place=_",
        "q=%22%20OR%201%3D1--",
        "q='%20OR%20''='",
        "%ff=%ff",
        "lang=../../etc",
        "lang=xx",
    ],
)
def test_strange_addresses_are_answered_kindly(
    get: Get, provider: Provider, query: str, hx: bool
) -> None:
    factories.listing(provider)
    answer = get(f"/?{query}", hx=hx)
    assert answer.status_code == 200
    assert "Nothing found" in answer.text or _titles(answer.text)
    assert get(f"/providers/{provider.id}?{query}", hx=hx).status_code == 200


def test_a_price_that_is_none_is_said(get: Get, provider: Provider) -> None:
    factories.listing(provider)
    assert "was not understood" in get("/?price_from=abc").text
    assert "was not understood" not in get("/?price_from=0&price_to=").text


def test_empty_states_differ(get: Get, provider: Provider) -> None:
    assert "No offers yet" in get("/").text
    factories.listing(provider)
    page = get("/?gpu=h20").text
    assert "Nothing found" in page
    assert "Clear the filters" in page


def test_htmx_is_told_an_address_without_empty_fields(get: Get, database: None) -> None:
    answer = get("/?q=&gpu=h20&place=&price_from=&sort=newest", hx=True)
    assert answer.headers["HX-Push-Url"] == "/?gpu=h20"
    assert answer.text.lstrip().startswith('<section class="market__results" id="offers"')


def test_filters_come_back_from_their_own_address() -> None:
    filters = Filters(
        q="北京 4090",
        gpu="h20",
        place="110000",
        currency="USD",
        unit="gpu_hour",
        price_from=350,
        price_to=1_100_000,
        negotiable="no",
        sort="price",
    )
    assert asked(filters.parameters()) == filters
    assert url_of(Filters()) == "/"


def test_the_list_is_kept_and_confirmed(get: Get, provider: Provider) -> None:
    factories.listing(provider, updated_at=1_700_000_000)
    first = get("/")
    assert first.headers["Cache-Control"].startswith("public")
    etag = {"If-None-Match": first.headers["ETag"]}
    assert get("/", headers=etag).status_code == 304
    factories.listing(provider)
    assert get("/", headers=etag).status_code == 200


def test_a_provider(get: Get, provider: Provider, other_provider: Provider, hx: bool) -> None:
    mine = factories.listing(provider, title="自己的")
    factories.listing(provider, title="草稿", status=Status.DRAFT)
    factories.listing(other_provider, title="别家的")
    page = get(f"/providers/{provider.id}", hx=hx).text
    assert _titles(page) == [mine.title]


def test_a_provider_is_introduced(get: Get, database: None) -> None:
    good = factories.provider(
        about="自有机房 **北京**", website="https://a.example", place="110000", verified_at=1
    )
    page = get(f"/providers/{good.id}").text
    assert "<strong>北京</strong>" in page
    assert '<a class="wrap" href="https://a.example" rel="noopener nofollow ugc">' in page
    assert "Verified by the marketplace" in page
    bad = factories.provider(website="javascript:alert(1)")
    page = get(f"/providers/{bad.id}").text
    assert "javascript:" not in page
    assert "Not verified yet" in page
    assert "No live offers" in page


def test_crawlers(get: Get, provider: Provider, monkeypatch: pytest.MonkeyPatch) -> None:
    live: Listing = factories.listing(provider, updated_at=1_709_623_620)
    factories.listing(provider, status=Status.PAUSED)
    robots = get("/robots.txt")
    assert robots.mimetype == "text/plain"
    assert "Disallow: /portal/" in robots.text
    assert "Sitemap: http://127.0.0.1:8000/sitemap.xml" in robots.text
    monkeypatch.setattr(queries, "SITEMAP_IDS", live.id + 10)
    sitemap = get("/sitemap.xml")
    assert sitemap.mimetype == "application/xml"
    names = {"s": "http://www.sitemaps.org/schemas/sitemap/0.9"}
    root = ET.fromstring(sitemap.text)
    places = [place.text for place in root.iterfind(".//s:loc", names)]
    assert places == ["http://127.0.0.1:8000/", f"http://127.0.0.1:8000/offers/{live.id}"]
    assert "2024-03-05T07:27:00Z" in sitemap.text
    monkeypatch.setattr(queries, "SITEMAP_IDS", live.id)
    assert "<sitemapindex" in get("/sitemap.xml").text
    assert f"/offers/{live.id}<" in get("/sitemap-1.xml").text
    assert get("/sitemap-999.xml").status_code == 404
    assert get("/sitemap-" + "9" * 40 + ".xml").status_code == 404
