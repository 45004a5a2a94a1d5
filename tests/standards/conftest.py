from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from docs.demo import copy_sample
from newsletter.clock import SystemClock
from newsletter.model import Edition, Tier
from newsletter.publication import Publication
from tests.standards.sample import Mail, assemble, reader


@pytest.fixture(scope="session")
def publication(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Publication]:
    """The sample publication, in a folder of its own."""
    folder: Path = tmp_path_factory.mktemp("standards") / "sample"
    copy_sample(folder)
    publication = Publication.open(folder, environ={}, clock=SystemClock())
    yield publication
    publication.close()


@pytest.fixture(scope="session")
def editions(publication: Publication) -> list[Edition]:
    """Every sample issue, compiled."""
    return [publication.edition(publication.issue(file)) for file in publication.issue_files]


@pytest.fixture(scope="session")
def mails(editions: list[Edition]) -> list[Mail]:
    """Every sample issue as a free and as a member reader gets it."""
    return [
        Mail(edition, subscriber, assemble(edition, subscriber))
        for edition in editions
        for subscriber in (reader(1, tier=Tier.FREE), reader(2, tier=Tier.MEMBER))
    ]


@pytest.fixture
def mail(mails: list[Mail]) -> Mail:
    """The newest issue for a member."""
    return mails[-1]
