"""How promises were kept, from the command line."""

import csv
import io
import json
from datetime import date

import pytest

from services.cli.attainment import draw, read_when
from services.cli.terminal import BadInputError
from tests.support.commands import warmline
from tests.support.line import Line, comment, reply

RANGE = ("--from", "2026-11-20", "--to", "2026-11-22", "--by", "tier")


async def test_the_same_figures_as_a_table_a_csv_and_json(line: Line, database_url: str) -> None:
    await line.hear(
        comment("c1"), reply("r1", "c1", minutes=30), comment("c2", author="mia", minutes=1)
    )
    place = (*RANGE, "--workspace", str(line.workspace_id))
    told = {}
    for form in ("table", "csv", "json"):
        done = warmline(
            "attainment", *place, "--format", form, WARMLINE__DATABASE__URL=database_url
        )
        assert done.returncode == 0, done.stderr
        told[form] = done.stdout
    total = json.loads(told["json"])["total"]
    assert (total["clock"]["met"], total["wall"]["median"]) == (1, 1800.0)
    lines = list(csv.DictReader(io.StringIO(told["csv"])))
    assert [(line["by"], line["met"]) for line in lines][:2] == [("tier", "1"), ("total", "1")]
    assert "urgent" in told["table"]
    assert "0:30:00" in told["table"]
    assert "0–1 h │" in told["table"]


def test_a_range_that_makes_no_sense_is_a_sentence(line: Line, database_url: str) -> None:
    for ends in (("--from", "2026-11-22", "--to", "2026-11-20"), ("--from", "2026-11-99")):
        done = warmline(
            "attainment",
            *ends,
            "--workspace",
            str(line.workspace_id),
            WARMLINE__DATABASE__URL=database_url,
        )
        assert done.returncode == 2, done.stderr
        assert "Traceback" not in done.stderr


def test_a_bar_is_as_long_as_its_share() -> None:
    lines = draw((2, 1, 0, 0, 1))
    assert [line.count("█") for line in lines] == [20, 10, 0, 0, 10]
    assert lines[0].endswith("│ 2 (50%)")
    assert all("█" not in line for line in draw((0, 0, 0, 0, 0)))


def test_a_day_is_a_day_and_a_moment_a_moment() -> None:
    assert read_when("2026-11-21") == date(2026, 11, 21)
    assert read_when(None) is None
    with pytest.raises(BadInputError):
        read_when("2026-11-99")
