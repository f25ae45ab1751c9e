"""The history: who saved what, any two versions compared, an earlier one brought back as a new one."""

import json
import re
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import select, update

from portal import clock
from portal.accounts.models import Provider
from portal.database import transaction
from portal.extensions import db
from portal.listings import actions
from portal.listings.content import Content
from portal.listings.differences import differences, lines_between
from portal.listings.models import Revision
from portal.permissions import Role
from tests import effort, factories
from tests.conftest import ClientFor
from tests.listings.conftest import REAL, Made, Statements, content, row
from tests.pages import PagesClient


def _saved(provider: Provider, one: int, **fields: Any) -> int:
    now, version = content(provider, one), row(provider, one).version
    return actions.save(provider.id, one, replace(now, **fields), version, by=None).version


def test_each_save_tells_who_when_and_what(
    staff: PagesClient, provider: Provider, made: Made, hx: bool
) -> None:
    one = made()
    form = {"price": "12000", "version": "1"}
    assert staff.post(f"/portal/listings/{one}/price", data=form).status_code == 303
    _saved(provider, one, place="310000", description=REAL.description + "\n\n第二段。")
    html = staff.get(f"/portal/listings/{one}/history", hx=hx).get_data(as_text=True)
    assert ("<!doctype" in html) is not hx
    assert "李敏" in html
    for text in ("CNY 11,000.00 / item", "CNY 12,000.00 / item", "Beijing", "Shanghai", "第二段。"):
        assert text in html
    assert html.count("<del") >= 2
    assert html.index("Version 3") < html.index("Version 2") < html.index("Version 1")


def test_every_typed_field_is_told_in_words(app: Flask) -> None:
    today = clock.today()
    after = replace(
        REAL,
        kind="rental",
        delivery="bare_metal",
        stock=12,
        item_quantity=1,
        item_unit="machine_month",
        min_term=1,
        max_term=12,
        term_unit="month",
        discounts=((6, 5), (12, 15)),
        ram_gib=512,
        disk_gib=7680,
        disk_type="nvme",
        available_from=today,
        images=(("a" * 32, "机房"),),
    )
    with app.test_request_context("/", headers={"Accept-Language": "en"}):
        told = {change["part"]: change for change in differences(REAL, after)}
        told = {part: {**change, "label": str(change["label"])} for part, change in told.items()}
    assert told["term"]["after"] == "1 to 12 months"
    assert told["item"]["after"] == "1 × machine-month"
    assert told["stock"]["after"] == "12"
    assert told["disk"]["after"] == "7,680 GiB · NVMe"
    assert told["discounts"]["lines"] == [
        ("-", "None"),
        ("+", "from 6 months: 5% less"),
        ("+", "from 12 months: 15% less"),
    ]
    assert told["images"]["after"] == "1. 机房"


def test_a_long_text_is_compared_by_its_lines() -> None:
    old = [f"line {n}" for n in range(100)]
    new = [*old[:50], "another", *old[51:]]
    assert lines_between(old, new) == [
        ("…", "49"),
        (" ", "line 49"),
        ("-", "line 50"),
        ("+", "another"),
        (" ", "line 51"),
        ("…", "48"),
    ]


def test_two_long_texts_without_a_common_line_cost_little() -> None:
    old, new = [f"a{n}" for n in range(9000)], [f"b{n}" for n in range(9000)]
    with effort.at_most(1000):
        assert len(lines_between(old, new)) == 18_000


def test_any_two_versions_are_compared(
    staff: PagesClient, provider: Provider, made: Made, hx: bool
) -> None:
    one = made()
    _saved(provider, one, title="第二个标题")
    _saved(provider, one, title="第三个标题", stock=5)
    address = f"/portal/listings/{one}/history/compare?from=3&to=1"
    html = staff.get(address, hx=hx).get_data(as_text=True)
    assert "第三个标题" in html
    assert "第二个标题" not in html.partition('id="listing-compare"')[2]
    same = staff.get(f"/portal/listings/{one}/history/compare?from=2&to=2")
    assert same.status_code == 303


@pytest.mark.parametrize("asked", ["from=1&to=99", "from=0&to=1", "from=x", "to=1", ""])
def test_a_version_that_never_was_is_not_there(staff: PagesClient, made: Made, asked: str) -> None:
    answer = staff.get(f"/portal/listings/{made()}/history/compare?{asked}")
    assert answer.status_code in {303, 404}


def test_a_listing_that_nobody_saved_here_has_an_empty_history(
    staff: PagesClient, provider: Provider
) -> None:
    one = factories.listing(provider)
    html = staff.get(f"/portal/listings/{one.id}/history").get_data(as_text=True)
    assert "Nothing has been saved here yet." in html


def test_an_earlier_version_comes_back_as_a_new_one(
    staff: PagesClient, provider: Provider, made: Made, hx: bool
) -> None:
    one = made(valid_until=None)
    before = content(provider, one)
    _saved(provider, one, title="别的标题", attributes=(), stock=3, place=None)
    address = f"/portal/listings/{one}/history/1/restore"
    answer = staff.post(address, data={"version": "2"}, hx=hx)
    assert answer.status_code in {200, 204, 303}
    assert content(provider, one) == before
    assert row(provider, one).version == 3
    kept = db.session.scalars(
        select(Revision.restored_from).where(Revision.listing_id == one).order_by(Revision.version)
    ).all()
    assert kept == [None, None, 1]
    db.session.rollback()
    html = staff.get(f"/portal/listings/{one}/history").get_data(as_text=True)
    assert "Restored from version 1" in html


def test_restoring_over_an_unseen_save_is_refused(
    staff: PagesClient, provider: Provider, made: Made, hx: bool
) -> None:
    one = made()
    _saved(provider, one, title="别的标题")
    _saved(provider, one, title="又一个标题")
    answer = staff.post(f"/portal/listings/{one}/history/1/restore", data={"version": "2"}, hx=hx)
    assert answer.status_code == 409
    assert "meanwhile" in answer.get_data(as_text=True)
    assert content(provider, one).title == "又一个标题"


def test_an_end_that_has_passed_does_not_come_back(
    staff: PagesClient, provider: Provider, made: Made
) -> None:
    one = made(valid_until=clock.today() - timedelta(days=3))
    _saved(provider, one, title="别的标题", valid_until=None)
    answer = staff.post(f"/portal/listings/{one}/history/1/restore", data={"version": "2"})
    html = staff.get(answer.location).get_data(as_text=True)
    assert "These stayed as they are: Valid until." in html
    assert content(provider, one).valid_until is None
    assert content(provider, one).title == REAL.title


def test_a_number_that_another_listing_has_by_now_is_told(
    staff: PagesClient, provider: Provider, made: Made
) -> None:
    one = made(own_number="A-1")
    _saved(provider, one, own_number="")
    other = made(own_number="A-1")
    answer = staff.post(f"/portal/listings/{one}/history/1/restore", data={"version": "2"})
    assert answer.status_code == 409
    assert f"#{other}" in answer.get_data(as_text=True)


def test_what_the_first_release_did_not_know_stays_as_it_is(provider: Provider, made: Made) -> None:
    one = made(stock=4)
    with transaction() as session:
        stored = {
            name: value
            for name, value in REAL.to_json().items()
            if name in {"title", "place", "description", "attributes", "price_minor"}
        }
        session.execute(update(Revision).where(Revision.listing_id == one).values(content=stored))
    _saved(provider, one, title="别的标题", stock=9)
    actions.restore(provider.id, one, 1, 2, by=None)
    now = content(provider, one)
    assert (now.title, now.stock) == (REAL.title, 9)
    assert Content.from_json(json.loads(json.dumps(now.to_json()))) == now


def test_a_seller_reads_the_history_and_restores_nothing(
    seller: PagesClient, provider: Provider, made: Made
) -> None:
    one = made()
    _saved(provider, one, title="别的标题")
    html = seller.get(f"/portal/listings/{one}/history").get_data(as_text=True)
    assert "restore" not in html.partition("<main")[2]
    answer = seller.post(f"/portal/listings/{one}/history/1/restore", data={"version": "2"})
    assert answer.status_code == 403


def test_another_provider_is_told_that_there_is_nothing(
    client_for: ClientFor, provider: Provider, made: Made
) -> None:
    one = made()
    _saved(provider, one, title="别的标题")
    stranger = client_for(factories.provider(), Role.STAFF)
    for path in ("history", "history/compare?from=1&to=2"):
        assert stranger.get(f"/portal/listings/{one}/{path}").status_code == 404
    answer = stranger.post(f"/portal/listings/{one}/history/1/restore", data={"version": "2"})
    assert answer.status_code == 404
    assert content(provider, one).title == "别的标题"


def test_a_long_history_is_paged_with_few_statements(
    staff: PagesClient, provider: Provider, made: Made, statements: Statements
) -> None:
    one = made()
    for turn in range(24):
        _saved(provider, one, stock=turn)
    statements()
    html = staff.get(f"/portal/listings/{one}/history").get_data(as_text=True)
    assert len(statements()) <= 3  # who, the sections' counts, the revisions
    assert "Version 6" in html
    assert ">Version 5<" not in html
    older = staff.get(f"/portal/listings/{one}/history?before=6").get_data(as_text=True)
    assert "The first version" in older


@pytest.mark.parametrize(("language", "word"), [("en", "picture"), ("zh", "图片")])
def test_pictures_in_the_text_are_told_in_words(
    client_for: ClientFor, provider: Provider, made: Made, language: str, word: str
) -> None:
    one = made(description=f"Before\n\n![A rack](/media/{'3f2a' * 8}.webp)")
    text = f"Before\n\n![](/media/{'beef' * 8}-640.webp)\n\n[large](/media/{'cafe' * 8}.avif)"
    _saved(provider, one, description=text)
    reader = client_for(provider, Role.STAFF, language=language)
    for path in ("history", "history/compare?from=1&to=2"):
        html = reader.get(f"/portal/listings/{one}/{path}").get_data(as_text=True)
        assert re.search(rf"\[{word} 3f2a…[:：] ?A rack\]", html)
        assert f"[{word} beef…]" in html
        assert f"[large]([{word} cafe…])" in html
        assert "/media/" not in html
    # What is typed stays what it is.
    assert content(provider, one).description == text
