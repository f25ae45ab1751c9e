"""Snippets are kept, changed and filled in from the offer; what is not stated is named, never sent."""

from collections.abc import Callable
from typing import Any

import pytest
from sqlalchemy import select

from portal.accounts.models import Provider
from portal.extensions import db
from portal.inquiries import snippets
from portal.inquiries.models import Snippet
from portal.permissions import Role
from tests import factories
from tests.pages import PagesClient

URL = "/portal/inquiries/snippets/"
TEXT = "{buyer}您好，{title} 的价格是 {price}，库存 {stock}，{valid_until}。"


def _kept(**wanted: Any) -> list[Snippet]:
    db.session.expire_all()
    return list(db.session.scalars(select(Snippet).filter_by(**wanted).order_by(Snippet.id)))


@pytest.fixture
def shared(seller: PagesClient, provider: Provider) -> Snippet:
    """A shared snippet of provider A."""
    seller.post(URL, data={"name": "报价", "body": TEXT, "shared": "y"})
    (made,) = _kept(provider_id=provider.id)
    return made


def test_one_is_kept_for_oneself_or_for_all(
    seller: PagesClient, client_for: Callable[..., PagesClient], provider: Provider, hx: bool
) -> None:
    colleague = client_for(provider, Role.SELLER)
    for name, more in (("Mine", {}), ("Ours", {"shared": "y"})):
        answer = seller.post(URL, data={"name": name, "body": "Hello {buyer}", **more}, hx=hx)
        assert answer.status_code == (204 if hx else 303)
    assert "Mine" in seller.get(URL).text
    page = colleague.get(URL).text
    assert "Ours" in page
    assert "Mine" not in page


@pytest.mark.parametrize(
    "wrong", [{"name": ""}, {"body": ""}, {"body": "x" * 4001}, {"name": "n" * 51}]
)
def test_what_is_refused_is_there_again(
    seller: PagesClient, provider: Provider, hx: bool, wrong: dict[str, str]
) -> None:
    form = {"name": "报价单", "body": "交期 {delivery}", **wrong}
    answer = seller.post(URL, data=form, hx=hx)
    assert answer.status_code == 422
    assert all(value in answer.text for value in form.values())
    assert _kept(provider_id=provider.id) == []


def test_changing_one_keeps_the_other_persons_words(seller: PagesClient, shared: Snippet) -> None:
    url = f"{URL}{shared.id}"
    form = {"name": "报价", "body": "一", "version": "1"}
    assert seller.post(url, data=form).status_code == 303
    late = seller.post(url, data={**form, "body": "二"})
    assert late.status_code == 409
    assert "一" in late.text
    assert "二" in late.text
    assert 'name="version" value="2"' in late.text
    assert seller.post(url, data={**form, "body": "二", "version": "2"}).status_code == 303
    assert [one.body for one in _kept(id=shared.id)] == ["二"]


def test_forgotten_is_gone(seller: PagesClient, shared: Snippet) -> None:
    url = f"{URL}{shared.id}/forget"
    assert seller.post(url).status_code == 303
    assert _kept(name="报价") == []
    assert seller.post(url).status_code == 404


def test_another_provider_and_another_person_have_nothing_of_it(
    client_for: Callable[..., PagesClient],
    provider: Provider,
    other_provider: Provider,
    request: pytest.FixtureRequest,
) -> None:
    both = (provider, other_provider)
    asked = {one.id: factories.inquiry(factories.listing(one)).id for one in both}
    clients = {one.id: client_for(one, Role.SELLER) for one in both}
    # What is asked for through a client is rolled back with what a test makes after it.
    seller, shared = (request.getfixturevalue(name) for name in ("seller", "shared"))
    seller.post(URL, data={"name": "Mine", "body": "own"})
    (own,) = _kept(name="Mine")
    for of, snippet_id in ((other_provider, shared.id), (provider, own.id)):
        client = clients[of.id]
        form = {"name": "x", "body": "x", "version": "1"}
        assert client.post(f"{URL}{snippet_id}", data=form).status_code == 404
        assert client.post(f"{URL}{snippet_id}/forget").status_code == 404
        url = f"/portal/inquiries/{asked[of.id]}/snippets/{snippet_id}"
        assert client.get(url).status_code == 404
    assert len(_kept(provider_id=provider.id)) == 2


@pytest.mark.parametrize(
    ("language", "words"),
    [
        ("zh", ("价格是 11000.00元/件", "库存 8，", "长期有效。")),
        ("en", ("价格是 CNY 11,000.00 / item", "库存 8，", "no end date。")),
    ],
)
def test_filled_in_the_buyers_language(
    seller: PagesClient, provider: Provider, shared: Snippet, language: str, words: tuple[str, ...]
) -> None:
    offer = factories.listing(
        provider, title="RTX 4090", price_minor=1_100_000, stock=8, valid_until=None
    )
    inquiry = factories.inquiry(offer, language=language)
    filled = seller.get(f"/portal/inquiries/{inquiry.id}/snippets/{shared.id}").json
    assert filled is not None
    assert filled["missing"] == []
    assert filled["text"].startswith("王芳您好，RTX 4090 的")
    assert all(word in filled["text"] for word in words)


def test_what_is_not_stated_is_named(
    seller: PagesClient, provider: Provider, shared: Snippet
) -> None:
    offer = factories.listing(provider, price_minor=None, stock=None)
    inquiry = factories.inquiry(offer)
    filled = seller.get(f"/portal/inquiries/{inquiry.id}/snippets/{shared.id}").json
    assert filled is not None
    assert filled["missing"] == ["the price with its unit", "how many are in stock"]
    assert "{price}" in filled["text"]
    assert "{stock}" in filled["text"]


def test_there_is_an_end_of_them(
    seller: PagesClient, provider: Provider, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(snippets, "MOST", 1)
    assert seller.post(URL, data={"name": "1", "body": "x"}).status_code == 303
    assert seller.post(URL, data={"name": "2", "body": "x"}).status_code == 422
    assert seller.post(URL, data={"name": "2", "body": "x", "shared": "y"}).status_code == 303
