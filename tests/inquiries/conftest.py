"""Fixtures of inquiry tests: forms as a buyer fills them in, a clock that stands still."""

from collections.abc import Callable, Iterator
from typing import Any

import pytest
import time_machine
from flask import Flask
from sqlalchemy import select

from portal.accounts.models import Provider
from portal.extensions import db
from portal.inquiries import links, notices
from portal.inquiries.models import Inquiry, ThreadEvent
from portal.jobs.models import Job
from portal.listings.models import Listing
from portal.mail.models import Mail
from portal.web import formtoken
from tests import factories
from tests.pages import PagesClient

NOW = 1_790_000_000  # 2026-09-21 in Shanghai, a Monday
Form = dict[str, str]


@pytest.fixture(autouse=True)
def clock() -> Iterator[time_machine.Traveller]:
    """The time is NOW and moves only when a test moves it."""
    with time_machine.travel(NOW, tick=False) as traveller:
        yield traveller


@pytest.fixture
def listing(provider: Provider) -> Listing:
    """A live listing of provider A."""
    return factories.listing(provider)


@pytest.fixture
def token_for(app: Flask) -> Callable[..., str]:
    """Gives `token_for(purpose, age=60)`: a form token issued that many seconds ago."""

    def make(purpose: str, age: float = 60) -> str:
        from portal import clock as clocks

        with app.test_request_context():
            issued = clocks.milliseconds() - int(age * 1000)
            serializer = formtoken._serializer(purpose)
            return str(
                serializer.dumps([f"nonce-{issued}-{factories.secrets.token_hex(4)}", issued])
            )

    return make


@pytest.fixture
def filled(listing: Listing, token_for: Callable[..., str]) -> Callable[..., Form]:
    """Gives `filled(field=value, ...)`: a good form about `listing`, drawn a minute ago."""

    def make(age: float = 60, **fields: Any) -> Form:
        form = {
            "csrf_token": token_for(f"inquiry:{listing.id}", age),
            "name": "王芳",
            "company": "向量科技",
            "email": "buyer@c.example",
            "phone": "138 0013 8000",
            "message": "请问 8 卡整机的交付时间？",
            "reply_by": "",
            "website": "",
            **fields,
        }
        return {name: value for name, value in form.items() if value is not None}

    return make


@pytest.fixture
def ask(visitor: PagesClient, listing: Listing) -> Callable[..., Any]:
    """Gives `ask(form, hx=False, address=...)`: the answer to the sent form."""

    def send(form: Form, hx: bool = False, address: str = "203.0.113.5", **more: Any) -> Any:
        return visitor.post(
            f"/offers/{listing.id}/inquiries",
            data=form,
            hx=hx,
            csrf=False,
            environ_base={"REMOTE_ADDR": address},
            **more,
        )

    return send


def inquiries() -> list[Inquiry]:
    """All inquiries there are, oldest first."""
    return list(db.session.scalars(select(Inquiry).order_by(Inquiry.id)))


def mails() -> list[Mail]:
    """All mails there are, oldest first."""
    return list(db.session.scalars(select(Mail).order_by(Mail.id)))


def digest_at_the_end_of_the_slot() -> None:
    """Run the one job of the flood, as the worker does at its end."""
    [job] = db.session.scalars(select(Job).where(Job.kind == notices.FLOOD))
    assert job.due_at % notices.MAIL_SLOT == 0
    notices.send_digest(job.payload)


def fresh(inquiry_id: int) -> Inquiry:
    """The thread as the table has it."""
    db.session.rollback()
    return db.session.get_one(Inquiry, inquiry_id, populate_existing=True)


def events(inquiry_id: int) -> list[tuple[str, dict[str, Any]]]:
    """Kinds and facts of what happened in a thread."""
    rows = db.session.execute(
        select(ThreadEvent.kind, ThreadEvent.facts)
        .where(ThreadEvent.inquiry_id == inquiry_id)
        .order_by(ThreadEvent.id)
    )
    return [(row.kind, row.facts) for row in rows]


@pytest.fixture
def private_link(app: Flask) -> Callable[[Inquiry], str]:
    """Gives `private_link(inquiry)`: the path of its private page, made good in the table."""

    def make(inquiry: Inquiry) -> str:
        from portal.database import transaction

        key = app.config["SECRET_KEY"]
        link = links.Links((key,), "").new()
        with transaction() as session:
            mine = session.get_one(Inquiry, inquiry.id)
            mine.link_nonce, mine.link_digest = link.nonce, link.digest
        return link.url

    return make
