"""A server shared by the tests of this folder."""

from collections.abc import Iterator

import pytest

from tests.conftest import settings_for
from tests.serving.server import Server, running


@pytest.fixture(scope="session", params=["sqlite", "postgresql"])
def running_server(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Server]:
    """A server on each database, empty but for its tables."""
    folder = tmp_path_factory.mktemp("server")
    with running(settings_for(folder, request.param, "server")) as server:
        yield server
