"""The demo remembers its secrets for its owner only."""

import stat
from pathlib import Path

from services.cli.demo_memory import DemoMemory


def test_what_is_written_is_read_again_and_closed_to_others(tmp_path: Path) -> None:
    memory = DemoMemory.read(tmp_path)
    memory.key, memory.receiver_port = "wl_demo_key", 4711
    memory.write()
    assert DemoMemory.read(tmp_path) == memory
    assert stat.S_IMODE((tmp_path / "demo.json").stat().st_mode) == 0o600


def test_a_file_that_makes_no_sense_is_an_empty_memory(tmp_path: Path) -> None:
    (tmp_path / "demo.json").write_text('{"colour": 1}', encoding="utf-8")
    assert DemoMemory.read(tmp_path).key == ""


def test_without_a_file_nothing_is_kept(tmp_path: Path) -> None:
    DemoMemory(key="wl_once").write()
    assert not list(tmp_path.iterdir())


def test_its_secrets_are_not_in_its_repr() -> None:
    told = repr(DemoMemory(key="wl_one", source_secret="whsec_two", channel_secret="whsec_three"))
    assert not any(secret in told for secret in ("wl_one", "whsec_two", "whsec_three"))
