"""Two at once, on real connections: one row for one form, no answer lost, the cap holds."""

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import func, select

from portal.extensions import db
from portal.inquiries import actions
from portal.inquiries.actions import Question
from portal.inquiries.links import Links
from portal.inquiries.models import Desk, Inquiry, Message
from portal.inquiries.senders import CLIENT, Origin, TooMany
from portal.inquiries.vocabulary import State
from portal.listings.models import Listing
from portal.mail.models import Mail
from portal.permissions import Role
from tests import factories
from tests.conftest import dispose, migrated_app, settings_for

AT_ONCE = 8
LINKS = Links(("k" * 32,), "https://offers.example")


@pytest.fixture(scope="module", params=["sqlite", "postgresql"])
def real(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Flask]:
    """An application whose writes are really committed."""
    folder = tmp_path_factory.mktemp(f"racing-{request.param}")
    app = migrated_app(settings_for(folder, request.param, "racing"))
    yield app
    dispose(app)


@pytest.fixture
def offered(real: Flask) -> tuple[int, int, int]:
    """A live listing with a seller: listing's, provider's and seller's id."""
    with real.app_context():
        provider = factories.provider()
        seller = factories.person(provider, Role.SELLER)
        return factories.listing(provider).id, provider.id, seller.id


def at_once(app: Flask, act: Callable[[int], Any]) -> list[Any]:
    """Run `act` in several threads that start together; what each returned or raised."""
    start = Barrier(AT_ONCE)

    def run(number: int) -> Any:
        with app.app_context():
            start.wait()
            try:
                return act(number)
            except Exception as error:  # noqa: BLE001 - the test looks at it
                return error
            finally:
                db.session.remove()

    with ThreadPoolExecutor(AT_ONCE) as pool:
        return list(pool.map(run, range(AT_ONCE)))


def question(listing_id: int, nonce: str, network: str = "n") -> Question:
    """A buyer's question from one form."""
    return Question(
        listing_id=listing_id,
        name="王芳",
        company=None,
        email="buyer@c.example",
        phone=None,
        message="?",
        reply_by=None,
        language="zh",
        form_nonce=nonce,
        origin=Origin({network: CLIENT}),
    )


def test_one_form_sent_many_times_at_once_is_one_row_and_one_answer(
    real: Flask, offered: tuple[int, int, int]
) -> None:
    nonce = factories.secrets.token_hex(8)
    listing_id = offered[0]
    answers = at_once(real, lambda _n: actions.ask(question(listing_id, nonce, nonce), LINKS))
    assert len(set(answers)) == 1, answers
    with real.app_context():
        made = db.session.scalars(select(Inquiry).where(Inquiry.listing_id == listing_id)).all()
        assert len(made) == 1
        sent = select(func.count()).select_from(Mail).where(Mail.inquiry_id == made[0].id)
        assert db.session.scalar(sent) == 2
        total = select(Listing.inquiries_total).where(Listing.id == listing_id)
        assert db.session.scalar(total) == 1
        db.session.remove()


def test_the_cap_holds_when_all_come_at_once(real: Flask, offered: tuple[int, int, int]) -> None:
    network = factories.secrets.token_hex(8)
    answers = at_once(
        real, lambda n: actions.ask(question(offered[0], f"{network}-{n}", network), LINKS)
    )
    assert sum(isinstance(answer, TooMany) for answer in answers) == AT_ONCE - 5, answers
    with real.app_context():
        count = select(func.count()).select_from(Inquiry).where(Inquiry.listing_id == offered[0])
        assert db.session.scalar(count) == 5
        db.session.remove()


def test_answers_at_once_are_all_kept_and_the_first_is_the_first(
    real: Flask, offered: tuple[int, int, int]
) -> None:
    listing_id, provider_id, seller_id = offered
    nonce = factories.secrets.token_hex(8)
    with real.app_context():
        inquiry_id = actions.ask(question(listing_id, nonce, nonce), LINKS).inquiry_id
        version = db.session.scalar(select(Desk.version).where(Desk.provider_id == provider_id))
        db.session.remove()
    answers = at_once(
        real,
        lambda n: actions.answer(
            inquiry_id,
            provider_id=provider_id,
            person_id=seller_id,
            body=f"Answer {n // 2}",
            form_nonce=f"{nonce}-{n // 2}",
            links=LINKS,
        ),
    )
    assert sorted(one.is_new for one in answers) == [False] * 4 + [True] * 4, answers
    with real.app_context():
        inquiry = db.session.get_one(Inquiry, inquiry_id)
        said = db.session.scalars(select(Message).where(Message.inquiry_id == inquiry_id)).all()
        assert len(said) == 5
        assert inquiry.state == State.ANSWERED
        assert inquiry.first_answered_by == seller_id
        now = db.session.scalar(select(Desk.version).where(Desk.provider_id == provider_id))
        assert now == version + 4
        to_buyer = select(func.count()).where(
            Mail.inquiry_id == inquiry_id, Mail.template == "inquiry_answered"
        )
        assert db.session.scalar(to_buyer.select_from(Mail)) == 4
        db.session.remove()
