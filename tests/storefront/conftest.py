"""Fixtures of the public pages' tests: a reader of each language, statements counted."""

from collections.abc import Callable
from typing import Any

import pytest

from portal.accounts.models import Provider
from portal.listings.models import Listing
from tests import factories
from tests.pages import PagesClient

Get = Callable[..., Any]
HOSTILE = "</script><script>alert(1)</script>\"'>{{7*7}}&lt;北京"


@pytest.fixture(params=["zh", "en"])
def language(request: pytest.FixtureRequest) -> str:
    """Both languages."""
    return str(request.param)


@pytest.fixture
def get(visitor: PagesClient) -> Get:
    """Gives `get(path, language="en", **more)`: the answer to a reader of that language."""

    def fetch(path: str, language: str = "en", **more: Any) -> Any:
        headers = {"Accept-Language": language, **more.pop("headers", {})}
        return visitor.get(path, headers=headers, **more)

    return fetch


@pytest.fixture
def real(provider: Provider) -> Listing:
    """The offer that the product starts from."""
    return factories.listing(
        provider,
        ("英伟达", "4090"),
        ("型号", "RTX 4090"),
        ("北京", "猿界算力租赁服务提供商"),
        title="RTX4090不合适大模型训练,为什么适合推理场景呢?猿界算力GPU租赁服务-北京-上海",
        gpu_model="rtx-4090",
        previous_site_views=496,
        views_total=12,
        published_at=1_709_623_620,
        updated_at=1_709_623_620,
    )
