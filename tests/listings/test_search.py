"""What is typed is found wherever it stands, by both databases alike, and nothing else is."""

import random
import unicodedata
from collections.abc import Callable
from dataclasses import replace
from typing import Any, Final

import pytest
from flask import Flask
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import event, insert, select, text

from portal import clock
from portal.accounts.models import Provider
from portal.database import transaction
from portal.extensions import db
from portal.listings import actions, search
from portal.listings.content import searchable
from portal.listings.models import Listing
from portal.listings.reindexing import reindex, reindex_provider
from portal.permissions import Role
from portal.search.grams import canonical, grams_of, terms_of
from portal.web.richtext import LONGEST
from tests import effort, factories
from tests.conftest import ClientFor
from tests.listings.conftest import REAL, Made
from tests.pages import PagesClient

_WORDS: Final = (
    "推理", "训练", "显存", "算力", "租赁", "北京", "上海", "深圳", "集群", "整机",
    "大模型", "优化器", "前向", "流水线并行", "交付", "带宽", "机柜", "一卡",
    "不合适", "为什么", "RTX4090", "RTX", "4090", "4090D", "A100-80G", "H100/H200", "h100", "NVLink",
    "PCIe", "80GB", "24GB显存", "卡4090", "8×4090", "Gb/s", "vLLM", "C++", "元/件", "11000.00", "7x24",
    "InfiniBand", "ＧＰＵ", "１２０", "node", "Straße", "café", "with", "20", "すぐ", "カード",
    "100%", "a_b",
)  # fmt: skip
_SIGNS: Final = (" ", "", "", "，", "。", "\n", "-", "/", "（")
_LISTINGS: Final = 300
_TERMS: Final = 200
Found = Callable[[str], list[int]]


def folded(content: str) -> str:
    """Case and width do not matter; otherwise the text as typed."""
    return unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", content).casefold())


def holds(content: str, query: str) -> bool:
    """The plain oracle: each term is a substring."""
    return all(folded(term) in folded(content) for term in query.split())


def random_text(chance: random.Random, words: int) -> str:
    return "".join(
        part for _ in range(words) for part in (chance.choice(_WORDS), chance.choice(_SIGNS))
    )


def random_query(chance: random.Random, contents: list[str]) -> str:
    """One to three pieces of texts, mostly of the same one, cut anywhere but at a space."""
    content = chance.choice(contents)
    terms = []
    while len(terms) < chance.choice((1, 1, 1, 2, 3)):
        start = chance.randrange(len(content))
        term = content[start : start + chance.randint(1, 9)].split()
        if term and any(char.isalnum() for char in term[0]):
            terms.append(term[0])
    return " ".join(terms)


@pytest.fixture
def contents(provider: Provider, other_provider: Provider) -> dict[int, str]:
    """Three hundred listings of one provider and thirty of another, with random texts: by id."""
    chance = random.Random(11)
    now = clock.now()
    rows: list[dict[str, Any]] = [
        {
            "provider_id": (provider if number < _LISTINGS else other_provider).id,
            "title": f"listing {number}",
            "version": 1,
            "created_at": now,
            "updated_at": now - chance.randrange(200),
        }
        for number in range(_LISTINGS + 30)
    ]
    with transaction() as session:
        session.execute(insert(Listing), rows)
        ids = list(session.scalars(select(Listing.id).order_by(Listing.id)))
        made = {each: random_text(chance, chance.choice((5, 20, 80))) for each in ids}
        search.index_many(session, made.items())
    return made


@pytest.fixture
def found(app: Flask, database: None) -> Found:
    """A function that gives the ids of all listings that a query finds, of whatever provider."""

    def find(query: str) -> list[int]:
        condition = search.matches(query, db.engine.dialect.name)
        if condition is None:
            return []
        return list(db.session.scalars(select(Listing.id).where(condition).order_by(Listing.id)))

    return find


def test_whatever_stands_in_a_text_is_found_by_any_piece_of_it(
    contents: dict[int, str], found: Found
) -> None:
    chance = random.Random(3)
    given_words = list(contents.values())
    wanted = 0
    for _ in range(_TERMS):
        query = random_query(chance, given_words)
        expected = {each for each, content in contents.items() if holds(content, query)}
        got = set(found(query))
        assert expected <= got, query
        wanted += len(expected)
        for each in got - expected:
            # Signs and the space between two kinds are left out of account, and nothing else.
            assert all(bare(term) in bare(contents[each]) for term in query.split()), (
                query,
                contents[each],
            )
    assert wanted > 10 * _TERMS, "the terms are none that could be missed"


def bare(content: str) -> str:
    return "".join(char for char in folded(content) if char.isalnum())


@given(
    st.text("推理卡，。 RTXrtx409/-.|_%＋Ａ１éß", max_size=40),
    st.integers(0, 40),
    st.integers(1, 12),
)
def test_a_piece_of_a_text_has_a_piece_of_its_form_and_some_of_its_grams(
    content: str, start: int, length: int
) -> None:
    form = canonical(content)
    for term in terms_of(content[start : start + length]):
        assert term.exact in form
        assert term.grams <= grams_of(form)


@pytest.mark.parametrize(
    ("content", "form"),
    [
        ("RTX4090, 24GB显存", " rtx|4090 24|gb|显存 "),
        ("ＲＴＸ－４０９０", " rtx 4090 "),
        ("A100-80G  H100/H200", " a|100 80|g h|100 h|200 "),
        ("¥11000.00元/件", " 11000 00|元 件 "),
        ("!!! — 🔥", ""),
        ("", ""),
    ],
)
def test_canonical_form(content: str, form: str) -> None:
    assert canonical(content) == form


_OFFER: Final = (
    "RTX 4090租赁：8卡 H100/H200，A100-80G，11000.00元/件，猿界算力 with 20 nodes，100%可用，C++"
)


@pytest.mark.parametrize(
    "query",
    [
        "租赁", "猿界", "界算力", "赁", "卡", "件",
        "4090", "409", "090", "90", "0", "TX", "rtx", "t", "RTX4090", "rtx-4090", "TX 409",
        "4090租赁", "0租", "8卡h100", "8 卡 H100", "卡H100", "H100/H200", "h200", "A100-80G",
        "80g", "11000.00", "1000.0", "0元", "元/件", "00元/件", "11000.00元/件",
        "ＲＴＸ４０９０", "rtx 算力 h200", "100%", "C++", "node", "odes",
    ],
)  # fmt: skip
def test_what_people_type_is_found(provider: Provider, found: Found, query: str) -> None:
    other = factories.provider(name="~")
    one = factories.listing(provider, title="An offer", description=_OFFER)
    factories.listing(other, title="XY", description="Z", place=None)
    assert found(query) == [one.id]


@pytest.mark.parametrize(
    "query", ["%", "_", "*", '"', "%%", "4%0", "4_90", "4*90", "租猿", "赁租", "H2O", "h20"]
)
def test_what_is_not_there_is_not_found(provider: Provider, found: Found, query: str) -> None:
    factories.listing(provider, title="An offer", description=_OFFER.replace("H200", "H300"))
    assert found(query) == []


def test_a_sign_stands_for_nothing_but_a_gap(provider: Provider, found: Found) -> None:
    one = factories.listing(provider, title="100% of RTX_4090 (new)")
    factories.listing(provider, title="1000 of RTXA4090")
    assert found("100%") == found("rtx_4090") == found("rtx-4090") == found("(new") == [one.id]


def test_long_texts_are_found_to_their_end(provider: Provider, found: Found) -> None:
    chance = random.Random(1)
    filling = "".join(chr(chance.randrange(0x4E00, 0x9FA5)) for _ in range(LONGEST - 30))
    one = factories.listing(provider, title="Long", description=f"{filling} 末尾XK-4821末了")
    often = factories.listing(provider, title="Often", description="带宽 " * 5000 + "带电源")
    assert found("XK-4821末") == [one.id]
    assert found("末尾xk 末了") == [one.id]
    assert found(filling[-9:]) == [one.id]
    assert found("带电源") == [often.id]


def page(owner: Provider, query: str, order: Any, *conditions: Any) -> list[int]:
    """The ids on the first page of a provider's listings in an order."""
    dialect = db.engine.dialect.name
    asked = search.asked(query, dialect, provider_id=owner.id)
    assert asked is not None
    own = select(Listing.id).where(Listing.provider_id == owner.id, *conditions)
    statement = search.narrowed(
        own.order_by(order, Listing.id), asked.shape, dialect, most=50, is_of_one_provider=True
    )
    return list(db.session.scalars(statement, asked.parameters))


@pytest.fixture(params=[1000, 20, 0])
def few(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """How many candidates are few: by that, one of three ways is taken to a page."""
    monkeypatch.setattr(search, "FEW", request.param)


@pytest.mark.usefixtures("few")
@pytest.mark.parametrize("falls", [True, False])
def test_a_page_is_the_same_whichever_way_it_is_found(
    provider: Provider, other_provider: Provider, contents: dict[int, str], *, falls: bool
) -> None:
    order = Listing.updated_at.desc() if falls else Listing.updated_at
    for owner in (provider, other_provider):
        in_order = select(Listing.id).where(Listing.provider_id == owner.id)
        own = list(db.session.scalars(in_order.order_by(order, Listing.id)))
        for query in (
            "推理",
            "显存 4090",
            "11000.00",
            "卡",
            "h100/h200",
            "nowhere",
            "推理 nowhere",
        ):
            expected = [each for each in own if holds(contents[each], query)]
            assert page(owner, query, order) == expected[:50], query


@pytest.mark.usefixtures("few")
def test_a_search_goes_with_other_conditions(provider: Provider) -> None:
    one = factories.listing(provider, gpu_model="h20", status="draft")
    factories.listing(provider, gpu_model="h20")
    factories.listing(provider, status="draft")
    conditions = (Listing.gpu_model == "h20", Listing.status == "draft")
    assert page(provider, "4090", Listing.updated_at, *conditions) == [one.id]


def test_a_saved_change_replaces_what_was_there(
    provider: Provider, made: Made, found: Found
) -> None:
    one = made(description="旧机房的说明 OLDCODE")
    new = replace(REAL, description="新的说明 NEWCODE")
    assert found("旧机房") == found("oldcode") == [one]
    actions.save(provider.id, one, new, 1, by=None)
    assert found("旧机房") == found("oldcode") == found("旧") == []
    assert found("newcode") == found("新的说明") == [one]
    assert found("4090") == [one], "what stayed is still there"
    actions.save(provider.id, one, REAL, 2, by=None)
    assert found("newcode") == []


def test_what_is_deleted_is_in_no_index(provider: Provider, made: Made, found: Found) -> None:
    one = made(description="XK-4821")
    with transaction() as session:
        search.forget(session, one)
    assert found("XK-4821") == []
    if db.engine.dialect.name == "sqlite":
        left = "SELECT count(*) FROM listing_search_grams WHERE listing_search_grams MATCH 'xk4'"
        assert db.session.scalar(text(left)) == 0


def test_listings_that_were_never_indexed_are_caught_up_with(
    provider: Provider, made: Made, found: Found
) -> None:
    one, two, three = made(description="一号 XK-1"), made(description="二号 XK-2"), made()
    with transaction() as session:
        for each in (one, two):
            search.forget(session, each)
    assert found("XK-1") == []
    assert reindex() == 2
    assert found("XK-1") == [one]
    assert found("二号") == [two]
    assert reindex() == 0, "there is nothing left to do"
    with transaction() as session:
        # As an older release does it, which knows nothing of this index.
        listing = session.get_one(Listing, three)
        listing.description, listing.version = "三号 XK-3", listing.version + 1
    assert reindex() == 1
    assert found("三号") == [three]


def test_a_renamed_provider_is_found_by_its_new_name(
    provider: Provider, made: Made, found: Found
) -> None:
    one = made(attributes=())
    with transaction() as session:
        session.get_one(Provider, provider.id).name = "北辰智算"
    assert reindex_provider(provider.id) == 1
    assert found("北辰智算") == [one]


def test_no_word_changed_is_one_statement(provider: Provider, made: Made) -> None:
    one = made()
    words = searchable(REAL, provider.name)
    seen: list[str] = []

    def note(_connection: Any, _cursor: Any, statement: str, *_more: Any) -> None:
        if not statement.startswith(("SAVEPOINT", "RELEASE")):
            seen.append(statement)

    engine = db.engines[None].engine
    event.listen(engine, "before_cursor_execute", note)
    try:
        with transaction() as session:
            search.index(session, one, words)
    finally:
        event.remove(engine, "before_cursor_execute", note)
    assert len(seen) == 1, seen


_EVIL: Final = (
    "a" * 30 + "!" * 100,
    "%",
    "_" * 50,
    "*:*",
    " ".join(f"w{number}" for number in range(2000)),
    "".join(chr(0x4E00 + 37 * number) for number in range(100)),
    " ".join("推理训练显存算力"),
    "0 " * 50,
    "NEAR(a b) OR NOT ^c",
    "' OR ''='",
    "4090" * 25,
)


@pytest.mark.parametrize("query", _EVIL)
def test_hostile_questions_are_answered_soon(
    client_for: ClientFor,
    visitor: PagesClient,
    provider: Provider,
    contents: dict[int, str],
    query: str,
) -> None:
    staff = client_for(provider, Role.STAFF)
    for client, url in ((staff, "/portal/listings/"), (visitor, "/")):
        with effort.at_most(500):
            assert client.get(url, query_string={"q": query}).status_code == 200
