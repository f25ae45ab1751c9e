"""Pictures of an offer: the cover first, each in the size it is drawn in, none of them twice."""

import re
from typing import Any

from portal.accounts.models import Provider
from portal.database import transaction
from portal.listings.models import Image, Listing
from tests import factories
from tests.storefront.conftest import Get

COVER, SECOND, INSIDE = "a" * 32, "b" * 32, "c" * 32


def _pictures(listing: Listing, *keys: str, **fields: Any) -> None:
    with transaction() as session:
        for position, key in enumerate(keys):
            given = {"alt": "", "width": 1200, "height": 800, "size": 9, "widths": "160 640"}
            image = Image(listing_id=listing.id, position=position, key=key, **{**given, **fields})
            session.add(image)


def test_the_cover_comes_first_and_at_once(get: Get, provider: Provider) -> None:
    offer = factories.listing(provider, description=f"![机柜](/media/{INSIDE}.webp)")
    _pictures(offer, COVER, INSIDE, SECOND)
    page = get(f"/offers/{offer.id}").text
    gallery = page[page.index('class="gallery"') : page.index("offer__price")]
    images = re.findall(r"<img [^>]*>", gallery)
    assert [re.findall(r"/media/(.)", image)[0] for image in images] == ["a", "b"]
    first, second = images
    assert (
        f'srcset="/media/{COVER}-160.webp 160w, /media/{COVER}-640.webp 640w,'
        f' /media/{COVER}.webp 1200w"'
    ) in first
    assert 'width="1200" height="800"' in first
    assert 'alt="Picture 1 of this offer"' in first
    assert ('fetchpriority="high"' in first, 'loading="lazy"' in first) == (True, False)
    assert ('fetchpriority="high"' in second, 'loading="lazy"' in second) == (False, True)
    assert page.count(f'src="/media/{INSIDE}.webp"') == 1
    described = re.search(rf'<img src="/media/{INSIDE}.webp"[^>]*>', page)
    assert described
    assert f"/media/{INSIDE}-640.webp 640w" in described[0]
    assert f'property="og:image" content="http://127.0.0.1:8000/media/{COVER}.webp"' in page


def test_a_picture_with_one_file_needs_no_choice(get: Get, provider: Provider) -> None:
    offer = factories.listing(provider)
    _pictures(offer, COVER, widths="", width=150, height=100, alt='机房"><script>')
    page = get(f"/offers/{offer.id}").text
    image = re.search(rf'<img src="/media/{COVER}.webp"[^>]*>', page)
    assert image
    assert "srcset" not in image[0]
    assert "<script>" not in image[0]


def test_a_card_shows_a_small_one(get: Get, provider: Provider) -> None:
    offer = factories.listing(provider)
    _pictures(offer, COVER, SECOND)
    for path in ("/", f"/providers/{provider.id}"):
        page = get(path).text
        assert f'src="/media/{COVER}-160.webp"' in page
        assert f"/media/{COVER}-640.webp 640w" in page
        assert SECOND not in page
