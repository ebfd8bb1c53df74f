"""Who asks, and who answers: a follower's tier chooses a policy, an advocate keeps a promise."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from services.core.conversations.reading import follower_id
from services.core.conversations.service import standing
from services.core.conversations.types import FollowerTier
from services.core.explain import service as explain
from services.core.explain.types import Lang
from services.core.kit.errors import NotFoundError
from services.core.sla import service as sla
from services.core.sla.rules import DEFAULT_DRAFT, DEFAULT_TARGETS, HOUR
from services.core.sla.types import PolicyDraft, PolicyMatch, Target
from services.core.triage.types import Tier
from tests.support.line import NOON, PRODUCT_QUESTION, THANKS, Line, comment

ANSWER = "我用的是30ml，油皮可以用"
QUICK = dict.fromkeys(DEFAULT_TARGETS, Target(HOUR, HOUR, 2 * HOUR))
EVERY_TIER = (Tier.URGENT, Tier.IMPORTANT, Tier.ROUTINE)
CIRCLE = PolicyDraft(
    "Inner circle", QUICK, match=PolicyMatch(follower_tiers=("inner_circle",)), position=1
)


async def say(line: Line, author: str, **changes: FollowerTier | bool | None) -> None:
    async with line.database.unit(line.workspace_id) as uow:
        key = follower_id(line.source_id, f"u-{author}")
        await standing.change_follower(uow, key, changes)


async def leave_to_advocates(line: Line) -> None:
    async with line.database.unit(line.workspace_id) as uow:
        default = await sla.ensure_defaults(uow)
        await sla.change_policy(
            uow, default.id, replace(DEFAULT_DRAFT, advocates_answer=EVERY_TIER)
        )


async def clock_of(line: Line, external_id: str) -> Any:
    return await line.row(
        "SELECT c.*, s.external_id AS settled_by FROM clocks c"
        " JOIN messages m ON m.id = c.trigger_message_id"
        " LEFT JOIN messages s ON s.id = c.settling_message_id"
        " WHERE c.kind = 'first_response' AND m.external_id = :external_id",
        external_id=external_id,
    )


async def told(line: Line, clock: Any, lang: Lang) -> str:
    async with line.database.read(line.workspace_id) as uow:
        return " ".join(explain.in_words(await explain.explain_clock(uow, clock.id), lang))


async def test_a_policy_is_chosen_by_the_tier_a_follower_had_when_they_asked(line: Line) -> None:
    await line.hear(comment("hello", THANKS), comment("h2", THANKS, author="mei"))
    async with line.database.unit(line.workspace_id) as uow:
        await sla.create_policy(uow, CIRCLE)
    await say(line, "lily", tier=FollowerTier.INNER_CIRCLE)
    await line.hear(comment("c1", minutes=1), comment("c2", minutes=1, author="mei"))
    assert (await clock_of(line, "c1")).due_at == NOON + timedelta(minutes=61)
    assert (await clock_of(line, "c2")).due_at == NOON + timedelta(minutes=121)

    # A clock keeps what it began under, and says so, whoever they are to us afterwards.
    await say(line, "lily", tier=None)
    await line.hear(comment("c3", minutes=2))
    clock = await clock_of(line, "c1")
    assert clock.due_at == NOON + timedelta(minutes=61)
    assert "who asked had the tier “inner circle”" in await told(line, clock, Lang.EN)
    assert "提问的粉丝等级是“核心圈”" in await told(line, clock, Lang.ZH)
    other = await told(line, await clock_of(line, "c2"), Lang.EN)
    assert "“Inner circle” was not for it" in other
    assert "“no tier”" in other


async def test_an_advocates_answer_keeps_the_promise_by_when_it_was_given(line: Line) -> None:
    await leave_to_advocates(line)
    await line.hear(comment("hello", THANKS, author="jade"))
    await say(line, "jade", advocate=True)
    await line.hear(comment("q1", PRODUCT_QUESTION, minutes=1))
    await line.hear(comment("a0", THANKS, author="jade", parent_id="q1", minutes=2))
    await line.hear(comment("a1", ANSWER, author="nobody", parent_id="q1", minutes=3))
    assert (await clock_of(line, "q1")).state == "running"
    await line.hear(comment("a2", ANSWER, author="jade", parent_id="q1", minutes=4))
    clock = await clock_of(line, "q1")
    assert (clock.state, clock.met_at) == ("met", NOON + timedelta(minutes=4))
    assert (clock.settled_by, clock.counted_seconds) == ("a2", 180)
    assert "Jade, an advocate, answered below the question" in await told(line, clock, Lang.EN)
    assert "铁粉Jade在" in await told(line, clock, Lang.ZH)
    case = await line.row("SELECT state FROM cases WHERE id = :id", id=clock.case_id)
    assert case.state == "answered"

    # Who is none any more was one then; what is heard late counts from when it was said.
    await say(line, "jade", advocate=False)
    await line.hear(comment("q2", PRODUCT_QUESTION, minutes=5))
    assert (await clock_of(line, "q1")).state == "met"


@pytest.mark.parametrize("together", [False, True])
async def test_an_answer_heard_before_its_question_finds_it(line: Line, together: bool) -> None:
    await leave_to_advocates(line)
    await line.hear(comment("hello", THANKS, author="jade"))
    await say(line, "jade", advocate=True)
    answer = comment("a1", ANSWER, author="jade", parent_id="q1", minutes=4)
    question = comment("q1", PRODUCT_QUESTION, minutes=1)
    for events in [(answer, question)] if together else [(answer,), (question,)]:
        await line.hear(*events)
    assert (await clock_of(line, "q1")).state == "met"


async def test_nobody_is_made_an_advocate_who_is_not_known(line: Line) -> None:
    with pytest.raises(NotFoundError):
        await say(line, "stranger", advocate=True)
