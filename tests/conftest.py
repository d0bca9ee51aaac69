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


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """The longest files first; of two workers only one then waits for the finished study."""
    items.sort(key=lambda item: item.path.name not in ("test_run.py", "test_method.py"))
