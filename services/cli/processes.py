"""Finds the Warmline of a data folder: whoever runs there, and the servers it runs on."""

import contextlib
import errno
import fcntl
import json
import os
from collections.abc import AsyncIterator, Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from pydantic import SecretStr

from services.cli.embedded.process import private_folder, until
from services.cli.terminal import CommandError
from services.core.settings import Settings

if TYPE_CHECKING:
    from services.core.kit.uow import Database

_LOCK_FILE = "up.lock"
_RUNTIME_FILE = "runtime.json"
_CLAIM_PATIENCE = 2.0  # seconds; one that was just told to stop needs a moment
_START_PATIENCE = 60.0  # seconds; a first start lays out a database before it says where it is


@dataclass(frozen=True, slots=True)
class Runtime:
    """Where a running `warmline up` can be reached. Kept in a file only its owner can read."""

    pid: int
    api_url: str
    database_url: str
    redis_url: str | None


@contextlib.contextmanager
def claim_folder(data_dir: Path, *, patience: float = _CLAIM_PATIENCE) -> Iterator[Path]:
    """Be the only `warmline up` of this folder; yields its full path. `patience` in seconds.

    Raises:
        CommandError: another one runs there.
    """
    folder = private_folder(data_dir.resolve())
    with _open_lock(folder / _LOCK_FILE) as lock:
        if not until(lambda: _try_lock(lock, fcntl.LOCK_EX), patience):
            raise CommandError(
                f"Warmline is already running in {folder}. Stop it first, or choose another "
                "folder with --data."
            )
        runtime = folder / _RUNTIME_FILE
        runtime.unlink(missing_ok=True)
        try:
            yield folder
        finally:
            runtime.unlink(missing_ok=True)


def publish(folder: Path, runtime: Runtime) -> None:
    """Say where this Warmline is, for the other commands of the same person."""
    growing = folder / f"{_RUNTIME_FILE}.new"
    growing.unlink(missing_ok=True)
    handle = os.open(growing, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with open(handle, "w", encoding="utf-8") as file:  # noqa: PTH123 - a descriptor, not a path
        json.dump(asdict(runtime), file)
    growing.replace(folder / _RUNTIME_FILE)


def find_runtime(data_dir: Path) -> Runtime | None:
    """Who runs in this folder now; waits for one that is still starting, None without any."""
    folder = data_dir.resolve()
    until(lambda: not _is_claimed(folder) or _read_runtime(folder) is not None, _START_PATIENCE)
    return _read_runtime(folder) if _is_claimed(folder) else None


def resolve_settings(data_dir: Path | None = None) -> Settings:
    """The environment's settings, completed by the servers that run in the data folder.

    Nothing is started. WARMLINE__DATABASE__URL wins over the folder; `data_dir` None is the
    configured folder, `.warmline` by default.

    Raises:
        CommandError: no database is named and none runs in the folder.
    """
    settings = Settings() if data_dir is None else Settings(data_dir=data_dir)
    if settings.database.url is not None:
        return settings
    runtime = find_runtime(settings.data_dir)
    if runtime is None:
        raise CommandError(
            f"No Warmline is running in {settings.data_dir.resolve()}. Start one with `warmline "
            "up`, name its folder with --data, or set WARMLINE__DATABASE__URL."
        )
    return with_servers(settings, runtime.database_url, runtime.redis_url)


def with_servers(settings: Settings, database_url: str, redis_url: str | None) -> Settings:
    """The same settings on these servers. A Redis named by the environment stays."""
    redis = settings.redis
    if redis.url is None and redis_url is not None:
        redis = redis.model_copy(update={"url": SecretStr(redis_url)})
    database = settings.database.model_copy(update={"url": SecretStr(database_url)})
    return settings.model_copy(update={"database": database, "redis": redis})


def database_address(settings: Settings) -> str:
    """The database's address in clear. Raises CommandError when there is none."""
    if settings.database.url is None:
        raise CommandError("Set WARMLINE__DATABASE__URL, or use `warmline up`, which brings one.")
    return settings.database.url.get_secret_value()


@contextlib.asynccontextmanager
async def opened_database(settings: Settings) -> AsyncIterator["Database"]:
    """A small pool for one command, closed at its end."""
    from services.core.kit.db import create_engine
    from services.core.kit.uow import Database
    from services.core.sandbox.clock import clock_for

    engine = create_engine(
        database_address(settings),
        pool_size=4,
        acquire_timeout=10.0,
        application_name="warmline-cli",
    )
    database = Database(engine, clock_for(sandboxes=settings.sandbox.enabled))
    try:
        yield database
    finally:
        await database.close()


@contextlib.contextmanager
def _open_lock(path: Path) -> Iterator[int]:
    # Not inheritable: the lock ends with this process, however it ends.
    handle = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
    try:
        yield handle
    finally:
        os.close(handle)


def _try_lock(handle: int, kind: int) -> bool:
    try:
        fcntl.flock(handle, kind | fcntl.LOCK_NB)
    except OSError as error:
        if error.errno in (errno.EWOULDBLOCK, errno.EACCES):
            return False
        raise
    return True


def _is_claimed(folder: Path) -> bool:
    """Whether a living `up` holds the folder; a process number in a file could be anybody's."""
    if not (folder / _LOCK_FILE).exists():
        return False
    with _open_lock(folder / _LOCK_FILE) as lock:
        return not _try_lock(lock, fcntl.LOCK_SH)


def _read_runtime(folder: Path) -> Runtime | None:
    try:
        return Runtime(**json.loads((folder / _RUNTIME_FILE).read_text(encoding="utf-8")))
    except (FileNotFoundError, ValueError, TypeError):
        return None
