"""A command finds the Warmline of its folder, and never takes a dead one for a living one."""

import stat
from pathlib import Path

import pytest
from pydantic import SecretStr

from services.cli.processes import Runtime, claim_folder, find_runtime, publish, resolve_settings
from services.cli.terminal import CommandError

HERE = Runtime(4711, "http://127.0.0.1:8080", "postgresql://warmline@/warmline", "unix:///v.sock")


def test_settings_come_from_the_warmline_that_runs_in_the_folder(tmp_path: Path) -> None:
    with claim_folder(tmp_path) as folder:
        publish(folder, HERE)
        settings = resolve_settings(tmp_path)
        assert settings.database.url == SecretStr(HERE.database_url)
        assert settings.redis.url == SecretStr("unix:///v.sock")
        assert stat.S_IMODE((folder / "runtime.json").stat().st_mode) == 0o600


def test_a_file_left_by_a_killed_warmline_is_not_believed(tmp_path: Path) -> None:
    (tmp_path / "up.lock").touch()
    publish(tmp_path, HERE)
    assert find_runtime(tmp_path) is None
    with pytest.raises(CommandError, match="No Warmline is running"):
        resolve_settings(tmp_path)


def test_a_named_database_wins_over_the_folder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("WARMLINE__DATABASE__URL", "postgresql://elsewhere/warmline")
    found = resolve_settings(tmp_path).database.url
    assert found == SecretStr("postgresql://elsewhere/warmline")


def test_only_one_warmline_claims_a_folder(tmp_path: Path) -> None:
    with (
        claim_folder(tmp_path),
        pytest.raises(CommandError, match="already running"),
        claim_folder(tmp_path, patience=0.0),
    ):
        pass


def test_a_folder_is_free_again_after_its_warmline_ended(tmp_path: Path) -> None:
    with claim_folder(tmp_path) as folder:
        publish(folder, HERE)
    assert find_runtime(tmp_path) is None
    with claim_folder(tmp_path):
        pass
