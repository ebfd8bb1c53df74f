"""What watches the product names only figures the product has."""

import asyncio
import json
import re
import shutil
import subprocess
from pathlib import Path
from typing import Any

import httpx
import pytest
import yaml

DEPLOY = Path(__file__).parents[3] / "deploy"
FIGURE = re.compile(r"\b(?:warmline|process)_[a-z_]+\b")
RULES = DEPLOY / "prometheus" / "alerts.yml"
GUIDE = DEPLOY.parent / "docs" / "operations.md"
BOARDS = sorted((DEPLOY / "grafana").glob("*.json"))
PROMTOOL = shutil.which("promtool")


def rules() -> list[dict[str, Any]]:
    groups = yaml.safe_load(RULES.read_text(encoding="utf-8"))["groups"]
    return [rule for group in groups for rule in group["rules"]]


def panels(board: Path) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = json.loads(board.read_text(encoding="utf-8"))["panels"]
    return found


async def figures(client: httpx.AsyncClient) -> set[str]:
    text = (await client.get("/metrics")).text
    names = re.findall(r"^# TYPE (\S+) (\S+)$", text, re.MULTILINE)
    parts = {f"{name}{end}" for name, kind in names if kind == "histogram" for end in _ENDS}
    return {name for name, _ in names} | parts


_ENDS = ("_bucket", "_count", "_sum")


async def test_every_figure_of_the_rules_exists(anonymous: httpx.AsyncClient) -> None:
    known = await figures(anonymous)
    named = {name for rule in rules() for name in FIGURE.findall(rule["expr"])}
    assert named - known == set()
    assert len(named) >= 8


async def test_every_figure_of_the_boards_exists(anonymous: httpx.AsyncClient) -> None:
    known = await figures(anonymous)
    for board in BOARDS:
        named = {
            name
            for panel in panels(board)
            for target in panel["targets"]
            for name in FIGURE.findall(target["expr"])
        }
        assert named - known == set(), board.name
        assert len(named) >= 4, board.name


def test_every_board_is_told_of_and_has_a_name_of_its_own() -> None:
    told = GUIDE.read_text(encoding="utf-8")
    assert [
        board.name
        for board in BOARDS
        if f"`{board.name}`" not in told.replace("deploy/grafana/", "")
    ] == []
    uids = {json.loads(board.read_text(encoding="utf-8"))["uid"] for board in BOARDS}
    assert len(uids) == len(BOARDS) == 4


@pytest.mark.skipif(PROMTOOL is None, reason="promtool (Debian's `prometheus`) is not installed")
@pytest.mark.parametrize("what", ["check", "test"])
def test_promtool_reads_the_rules_and_sees_them_fire(what: str) -> None:
    files = [RULES] if what == "check" else sorted((RULES.parent / "tests").glob("*.yml"))
    ran = subprocess.run(
        [PROMTOOL or "", what, "rules", *map(str, files)],
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    assert ran.returncode == 0, ran.stdout + ran.stderr


@pytest.mark.skipif(PROMTOOL is None, reason="promtool (Debian's `prometheus`) is not installed")
async def test_promtool_reads_what_a_running_instance_tells(anonymous: httpx.AsyncClient) -> None:
    told = (await anonymous.get("/metrics")).text
    process = await asyncio.create_subprocess_exec(
        PROMTOOL or "",
        "check",
        "metrics",
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )
    said, _ = await process.communicate(told.encode())
    # 3 is a matter of taste: names and words it would have chosen otherwise.
    assert process.returncode in {0, 3}, said.decode()


async def test_every_rule_says_what_to_do_and_how_loud(anonymous: httpx.AsyncClient) -> None:
    paths = set((await anonymous.get("/openapi.json")).json()["paths"])
    for rule in rules():
        assert rule["labels"]["severity"] in {"warning", "critical"}, rule["alert"]
        assert rule["annotations"]["summary"]
        for path in re.findall(r"GET (/v1/[a-z-]+)", rule["annotations"]["description"]):
            assert path in paths, rule["alert"]


def test_every_rule_is_explained_to_whoever_is_woken() -> None:
    told = GUIDE.read_text(encoding="utf-8")
    missing = [rule["alert"] for rule in rules() if f"`{rule['alert']}`" not in told]
    assert missing == []


def test_only_rules_that_exist_are_explained() -> None:
    told = set(re.findall(r"`(Warmline[A-Z]\w+)`", GUIDE.read_text(encoding="utf-8")))
    assert told == {rule["alert"] for rule in rules()}


def test_the_routes_the_rules_measure_exist() -> None:
    routes = {found for rule in rules() for found in re.findall(r'route="([^"]+)"', rule["expr"])}
    assert routes == {"/v1/sources/{source_id}/deliveries"}


@pytest.mark.parametrize("board", BOARDS, ids=lambda board: board.stem)
def test_panels_do_not_cover_each_other(board: Path) -> None:
    taken: set[tuple[int, int]] = set()
    for panel in panels(board):
        place = panel["gridPos"]
        cells = {
            (x, y)
            for x in range(place["x"], place["x"] + place["w"])
            for y in range(place["y"], place["y"] + place["h"])
        }
        assert not cells & taken, panel["title"]
        taken |= cells
