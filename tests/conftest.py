"""What all tests share: the devices, and how many examples hypothesis tries."""

import pycurl  # noqa: F401  before TensorFlow, whose own, older libcurl would be taken for its
import pytest
from hypothesis import settings
from leopard import devices

# Of parsers more, and in `make test-nightly` many more.
settings.register_profile("test", deadline=None, max_examples=50)
settings.register_profile("parsers", deadline=None, max_examples=500)
settings.register_profile("nightly", deadline=None, max_examples=10_000)
settings.load_profile("test")


@pytest.fixture(scope="session")
def device() -> dict:
    """Set up TensorFlow once, before anything computes in this process."""
    return devices.set_up(threads=2)


ORDER = {"test_run.py": 0, "test_method.py": 0, "test_tutorial.py": 2}
"""The longest files first, and what waits for the study of another worker last; others are 1."""


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Keep all workers busy."""
    items.sort(key=lambda item: ORDER.get(item.path.name, 1))
