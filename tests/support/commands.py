"""The warmline command as a person runs it: real processes, read by what they print."""

import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from tempfile import TemporaryFile
from typing import BinaryIO

from tests.support.nursery import ROOT, bear

PATIENCE = 180.0  # seconds; a busy machine starts slowly, and no test passes by being fast


def warmline(*arguments: str | Path, **environment: str) -> subprocess.CompletedProcess[str]:
    """Run a command to its end, in a process that has imported everything already."""
    typed = [str(each) for each in arguments]
    with TemporaryFile() as out, TemporaryFile() as err, Path(os.devnull).open("rb") as nothing:
        process = bear(
            typed,
            environment=_environment(environment),
            folder=Path.cwd(),
            files={0: nothing.fileno(), 1: out.fileno(), 2: err.fileno()},
            measured=True,
        )
        try:
            code = process.wait(PATIENCE)
        except TimeoutError:
            os.kill(process.pid, signal.SIGKILL)
            process.wait()
            raise
        return subprocess.CompletedProcess(typed, code, *map(_written, (out, err)))


def warmline_from_nothing(
    *arguments: str | Path, **environment: str
) -> subprocess.CompletedProcess[str]:
    """Run a command to its end, as a shell would start it."""
    return subprocess.run(
        _command(*arguments),
        env=_environment(environment),
        capture_output=True,
        text=True,
        timeout=PATIENCE,
        check=False,
    )


class RunningUp:
    """A `warmline up` in the background, with everything it has said so far."""

    def __init__(self, process: subprocess.Popen[bytes], output: Path) -> None:
        self.process = process
        self._output = output

    @property
    def said(self) -> str:
        return self._output.read_text(encoding="utf-8")

    @property
    def url(self) -> str:
        return re.findall(r"^API: (\S+)/v1", self.said, re.MULTILINE)[-1]

    def wait_for(self, text: str) -> None:
        until(lambda: text in self.said or self.process.poll() is not None, f"{text!r} is said")
        assert text in self.said, self.said

    def end(self, number: signal.Signals) -> int:
        """Send the signal; the exit code, negative when a signal ended it."""
        self.process.send_signal(number)
        return self.process.wait(PATIENCE)

    def family(self) -> dict[str, int]:
        """Its direct children by what they are, with their process numbers."""
        marks = {
            " api ": "api",
            " worker ": "worker",
            "valkey-server": "valkey",
            "/postgres ": "postgres",
        }
        found: dict[str, int] = {}
        for pid in children_of(self.process.pid):
            line = f"{command_line(pid)} "
            found |= {name: pid for mark, name in marks.items() if mark in line}
        return found


@contextmanager
def running_up(folder: Path, *arguments: str, **environment: str) -> Iterator[RunningUp]:
    """`warmline up` on a port of its choice; killed at the end if it still runs."""
    output = folder.with_suffix(".out")
    command = _command("up", "--port", "0", "--data", folder, *arguments)
    with (
        output.open("wb") as out,
        subprocess.Popen(
            command, env=_environment(environment), stdout=out, stderr=out, start_new_session=True
        ) as process,
    ):
        try:
            yield RunningUp(process, output)
        finally:
            process.kill()


def until(holds: Callable[[], bool], what: str) -> None:
    deadline = time.monotonic() + PATIENCE
    while not holds():
        assert time.monotonic() < deadline, f"never came true: {what}"
        time.sleep(0.02)


def everybody_below(pid: int) -> set[int]:
    below = set(children_of(pid))
    return below.union(*(everybody_below(child) for child in below))


def children_of(pid: int) -> list[int]:
    found: list[int] = []
    for task in Path(f"/proc/{pid}/task").iterdir():
        # A thread may end between being listed and being asked.
        with suppress(FileNotFoundError, ProcessLookupError):
            found += map(int, (task / "children").read_text(encoding="ascii").split())
    return found


def is_alive(pid: int) -> bool:
    """A zombie is not: it only waits to be counted."""
    try:
        status = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8", errors="replace")
    except (FileNotFoundError, ProcessLookupError):
        return False
    return status.rpartition(")")[2].split()[0] != "Z"


def command_line(pid: int) -> str:
    try:
        return Path(f"/proc/{pid}/cmdline").read_text(encoding="utf-8").replace("\0", " ")
    except (FileNotFoundError, ProcessLookupError):
        return ""


def _written(file: BinaryIO) -> str:
    file.seek(0)
    return file.read().decode()


def _command(*arguments: str | Path) -> list[str | Path]:
    return [sys.executable, "-P", "-m", "services.cli.main", *arguments]


def _environment(extra: dict[str, str]) -> dict[str, str]:
    # What is covered is counted where it costs little: in `warmline`, by the nursery.
    inherited = {name: value for name, value in os.environ.items() if "COVERAGE" not in name}
    return {**inherited, "PYTHONPATH": str(ROOT), "COLUMNS": "100", "NO_COLOR": "1", **extra}
