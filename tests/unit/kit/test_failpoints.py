"""Failpoints: plans that are followed exactly, refused when wrong, and gone in production."""

import ast
import asyncio
import dis
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from types import CodeType

import pytest
from pydantic import ValidationError

from services.core.kit import failpoints
from services.core.kit.failpoints import FaultPlanError
from services.core.settings import Settings
from services.worker import jobs
from services.worker.runtime import JOBS

ROOT = Path(__file__).parents[3]
IN_PRODUCTION = (sys.executable, "-O", "-P", "-c")


@pytest.fixture(autouse=True)
def _disarmed() -> Iterator[None]:
    yield
    failpoints.disarm()


async def strikes(name: str, times: int) -> list[int]:
    """Which of the visits to a point broke."""
    broken = []
    for number in range(1, times + 1):
        try:
            await failpoints.reach(name)
        except OSError:
            broken.append(number)
    return broken


async def test_nothing_happens_without_a_plan() -> None:
    failpoints.arm("")
    assert await strikes("db.after_commit", 3) == []


async def test_a_broken_point_is_an_outage_each_time_and_others_are_not() -> None:
    failpoints.arm("db.after_commit:timeout, db.before_commit:fail")
    with pytest.raises(TimeoutError):
        await failpoints.reach("db.after_commit")
    with pytest.raises(ConnectionError):
        await failpoints.reach("db.before_commit")
    assert await strikes("db.after_commit", 3) == [1, 2, 3]
    assert await strikes("worker.entry", 3) == []
    failpoints.disarm()
    assert await strikes("db.after_commit", 3) == []


async def test_a_rule_for_one_time_counts() -> None:
    failpoints.arm("sink.after_send:fail#2")
    assert await strikes("sink.after_send", 5) == [2]


async def test_the_same_seed_strikes_at_the_same_times() -> None:
    found = []
    for seed in (7, 7, 8):
        failpoints.arm(f"sink.after_send:fail@0.2;seed={seed}")
        found.append(await strikes("sink.after_send", 500))
    assert found[0] == found[1] != found[2]
    assert 50 < len(found[0]) < 150


async def test_sleeping_is_late_and_hanging_is_for_ever() -> None:
    failpoints.arm("worker.claimed:sleep=0.001,worker.entry:hang")
    await failpoints.reach("worker.claimed")
    hanging = asyncio.create_task(failpoints.reach("worker.entry"))
    await asyncio.sleep(0)
    assert not hanging.done()
    hanging.cancel()
    with pytest.raises(asyncio.CancelledError):
        await hanging


def test_a_deadly_point_kills_the_process_at_once() -> None:
    code = (
        "import asyncio; from services.core.kit import failpoints as f; f.arm('worker.entry:die');"
        "asyncio.run(f.reach('worker.entry')); print('alive')"
    )
    ended = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, check=False)
    assert (ended.returncode, ended.stdout) == (-9, b"")


@pytest.mark.parametrize(
    ("plan", "reason"),
    [
        ("db.commit:fail", "No such point: db.commit"),
        ("worker.entry:explode", "No such action: explode"),
        ("worker.entry", "Not point:action"),
        ("worker.entry:fail,", "Not point:action"),
        ("worker.entry:fail#0", "Not point:action"),
        ("worker.entry:fail@0", "A chance lies above 0"),
        ("worker.entry:fail@1.5", "A chance lies above 0"),
        ("worker.entry:sleep", "takes =SECONDS"),
        ("worker.entry:die=3", "takes =SECONDS"),
        ("worker.entry:die,worker.entry:fail", "named twice"),
        ("worker.entry:die;seed=x", "seed="),
    ],
)
def test_a_plan_that_is_none_refuses_to_start(plan: str, reason: str) -> None:
    with pytest.raises(FaultPlanError, match=reason):
        failpoints.arm(plan)
    with pytest.raises(ValidationError, match=reason):
        Settings(faults=plan)


def test_production_refuses_any_plan() -> None:
    code = "from services.core.settings import Settings; Settings(faults='worker.entry:die')"
    ended = subprocess.run([*IN_PRODUCTION, code], cwd=ROOT, capture_output=True, check=False)
    assert ended.returncode == 1
    assert b"compiled away" in ended.stderr


def test_every_point_is_a_known_one_and_production_has_none() -> None:
    """Each call stands alone under `if __debug__`, which `python -O` leaves out of the bytecode."""
    found: set[str] = set()
    for path in (ROOT / "services").rglob("*.py"):
        text = path.read_text(encoding="utf-8")
        if path.name == "failpoints.py" or "failpoints.reach" not in text:
            continue
        assert ast.unparse(ast.parse(text)).count("failpoints.reach(") == len(guarded(text)), path
        assert "reach" in looked_up(compile(text, str(path), "exec", optimize=0)), path
        assert "reach" not in looked_up(compile(text, str(path), "exec", optimize=1)), path
        found |= guarded(text)
    assert found == {*(point for point in failpoints.POINTS if "stage." not in point), "f'stage."}


def test_every_stage_can_be_broken() -> None:
    assert jobs.__all__
    assert {point for point in failpoints.POINTS if point.startswith("stage.")} == {
        f"stage.{queue}" for queue in JOBS
    }


def guarded(text: str) -> set[str]:
    """The points whose calls stand in an `if __debug__`."""
    found = set()
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.If) and "__debug__" in ast.unparse(node.test):
            for line in node.body:
                written = ast.unparse(line)
                if "failpoints.reach(" in written:
                    name = written.partition("reach(")[2].rstrip(")")
                    found.add(name.partition("{")[0] if "{" in name else name.strip("'"))
    return found


def looked_up(code: CodeType) -> set[str]:
    """Every name that compiled code, and the code inside it, really looks up."""
    found = {str(step.argval) for step in dis.get_instructions(code)}
    for constant in code.co_consts:
        if isinstance(constant, CodeType):
            found |= looked_up(constant)
    return found
