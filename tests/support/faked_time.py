"""Processes that live by another clock, which a test moves while they run: libfaketime, preloaded.

As a program, `python -m tests.support.faked_time LIBRARY FILE MODULE ARGS...` becomes that module
under the clock of the file. Time that only measures stays true: loops and timeouts go on as ever.
"""

import os
import shlex
import sys
from dataclasses import dataclass
from pathlib import Path

import pytest

_FOLDERS = ("/usr/lib/x86_64-linux-gnu", "/usr/lib/aarch64-linux-gnu", "/usr/lib", "/usr/lib64")
_NAME = "faketime/libfaketimeMT.so.1"
_WHY_NOT = "libfaketime is not installed (Debian: apt-get install libfaketime)"


def find_library() -> Path | None:
    found = (Path(folder) / _NAME for folder in _FOLDERS)
    return next((path for path in found if path.exists()), None)


needs_faketime = pytest.mark.skipif(find_library() is None, reason=_WHY_NOT)


@dataclass(frozen=True, slots=True)
class FakedClock:
    """How far whoever lives by this file is from the truth; it is read at every look at a clock."""

    file: Path

    def jump(self, to: str) -> None:
        """`+1h`, `-10m`, `+30d`: from the truth, not from where it stands."""
        growing = self.file.with_suffix(".new")
        growing.write_text(to + "\n", encoding="ascii")
        growing.chmod(0o644)
        growing.replace(self.file)

    def command(self, module: str, *arguments: str) -> tuple[str, ...]:
        """What Python must be given to be this module under this clock."""
        own = ("-m", "tests.support.faked_time", str(find_library()), str(self.file))
        return (*own, module, *arguments)

    def wrap(self, binaries: Path, into: Path) -> Path:
        """A folder with the programs of Postgres, each under this clock."""
        into.mkdir()
        faked = [f"{name}={value}" for name, value in environment(self.file).items()]
        for program in ("postgres", "initdb"):
            script = into / program
            command = shlex.join(["env", *faked, str(binaries / program)])
            script.write_text(f'#!/bin/sh\nexec {command} "$@"\n', encoding="utf-8")
            script.chmod(0o755)
        return into


def environment(file: Path | str, library: Path | str | None = None) -> dict[str, str]:
    return {
        "LD_PRELOAD": str(library or find_library()),
        "FAKETIME_TIMESTAMP_FILE": str(file),
        "FAKETIME_NO_CACHE": "1",
        # Without it the timers of loops stand still or run wild.
        "FAKETIME_DONT_FAKE_MONOTONIC": "1",
    }


def main() -> None:
    library, file, module, *arguments = sys.argv[1:]
    os.environ.update(environment(file, library))
    program = [sys.executable, "-P", "-m", module, *arguments]
    os.execv(program[0], program)  # noqa: S606 - it becomes a process of ours, no shell


if __name__ == "__main__":
    main()
