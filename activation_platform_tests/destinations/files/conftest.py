"""Places for files on the loopback: a bucket of an object store, and SFTP servers."""

import pytest

from activation_platform_tests.destinations.files.stores import Front, ObjectStore


@pytest.fixture
def store(front: Front) -> ObjectStore:
    """A stand-in of S3 and of Google Cloud Storage with one empty bucket."""
    return ObjectStore(front)
