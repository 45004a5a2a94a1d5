from collections.abc import Iterator

import pytest

from tests.feeds.serving import Site, serving


@pytest.fixture
def site() -> Iterator[Site]:
    """A web site on loopback."""
    with serving() as site:
        yield site
