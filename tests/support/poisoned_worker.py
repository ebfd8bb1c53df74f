"""A supervised worker whose classifier takes poison: a subject for fault tests.

Run as `python -m tests.support.poisoned_worker FOLDER STALL_SECONDS`. The product is imported once;
each life is a fork of that, so a death costs little. The product's own code is not touched: the
classifier goes in through the door `run` has. FOLDER gets `deaths`, a line of time and wait status
for each, and `tries`, a line for each time a poison was taken.
"""

import asyncio
import ctypes
import os
import resource
import signal
import sys
import time
from collections.abc import Sequence
from pathlib import Path

from services.core.settings import Settings
from services.core.triage.engine import load_classifier
from services.core.triage.types import Decision, TriageInput
from services.worker.main import run

# What the text of a message does to whoever judges it.
RAISES, LOOPS, EATS, EXITS = "poison:raises", "poison:loops", "poison:eats", "poison:exits"
_FEAST = 1 << 30  # bytes
_ROOM = 1 << 29  # bytes a life may take beyond what it starts with
_PR_SET_PDEATHSIG = 1


class Poisoned:
    """The product's classifier, except for what it dies of."""

    def __init__(self, tries: Path) -> None:
        self._judges = load_classifier()
        self._tries = tries
        self.engine = self._judges.engine
        self.engine_version = self._judges.engine_version
        self.rules_version = self._judges.rules_version

    def judge(self, message: TriageInput) -> Decision:
        if message.text.startswith("poison:"):
            append(self._tries, message.text)
            self._take(message.text)
        return self._judges.judge(message)

    def judge_many(self, messages: Sequence[TriageInput]) -> list[Decision]:
        return [self.judge(message) for message in messages]

    def _take(self, poison: str) -> None:
        if poison == RAISES:
            raise RuntimeError(poison)
        if poison == EATS:
            bytearray(_FEAST)
        if poison == EXITS:
            os._exit(3)
        while poison == LOOPS:
            pass


def append(path: Path, line: str) -> None:
    with path.open("a", encoding="utf-8") as file:
        file.write(line + "\n")


def live(folder: Path, stall_seconds: float) -> None:
    """One life; it dies with its parent in any case."""
    ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
    pages = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[0])
    taken = pages * resource.getpagesize()
    resource.setrlimit(resource.RLIMIT_AS, (taken + _ROOM, taken + _ROOM))
    classifier = Poisoned(folder / "tries")
    asyncio.run(run(Settings(), classifier=classifier, stall_seconds=stall_seconds))


def main() -> None:
    folder, stall_seconds = Path(sys.argv[1]), float(sys.argv[2])
    load_classifier()
    while True:
        child = os.fork()
        if child == 0:
            live(folder, stall_seconds)
            os._exit(0)
        _, status = os.waitpid(child, 0)
        append(folder / "deaths", f"{time.time()} {status}")
        if status == 0:
            return


if __name__ == "__main__":
    main()
