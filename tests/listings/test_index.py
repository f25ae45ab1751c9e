"""The index: what it lists, in which order, how much it asks of the database, whose it is."""

import re

import pytest

from portal import clock
from portal.accounts.models import Provider
from portal.listings.models import Status
from portal.permissions import Role
from tests import factories
from tests.conftest import ClientFor
from tests.listings.conftest import Made, Statements
from tests.pages import PagesClient

INDEX = "/portal/listings/"


def ids(html: str) -> list[int]:
    return [int(found) for found in re.findall(r'id="listings-row-(\d+)"', html)]


def listed(client: PagesClient, query: str = "", *, hx: bool = False) -> list[int]:
    answer = client.get(INDEX + query, hx=hx)
    assert answer.status_code == 200
    return ids(answer.get_data(as_text=True))


def test_rows_stand_with_what_was_changed_last_on_top(
    staff: PagesClient, provider: Provider, hx: bool
) -> None:
    older = factories.listing(provider, updated_at=clock.now() - 50)
    newer = factories.listing(provider, updated_at=clock.now())
    assert listed(staff, hx=hx) == [newer.id, older.id]
    assert listed(staff, "?sort=oldest", hx=hx) == [older.id, newer.id]


def test_most_viewed_first(staff: PagesClient, provider: Provider) -> None:
    few, many = (factories.listing(provider, views_total=views) for views in (3, 496))
    assert listed(staff, "?sort=views") == [many.id, few.id]


def test_htmx_gets_the_table_alone(staff: PagesClient, provider: Provider) -> None:
    factories.listing(provider)
    page, fragment = staff.get(INDEX), staff.get(INDEX, hx=True)
    assert b"<!doctype" in page.data
    assert fragment.data.lstrip().startswith(b'<div id="listings-table">')
    assert all("HX-Request" in answer.headers["Vary"] for answer in (page, fragment))
    assert all(answer.headers["Cache-Control"] == "no-store" for answer in (page, fragment))


@pytest.mark.parametrize(
    "words", ["北京", "4090", "RTX 4090", "RTX4090", "推理场景", "rtx4090不合适"]
)
def test_the_real_offer_is_found_by_what_people_type(
    staff: PagesClient, made: Made, words: str
) -> None:
    real = made()
    made(
        title="H100 训练集群", place="440300", gpu_model="h100-sxm", attributes=(), description="x"
    )
    assert listed(staff, f"?q={words}") == [real]


def test_filters_leave_out_what_does_not_match(staff: PagesClient, provider: Provider) -> None:
    live = factories.listing(provider, gpu_model="rtx-4090", place="440300")
    draft = factories.listing(provider, status=Status.DRAFT, gpu_model="l40s", place="110000")
    assert listed(staff, "?status=live") == [live.id]
    assert listed(staff, "?status=draft") == [draft.id]
    assert listed(staff, "?gpu=l40s") == [draft.id]
    assert listed(staff, "?place=110000") == [draft.id]
    assert listed(staff, "?place=440000") == [live.id], "a province holds its cities"
    assert listed(staff, "?status=live&gpu=l40s") == []
    assert set(listed(staff, "?status=superlive&gpu=x&place=y&sort=z&page=!!")) == {
        live.id,
        draft.id,
    }, "what is no filter of ours filters nothing"


@pytest.mark.parametrize("sort", ["", "oldest", "views"])
def test_pages_hold_each_row_once(staff: PagesClient, provider: Provider, sort: str) -> None:
    now = clock.now()
    made = [
        factories.listing(provider, updated_at=now - number // 7, views_total=number // 5).id
        for number in range(120)
    ]
    url, seen, back = f"{INDEX}?sort={sort}", [], ""
    while url:
        html = staff.get(url).get_data(as_text=True)
        seen += [ids(html)]
        following = re.search(r'href="([^"]+)"[^>]*rel="next"', html)
        before = re.search(r'href="([^"]+)"[^>]*rel="prev"', html)
        back = before[1].replace("&amp;", "&") if before else back
        url = following[1].replace("&amp;", "&") if following else ""
    assert [len(page) for page in seen] == [50, 50, 20]
    assert sorted(one for page in seen for one in page) == sorted(made)
    assert ids(staff.get(back).get_data(as_text=True)) == seen[1], "Previous leads one page back"


@pytest.mark.parametrize("rows", [3, 60])
@pytest.mark.parametrize("query", ["", "?status=live", "?q=4090&gpu=rtx-4090&place=440000"])
def test_at_most_three_statements_however_many_rows(
    staff: PagesClient, provider: Provider, statements: Statements, rows: int, query: str
) -> None:
    for _ in range(rows):
        factories.listing(provider, gpu_model="rtx-4090", place="440300")
    statements()
    assert len(listed(staff, query)) == min(rows, 50)
    assert len(statements()) == 3
    listed(staff, query, hx=True)
    assert len(statements()) <= 3


def test_counts_by_status_stand_in_the_heading(staff: PagesClient, provider: Provider) -> None:
    for status in (Status.LIVE, Status.LIVE, Status.DRAFT, Status.PAUSED):
        factories.listing(provider, status=status)
    html = staff.get(INDEX).get_data(as_text=True)
    for words in ("2 live", "0 in review", "1 in draft", "1 paused", "0 expired"):
        assert words in html


def test_first_use_and_nothing_found_are_told_apart(
    staff: PagesClient, seller: PagesClient, provider: Provider
) -> None:
    assert b"No listings yet" in staff.get(INDEX).data
    assert b"/portal/listings/new" in staff.get(INDEX).data
    assert b"/portal/listings/new" not in seller.get(INDEX).data
    factories.listing(provider)
    assert b"Clear the filters" in staff.get(INDEX + "?q=nothing").data
    assert b"Clear the filters" in staff.get(INDEX + "?q=!!!").data


def test_another_tenant_sees_none_of_it(
    client_for: ClientFor, provider: Provider, other_provider: Provider
) -> None:
    mine = factories.listing(provider, title="only A sees this 4090")
    bo = client_for(other_provider, Role.STAFF, Role.SELLER)
    assert listed(bo) == []
    assert listed(bo, "?q=4090") == []
    assert f"#{mine.id}" not in bo.get(INDEX).get_data(as_text=True)


def test_a_seller_looks_but_does_not_touch(
    seller: PagesClient, staff: PagesClient, provider: Provider
) -> None:
    one = factories.listing(provider)
    assert f"/portal/listings/{one.id}/edit" in staff.get(INDEX).get_data(as_text=True)
    html = seller.get(INDEX).get_data(as_text=True)
    assert ids(html) == [one.id]
    assert not re.search(rf"/portal/listings/{one.id}/(edit|price|publish|withdraw)", html)


def test_a_kept_row_says_nothing_of_who_made_it_be_drawn(
    client_for: ClientFor, provider: Provider
) -> None:
    factories.listing(provider)
    first, second = (client_for(provider, Role.STAFF) for _ in range(2))
    first.get(INDEX + "?status=live")
    html = second.get(INDEX + "?sort=views").get_data(as_text=True)
    assert "back=/portal/listings/%3Fsort%3Dviews" in html
    assert "status%3Dlive" not in html, "the filters of the first reader"
    with first.session_transaction() as stored:
        assert stored["csrf_token"] not in html


def test_a_kept_frame_holds_its_own_readers_token_and_message(
    client_for: ClientFor, provider: Provider
) -> None:
    one = factories.listing(provider)
    tokens = set()
    for client in (client_for(provider, Role.STAFF), client_for(provider, Role.STAFF)):
        client.get(INDEX)
        page = client.get(INDEX).get_data(as_text=True)
        (token,) = set(re.findall(r'name="csrf_token" value="([^"]+)"', page))
        tokens.add(token)
        form = {"csrf_token": token, "back": INDEX}
        url = f"/portal/listings/{one.id}/withdraw"
        assert client.post(url, data=form, csrf=False).status_code == 303
        assert b"data-close-toast" in client.get(INDEX).data
        assert b"data-close-toast" not in client.get(INDEX).data, "a message stands once"
    assert len(tokens) == 2
    form["csrf_token"] = min(tokens - {token})
    assert client.post(url, data=form, csrf=False).status_code == 400


def test_a_row_drawn_before_a_change_is_not_shown_after_it(staff: PagesClient, made: Made) -> None:
    one = made()
    assert b"CNY 11,000.00" in staff.get(INDEX).data
    staff.post(f"/portal/listings/{one}/price", data={"price": "9.5", "version": "1"})
    page = staff.get(INDEX).data
    assert b"CNY 9.50" in page
    assert b"CNY 11,000.00" not in page


def test_both_languages(client_for: ClientFor, provider: Provider) -> None:
    factories.listing(provider)
    zh = client_for(provider, Role.STAFF, language="zh").get(INDEX).get_data(as_text=True)
    assert "元/件" in zh
    assert 'lang="zh-CN"' in zh
    en = client_for(provider, Role.STAFF).get(INDEX).get_data(as_text=True)
    assert "/ item" in en


@pytest.mark.parametrize(
    "query",
    [
        "?q=%00",
        "?q=%F0%9F%92%A9" + "a" * 500,
        "?q='%22*()-",
        "?page=" + "A" * 500,
        "?q=AND OR NEAR",
    ],
)
def test_hostile_questions_are_answered(staff: PagesClient, made: Made, query: str) -> None:
    made()
    assert staff.get(INDEX + query).status_code == 200
