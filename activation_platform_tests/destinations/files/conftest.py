"""Places for files on the loopback: an object store, started once, and SFTP servers."""

from collections.abc import Iterator

import pytest

from activation_platform_tests.destinations.files.stores import Front, ObjectStore, serving


@pytest.fixture(scope="session")
def _front() -> Iterator[Front]:
    with serving() as front:
        yield front


@pytest.fixture
def store(_front: Front) -> Iterator[ObjectStore]:
    """A stand-in of S3 and of Google Cloud Storage with one empty bucket."""
    yield ObjectStore(_front)
    _front.faults.clear()
    _front.seen.clear()
