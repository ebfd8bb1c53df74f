"""Real servers for tests: embedded ones, or external ones named in the environment."""

import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from services.cli.embedded.postgres import start_postgres
from services.cli.embedded.valkey import start_valkey

DATABASE_VARIABLE = "WARMLINE_TEST_DATABASE_URL"
REDIS_VARIABLE = "WARMLINE_TEST_REDIS_URL"


@dataclass(frozen=True, slots=True)
class ServerAddress:
    """Where a server for tests listens; whose it is does not matter to a test."""

    url: str


@contextmanager
def postgres_for_tests() -> Iterator[ServerAddress]:
    """A superuser's address on an empty database of a server that keeps nothing."""
    if named := os.environ.get(DATABASE_VARIABLE):
        yield ServerAddress(named)
        return
    with _folder() as folder, start_postgres(folder, fsync=False) as server:
        yield ServerAddress(server.url)


@contextmanager
def valkey_for_tests() -> Iterator[ServerAddress]:
    if named := os.environ.get(REDIS_VARIABLE):
        yield ServerAddress(named)
        return
    with _folder() as folder, start_valkey(folder) as server:
        yield ServerAddress(server.url)


@contextmanager
def _folder() -> Iterator[Path]:
    with tempfile.TemporaryDirectory(prefix="warmline-test-") as name:
        yield Path(name)
