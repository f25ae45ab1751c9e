"""Odd addresses and hostile words: public pages answer them calmly and show them as text."""

import json
import re
from html import unescape

import pytest

from portal.accounts.models import Provider
from portal.database import transaction
from portal.listings.models import Image
from tests import effort, factories
from tests.pages import PagesClient

_MANY_WORDS = "+".join(f"w{number}" for number in range(2000))
_JSON_LD = re.compile(r'<script type="application/ld\+json">(.*?)</script>', re.DOTALL)
HOSTILE = [
    '</script><script>alert(1)</script>"',
    "</title><img src=x onerror=alert(1)>",
    '" onload="alert(1)" x="',
    "<!-- <script> --> & ' \\ {{ 7*7 }} {% x %}",
    "\u202emoc.live]]>",
]


@pytest.mark.parametrize(
    "query",
    [
        "page=-1",
        "page=0",
        "page=1000000000000000000",
        "page=%00",
        "page=%FF%FE",
        "page=WzAsMSwyXQ&sort=price",
        "page=WzAsOTk5OTk5OTk5OTk5OTk5OTk5OTk5LDJd",
        "per_page=1000000000",
        "sort=id;drop",
        "price_from=NaN",
        "price_from=-5",
        "price_from=1e9",
        "price_from=99999999999999999999999999",
        "price_from=Infinity&price_to=abc",
        "price_from=9&price_to=1",
        "price_from=%EF%BC%91%EF%BC%90",
        "place=x",
        "place=%00",
        "gpu=%00",
        "unit=%FF",
        "currency=%27",
        "negotiable=2",
        "lang=../../etc",
        "q=%00",
        "q=%FF%C0%AF",
        "q=%ED%A0%80",
        "q=%25",
        "q=_",
        "q=%22",
        "q=*:*",
        "q=NEAR(a,b)",
        "q=(",
        "q=%5C%27",
        "q=a%20OR%20b%20NOT%20c",
        "q=" + "a" * 30 + "!" * 100,
        "q=" + _MANY_WORDS,
        "q=%F0%9F%98%80",
        "q=a&q=b&q[]=c",
        "&".join(f"utm{number}=1" for number in range(300)),
    ],
)
def test_an_odd_address_is_answered(
    visitor: PagesClient, provider: Provider, hx: bool, query: str
) -> None:
    factories.listing(provider)
    visitor.get("/")  # the first page of a process compiles its templates
    with effort.at_most(500):
        answer = visitor.get(f"/?{query}", hx=hx)
    assert answer.status_code == 200
    assert 'rel="canonical" href="http://127.0.0.1:8000/"' in answer.text or hx


def test_signs_that_mean_something_to_a_database_are_plain_signs(
    visitor: PagesClient, provider: Provider
) -> None:
    offer = factories.listing(provider)
    for query in ("%25", "_", "*", "%5F%25", "RTX%25"):
        found = visitor.get(f"/?q={query}").text
        assert (f'"/offers/{offer.id}"' in found) == (query == "RTX%25"), query


@pytest.mark.parametrize(
    "path",
    [
        "/offers/0",
        "/offers/-1",
        "/offers/x",
        "/offers/%00",
        "/offers/9223372036854775807",
        "/offers/9223372036854775808",
        "/offers/" + "9" * 400,
        "/providers/0",
        "/providers/" + "9" * 40,
        "/sitemap-" + "9" * 30 + ".xml",
        "/sitemap-77.xml",
    ],
)
def test_an_address_of_nothing_is_not_found(visitor: PagesClient, path: str) -> None:
    assert visitor.get(path).status_code == 404
    # A form without a token of ours is refused before anything is looked up.
    assert visitor.post(f"{path}/inquiries", csrf=False).status_code == 404


@pytest.mark.parametrize("words", HOSTILE)
def test_hostile_words_stay_words(visitor: PagesClient, provider: Provider, words: str) -> None:
    offer = factories.listing(
        provider, (words[:50], words), title=words, description=f"{words}\n\n![{words}](x.png)"
    )
    with transaction() as session:
        picture = {"key": "0" * 32, "width": 4, "height": 3, "size": 1, "position": 0}
        session.add(Image(listing_id=offer.id, alt=words, **picture))
    page = visitor.get(f"/offers/{offer.id}", headers={"Accept-Language": "en"}).text
    (data,) = _JSON_LD.findall(page)
    assert "<" not in data
    product = json.loads(data)
    assert product["name"] == words
    assert product["additionalProperty"][0]["value"] == words
    # Between the tags of the data block nothing of it is markup; everywhere else it is escaped.
    rest = _JSON_LD.sub("", page)
    for sign in ("<script>alert", "<img src=x", "<!-- <script>"):
        assert sign not in rest
    title = re.search(r"<title>(.*?)</title>", rest, re.DOTALL)
    assert title is not None
    assert words.split(maxsplit=1)[0] in unescape(title[1])
    for url in ("/", f"/providers/{provider.id}", "/sitemap.xml"):
        assert "<script>alert" not in visitor.get(url).text


def test_a_hostile_provider_stays_words(visitor: PagesClient) -> None:
    words = '</script><script>alert(1)</script>"'
    owner = factories.provider(
        name=words, about=f"{words} [x](javascript:alert(1))", website="javascript:alert(1)"
    )
    offer = factories.listing(owner)
    for url in ("/", f"/offers/{offer.id}", f"/providers/{owner.id}"):
        page = visitor.get(url).text
        assert "<script>alert" not in page, url
        assert 'href="javascript:' not in page, url
