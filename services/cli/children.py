"""Processes that `warmline up` keeps alive and that never outlive it."""

import asyncio
import contextlib
import os
import signal
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import services
from services.cli.embedded import launcher
from services.cli.embedded.process import log_tail
from services.core.kit.clock import monotonic

_LOG_LIMIT = 10 * 2**20  # bytes; an older log is kept beside it, one
_FIRST_PAUSE = 0.5  # seconds before a dead child is started again, doubled each time
_LONGEST_PAUSE = 15.0
_SETTLED_SECONDS = 30.0  # lived so long: the next death is a new story
_TAIL_LINES = 5


@dataclass(slots=True)
class Child:
    """One door as a process of its own: started behind a gate, started again when it dies.

    The kernel ends it with us (PR_SET_PDEATHSIG follows the thread that forked, and asyncio forks
    in the loop's thread). A session of its own keeps the terminal's Ctrl-C from it: we end things
    in order.
    """

    name: str
    arguments: Sequence[str]
    environment: Mapping[str, str]
    log: Path
    tell: Callable[[str], None]
    inherited: tuple[int, ...] = ()
    starts: int = 0
    _process: asyncio.subprocess.Process | None = None
    _watching: asyncio.Task[None] | None = None
    _ending: bool = False
    _started_at: float = field(default=0.0)

    @property
    def pid(self) -> int | None:
        return self._process.pid if self._process else None

    async def start(self) -> None:
        """Start behind the gate: it imports what it needs, then waits for `open_gate`."""
        await self._spawn(gated=True)

    def open_gate(self) -> None:
        """Let it begin, and from now on start it again whenever it ends."""
        process = self._process
        if process is not None and process.stdin is not None:
            with contextlib.suppress(ConnectionError):
                process.stdin.write(b"\n")
                process.stdin.close()
        self._watching = asyncio.create_task(self._watch())

    async def stop(self, patience: float) -> None:
        """SIGTERM, so many seconds of patience, SIGKILL. Returns when it is gone."""
        self._ending = True
        if self._watching is not None:
            self._watching.cancel()
            await asyncio.gather(self._watching, return_exceptions=True)
        process = self._process
        if process is None:
            return
        for number, seconds in ((signal.SIGTERM, patience), (signal.SIGKILL, None)):
            with contextlib.suppress(ProcessLookupError):
                process.send_signal(number)
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(process.wait(), seconds)
                return

    async def _watch(self) -> None:
        pause = _FIRST_PAUSE
        while self._process is not None:
            code = await self._process.wait()
            if self._ending:
                return
            if monotonic() - self._started_at > _SETTLED_SECONDS:
                pause = _FIRST_PAUSE
            self.tell(self._obituary(code, pause))
            await asyncio.sleep(pause)
            pause = min(pause * 2, _LONGEST_PAUSE)
            await self._spawn(gated=False)

    async def _spawn(self, *, gated: bool) -> None:
        command = [*our_command(self.arguments), *(["--gated"] if gated else [])]
        with _appending(self.log) as output:
            self._process = await asyncio.create_subprocess_exec(
                *command,
                stdin=asyncio.subprocess.PIPE if gated else asyncio.subprocess.DEVNULL,
                stdout=output,
                stderr=output,
                env=with_our_code(self.environment),
                pass_fds=self.inherited,
                start_new_session=True,
            )
        self._started_at = monotonic()
        self.starts += 1

    def _obituary(self, code: int, pause: float) -> str:
        how = f"was ended by signal {-code}" if code < 0 else f"ended with code {code}"
        last = "\n".join(log_tail(self.log).splitlines()[-_TAIL_LINES:])
        return f"The {self.name} {how}; starting it again in {pause:g} s. Its log says:\n{last}"


async def run_to_end(arguments: Sequence[str], environment: Mapping[str, str]) -> tuple[int, str]:
    """Run one of our commands; returns its exit code and what it said on stderr.

    Cancelling kills it: a migration is then undone by the database.
    """
    process = await asyncio.create_subprocess_exec(
        *our_command(arguments),
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.DEVNULL,
        stderr=asyncio.subprocess.PIPE,
        env=with_our_code(environment),
        start_new_session=True,
    )
    try:
        _, said = await process.communicate()
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()
    return process.returncode or 0, said.decode("utf-8", "replace")


def our_command(arguments: Sequence[str]) -> list[str]:
    guard = [sys.executable, "-I", "-S", launcher.__file__]
    guard += [str(os.getpid()), str(int(signal.SIGTERM)), "self"]
    return [*guard, sys.executable, "-P", "-m", "services.cli.main", *arguments]


def with_our_code(environment: Mapping[str, str]) -> dict[str, str]:
    """The child imports the code we run, installed or not, whatever folder we stand in."""
    root = str(Path(services.__file__).parent.parent)
    paths = [root, *filter(None, environment.get("PYTHONPATH", "").split(os.pathsep))]
    return {**environment, "PYTHONPATH": os.pathsep.join(dict.fromkeys(paths))}


@contextlib.contextmanager
def _appending(path: Path) -> Iterator[int]:
    if path.exists() and path.stat().st_size > _LOG_LIMIT:
        path.replace(path.with_suffix(".log.1"))
    handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
    try:
        yield handle
    finally:
        os.close(handle)
