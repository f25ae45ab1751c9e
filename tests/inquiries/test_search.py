"""Threads are found by the buyer, by every word said in them, and by the offer they are about."""

import pytest
from sqlalchemy import select

from portal.database import transaction
from portal.extensions import db
from portal.inquiries import search
from portal.inquiries.actions.removing import remove
from portal.inquiries.models import Inquiry, Message, Note
from portal.inquiries.vocabulary import Author
from portal.listings.models import Listing
from tests import factories


def _found(query: str, provider_id: int) -> list[int]:
    condition = search.matches(query, db.engine.dialect.name, provider_id=provider_id)
    if condition is None:
        return []
    wanted = select(Inquiry.id).where(Inquiry.provider_id == provider_id, condition)
    return list(db.session.scalars(wanted.order_by(Inquiry.id)))


@pytest.fixture
def thread(listing: Listing) -> Inquiry:
    """A thread with a buyer of its own, indexed."""
    made = factories.inquiry(
        listing,
        name="欧阳娜娜",
        company="向量科技",
        phone="+86 138 0013 8000",
        email="na@vec.example",
    )
    with transaction() as session:
        search.index(session, session.get_one(Inquiry, made.id))
    return made


@pytest.mark.parametrize(
    "query", ["欧阳", "向量科技", "13800138000", "0013 8000", "na@vec.example", "8 卡整机", "4090"]
)
def test_by_buyer_words_and_offer(thread: Inquiry, listing: Listing, query: str) -> None:
    assert "4090" in listing.title
    assert _found(query, listing.provider_id) == [thread.id]


def test_another_provider_finds_nothing(thread: Inquiry) -> None:
    assert _found("欧阳", factories.provider().id) == []


def test_what_is_said_and_noted_later_is_found(thread: Inquiry, listing: Listing) -> None:
    assert _found("液冷机柜", listing.provider_id) == []
    with transaction() as session:
        for row in (
            Message(
                inquiry_id=thread.id, author=Author.SELLER, body="我们有液冷机柜", created_at=1
            ),
            Note(inquiry_id=thread.id, body="报价 9.5 折", created_at=1),
        ):
            row.form_nonce = factories.secrets.token_hex(8)
            session.add(row)
        search.index(session, session.get_one(Inquiry, thread.id))
    assert _found("液冷机柜", listing.provider_id) == [thread.id]
    assert _found("9.5 折", listing.provider_id) == [thread.id]


def test_a_forgotten_thread_is_not_found(thread: Inquiry, listing: Listing) -> None:
    with transaction() as session:
        search.forget(session, thread.id)
    assert _found("欧阳", listing.provider_id) == []


def test_what_another_release_wrote_is_indexed(listing: Listing) -> None:
    made = factories.inquiry(listing, name="司马光")
    assert _found("司马光", listing.provider_id) == []
    assert search.reindex() >= 1
    assert _found("司马光", listing.provider_id) == [made.id]
    assert search.reindex() == 0, "there is nothing left to do"


def test_nothing_of_a_deleted_thread_is_left_in_the_index(
    thread: Inquiry, listing: Listing
) -> None:
    kept = thread.id
    with transaction() as session:
        remove(session, session.get_one(Inquiry, kept))
    with transaction() as session:
        # SQLite gives the newest row's number again: what is left would name the wrong thread.
        another = Inquiry(
            **{
                column.key: getattr(thread, column.key)
                for column in Inquiry.__table__.columns
                if column.key not in {"stage", "name", "company", "email", "phone"}
            },
            name="别人",
            email="another@c.example",
        )
        session.add(another)
        session.flush()
        search.index(session, another)
    assert another.id == kept
    assert _found("欧阳", listing.provider_id) == []
    assert _found("别人", listing.provider_id) == [kept]
