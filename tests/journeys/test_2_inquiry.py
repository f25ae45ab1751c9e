"""Journey 2: a buyer asks without an account, reads the answer and writes back."""

import pytest
from playwright.sync_api import Page, expect

from tests.browser import accessibility_faults
from tests.journeys.conftest import Visit
from tests.journeys.letters import await_letters, path_in, text_of
from tests.serving.server import Server

QUESTION = "How many machines are free in December?\nWe need eight cards."


def _ask(page: Page, **fields: str) -> None:
    form = page.locator("#inquiry-form")
    form.scroll_into_view_if_needed()
    for name, value in fields.items():
        form.locator(f"[name={name}]").fill(value)
    # A form sent the moment it was served looks like a program: a person reads first.
    page.wait_for_timeout(500)
    form.get_by_role("button", name="Ask the seller to contact me").click()


@pytest.mark.parametrize("javascript", [True, False], ids=["script", "plain"])
def test_asking_reading_the_answer_and_writing_back(
    visit: Visit, site: Server, width: int, javascript: bool
) -> None:
    name = f"Ann {width} {javascript}"
    address = f"buyer-{width}-{javascript}@c.example".lower()
    buyer = visit("/offers/2", javascript=javascript)
    _ask(buyer, name=name, company="C GmbH", email=address, message=QUESTION)
    expect(buyer.get_by_text("What happens next")).to_be_visible()
    expect(buyer.get_by_text(address).first).to_be_visible()

    (confirmation,) = await_letters(site, address, 1)
    assert QUESTION.splitlines()[0] in text_of(confirmation)
    thread = path_in(confirmation, "/threads/")
    to_seller = await_letters(site, "seller@a.example", 1)[-1]
    inbox = path_in(to_seller, "/portal/inquiries/")

    seller = visit(inbox, as_="seller@a.example", javascript=javascript)
    seller.goto("/portal/inquiries/?queue=us")
    seller.get_by_role("link", name=name).first.click()
    seller.get_by_label("Your answer to").fill("Twelve are free. Shall we hold one?")
    seller.get_by_role("button", name="Send the answer").click()
    expect(seller.locator(".thread").get_by_text("Twelve are free.")).to_be_visible()

    answer = await_letters(site, address, 2)[-1]
    assert "Twelve are free." in text_of(answer)
    assert answer["In-Reply-To"] == confirmation["Message-ID"]
    buyer.goto(thread)
    expect(buyer.get_by_text("Twelve are free.")).to_be_visible()
    expect(buyer.get_by_text("We need eight cards.")).to_be_visible()
    assert not javascript or not accessibility_faults(buyer)
    buyer.get_by_label("Your message").fill("Yes, please hold one until Friday.")
    buyer.get_by_role("button", name="Send", exact=True).click()
    expect(buyer.locator(".thread").get_by_text("until Friday")).to_be_visible()
    seller.goto("/portal/inquiries/?queue=waiting")
    expect(seller.get_by_text(name).first).to_be_visible()


@pytest.mark.parametrize("javascript", [True, False], ids=["script", "plain"])
def test_a_form_that_is_not_right_comes_back_as_typed(visit: Visit, javascript: bool) -> None:
    page = visit("/offers/1", javascript=javascript)
    _ask(page, name="Ann", email="no address", phone="", message="Hello")
    expect(page.locator("[aria-invalid=true]").first).to_be_visible()
    expect(page.locator("#inquiry-form [name=email]")).to_have_value("no address")
    expect(page.locator("#inquiry-form [name=message]")).to_have_value("Hello")
