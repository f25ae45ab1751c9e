"""Journey 11: a buyer's whole way behind the private link, from the answer to the end and back."""

import pytest
from playwright.sync_api import expect

from tests.browser import accessibility_faults, scrolls_sideways
from tests.journeys.conftest import Visit
from tests.journeys.letters import await_letters, path_in, text_of
from tests.journeys.test_2_inquiry import _ask
from tests.serving.server import Server


@pytest.mark.parametrize("javascript", [True, False], ids=["script", "plain"])
def test_answer_call_closing_reopening_deletion_and_withdrawal(
    visit: Visit, site: Server, width: int, javascript: bool
) -> None:
    address = f"whole-{width}-{javascript}@c.example".lower()
    name = f"Wim {width} {javascript}"
    buyer = visit("/offers/2", javascript=javascript)
    _ask(buyer, name=name, company="", email=address, message="Are eight cards free?")
    expect(buyer.get_by_text("What happens next")).to_be_visible()
    thread = path_in(await_letters(site, address, 1)[0], "/threads/")
    buyer.goto(thread)
    expect(buyer.get_by_text("Waiting for an answer")).to_be_visible()

    inbox = path_in(await_letters(site, "seller@a.example", 1)[-1], "/portal/inquiries/")
    seller = visit(inbox, as_="seller@a.example", javascript=javascript)
    seller.goto("/portal/inquiries/?queue=all")
    seller.get_by_role("link", name=name).first.click()
    seller.get_by_label("Your answer to").fill("Eight are free from Monday.")
    seller.get_by_role("button", name="Send the answer").click()
    expect(seller.locator(".thread").get_by_text("Eight are free")).to_be_visible()
    assert "Eight are free" in text_of(await_letters(site, address, 2)[-1])

    buyer.goto(thread)
    expect(buyer.get_by_text("Eight are free")).to_be_visible()
    buyer.get_by_text("Rather be called?").click()
    buyer.get_by_label("Phone number").fill("+86 138 0013 8000")
    buyer.get_by_label("When does it suit you?").fill("mornings")
    buyer.get_by_role("button", name="Ask for a call").click()
    expect(buyer.locator(".thread").get_by_text("Best time: mornings")).to_be_visible()
    assert not javascript or not accessibility_faults(buyer)

    buyer.get_by_role("button", name="I need no more help").click()
    expect(buyer.get_by_text("You closed this conversation.")).to_be_visible()
    buyer.get_by_label("Your message").fill("One more thing.")
    buyer.get_by_role("button", name="Send", exact=True).click()
    expect(buyer.locator(".thread").get_by_text("One more thing.")).to_be_visible()
    expect(buyer.get_by_text("You closed this conversation.")).to_have_count(0)

    buyer.get_by_role("link", name="Delete my data").click()
    expect(buyer.get_by_text("What goes")).to_be_visible()
    assert not scrolls_sideways(buyer)
    assert not javascript or not accessibility_faults(buyer)
    buyer.get_by_role("button", name="Delete my data in 24 hours").click()
    expect(buyer.get_by_text("All of this will be deleted.")).to_be_visible()
    assert not javascript or not accessibility_faults(buyer)
    buyer.get_by_role("button", name="Keep my conversation").click()
    expect(buyer.get_by_text("All of this will be deleted.")).to_have_count(0)
    expect(buyer.locator(".thread").get_by_text("One more thing.")).to_be_visible()


def test_a_lost_link_comes_by_mail(visit: Visit, site: Server, width: int) -> None:
    address = f"lost-{width}@c.example"
    buyer = visit("/offers/2")
    _ask(buyer, name="Lou Lost", company="", email=address, message="Is it free?")
    expect(buyer.get_by_text("What happens next")).to_be_visible()
    first = path_in(await_letters(site, address, 1)[0], "/threads/")
    buyer.goto("/threads/")
    buyer.get_by_label("E-mail").fill(address)
    buyer.get_by_role("button", name="Send me my links").click()
    expect(buyer.get_by_role("heading", name="Look into your mailbox")).to_be_visible()
    assert path_in(await_letters(site, address, 2)[-1], "/threads/") == first
