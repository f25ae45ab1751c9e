"""A thread whose buyer's data is gone: nothing new of theirs gets in, and it breaks no seller's act."""

import secrets
from collections.abc import Callable
from typing import Any

import pytest
from sqlalchemy import select

from portal.accounts.models import Provider
from portal.database import Missing
from portal.extensions import db
from portal.inquiries import actions
from portal.inquiries.actions import Call, Doing
from portal.inquiries.actions.forgetting import forget_due
from portal.inquiries.links import Links
from portal.inquiries.models import Message
from portal.inquiries.moves import Act
from portal.inquiries.senders import CLIENT, Origin
from portal.inquiries.vocabulary import State
from portal.listings.models import Listing
from portal.permissions import Role
from tests import factories
from tests.inquiries.conftest import NOW, fresh, mails
from tests.pages import PagesClient

LINKS = Links(("k" * 32,), "https://offers.example")


def origin() -> Origin:
    """A sender that nobody has met."""
    return Origin({secrets.token_hex(8): CLIENT})


BUYERS: dict[str, Callable[[int], Any]] = {
    "write": lambda one: actions.write_back(
        one, body="My number: 1", form_nonce="n", origin=origin(), links=LINKS
    ),
    "call": lambda one: actions.ask_for_call(
        one, Call("13800138000", ""), body="x", form_nonce="n", origin=origin(), links=LINKS
    ),
    "close": lambda one: actions.close(one, origin=origin()),
    "deletion": lambda one: actions.ask_deletion(one, origin=origin(), links=LINKS),
    "withdrawal": lambda one: actions.withdraw_deletion(one, origin=origin()),
}


def forgotten(listing: Listing, **columns: Any) -> int:
    """A thread whose data has just gone."""
    one = factories.inquiry(listing, forget_at=NOW, **columns).id
    assert forget_due() == 1
    return one


@pytest.mark.parametrize("verb", BUYERS)
def test_a_form_that_comes_a_moment_after_the_deletion_leaves_nothing(
    listing: Listing, verb: str
) -> None:
    """The page was looked up before the data went, the write came after it."""
    one = forgotten(listing)
    before = fresh(one).version
    with pytest.raises(Missing):
        BUYERS[verb](one)
    thread = fresh(one)
    assert (thread.version, thread.phone, thread.email) == (before, None, "")
    assert set(db.session.scalars(select(Message.body))) == {""}
    assert not mails()


def test_an_answer_to_it_is_mailed_to_nobody(
    seller: PagesClient, listing: Listing, hx: bool
) -> None:
    one = forgotten(listing)
    answer = seller.post(f"/portal/inquiries/{one}/replies", data={"body": "Hello?"}, hx=hx)
    assert answer.status_code == (200 if hx else 303)
    assert not mails()


def test_old_spam_among_what_is_released_keeps_nothing_back(
    listing: Listing, provider: Provider
) -> None:
    me = factories.person(provider, Role.SELLER)
    old, new = forgotten(listing, state=State.SPAM), factories.inquiry(listing, state=State.SPAM)
    acted = actions.change(
        provider.id,
        me.id,
        [(old, None), (new.id, None)],
        Doing(act=Act.RELEASE),
        form_nonce="n",
        links=LINKS,
    )
    assert acted.changed == (old, new.id)
    assert [mail.template for mail in mails()] == ["inquiry_received", "inquiry_new"]
    assert {mail.inquiry_id for mail in mails()} == {new.id}
