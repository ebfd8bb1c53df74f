"""What every test may ask for: real servers, and nothing exported in somebody's shell."""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import settings

from tests.support.servers import ServerAddress, postgres_for_tests, valkey_for_tests

pytest_plugins = [
    "tests.support.db",
    "tests.support.client",
    "tests.support.line",
    "tests.support.processes",
    "tests.support.brands",
    "tests.support.pairs",
]

# Times are measured by `make bench`; a busy machine makes no property false.
settings.register_profile("warmline", deadline=None)
settings.load_profile("warmline")

# What they run is run by other tests too, and counting covered lines costs as much as they do.
_NOT_COUNTED = tuple(Path(__file__).parent / name for name in ("e2e", "faults", "fuzz"))

# Tests never depend on what somebody exported in a shell.
for _name in [name for name in os.environ if name.startswith("WARMLINE__")]:
    del os.environ[_name]


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if not set(item.path.parents).isdisjoint(_NOT_COUNTED):
            item.add_marker(pytest.mark.no_cover)


@pytest.fixture(scope="session")
def postgres_server() -> Iterator[ServerAddress]:
    """One server a test process, started when first asked for."""
    with postgres_for_tests() as server:
        yield server


@pytest.fixture(scope="session")
def valkey_server() -> Iterator[ServerAddress]:
    """One server a test process, started when first asked for."""
    with valkey_for_tests() as server:
        yield server
