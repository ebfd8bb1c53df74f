"""Processes of the product that start at once: each a fork of one that has imported everything.

`bear` starts `warmline ARGUMENTS` as a process of its own, a child of whoever asks, with its own
exit code, files and environment. Python takes seconds of a processor to import the product anew,
and a run of all tests starts some hundreds of processes. What starts by itself, from nothing, is
tried by `tests/e2e/test_up.py` and `tests/integration/cli/test_commands.py`.
"""

import atexit
import ctypes
import fcntl
import gc
import importlib
import json
import os
import pkgutil
import select
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from threading import Lock
from typing import Any, Final

import coverage

import services
from services.api.main import _kept_routes
from services.cli.embedded import launcher
from services.core.triage.engine import load_classifier

ROOT: Final = Path(services.__file__).parents[1]
_PR_SET_CHILD_SUBREAPER: Final = 36
_LONGEST_REQUEST: Final = 1 << 20  # bytes
_MOST_FILES: Final = 16
_OUT_OF_THE_WAY: Final = 256  # no file of a process under test has so high a number
# Measuring instruments of their own, and the program itself.
_NOT_IMPORTED: Final = ("bench", "__main__")


@dataclass(slots=True)
class Newborn:
    """What `subprocess.Popen` is for a process that was forked elsewhere."""

    pid: int
    returncode: int | None = None

    def poll(self) -> int | None:
        if self.returncode is None:
            gone, status = os.waitpid(self.pid, os.WNOHANG)
            if gone:
                self.returncode = os.waitstatus_to_exitcode(status)
        return self.returncode

    def wait(self, timeout: float | None = None) -> int:
        """Its exit code. Raises TimeoutError when it has none after so many seconds."""
        if self.poll() is None:
            watched = os.pidfd_open(self.pid)
            try:
                select.select([watched], [], [], timeout)
            finally:
                os.close(watched)
        code = self.poll()
        if code is None:
            raise TimeoutError(f"{self.pid} still runs")
        return code


def bear(
    arguments: Sequence[str],
    *,
    environment: Mapping[str, str],
    folder: Path | str,
    files: Mapping[int, int],
    measured: bool = False,
) -> Newborn:
    """Start `warmline ARGUMENTS` in a session of its own; the kernel ends it with this process.

    `files` are ours by the numbers it will know them by. What it runs counts as covered only if
    `measured`.
    """
    wish = {
        "arguments": [*arguments],
        "environment": dict(environment),
        "folder": str(folder),
        "numbers": [*files],
        "starter": os.getpid(),
    }
    return _nursery(measured).bear(wish, [*files.values()])


class _Nursery:
    """A process that has imported the product, at the other end of a line."""

    def __init__(self, *, measured: bool) -> None:
        self._lock = Lock()
        self._line, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        with theirs:
            self._process = subprocess.Popen(
                [sys.executable, "-P", "-m", "tests.support.nursery", str(theirs.fileno())],
                env=_environment(measured=measured),
                stdin=subprocess.DEVNULL,
                pass_fds=(theirs.fileno(),),
                start_new_session=True,
            )
        atexit.register(self.close)

    def bear(self, wish: dict[str, Any], files: list[int]) -> Newborn:
        with self._lock, _adopting():
            socket.send_fds(self._line, [json.dumps(wish).encode()], files)
            answer = self._line.recv(64)
        if not answer:
            raise RuntimeError(f"the nursery ended with {self._process.wait()}")
        return Newborn(int(answer))

    def close(self) -> None:
        self._line.close()
        self._process.wait()


@cache
def _nursery(measured: bool) -> _Nursery:
    return _Nursery(measured=measured)


def _environment(*, measured: bool) -> dict[str, str]:
    """Nothing of the product's; and what is read but once, when modules are imported."""
    inherited = {
        name: value
        for name, value in os.environ.items()
        if not name.startswith("WARMLINE") and (measured or not name.startswith("COVERAGE"))
    }
    return inherited | {"PYTHONPATH": str(ROOT), "COLUMNS": "100", "NO_COLOR": "1"}


@contextmanager
def _adopting() -> Iterator[None]:
    """Orphans below us become our children meanwhile: who bore them ends at once."""
    kernel = ctypes.CDLL(None)
    kernel.prctl(_PR_SET_CHILD_SUBREAPER, 1)
    try:
        yield
    finally:
        kernel.prctl(_PR_SET_CHILD_SUBREAPER, 0)


# ---- In the nursery


def main() -> None:
    line = socket.socket(fileno=int(sys.argv[1]))
    _import_everything()
    # What follows is written by each child into a file of its own, without what was before.
    if (measuring := coverage.Coverage.current()) is not None:
        measuring.save()
    else:
        # Servers make them first of all: they are the same for every one.
        _kept_routes()
        load_classifier()
    gc.freeze()
    wish, files = _wait_to_be_born(line)
    line.close()
    _grow_up(wish, files)
    # As `python -m services.cli.main` goes on from here.
    from services.cli.main import app  # noqa: PLC0415 - the fork decides what it is

    sys.argv = ["warmline", *wish["arguments"]]
    app(prog_name="warmline")


def _import_everything() -> None:
    """Commands import what they need when they run, so that `--help` answers at once."""
    for found in pkgutil.walk_packages(services.__path__, "services."):
        if not found.name.rpartition(".")[2].startswith(_NOT_IMPORTED):
            importlib.import_module(found.name)


def _wait_to_be_born(line: socket.socket) -> tuple[dict[str, Any], list[int]]:
    """Returns in every child; the nursery itself never does."""
    while True:
        said, files, _, _ = socket.recv_fds(line, _LONGEST_REQUEST, _MOST_FILES)
        if not said:
            # What is covered here was written down; whoever asked may be gone already.
            os._exit(0)
        reading, writing = os.pipe()
        between = os.fork()
        if between == 0:
            between = os.getpid()
            child = os.fork()
            if child == 0:
                os.close(reading)
                os.close(writing)
                _wait_for_adoption(between)
                return json.loads(said), files
            os.write(writing, str(child).encode())
            os._exit(0)
        os.waitpid(between, 0)
        line.send(os.read(reading, 64))
        for each in (reading, writing, *files):
            os.close(each)


def _wait_for_adoption(between: int) -> None:
    """Who is between us and the starter ends at once."""
    while os.getppid() == between:
        time.sleep(0.001)


def _grow_up(wish: dict[str, Any], files: list[int]) -> None:
    """Become what was wished for: the files, the place and the environment, and whose child."""
    os.setsid()
    launcher.die_with(wish["starter"], signal.SIGKILL)
    os.umask(0o077)
    safe = [fcntl.fcntl(each, fcntl.F_DUPFD_CLOEXEC, _OUT_OF_THE_WAY) for each in files]
    for each in files:
        os.close(each)
    for number, each in zip(wish["numbers"], safe, strict=True):
        os.dup2(each, number)
        os.close(each)
    os.chdir(wish["folder"])
    os.environ.clear()
    os.environ.update(wish["environment"])


if __name__ == "__main__":
    main()
