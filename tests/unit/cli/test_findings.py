"""The doctor says what to do about everything that is not fine."""

from pathlib import Path
from typing import Any

import pytest

from services.cli import findings
from services.cli.findings import Finding, Grade


def table(*, dead: int, live: int = 100, vacuumed: float | None = 9.0) -> dict[str, Any]:
    return {"name": "journal", "dead": dead, "live": live, "vacuumed": vacuumed}


WELL = [
    findings.of_python((3, 11, 0)),
    findings.of_redis({"redis_version": "7.0.15"}),
    findings.of_redis({"valkey_version": "9.1.2", "redis_version": "7.2.4"}),
    findings.of_postgres(15, "15.18"),
    findings.of_postgres(18, "18.6"),
    *findings.of_text("UTF8", knows_letters=True, offers_trigrams=True),
    findings.of_schema("0001", "0001"),
    findings.of_roles(set(), set()),
    findings.of_walls([]),
    findings.of_clock(-0.4),
    findings.of_workers(1),
    *findings.of_backlog({"waiting": 9, "oldest": 1.0, "quarantined": 0, "lag": None, "dead": 0}),
    *findings.of_bloat([table(dead=20_000), table(dead=40_000, live=90_000, vacuumed=None)]),
    findings.of_long_transaction(None),
    findings.of_long_transaction({"pid": 7, "application": "psql", "seconds": 59.0}),
    findings.of_indexes([]),
    findings.of_partitions(2, 0),
    *findings.of_stages({}, 3.0),
]
WORTH_A_LOOK = [
    findings.of_redis(None),
    findings.of_redis({"redis_version": "6.2.14"}),
    findings.of_silent_redis(ConnectionRefusedError()),
    findings.of_postgres(19, "19.1"),
    findings.of_text("UTF8", knows_letters=True, offers_trigrams=False)[1],
    findings.of_clock(5.0),
    *findings.of_backlog({"waiting": 9, "oldest": 90.0, "quarantined": 1, "lag": 9.0, "dead": 1}),
    *findings.of_bloat([table(dead=20_001, live=0), table(dead=60_000, live=90_000)]),
    findings.of_long_transaction({"pid": 7, "application": "psql", "seconds": 61.0}),
    findings.of_partitions(0, 0),
    findings.of_partitions(-1, 0),
    findings.of_partitions(2, 1),
    *findings.of_stages({}, None),
    *findings.of_stages({"intake": 50.0}, 61.0),
]
BROKEN = [
    findings.of_python((3, 10, 9)),
    findings.of_silent_postgres(OSError()),
    findings.of_postgres(14, "14.9"),
    findings.of_text("SQL_ASCII", knows_letters=False, offers_trigrams=True)[0],
    findings.of_text("UTF8", knows_letters=False, offers_trigrams=True)[0],
    findings.of_schema(None, "0001"),
    findings.of_schema("0001", "0002"),
    findings.of_roles({"warmline_app"}, set()),
    findings.of_roles(set(), {"warmline_app"}),
    findings.of_walls(["messages"]),
    findings.of_clock(-61.0),
    findings.of_workers(0),
    findings.of_indexes(["ix_a"]),
    findings.of_stages({"intake": 50.0}, 3.0)[1],
]


def name_of(finding: Finding) -> str:
    return f"{finding.name}: {finding.what}"


@pytest.mark.parametrize("finding", WELL, ids=name_of)
def test_what_is_well_needs_no_advice(finding: Finding) -> None:
    assert (finding.grade, finding.advice) == (Grade.FINE, "")


@pytest.mark.parametrize("finding", WORTH_A_LOOK, ids=name_of)
def test_what_still_works_is_worth_a_look_and_comes_with_advice(finding: Finding) -> None:
    assert finding.grade is Grade.MIND
    assert finding.advice


@pytest.mark.parametrize("finding", BROKEN, ids=name_of)
def test_what_breaks_promises_is_broken_and_comes_with_advice(finding: Finding) -> None:
    assert finding.grade is Grade.BROKEN
    assert finding.advice


def test_an_unreachable_database_is_told_without_its_address() -> None:
    told = findings.of_silent_postgres(OSError("cannot reach warmline:hunter2@db.example"))
    assert "hunter2" not in f"{told.what} {told.advice}"


def test_the_disk_of_a_folder_that_is_not_there_yet_is_its_parents(tmp_path: Path) -> None:
    assert "GB free" in findings.of_disk(tmp_path / "not" / "there").what
