"""Open promises that are moved without a fold come to what the fold would have made of them."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta
from typing import Any
from uuid import UUID

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from services.core.alerts import service as alerts
from services.core.calendars import service as calendars
from services.core.calendars.types import CalendarDraft, Span
from services.core.cases import service as cases
from services.core.conversations import service as conversations
from services.core.desk import replanning
from services.core.desk import service as desk
from services.core.kit.uow import Database
from services.core.sla import service as sla
from services.core.sla.rules import DEFAULT_DRAFT, HOUR
from services.core.sla.types import PolicyDraft, Step, Target, Targets
from tests.support.end_states import differences, new_line
from tests.support.histories import happenings
from tests.support.line import Line, comment, dm

WHOLE = {
    "cases": """SELECT m.external_id, m.kind, c.state, c.tier, c.next_due_at, c.sort_due_at,
        c.policy_version, c.version
        FROM cases c JOIN messages m ON m.id = c.opening_message_id
        WHERE c.state IN ('open', 'answered', 'snoozed') ORDER BY 1, 2""",
    "clocks": """SELECT m.external_id, m.kind, k.kind, k.episode, k.state, k.tier, k.started_at,
        k.due_at, k.target_due_at, k.promise_due_at, k.limit_at, k.budget_seconds,
        k.paused_seconds, k.missed_at, k.settled_at, k.policy_version, k.calendar_version,
        k.generation, k.corrections
        FROM clocks k JOIN cases c ON c.id = k.case_id
        JOIN messages m ON m.id = c.opening_message_id
        WHERE c.state IN ('open', 'answered', 'snoozed') ORDER BY 1, 2, 3, 4""",
    "timers": """SELECT m.external_id, m.kind, k.kind, k.episode, t.percent, t.generation,
        t.fire_at, t.state, t.note, t.tier
        FROM timers t JOIN clocks k ON k.id = t.clock_id JOIN cases c ON c.id = k.case_id
        JOIN messages m ON m.id = c.opening_message_id
        WHERE t.state <> 'cancelled' AND c.state IN ('open', 'answered', 'snoozed')
        ORDER BY 1, 2, 3, 4, 5, 6""",
    "alerts": """SELECT m.external_id, m.kind, a.clock_kind, a.step, a.generation, a.state,
        a.resolution FROM alerts a JOIN cases c ON c.id = a.case_id
        JOIN messages m ON m.id = c.opening_message_id ORDER BY 1, 2, 3, 4, 5""",
    "facts": """SELECT f.kind, f.payload ->> 'due_at', f.payload ->> 'next_due_at',
        f.payload ->> 'kind' FROM facts f
        JOIN cases c ON c.id IN (f.subject_id, CAST(f.payload ->> 'case_id' AS uuid))
        WHERE (f.kind LIKE 'clock.%' OR f.kind LIKE 'case.%')
          AND c.state IN ('open', 'answered', 'snoozed') ORDER BY 1, 2, 3, 4""",
    "hours": "SELECT DISTINCT hour FROM changed_hours ORDER BY 1",
}
SPANS = (Span(9 * 60, 12 * 60), Span(13 * 60 + 30, 18 * 60))
OFFICE = CalendarDraft("Office", "Asia/Shanghai", (SPANS,) * 5 + ((), ()))

_seconds = st.integers(1, 60).map(lambda n: n * HOUR // 2)
_targets = st.builds(Target, _seconds, _seconds, _seconds, st.none() | _seconds)
_steps = st.lists(
    st.sampled_from((25, 50, 80, 100, 150)).map(Step)
    | st.sampled_from((-1800, 900)).map(lambda n: Step(offset_seconds=n)),
    min_size=1,
    max_size=3,
    unique=True,
).map(tuple)


@st.composite
def drafts(draw: st.DrawFn) -> PolicyDraft:
    targets: Targets = {tier: draw(_targets) for tier in DEFAULT_DRAFT.targets}
    return replace(
        DEFAULT_DRAFT,
        targets=targets,
        promised=draw(st.dictionaries(st.sampled_from(("comment", "dm")), _seconds)),
        response_steps=draw(_steps),
        resolve_on_reply=False,
    )


async def save(line: Line, draft: PolicyDraft, *, office: bool) -> UUID:
    async with line.database.unit(line.workspace_id) as uow:
        default = await sla.ensure_defaults(uow)
        known = await calendars.list_calendars(uow)
        if office:
            kept = known[0] if known else await calendars.create_calendar(uow, OFFICE)
            draft = replace(draft, calendar_id=kept.id)
        await sla.change_policy(uow, default.id, draft)
    return default.id


async def whole(line: Line) -> dict[str, Any]:
    async with line.database.read(line.workspace_id) as uow:
        return {name: [tuple(r) for r in await uow.execute(sql)] for name, sql in WHOLE.items()}


async def fold_anew(line: Line, policy_id: UUID) -> None:
    """The long way: what a re-plan did before there was a short one."""
    async with line.database.unit(line.workspace_id) as uow:
        found = await cases.list_open_of_policy(uow, policy_id, limit=500)
        touched = replanning._touched(found)
        await conversations.hold_threads(uow, [thread.thread_id for thread in touched])
        await desk.settle(uow, touched, resolution="planned anew", anew=True)


async def move(line: Line, policy_id: UUID) -> int:
    """The short way alone; returns how many cases it could decide."""
    async with line.database.unit(line.workspace_id) as uow:
        policy = await sla.get_policy(uow, policy_id)
        found = await cases.list_open_of_policy(uow, policy_id, limit=500)
        await conversations.hold_threads(uow, [case.thread_id for case in found])
        decided, fresh = await cases.move_swiftly(uow, policy, [case.id for case in found])
        await alerts.settle(uow, fresh, resolution="planned anew")
    return len(decided)


@settings(
    max_examples=8,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(
    told=st.lists(happenings(), min_size=2, max_size=12),
    old=st.tuples(drafts(), st.booleans()),
    new=st.tuples(drafts(), st.booleans()),
    minutes=st.integers(0, 16 * 24).map(lambda n: 30 * n),
)
async def test_it_comes_to_what_a_fold_would_have_made_of_any_history(
    database: Database,
    told: Sequence[Any],
    old: tuple[PolicyDraft, bool],
    new: tuple[PolicyDraft, bool],
    minutes: int,
) -> None:
    states = []
    for is_swift in (False, True):
        line = await new_line(database)
        await save(line, old[0], office=old[1])
        await line.hear(*told)
        await line.tick(minutes)
        policy_id = await save(line, new[0], office=new[1])
        if is_swift:
            await move(line, policy_id)
        await fold_anew(line, policy_id)
        states.append(await whole(line))
    assert differences(states[0], states[1]) == []


async def test_a_plain_case_needs_no_fold_and_a_paused_one_does(line: Line) -> None:
    policy_id = await save(line, DEFAULT_DRAFT, office=False)
    await line.hear(comment("c1"), comment("c2", minutes=1), dm("d1", minutes=2, author="mia"))
    quicker: Targets = dict.fromkeys(DEFAULT_DRAFT.targets, Target(HOUR, HOUR, 2 * HOUR))
    await save(line, replace(DEFAULT_DRAFT, targets=quicker), office=False)
    assert await move(line, policy_id) == 2
    case = (await line.rows("SELECT id FROM cases ORDER BY id"))[0]
    async with line.database.unit(line.workspace_id) as uow:
        await desk.snooze(uow, case.id, until=uow.now + timedelta(hours=1))
    await save(line, DEFAULT_DRAFT, office=True)
    assert await move(line, policy_id) == 1
