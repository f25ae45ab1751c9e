"""The desk's page: rules for who answers, the form for who leads; out of office, threads handed over."""

from datetime import date
from typing import Any

import pytest
from sqlalchemy import select

from portal.accounts.models import Person, Provider
from portal.audit.models import AuditEntry
from portal.database import transaction
from portal.extensions import db
from portal.inquiries.actions.threads import touch
from portal.inquiries.desk_form import hours_text
from portal.inquiries.models import Desk, Inquiry, ThreadEvent
from portal.listings.models import Listing
from portal.permissions import Role
from tests import factories
from tests.conftest import ClientFor
from tests.inquiries.conftest import fresh
from tests.pages import PagesClient

GOOD = {
    "assigns": "in_turn",
    "keeps_buyers": "y",
    "answer_minutes": "4.5",
    "opens_at": "510",
    "closes_at": "1050",
    "day_1": "y",
    "day_6": "y",
    "keeps_holidays": "y",
    "keeps_personal_days": "90",
}
PATH = "/portal/inquiries/desk"


@pytest.fixture
def manager(client_for: ClientFor, provider: Provider) -> PagesClient:
    """A head of the sellers of provider A, reading English."""
    return client_for(provider, Role.MANAGER)


def desk_of(provider: Provider) -> Desk:
    """The provider's desk as the table has it."""
    db.session.rollback()
    return db.session.get_one(Desk, provider.id, populate_existing=True)


def test_a_manager_settles_the_desk(manager: PagesClient, provider: Provider, hx: bool) -> None:
    answer = manager.post(PATH, data=GOOD, hx=hx)
    assert answer.status_code == (204 if hx else 303)
    desk = desk_of(provider)
    assert (desk.assigns, desk.keeps_buyers, desk.answer_minutes) == ("in_turn", True, 270)
    assert (desk.opens_at, desk.closes_at, desk.working_days) == (510, 1050, "16")
    assert (desk.keeps_holidays, desk.keeps_personal_days) == (True, 90)
    entry = db.session.scalars(
        select(AuditEntry).where(AuditEntry.act == "inquiry.settle-desk")
    ).one()
    assert entry.changes["answer_minutes"] == [480, 270]
    page = manager.get(PATH).get_data(as_text=True)
    assert 'value="4.5"' in page
    manager.post(PATH, data=GOOD)
    again = select(AuditEntry.id).where(AuditEntry.act == "inquiry.settle-desk")
    assert len(db.session.scalars(again).all()) == 1


@pytest.mark.parametrize(
    ("field", "value", "says"),
    [
        ("answer_minutes", "", "This must be filled in."),
        ("answer_minutes", "0", "Enter hours"),
        ("answer_minutes", "soon", "Enter hours"),
        ("answer_minutes", "-3", "Enter hours"),
        ("answer_minutes", "721", "Enter at most 720 hours"),
        ("closes_at", "510", "Choose a time after the opening."),
        ("closes_at", "1441", "Choose one of the listed values."),
        ("opens_at", "", "Choose one of the listed values."),
        ("keeps_personal_days", "0", "1"),
        ("keeps_personal_days", "9999", "3,650"),
        ("assigns", "by_dice", "Choose one of the listed values."),
    ],
)
def test_what_cannot_be_comes_back_with_all_that_was_typed(
    manager: PagesClient, hx: bool, field: str, value: str, says: str
) -> None:
    answer = manager.post(PATH, data={**GOOD, field: value}, hx=hx)
    assert answer.status_code == 422
    text = answer.get_data(as_text=True)
    assert says in text
    assert 'aria-invalid="true"' in text
    if field != "keeps_personal_days":
        assert 'value="90"' in text


def test_a_desk_has_a_working_day(manager: PagesClient) -> None:
    days = {name: "" for name in GOOD if name.startswith("day_")}
    answer = manager.post(PATH, data={**GOOD, **days})
    assert answer.status_code == 422
    assert "Choose at least one day." in answer.get_data(as_text=True)


def test_midnight_is_a_closing(manager: PagesClient, provider: Provider) -> None:
    assert (
        manager.post(PATH, data={**GOOD, "opens_at": "0", "closes_at": "1440"}).status_code == 303
    )
    assert desk_of(provider).closes_at == 1440


@pytest.mark.parametrize(
    ("language", "words", "example"),
    [
        ("en", "8 working hours", "Thursday 24 Sep 2026 17:30 is due Monday 28 Sep 2026 16:30"),
        ("zh", "8 个工作小时", "星期四 2026-09-24 17:30 收到的询盘须在 星期一 2026-09-28 16:30"),
    ],
)
def test_sellers_read_the_rules(
    client_for: ClientFor, provider: Provider, language: str, words: str, example: str
) -> None:
    page = client_for(provider, Role.SELLER, language=language).get(PATH)
    text = page.get_data(as_text=True)
    assert words in text
    assert example in text
    assert 'name="answer_minutes"' not in text


def test_only_who_leads_the_sellers_settles(
    client_for: ClientFor, provider: Provider, seller: PagesClient, staff: PagesClient
) -> None:
    assert seller.post(PATH, data=GOOD).status_code == 403
    assert staff.get(PATH).status_code == 403


def test_the_page_takes_three_statements(seller: PagesClient, statements: list[str]) -> None:
    seller.get(PATH)
    assert len(statements) <= 3


def test_hours_read_as_people_write_them() -> None:
    assert [hours_text(one) for one in (480, 90, 20, 1)] == ["8", "1.5", "0.33", "0.02"]


# Out of office


def person(client: PagesClient) -> Any:
    """Whoever made this the last person."""
    return db.session.scalars(select(Person).order_by(Person.id.desc())).first()


def test_who_goes_away_says_from_when_until_when(seller: PagesClient, hx: bool) -> None:
    days = {"away_from": "2026-10-01", "away_until": "2026-10-09"}
    answer = seller.post("/portal/account/away", data=days, hx=hx)
    assert answer.status_code == (204 if hx else 303)
    someone = person(seller)
    assert (someone.away_from, someone.away_until) == (date(2026, 10, 1), date(2026, 10, 9))
    page = seller.get("/portal/account/").get_data(as_text=True)
    assert 'value="2026-10-09"' in page
    assert "I am back" in page
    seller.post("/portal/account/away", data={"action": "back"})
    db.session.expire_all()
    someone = person(seller)
    assert (someone.away_from, someone.away_until) == (None, None)


@pytest.mark.parametrize(
    "days",
    [
        {"away_from": "2026-10-01", "away_until": ""},
        {"away_from": "2026-10-01", "away_until": "2026-09-30"},
        {"away_from": "", "away_until": "2026-09-20"},
        {"away_from": "soon", "away_until": "2026-10-20"},
    ],
)
def test_days_that_cannot_be_come_back(seller: PagesClient, hx: bool, days: dict[str, str]) -> None:
    answer = seller.post("/portal/account/away", data=days, hx=hx)
    assert answer.status_code == 422
    text = answer.get_data(as_text=True)
    assert all(f'value="{day}"' in text for day in days.values() if day)
    assert person(seller).away_until is None


@pytest.mark.parametrize("to", ["turn", "nobody"])
def test_open_threads_are_handed_over(
    client_for: ClientFor, provider: Provider, listing: Listing, hx: bool, to: str
) -> None:
    client = client_for(provider, Role.SELLER)
    me = person(client).id
    others = [factories.person(provider, Role.SELLER).id for _number in range(2)]
    factories.person(provider, Role.SELLER, away_until=date(2026, 12, 1))
    with transaction() as session:
        touch(session, provider.id)
    mine = [factories.inquiry(listing, assignee_id=me).id for _number in range(3)]
    done = factories.inquiry(listing, assignee_id=me, outcome="won", closed_at=1).id
    foreign = factories.inquiry(listing, assignee_id=others[0]).id
    assert "Hand my 3 open threads" in client.get("/portal/inquiries/hand-over").get_data(
        as_text=True
    )
    answer = client.post("/portal/inquiries/hand-over", data={"to": to}, hx=hx)
    assert answer.status_code == (204 if hx else 303)
    now = [fresh(one).assignee_id for one in mine]
    assert now == ([others[0], others[1], others[0]] if to == "turn" else [None] * 3)
    assert fresh(done).assignee_id == me
    assert fresh(foreign).assignee_id == others[0]
    told = db.session.scalars(select(ThreadEvent).order_by(ThreadEvent.id)).all()
    assert [(one.facts["to"], one.facts["how"]) for one in told] == [(to, "away") for to in now]
    assert db.session.scalar(select(Inquiry.version).where(Inquiry.id == mine[0])) == 2


def test_alone_at_work_the_threads_are_nobodys(
    seller: PagesClient, provider: Provider, listing: Listing
) -> None:
    one = factories.inquiry(listing, assignee_id=person(seller).id).id
    seller.post("/portal/inquiries/hand-over", data={"to": "turn"})
    assert fresh(one).assignee_id is None
