"""When a stage counts as standing still, and what a person reads about it."""

from datetime import UTC, datetime
from typing import Any

import pytest

from services.core.health import rules
from services.core.health.types import Alive, AuditLimits, CheckState, LastVerdict, Stall

LIMITS = AuditLimits(interval=5, stall=40)


def worker(place: str = "host:1", **still: float) -> Alive:
    stages: dict[str, Any] = {stage: {"still": seconds} for stage, seconds in still.items()}
    return Alive(place, {"stages": stages})


def last(*stalls: Stall, age: float = 1.0) -> LastVerdict:
    now = datetime(2026, 11, 21, tzinfo=UTC)
    return LastVerdict(now, age, LIMITS.silence, stalls, {}, 0.01, None)


@pytest.mark.parametrize(("still", "stands"), [(0.0, False), (40.0, False), (40.1, True)])
def test_a_stage_is_still_after_longer_than_its_longest_honest_pass(
    still: float, *, stands: bool
) -> None:
    found = rules.find_stalls([worker(intake=still)], {}, LIMITS)
    assert [stall.stage for stall in found] == (["intake"] if stands else [])


def test_each_worker_is_named_for_its_own_stage() -> None:
    workers = [worker("a:1", intake=50), worker("b:2", intake=0, sla=60)]
    found = rules.find_stalls(workers, {}, LIMITS)
    assert [(stall.stage, stall.place) for stall in found] == [("intake", "a:1"), ("sla", "b:2")]


def test_work_left_alone_is_a_stall_however_well_everybody_says_to_be() -> None:
    found = rules.find_stalls([worker(sla=0)], {"sla": 41.0, "intake": 39.0}, LIMITS)
    assert found == (Stall("sla", 41.0),)


def test_no_worker_at_all_is_a_stall() -> None:
    (found,) = rules.find_stalls([], {}, LIMITS)
    assert found.stage == rules.NO_WORKER
    assert "No worker lives" in rules.describe([found])


def test_a_report_of_an_older_release_is_no_stall() -> None:
    old = Alive("host:1", {"intake": {"handled": 1, "failures": 0}})
    assert rules.find_stalls([old], {}, LIMITS) == ()


def test_one_stage_is_described_once_with_everybody_to_blame() -> None:
    told = rules.describe([Stall("intake", 41.2, "a:1"), Stall("intake", 99.0)])
    assert told == "The stage stands still in a:1 for 41 s and has left work waiting for 99 s."


def test_an_auditor_is_silent_after_three_missed_looks() -> None:
    assert rules.check_auditor(None).state is CheckState.DEGRADED
    assert rules.check_auditor(last(age=17.0)).state is CheckState.OK
    assert rules.check_auditor(last(age=17.1)).state is CheckState.DEGRADED


def test_each_stage_that_stands_still_is_a_finding() -> None:
    checks = rules.check_stages(last(Stall("sla", 50.0), Stall("sla", 60.0, "a:1")))
    assert [(check.name, check.state) for check in checks] == [("stage:sla", CheckState.DEGRADED)]
    assert rules.check_stages(last()) == rules.check_stages(None) == []
