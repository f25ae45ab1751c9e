"""Journey 3: a seller sees a new inquiry arrive, answers it, and the clock stops."""

import urllib.parse

from playwright.sync_api import expect

from tests.journeys.conftest import Visit
from tests.journeys.letters import await_letters
from tests.serving.server import Server


def test_a_new_inquiry_arrives_without_reloading(visit: Visit, site: Server, width: int) -> None:
    name = f"Kim {width}"
    seller = visit("/portal/inquiries/?queue=us", as_="seller@a.example")
    expect(seller.get_by_text(name)).to_have_count(0)

    buyer = visit("/offers/3")
    form = buyer.locator("#inquiry-form")
    address = f"kim{width}@c.example"
    for field, value in {"name": name, "email": address, "message": "Is it free?"}.items():
        form.locator(f"[name={field}]").fill(value)
    buyer.wait_for_timeout(500)  # a person reads first
    form.get_by_role("button", name="Ask the seller to contact me").click()
    expect(buyer.get_by_text("What happens next")).to_be_visible()

    arrived = seller.get_by_role("link", name=name).first
    expect(arrived).to_be_visible(timeout=9_000)  # the inbox asks every five seconds
    arrived.click()
    expect(seller.get_by_text("Is it free?").last).to_be_visible()
    seller.get_by_label("Your answer to").fill("It is.")
    seller.get_by_role("button", name="Send the answer").click()
    expect(seller.locator(".thread").get_by_text("It is.")).to_be_visible()
    seller.goto(f"/portal/inquiries/?{urllib.parse.urlencode({'queue': 'answered'})}")
    seller.get_by_role("link", name=name).first.click()
    expect(seller.get_by_text("First answer").last).to_be_visible()
    assert len(await_letters(site, address, 2)) == 2
