"""Small disks that can be filled and made larger: tmpfs, where this machine lets us mount."""

import os
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

MB = 2**20


@dataclass(frozen=True, slots=True)
class SmallDisk:
    place: Path

    @property
    def free(self) -> int:
        """Bytes."""
        return shutil.disk_usage(self.place).free

    def fill(self, but: int) -> None:
        """Take all there is, but for so many bytes."""
        with (self.place / "ballast").open("wb") as ballast:
            os.posix_fallocate(ballast.fileno(), 0, self.free - but)

    def grow(self, megabytes: int) -> None:
        _run("mount", "-o", f"remount,size={megabytes}m", str(self.place))


@contextmanager
def small_disk(place: Path, megabytes: int) -> Iterator[SmallDisk]:
    """Mounted at a folder made for it, and gone at the end. Skips where we may not mount."""
    if os.geteuid() != 0:
        pytest.skip("only root may mount a small disk")
    place.mkdir(mode=0o700, parents=True)
    made = _try("mount", "-t", "tmpfs", "-o", f"size={megabytes}m,mode=0700", "tmpfs", str(place))
    if made.returncode != 0:
        pytest.skip(f"this machine lets nobody mount: {made.stderr.strip()}")
    try:
        yield SmallDisk(place)
    finally:
        # Lazily, when somebody is still in it: it goes when the last one leaves.
        if _try("umount", str(place)).returncode != 0:
            _run("umount", "--lazy", str(place))


def _try(*command: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(command, capture_output=True, text=True, check=False)


def _run(*command: str) -> None:
    answer = _try(*command)
    assert answer.returncode == 0, answer.stderr
