"""The page of one offer: its facts, what it says to machines, copies kept, questions asked."""

import html
import json
import re
from datetime import timedelta
from typing import Any
from unittest.mock import patch

import pytest
import time_machine
from sqlalchemy import func, select

from portal import clock
from portal.accounts.models import Provider
from portal.database import transaction
from portal.extensions import db
from portal.inquiries.models import Inquiry
from portal.listings.models import Image, Listing, Status
from portal.storefront.offers import gpu_hour_price
from tests import factories
from tests.pages import PagesClient
from tests.storefront.conftest import HOSTILE, Get

FACTS = {
    "zh": ("11000.00元/件", "直辖市 北京", "长期有效", "2024-03-05 15:27", "496"),
    "en": (
        "CNY 11,000.00 / item",
        "Delivery time not stated: ask the seller.",
        "Beijing (municipality)",
        "No end date",
        "5 Mar 2024 15:27",
        "496 on the previous site",
    ),
}


def _picture(listing: Listing, key: str, **fields: Any) -> None:
    with transaction() as session:
        given = {"position": 0, "alt": "", "width": 640, "height": 360, "size": 9, **fields}
        session.add(Image(listing_id=listing.id, key=key, **given))


def _structured(page: str) -> Any:
    (found,) = re.findall(r'<script type="application/ld\+json">(.*?)</script>', page, re.DOTALL)
    return json.loads(found)


def test_every_fact_of_the_real_offer_is_there(
    get: Get, real: Listing, language: str, hx: bool
) -> None:
    answer = get(f"/offers/{real.id}", language, hx=hx)
    assert answer.status_code == 200
    page = html.unescape(answer.text)
    assert real.title in page
    for name, value in (
        ("英伟达", "4090"),
        ("型号", "RTX 4090"),
        ("北京", "猿界算力租赁服务提供商"),
    ):
        assert f"<dt>{name}</dt><dd>{value}</dd>" in page
    for fact in FACTS[language]:
        assert fact in page, fact
    assert "508" not in page, "the two counts of views are never added"
    assert "HX-Request" in answer.headers["Vary"]


def test_a_price_is_said_per_gpu_hour_only_where_that_is_honest(
    get: Get, provider: Provider
) -> None:
    month = factories.listing(provider, unit="machine_month", gpu_count=8, price_minor=1_280_000)
    unknown = factories.listing(provider, unit="machine_hour", gpu_count=None)
    item = factories.listing(provider, unit="item")
    asked = factories.listing(provider, price_minor=None)
    assert "CNY 2.22 / GPU-hour" in get(f"/offers/{month.id}").text
    assert "8 GPUs in a machine" in get(f"/offers/{month.id}").text
    assert "How many GPUs one machine has is not stated" in get(f"/offers/{unknown.id}").text
    assert "Not convertible: nobody has said what one item is" in get(f"/offers/{item.id}").text
    own = get(f"/offers/{asked.id}").text.partition('id="related-title"')[0]
    assert "Price on request" in own
    assert "0.00" not in own


@pytest.mark.parametrize(
    ("unit", "cards", "price", "per_hour"),
    [
        ("gpu_hour", None, 250, 250),
        ("machine_hour", 8, 2000, 250),
        ("gpu_day", None, 2400, 100),
        ("machine_day", 2, 4800, 100),
        ("gpu_month", None, 72_000, 100),
        ("machine_month", 8, 576_000, 100),
        ("gpu_day", None, 36, 2),  # 1.5 is rounded up
        ("gpu_month", None, 1, None),
        ("machine_day", None, 100, None),
        ("item", 8, 100, None),
        ("gpu_hour", 8, None, None),
    ],
)
def test_conversion(unit: str, cards: int | None, price: int | None, per_hour: int | None) -> None:
    offer = Listing(unit=unit, gpu_count=cards, price_minor=price, currency="CNY")
    found = gpu_hour_price(offer)
    assert (found.price_minor if found else None) == per_hour


def test_pictures_stand_between_the_paragraphs(get: Get, real: Listing) -> None:
    shown, beside = "a" * 32, "b" * 32
    text = f'第一段\n\n![24 GB "装不下" <训练>](/media/{shown}.webp)\n\n第二段'
    with transaction() as session:
        session.get_one(Listing, real.id).description = text
    _picture(real, shown)
    _picture(real, beside, position=1, alt='机房"><script>')
    page = get(f"/offers/{real.id}").text
    picture = page.index(f'<img src="/media/{shown}.webp"')
    assert page.index("第一段</p>") < picture < page.index("<p>第二段")
    assert 'width="640" height="360" loading="lazy"' in page
    assert "<figcaption>24 GB" in page
    assert f'src="/media/{beside}.webp"' in page
    assert "<script>" not in page.replace('<script type="application/ld+json">', "")
    assert f'<meta property="og:image" content="http://127.0.0.1:8000/media/{shown}.webp">' in page


def test_a_hostile_title_breaks_out_of_nothing(get: Get, provider: Provider) -> None:
    offer = factories.listing(provider, (HOSTILE[:50], HOSTILE), title=HOSTILE, description=HOSTILE)
    _picture(offer, "c" * 32, alt=HOSTILE)
    for path in (f"/offers/{offer.id}", "/", f"/providers/{provider.id}"):
        page = get(path).text
        assert "alert(1)</script>" not in page
        assert "<script>" not in page.lower()
        assert "{{7*7}}" in page
    data = _structured(get(f"/offers/{offer.id}").text)
    assert data["name"] == HOSTILE
    assert data["additionalProperty"][0]["value"] == HOSTILE


def test_what_machines_read(get: Get, real: Listing, provider: Provider) -> None:
    page = get(f"/offers/{real.id}?utm=1").text
    here = f"http://127.0.0.1:8000/offers/{real.id}"
    assert f'<link rel="canonical" href="{here}">' in page
    for language, query in (("zh-CN", "?lang=zh"), ("en", "?lang=en"), ("x-default", "")):
        assert f'<link rel="alternate" hreflang="{language}" href="{here}{query}">' in page
    assert '<meta name="description" content="CNY 11,000.00 / item · Beijing' in page
    offer = _structured(page)["offers"]
    assert (offer["price"], offer["priceCurrency"]) == ("11000.00", "CNY")
    assert offer["seller"]["name"] == provider.name


def test_an_offer_without_a_price_claims_none_to_machines(get: Get, provider: Provider) -> None:
    offer = factories.listing(provider, price_minor=None)
    assert "price" not in _structured(get(f"/offers/{offer.id}").text)["offers"]


@pytest.mark.parametrize("status", [Status.PAUSED, Status.EXPIRED, Status.ARCHIVED, Status.DRAFT])
def test_what_was_public_once_is_gone_and_leads_on(
    get: Get, provider: Provider, status: Status, hx: bool
) -> None:
    gone = factories.listing(provider, status=status, gpu_model="h20", title="撤下的")
    similar = factories.listing(provider, gpu_model="h20", title="还在的 H20")
    answer = get(f"/offers/{gone.id}", hx=hx)
    assert answer.status_code == 410
    assert similar.title in answer.text
    assert gone.title not in answer.text
    assert answer.headers["Cache-Control"] == "no-store"


def test_an_ended_offer_is_gone(get: Get, provider: Provider) -> None:
    ended = factories.listing(provider, valid_until=clock.today() - timedelta(days=1))
    last = factories.listing(provider, valid_until=clock.today())
    assert get(f"/offers/{ended.id}").status_code == 410
    assert get(f"/offers/{last.id}").status_code == 200
    # A list that knows no zones waits until the day is over everywhere; the worker is quicker.
    over = factories.listing(provider, valid_until=clock.today() - timedelta(days=2))
    assert over.title not in get("/").text


@pytest.mark.parametrize("status", [Status.DRAFT, Status.IN_REVIEW, Status.LIVE])
def test_never_public_looks_like_unknown(get: Get, provider: Provider, status: Status) -> None:
    hidden = factories.listing(provider, status=status, published_at=None)
    if status == Status.LIVE:
        with transaction() as session:
            session.get_one(Listing, hidden.id).status = Status.DRAFT
    known, unknown = get(f"/offers/{hidden.id}"), get("/offers/987654321")
    assert (known.status_code, unknown.status_code) == (404, 404)
    theirs, nobodys = (f"offers/{number}" for number in (hidden.id, 987654321))
    assert known.text.replace(theirs, "") == unknown.text.replace(nobodys, "")


@pytest.mark.parametrize("number", ["0", "-1", "9223372036854775807", "1" + "0" * 30, "1e3", "x"])
def test_strange_ids_are_nothing(get: Get, database: None, number: str) -> None:
    assert get(f"/offers/{number}").status_code == 404
    assert get(f"/providers/{number}").status_code == 404


def test_related_offers_nearest_first(get: Get, provider: Provider, real: Listing) -> None:
    near = factories.listing(provider, place=None, unit="item", price_minor=1_200_000, title="价近")
    for number in range(3):
        factories.listing(provider, place=None, unit="gpu_hour", title=f"远 {number}")
    same_place = factories.listing(provider, title="同城", published_at=5)
    same_gpu = factories.listing(
        provider, gpu_model="rtx-4090", place=None, title="同卡", published_at=3
    )
    factories.listing(provider, gpu_model="rtx-4090", status=Status.PAUSED, title="停售")
    page = get(f"/offers/{real.id}").text
    related = page[page.index('id="related-title"') :]
    places = [related.index(f">{each.title}</a>") for each in (same_gpu, same_place, near)]
    assert places == sorted(places)
    assert "停售" not in related
    assert f'href="/offers/{real.id}"' not in related
    assert related.count('class="deal"') == 4


def test_few_statements(get: Get, real: Listing, provider: Provider, statements: list[str]) -> None:
    factories.listing(provider)
    for path, most in ((f"/offers/{real.id}", 3), ("/", 2), (f"/providers/{provider.id}", 2)):
        statements.clear()
        assert get(path).status_code == 200
        assert len(statements) <= most, statements


def test_a_kept_copy_is_confirmed_until_something_changes(get: Get, real: Listing) -> None:
    path = f"/offers/{real.id}"
    with time_machine.travel(1_790_000_000, tick=False) as traveller:
        first = get(path)
        etag = {"If-None-Match": first.headers["ETag"]}
        assert first.headers["Cache-Control"].startswith("public")
        assert "Set-Cookie" not in first.headers
        again = get(path, headers=etag)
        assert (again.status_code, again.data) == (304, b"")
        assert again.headers["ETag"] == first.headers["ETag"]
        assert get(path, "zh", headers=etag).status_code == 200
        assert get(path, hx=True, headers=etag).status_code == 200
        with transaction() as session:
            session.get_one(Listing, real.id).counters_version += 1
        changed = get(path, headers=etag)
        assert changed.status_code == 200
        traveller.shift(3600)
        assert get(path, headers={"If-None-Match": changed.headers["ETag"]}).status_code == 200


def test_only_pages_sent_are_counted(get: Get, visitor: PagesClient, real: Listing) -> None:
    with patch("portal.storefront.views.counting.served") as served:
        etag = get(f"/offers/{real.id}").headers["ETag"]
        assert served.call_args.args == (real.id, real.provider_id)
        get(f"/offers/{real.id}", headers={"If-None-Match": etag})
        visitor.head(f"/offers/{real.id}")
        get("/offers/987654321")
    assert served.call_count == 1
    page = get(f"/offers/{real.id}").text
    assert f'data-view-url="/offers/{real.id}/views" data-view-token="' in page
    assert f'<noscript><img class="pixel" src="/offers/{real.id}/views/pixel?token=' in page


def _form(page: str, **fields: str) -> dict[str, str]:
    token = re.search(r'name="csrf_token" value="([^"]+)"', page)
    assert token
    given = {"name": "王芳", "email": "buyer@c.example", "message": "8 卡整机何时可交付？"}
    return {**given, **fields, "csrf_token": html.unescape(token[1])}


def test_a_question_asked_on_the_page(
    get: Get, visitor: PagesClient, real: Listing, provider: Provider, hx: bool
) -> None:
    with time_machine.travel(clock.now(), tick=False) as traveller:
        page = get(f"/offers/{real.id}").text
        traveller.shift(60)
        path = f"/offers/{real.id}/inquiries"
        refused = visitor.post(path, data=_form(page, message="", name="李"), hx=hx, csrf=False)
        assert refused.status_code == 422
        assert 'value="李"' in refused.text
        assert ("<!doctype" in refused.text.lower()) is not hx
        assert (real.title in refused.text) is not hx
        sent = visitor.post(path, data=_form(page), hx=hx, csrf=False)
    assert sent.status_code == 200
    assert db.session.scalar(select(func.count()).select_from(Inquiry)) == 1


def test_no_question_about_what_is_not_offered(
    get: Get, visitor: PagesClient, real: Listing, provider: Provider
) -> None:
    form = _form(get(f"/offers/{real.id}").text)
    draft = factories.listing(provider, status=Status.DRAFT, published_at=None)
    paused = factories.listing(provider, status=Status.PAUSED)
    for listing_id, status in ((draft.id, 404), (paused.id, 410), (10**17, 404), (10**30, 404)):
        path = f"/offers/{listing_id}/inquiries"
        assert visitor.post(path, data=form, csrf=False).status_code in {status, 400}
        with_own = {**form, "csrf_token": "none"}
        assert visitor.post(path, data=with_own, csrf=False).status_code in {status, 400}
    assert db.session.scalar(select(func.count()).select_from(Inquiry)) == 0
