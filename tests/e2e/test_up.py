"""`warmline up` as a person meets it: started, looked at, interrupted, killed, started again."""

import os
import re
import signal
import socket
import sys
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import httpx
import pytest

from tests.support.commands import RunningUp, everybody_below, is_alive, running_up, until, warmline
from tests.support.db import run_sql, url_of
from tests.support.servers import DATABASE_VARIABLE

pytestmark = [
    pytest.mark.e2e,
    pytest.mark.skipif(
        not sys.platform.startswith("linux"), reason="processes are found in Linux's /proc"
    ),
]
READY = "servers ready in"
KEY = r"wl_[a-z0-9]+_[a-z0-9]+"


@pytest.fixture(scope="module")
async def external() -> AsyncIterator[dict[str, str]]:
    """Nothing; or, where the tests run on a server of their own, an empty database on it."""
    server = os.environ.get(DATABASE_VARIABLE)
    if server is None:
        yield {}
        return
    name = f"warmline_up_{os.getpid()}"
    await run_sql(server, f'CREATE DATABASE "{name}"')
    yield {"WARMLINE__DATABASE__URL": url_of(server, name)}
    await run_sql(server, f'DROP DATABASE "{name}" WITH (FORCE)')


@pytest.fixture(scope="module")
def up(
    tmp_path_factory: pytest.TempPathFactory, external: dict[str, str]
) -> Iterator[tuple[RunningUp, Path]]:
    """An empty Warmline that runs for the tests of this module that do not end it."""
    folder = tmp_path_factory.mktemp("up") / "data"
    with running_up(folder, "--no-demo", **external) as running:
        running.wait_for(READY)
        yield running, folder


def test_an_empty_warmline_answers_and_hands_out_keys(up: tuple[RunningUp, Path]) -> None:
    running, folder = up
    made = warmline("keys", "create", "--scope", "admin", "--data", folder)
    assert (made.returncode, made.stderr) == (0, "")
    assert re.fullmatch(rf"{KEY}\n", made.stdout)
    headers = {"authorization": f"Bearer {made.stdout.strip()}"}
    answer = httpx.get(f"{running.url}/v1/cases", headers=headers)
    assert (answer.status_code, answer.json()["items"]) == (200, [])
    assert httpx.get(f"{running.url}/healthz").status_code == 200


def read_if_there(path: Path) -> bytes:
    """The database goes on working: a file it listed may be gone a moment later."""
    try:
        return path.read_bytes()
    except FileNotFoundError:
        return b""


def test_the_first_start_shows_an_admin_key_that_works(up: tuple[RunningUp, Path]) -> None:
    running, folder = up
    shown = re.findall(KEY, running.said)
    assert len(shown) == 1
    headers = {"authorization": f"Bearer {shown[0]}"}
    assert httpx.get(f"{running.url}/v1/policies", headers=headers).json()["items"]
    kept = [path for path in folder.rglob("*") if path.is_file() and path.suffix != ".log"]
    assert not [path.name for path in kept if shown[0].encode() in read_if_there(path)]


def test_the_doctor_finds_a_running_warmline_well(up: tuple[RunningUp, Path]) -> None:
    _, folder = up
    until(lambda: warmline("doctor", "--data", folder).returncode == 0, "the doctor is content")


def test_a_second_up_in_the_same_folder_is_refused_in_a_sentence(
    up: tuple[RunningUp, Path],
) -> None:
    _, folder = up
    second = warmline("up", "--no-demo", "--port", "0", "--data", folder)
    assert second.returncode == 1
    assert "already running" in second.stderr
    assert "--data" in second.stderr
    assert "Traceback" not in second.stderr


def test_a_taken_port_is_named_in_a_sentence(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = str(taken.getsockname()[1])
        refused = warmline("up", "--no-demo", "--port", port, "--data", tmp_path / "data")
    assert refused.returncode == 1
    assert f"Port {port} is taken" in refused.stderr
    assert "--port" in refused.stderr
    assert "Traceback" not in refused.stderr


@pytest.mark.parametrize("name", ["api", "worker", "valkey"])
def test_a_process_that_dies_is_started_again(up: tuple[RunningUp, Path], name: str) -> None:
    running, _ = up
    until(lambda: name in running.family(), f"the {name} runs")
    first = running.family()[name]
    os.kill(first, signal.SIGKILL)
    until(lambda: running.family().get(name, first) != first, f"another {name} runs")
    # The listening socket stays open meanwhile: a caller waits instead of being refused.
    assert httpx.get(f"{running.url}/healthz", timeout=60).status_code == 200


def test_simulated_traffic_is_accepted_and_may_be_replayed(up: tuple[RunningUp, Path]) -> None:
    running, folder = up
    key = warmline("keys", "create", "--scope", "admin", "--data", folder).stdout.strip()
    headers = {"authorization": f"Bearer {key}"}
    wanted = {"name": "simulated", "platform": "test", "own_accounts": ["慢半拍小铺"]}
    source = httpx.post(f"{running.url}/v1/sources", headers=headers, json=wanted).json()
    sent = warmline(
        "simulate", "--url", running.url, "--source", source["id"], "--secret", source["secret"],
        "--rate", "20", "--duration", "2", "--batch", "5", "--ledger", folder / "ledger.jsonl",
    )  # fmt: skip
    assert (sent.returncode, "deliveries accepted" in sent.stdout) == (0, True), sent.stderr
    assert (folder / "ledger.jsonl").read_text(encoding="utf-8").count("\n") > 1

    def cases() -> list[str]:
        listed = httpx.get(f"{running.url}/v1/cases?limit=200", headers=headers).json()
        return sorted(case["id"] for case in listed["items"])

    def is_quiet() -> bool:
        summary = httpx.get(f"{running.url}/v1/summary", headers=headers).json()
        return bool(summary["backlog"]["pending"] == 0)

    until(is_quiet, "everything is processed")
    before = cases()
    assert before
    replayed = warmline("replay", "--since", "2026-01-01", "--data", folder)
    assert replayed.returncode == 0
    assert int(replayed.stdout.split()[0]) > 0
    until(is_quiet, "everything is processed once more")
    assert cases() == before


def test_what_is_started_ends_with_an_interrupt_and_starts_again(
    tmp_path: Path, external: dict[str, str]
) -> None:
    folder = tmp_path / "data"
    with running_up(folder, "--no-demo", **external) as running:
        running.wait_for(READY)
        everybody = everybody_below(running.process.pid)
        assert len(everybody) >= 3
        running.process.send_signal(signal.SIGINT)
        running.process.send_signal(signal.SIGINT)  # impatience is harmless
        assert running.end(signal.SIGINT) == 0
        until(lambda: not any(map(is_alive, everybody)), "nobody is left")
    with running_up(folder, "--no-demo", **external) as running:
        running.wait_for(READY)
        assert not re.findall(KEY, running.said)
        assert running.end(signal.SIGTERM) == 0
    assert "Traceback" not in running.said


def test_an_interrupt_in_the_middle_of_a_first_start_leaves_nobody(tmp_path: Path) -> None:
    with running_up(tmp_path / "data", "--no-demo") as running:
        running.wait_for("Warmline starts")
        everybody = everybody_below(running.process.pid)
        assert running.end(signal.SIGINT) == 0
        until(lambda: not any(map(is_alive, everybody)), "nobody is left")
    assert "Traceback" not in running.said


def test_killing_the_parent_leaves_no_orphan(tmp_path: Path, external: dict[str, str]) -> None:
    folder = tmp_path / "data"
    with running_up(folder, "--no-demo", **external) as running:
        running.wait_for(READY)
        everybody = everybody_below(running.process.pid)
        running.end(signal.SIGKILL)
        until(lambda: not any(map(is_alive, everybody)), "nobody is left")
    refused = warmline("doctor", "--data", folder)
    assert (refused.returncode, "No Warmline is running" in refused.stderr) == (1, True)
    with running_up(folder, "--no-demo", **external) as running:
        running.wait_for(READY)


def test_the_demo_fires_an_alert_and_shows_a_ladder_that_a_link_stops(tmp_path: Path) -> None:
    with running_up(tmp_path / "data") as running:
        running.wait_for(READY)
        running.wait_for("first event triaged after")
        running.wait_for(" alert: ")
        assert "first alert after" in running.said
        key = re.findall(rf"Bearer ({KEY})", running.said)[0]
        headers = {"authorization": f"Bearer {key}"}
        alerts = httpx.get(f"{running.url}/v1/alerts", headers=headers).json()["items"]
        assert alerts
        policies = httpx.get(f"{running.url}/v1/policies", headers=headers).json()["items"]
        assert "demo (seconds instead of hours)" in {policy["name"] for policy in policies}

        def is_sent() -> bool:
            path = f"{running.url}/v1/alerts/{alerts[-1]['id']}/deliveries"
            sent = httpx.get(path, headers=headers).json()["items"]
            return any(
                attempt["status_code"] == 204 for each in sent for attempt in each["attempts"]
            )

        until(is_sent, "the receiver accepted the signature")
        running.wait_for("acknowledge it here: ")
        (link,) = set(re.findall(r"acknowledge it here: (\S+)", running.said))
        page = httpx.get(link, headers={"accept-language": "en"})
        assert (page.status_code, "<form" in page.text) == (200, True)
        assert httpx.post(link).status_code == 200
        running.wait_for("ladder: acknowledged, nobody else is told")
        # Whoever took it answers, and the next case is left alone.
        running.wait_for("ladder: resolved")
        assert "ladder: step 1 of 3, " in running.said
        assert re.search(r"林夏, 莫云 told", running.said)
        assert running.end(signal.SIGINT) == 0
    assert "Traceback" not in running.said
