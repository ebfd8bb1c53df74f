"""Server processes that never outlive the one who started them, and folders fit to run them in."""

import contextlib
import errno
import fcntl
import functools
import hashlib
import os
import shutil
import signal
import stat
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from types import TracebackType
from typing import Self

from services.cli.embedded.launcher import unprivileged_user

_LAUNCHER = Path(__file__).with_name("launcher.py")
_SOCKET_PATH_LIMIT = 100  # bytes; sun_path holds 107 on Linux and 103 on macOS
_LONGEST_SOCKET_NAME = ".s.PGSQL.65535"
_PLAIN = frozenset("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789/._-")
_LOG_LIMIT = 10 * 2**20
_LOG_TAIL = 2_000
_POLL_SECONDS = 0.01
_LOCK_PATIENCE = 3.0  # seconds; a server whose starter was just killed needs a moment to leave


class EmbeddedServerError(Exception):
    """An embedded server cannot run; the text is a sentence for the person at the terminal."""


class Identity(StrEnum):
    """Who a server runs as. Postgres refuses to be root."""

    SELF = "self"
    NAMESPACE = "namespace"  # nobody in a user namespace mapped onto root
    NOBODY = "nobody"  # a real unprivileged account, where namespaces are refused


@dataclass(frozen=True, slots=True)
class RunningServer:
    """A server this process started; leaving the `with` block stops it."""

    name: str
    url: str
    log: Path
    sockets: Path
    process: subprocess.Popen[bytes]
    farewell: tuple[tuple[signal.Signals, float], ...]
    """Signals to send in turn, each with the seconds to wait for the next; SIGKILL comes last."""

    @property
    def pid(self) -> int:
        return self.process.pid

    @property
    def running(self) -> bool:
        return self.process.poll() is None

    def stop(self) -> None:
        """Returns when the process is gone; harmless when it already is."""
        for number, patience in (*self.farewell, (signal.SIGKILL, None)):
            if not self.running:
                break
            self.process.send_signal(number)
            with contextlib.suppress(subprocess.TimeoutExpired):
                self.process.wait(patience)
        with contextlib.suppress(OSError):  # the other server is still in it, or it was never made
            self.sockets.rmdir()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.stop()


def launch(
    command: Sequence[str | Path],
    *,
    identity: Identity,
    death_signal: signal.Signals,
    log: Path,
    lock: int,
) -> subprocess.Popen[bytes]:
    """Starts `command` in a session of its own; no locale or PG* variable of ours leaks in.

    The kernel sends the death signal when the *thread* that started it ends, hence the main
    thread only. The server inherits the lock, so it is held as long as any process of it lives.
    """
    if threading.current_thread() is not threading.main_thread():
        raise RuntimeError("start embedded servers from the main thread")
    with _open_log(log) as output:
        return subprocess.Popen(
            _wrapped(command, identity, death_signal),
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            cwd="/",
            env={"PATH": os.defpath},
            pass_fds=(lock,),
            start_new_session=True,
        )


def run(
    command: Sequence[str | Path],
    *,
    identity: Identity = Identity.SELF,
    stdin: str = "",
) -> subprocess.CompletedProcess[str]:
    """Runs a server's tool to its end in the same clean environment; never raises on failure."""
    return subprocess.run(
        _wrapped(command, identity, signal.SIGTERM),
        input=stdin,
        capture_output=True,
        text=True,
        check=False,
        cwd="/",
        env={"PATH": os.defpath},
        start_new_session=True,
    )


def _wrapped(
    command: Sequence[str | Path], identity: Identity, death_signal: signal.Signals
) -> list[str | Path]:
    launcher: list[str | Path] = [sys.executable, "-I", "-S", _LAUNCHER]
    return [*launcher, str(os.getpid()), str(int(death_signal)), identity, *command]


def _open_log(log: Path) -> contextlib.AbstractContextManager[int]:
    if log.exists() and log.stat().st_size > _LOG_LIMIT:
        log.replace(log.with_suffix(".log.1"))
    return _closing(os.open(log, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600))


@contextlib.contextmanager
def _closing(descriptor: int) -> Iterator[int]:
    try:
        yield descriptor
    finally:
        os.close(descriptor)


@functools.cache
def unprivileged_identity() -> Identity:
    """How a server that refuses root can run here: as we are, in a user namespace, or as nobody."""
    if os.geteuid() != 0:
        return Identity.SELF
    true = shutil.which("true", path=os.defpath)
    if true and run([true], identity=Identity.NAMESPACE).returncode == 0:
        return Identity.NAMESPACE
    return Identity.NOBODY


def private_folder(path: Path) -> Path:
    """Creates a folder only we can enter.

    Raises:
        EmbeddedServerError: somebody else's folder, or a link, stands in its place.
    """
    path.mkdir(mode=0o700, parents=True, exist_ok=True)
    ours = {os.geteuid()}
    if os.geteuid() == 0:
        ours.add(unprivileged_user().pw_uid)  # whom root hands its folders to, without namespaces
    found = path.lstat()
    if not stat.S_ISDIR(found.st_mode) or found.st_uid not in ours:
        raise EmbeddedServerError(f"{path} belongs to somebody else; remove it or choose another.")
    return path


def socket_folder(data_dir: Path) -> Path:
    """Where the sockets of a data folder live: inside it, or under the temporary folder.

    A socket's path holds about 100 bytes, and URLs and server flags each read blanks and commas
    their own way, so only a short and plain path is used as it is.
    """
    inside = data_dir / "run"
    if _fits(inside):
        return inside
    key = hashlib.sha256(os.fsencode(data_dir)).hexdigest()[:12]
    outside = Path(tempfile.gettempdir()).resolve() / f"warmline-{os.geteuid()}-{key}"
    if not _fits(outside):
        raise EmbeddedServerError(
            f"No short, plain folder for sockets: {outside} will not do. Point TMPDIR at one."
        )
    return outside


def _fits(folder: Path) -> bool:
    text = str(folder / _LONGEST_SOCKET_NAME)
    return len(text) <= _SOCKET_PATH_LIMIT and _PLAIN.issuperset(text)


@contextlib.contextmanager
def exclusive(lock_file: Path, what: str) -> Iterator[int]:
    """Holds a data folder's lock while its server starts; the server inherits and keeps it.

    Raises:
        EmbeddedServerError: another server holds it.
    """
    descriptor = os.open(lock_file, os.O_RDWR | os.O_CREAT, 0o600)
    with _closing(descriptor):
        if not until(lambda: _locked(descriptor), _LOCK_PATIENCE):
            raise EmbeddedServerError(
                f"{what} in {lock_file.parent} is already running. Stop the other Warmline first, "
                "or choose another folder with --data."
            )
        yield descriptor


def _locked(descriptor: int) -> bool:
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as error:
        if error.errno in (errno.EWOULDBLOCK, errno.EACCES):
            return False
        raise
    return True


def until(condition: Callable[[], bool], patience: float) -> bool:
    """Polls a condition for up to `patience` seconds; tells whether it came true."""
    deadline = time.monotonic() + patience
    while not condition():
        if time.monotonic() > deadline:
            return False
        time.sleep(_POLL_SECONDS)
    return True


def wait_until_ready(server: RunningServer, ready: Callable[[], bool], patience: float) -> None:
    """Blocks until the server answers; stops it when it does not, or when we are interrupted.

    Raises:
        EmbeddedServerError: it ended or kept silent; carries the end of its log.
    """
    try:
        answered = until(lambda: not server.running or ready(), patience)
        if answered and server.running:
            return
    except BaseException:
        server.stop()
        raise
    why = "kept silent" if server.running else f"ended with code {server.process.returncode}"
    server.stop()
    raise EmbeddedServerError(
        f"{server.name} {why} instead of starting. The end of {server.log}:\n{log_tail(server.log)}"
    )


def log_tail(log: Path) -> str:
    try:
        return log.read_bytes()[-_LOG_TAIL:].decode("utf-8", "replace").strip()
    except FileNotFoundError:
        return "(no log was written)"
