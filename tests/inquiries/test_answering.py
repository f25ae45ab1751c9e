"""Answers: overtaken by a colleague, sent once, held for ten seconds, taken back."""

from collections.abc import Callable
from typing import Any

import pytest
from sqlalchemy import select

from portal.accounts.models import Provider
from portal.extensions import db
from portal.inquiries.models import AnswerDraft, Inquiry, Message
from portal.inquiries.vocabulary import Author
from portal.listings.models import Listing
from portal.permissions import Role
from tests import factories
from tests.conftest import ClientFor
from tests.inquiries.conftest import mails
from tests.pages import PagesClient


def answers(inquiry: Inquiry) -> list[str]:
    """The sellers' answers in the thread, oldest first."""
    found = select(Message.body).where(
        Message.inquiry_id == inquiry.id, Message.author == Author.SELLER
    )
    return list(db.session.scalars(found.order_by(Message.id)))


def send(client: PagesClient, inquiry: Inquiry, body: str, hx: bool = False, **more: Any) -> Any:
    """Send an answer."""
    return client.post(
        f"/portal/inquiries/{inquiry.id}/replies", data={"body": body, **more}, hx=hx
    )


def newest(inquiry: Inquiry) -> int:
    """Id of the thread's newest message."""
    found = select(Message.id).where(Message.inquiry_id == inquiry.id).order_by(Message.id.desc())
    return int(db.session.scalars(found.limit(1)).one())


def take_back(client: PagesClient, inquiry: Inquiry, hx: bool = False, **typed: str) -> Any:
    """Take the newest message back."""
    url = f"/portal/inquiries/{inquiry.id}/messages/{newest(inquiry)}/take-back"
    return client.post(url, data=typed, hx=hx)


@pytest.fixture
def colleague(client_for: ClientFor, provider: Provider) -> PagesClient:
    """Another seller of provider A."""
    return client_for(provider, Role.SELLER)


def test_who_was_overtaken_reads_the_other_answer_first_and_loses_nothing(
    seller: PagesClient, colleague: PagesClient, listing: Listing, hx: bool
) -> None:
    inquiry = factories.inquiry(listing)
    seen = newest(inquiry)
    assert send(colleague, inquiry, "Twelve are free.", seen=seen).status_code == 303
    refused = send(seller, inquiry, "I have ten <b>.", hx=hx, seen=seen)
    assert refused.status_code == 409
    assert "A colleague has answered meanwhile." in refused.text
    assert refused.text.count("Twelve are free.") >= 2  # in the thread, and above the box
    assert "I have ten &lt;b&gt;." in refused.text
    assert answers(inquiry) == ["Twelve are free."]
    now_seen = newest(inquiry)
    assert f'name="seen" value="{now_seen}"' in refused.text
    assert send(seller, inquiry, "I have ten <b>.", hx=hx, seen=now_seen).status_code in {200, 303}
    assert answers(inquiry) == ["Twelve are free.", "I have ten <b>."]


def test_ones_own_answer_overtakes_nobody(seller: PagesClient, listing: Listing) -> None:
    inquiry = factories.inquiry(listing)
    seen = newest(inquiry)
    assert send(seller, inquiry, "One.", seen=seen).status_code == 303
    assert send(seller, inquiry, "Two.", seen=seen).status_code == 303


@pytest.mark.parametrize("seen", ["", "x", "-1", "9" * 30])
def test_a_seen_that_is_none_of_ours_refuses_nothing(
    seller: PagesClient, listing: Listing, seen: str
) -> None:
    inquiry = factories.inquiry(listing)
    assert send(seller, inquiry, "One.", seen=seen).status_code == 303


def test_a_double_press_is_one_answer_and_one_mail(
    seller: PagesClient, listing: Listing, token_for: Callable[..., str], hx: bool
) -> None:
    inquiry = factories.inquiry(listing)
    token = token_for(f"reply:{inquiry.id}")
    for _press in range(2):
        answer = send(seller, inquiry, "One.", hx=hx, form_token=token)
        assert answer.status_code == (200 if hx else 303)
    assert answers(inquiry) == ["One."]
    assert len(mails()) == 1


def test_a_form_sent_before_with_other_words_comes_back_and_goes_with_the_next_press(
    seller: PagesClient, listing: Listing, token_for: Callable[..., str]
) -> None:
    inquiry = factories.inquiry(listing)
    token = token_for(f"reply:{inquiry.id}")
    send(seller, inquiry, "One.", form_token=token)
    again = send(seller, inquiry, "Another.", form_token=token)
    assert again.status_code == 422
    assert "Another." in again.text
    assert token not in again.text
    assert answers(inquiry) == ["One."]


def test_an_invalid_answer_keeps_its_token(
    seller: PagesClient, listing: Listing, token_for: Callable[..., str]
) -> None:
    inquiry = factories.inquiry(listing)
    token = token_for(f"reply:{inquiry.id}")
    refused = send(seller, inquiry, " ", form_token=token)
    assert refused.status_code == 422
    assert token in refused.text


@pytest.mark.parametrize("gap", ["{price}", "{价格}", "{ stock }"])
def test_a_gap_that_a_snippet_left_is_not_sent(
    seller: PagesClient, listing: Listing, gap: str, hx: bool
) -> None:
    inquiry = factories.inquiry(listing)
    refused = send(seller, inquiry, f"We ask {gap} for it.", hx=hx)
    assert refused.status_code == 422
    assert "is still to be filled in" in refused.text
    assert f"We ask {gap} for it." in refused.text
    assert answers(inquiry) == []
    assert send(seller, inquiry, "We ask {anything} for it.").status_code == 303


def test_for_ten_seconds_it_can_be_taken_back_and_the_text_is_in_the_box(
    seller: PagesClient, listing: Listing, clock: Any, hx: bool
) -> None:
    inquiry = factories.inquiry(listing)
    sent = send(seller, inquiry, "Too hasty.", hx=True).text
    assert "Goes out in 10 seconds" in sent
    assert "Take back" in sent
    clock.shift(9)
    back = take_back(seller, inquiry, hx=hx, body="Begun since.")
    assert back.status_code == (200 if hx else 303)
    page = back.text if hx else seller.get(f"/portal/inquiries/{inquiry.id}").text
    box = page.split("<textarea")[1].split("</textarea>")[0]
    assert "Too hasty." in box
    assert "Begun since." in box
    assert answers(inquiry) == []
    assert mails() == []


def test_too_late_is_said_and_the_answer_stays(
    seller: PagesClient, listing: Listing, clock: Any, hx: bool
) -> None:
    inquiry = factories.inquiry(listing)
    send(seller, inquiry, "On its way.")
    clock.shift(10)
    late = take_back(seller, inquiry, hx=hx)
    assert late.status_code == (409 if hx else 303)
    page = late.text if hx else seller.get(f"/portal/inquiries/{inquiry.id}").text
    assert "Too late: the answer is on its way to the buyer." in page
    assert answers(inquiry) == ["On its way."]


def test_nobody_takes_back_what_others_wrote(
    seller: PagesClient,
    colleague: PagesClient,
    listing: Listing,
    client_for: ClientFor,
    other_provider: Provider,
) -> None:
    inquiry = factories.inquiry(listing)
    send(seller, inquiry, "Mine.")
    assert "Take back" not in colleague.get(f"/portal/inquiries/{inquiry.id}").text
    assert take_back(colleague, inquiry).status_code == 404
    assert take_back(client_for(other_provider, Role.SELLER), inquiry).status_code == 404
    assert answers(inquiry) == ["Mine."]


def test_the_buyer_sees_an_answer_only_when_it_has_gone_out(
    seller: PagesClient,
    visitor: PagesClient,
    listing: Listing,
    clock: Any,
    private_link: Callable[[Inquiry], str],
) -> None:
    inquiry = factories.inquiry(listing)
    path = private_link(inquiry)
    send(seller, inquiry, "Twelve are free.")
    clock.shift(9)
    assert "Twelve are free." not in visitor.get(path).text
    clock.shift(1)
    assert "Twelve are free." in visitor.get(path).text


def test_sending_lets_the_draft_go(seller: PagesClient, listing: Listing) -> None:
    inquiry = factories.inquiry(listing)
    kept = {"writing": "answer", "body": "Twelve"}
    seller.post(f"/portal/inquiries/{inquiry.id}/drafts", data=kept, hx=True)
    send(seller, inquiry, "Twelve are free.")
    assert db.session.scalars(select(AnswerDraft)).all() == []
