"""Whoever starts the servers, and however that one dies, nothing is left behind."""

import json
import os
import signal
import subprocess
import sys
import sysconfig
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest

from services.cli.embedded.launcher import unprivileged_user
from services.cli.embedded.postgres import find_postgres, start_postgres, wheel_binaries
from services.cli.embedded.process import (
    EmbeddedServerError,
    Identity,
    unprivileged_identity,
    until,
)
from services.cli.embedded.valkey import find_valkey

ROOT = Path(__file__).resolve().parents[3]
STARTER = Path(__file__).with_name("starter.py")
LEAVING_SECONDS = 30.0
ENVIRONMENT = {
    "PATH": os.defpath,
    "PYTHONPATH": os.pathsep.join([str(ROOT), sysconfig.get_path("purelib")]),
    "LC_ALL": "C",
}

pytestmark = pytest.mark.skipif(
    not sys.platform.startswith("linux"), reason="only Linux tells a server that its starter died"
)
as_root_only = pytest.mark.skipif(os.geteuid() != 0, reason="only root can become somebody else")


@contextmanager
def started(
    data_dir: Path, *, python: str = sys.executable, user: int | None = None
) -> Iterator[subprocess.Popen[str]]:
    with subprocess.Popen(
        [python, STARTER, data_dir],
        env=ENVIRONMENT,
        stdout=subprocess.PIPE,
        text=True,
        cwd="/",
        start_new_session=True,
        user=user,
        group=user,
        extra_groups=None if user is None else [],
    ) as process:
        try:
            yield process
        finally:
            process.kill()


def python_for(user: int) -> str:
    """A Python of our version that this user may run, and our packages and checkout with it."""
    system = f"/usr/bin/python{sys.version_info[0]}.{sys.version_info[1]}"
    question = (
        f"import services.cli.embedded.valkey as v; v.wheel_binary().stat(); open({str(STARTER)!r})"
    )
    for python in (sys.executable, system):
        with suppress(OSError):
            asked = subprocess.run(
                [python, "-c", question],
                env=ENVIRONMENT,
                cwd="/",
                user=user,
                group=user,
                extra_groups=[],
                capture_output=True,
                check=False,
            )
            if asked.returncode == 0:
                return python
    pytest.skip("an ordinary user may not enter the folder of this Python or of this checkout")


def server_pids(starter: subprocess.Popen[str]) -> list[int]:
    assert starter.stdout is not None
    return [server["pid"] for server in json.loads(starter.stdout.readline())]


def gone(pids: list[int]) -> bool:
    return not any(Path(f"/proc/{pid}").exists() for pid in pids)


@pytest.mark.faults
@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGTERM, signal.SIGINT])
def test_a_killed_starter_leaves_no_orphan(tmp_path: Path, number: signal.Signals) -> None:
    with started(tmp_path) as starter:
        pids = server_pids(starter)
        assert not gone(pids)
        starter.send_signal(number)
        starter.wait()
        assert until(lambda: gone(pids), LEAVING_SECONDS)
    with started(tmp_path) as again:
        assert server_pids(again)


@pytest.mark.faults
def test_a_starter_killed_while_the_data_is_laid_out_can_start_again(tmp_path: Path) -> None:
    with started(tmp_path) as starter:
        assert until((tmp_path / "postgres.new").exists, LEAVING_SECONDS)
        starter.kill()
    with started(tmp_path) as again:
        assert server_pids(again)


@as_root_only
def test_an_ordinary_user_can_start_both() -> None:
    user = unprivileged_user().pw_uid
    python = python_for(user)
    with tempfile.TemporaryDirectory(prefix="warmline-test-") as name:
        os.chown(name, user, user)
        with started(Path(name) / "data", python=python, user=user) as starter:
            pids = server_pids(starter)
            assert {Path(f"/proc/{pid}").stat().st_uid for pid in pids} == {user}
            starter.kill()
            assert until(lambda: gone(pids), LEAVING_SECONDS)


@as_root_only
def test_root_without_namespaces_runs_postgres_as_nobody() -> None:
    closed = [path for path in wheel_binaries().parents if not path.stat().st_mode & 0o001]
    if closed:
        pytest.skip(f"nobody may not enter {closed[-1]}")
    with tempfile.TemporaryDirectory(prefix="warmline-test-") as name:
        Path(name).chmod(0o711)
        data_dir = Path(name) / "data"
        for _twice in range(2):
            with start_postgres(data_dir, fsync=False, identity=Identity.NOBODY) as server:
                assert find_postgres(data_dir) == server.url
                owner = Path(f"/proc/{server.pid}").stat().st_uid
                assert owner == unprivileged_user().pw_uid


@as_root_only
def test_root_without_namespaces_is_told_which_folder_is_closed(tmp_path: Path) -> None:
    tmp_path.chmod(0o700)
    with pytest.raises(EmbeddedServerError, match="may not enter"):
        start_postgres(tmp_path / "data", identity=Identity.NOBODY)


def test_postgres_never_runs_as_root(tmp_path: Path) -> None:
    assert (unprivileged_identity() is Identity.SELF) == (os.geteuid() != 0)
    assert find_postgres(tmp_path) is None
    assert find_valkey(tmp_path) is None
