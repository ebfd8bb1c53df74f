"""A climb is told in words: who heard, who comes next, and why nobody was told."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from services.cli.climbs import Rung, as_line, read_rungs, rungs_of, stands
from services.core.alerts import climbing
from services.core.alerts.climbing import Climb, Occasion, StepDone
from services.core.alerts.ladder_types import LadderStep, StepOutcome
from services.core.rotas.types import Audience, AudienceKind
from services.core.workspaces.types import Role

NOON = datetime(2026, 11, 21, 12, tzinfo=UTC)
MANAGERS = {"kind": "role", "role": "manager"}


def done(outcome: str = "told", reason: str | None = None, **detail: Any) -> dict[str, Any]:
    return {
        "position": 0,
        "outcome": outcome,
        "reason": reason,
        "detail": detail,
        "done_at": NOON.isoformat(),
    }


def a_rung(*became: dict[str, Any], audience: tuple[dict[str, Any], ...] = (MANAGERS,)) -> Rung:
    climb = {"steps": [{"audience": list(audience)}], "done": list(became), "ahead": []}
    return read_rungs(climb)[0]


@pytest.mark.parametrize(
    ("became", "said"),
    [
        ([done(people=[{"name": "Lin"}, {"name": "Mo"}])], "Lin, Mo told"),
        ([done(people=[{"name": "Lin"}])] * 3, "Lin told, 3 times"),
        (
            [done(people=[{"name": "Lin"}], widened_to="everybody")],
            "Lin told (nobody of those was there: everybody)",
        ),
        ([done(people=[], widened_to="nobody")], "its channels told, nobody in particular"),
        ([done(people=[])], "told"),
        ([done("explained", "louder_alert")], "nobody told: louder alert"),
        ([], "not told"),
    ],
)
def test_a_rung_says_what_became_of_it(became: list[dict[str, Any]], said: str) -> None:
    assert stands(a_rung(*became), NOON) == said


@pytest.mark.parametrize(("seconds", "said"), [(4, "in 4 s"), (0, "now"), (-3, "now")])
def test_a_rung_that_comes_counts_down(seconds: int, said: str) -> None:
    ahead = [{"position": 0, "due_at": (NOON + timedelta(seconds=seconds)).isoformat()}]
    (rung,) = read_rungs({"steps": [{"audience": []}], "done": [], "ahead": ahead})
    assert stands(rung, NOON) == said
    assert as_line(rung, 2) == "step 1 of 2 is for everybody on its channels"


def test_a_line_has_the_number_and_the_moment() -> None:
    line = as_line(a_rung(done(people=[{"name": "Lin"}])), 3)
    assert line.startswith("step 1 of 3, ")
    assert line.endswith(": Lin told")


def test_a_climb_from_the_database_reads_the_same() -> None:
    step = LadderStep(
        100, audience=(Audience(AudienceKind.ROLE, role=Role.MANAGER), Audience(AudienceKind.TEAM))
    )
    told = StepDone(0, 0, StepOutcome.TOLD, None, {"people": [{"name": "Mei"}]}, NOON, NOON, 0)
    climb = Climb(
        alert=None,  # type: ignore[arg-type]  # the rungs are all that is read
        steps=(step, step),
        done=(told,),
        ahead=(Occasion(1, 0, NOON + timedelta(seconds=9)),),
    )
    first, second = rungs_of(climb)
    assert (first.meant, first.told) == ("managers and team", ("Mei",))
    assert stands(second, NOON) == "in 9 s"
    assert second.number < climbing.ROUNDS
