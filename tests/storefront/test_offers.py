"""The list of offers and the page of one offer, on both databases."""

from portal.accounts.models import Provider
from tests import factories
from tests.pages import PagesClient


def test_smoke(visitor: PagesClient, provider: Provider, hx: bool) -> None:
    offer = factories.listing(provider, ("英伟达", "4090"), ("型号", "RTX 4090"))
    other = factories.listing(provider, gpu_model="rtx-4090", gpu_count=8, unit="machine_month")
    page = visitor.get("/", hx=hx)
    assert page.status_code == 200
    assert offer.title in page.text
    for each in (offer, other):
        page = visitor.get(f"/offers/{each.id}", hx=hx)
        assert page.status_code == 200
    for url in ("/?q=北京", "/?q=4090&sort=price&unit=item&place=110000&price_from=1", f"/providers/{provider.id}", "/robots.txt", "/sitemap.xml"):
        page = visitor.get(url, hx=hx)
        assert page.status_code == 200, url
