"""Many ask the same under one post: one burst, a clock each, one answer for those on the list."""

from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest

from services.core.bursts import service as bursts
from services.core.bursts.types import Burst, BurstCase, BurstLimits
from services.core.desk import bursts as desk_bursts
from services.core.desk.bursts import PublicAnswer
from services.core.kit.errors import InvalidInputError, NotFoundError
from services.core.stream import service as stream
from services.core.workspaces import service as workspaces
from tests.support.line import NOON, Line, comment, reply

ASKED = ("这个精华多少钱", "精华多少钱呀", "请问这个精华多少钱？")


async def gather(line: Line) -> None:
    """What the worker's stages do until nothing is new."""
    await stream.publish(line.database)
    while await bursts.gather(line.database, BurstLimits()):
        await stream.publish(line.database)


async def ask(line: Line, *texts: str, start: int = 0, **more: Any) -> None:
    await line.hear(
        *(
            comment(f"c{n}", text, author=f"u{n}", minutes=n, **more)
            for n, text in enumerate(texts, start)
        )
    )
    await gather(line)


async def the_burst(line: Line) -> tuple[Burst, list[BurstCase]]:
    async with line.database.read(line.workspace_id) as uow:
        (burst,) = await bursts.list_bursts(uow)
        return await bursts.get_burst(uow, burst.id)


async def answer(line: Line, burst: Burst, case_ids: list[UUID], **more: Any) -> Any:
    async with line.database.unit(line.workspace_id) as uow:
        said = PublicAnswer("129 元，主页下单～", **more)
        return await desk_bursts.answer(uow, burst.id, case_ids, said)


async def test_the_same_question_from_three_people_is_one_burst_with_three_clocks(
    line: Line,
) -> None:
    await ask(line, *ASKED, "什么时候补货？")
    burst, members = await the_burst(line)
    assert (burst.size, burst.waiting, burst.text) == (3, 3, ASKED[0])
    assert burst.next_due_at == NOON + timedelta(hours=2)
    assert [member.next_due_at for member in members] == [
        NOON + timedelta(hours=2, minutes=n) for n in range(3)
    ]


async def test_who_asks_later_joins_and_reading_again_changes_nothing(line: Line) -> None:
    await ask(line, *ASKED[:2])
    await ask(line, ASKED[2], start=2)
    await gather(line)
    burst, _ = await the_burst(line)
    assert (burst.size, burst.started_at, burst.last_at) == (3, NOON, NOON + timedelta(minutes=2))
    facts = await line.rows("SELECT kind FROM facts WHERE kind LIKE 'burst.%' ORDER BY id")
    assert [row.kind for row in facts] == ["burst.opened", "burst.joined"]


async def test_one_answer_settles_the_clocks_on_the_list_and_no_others(line: Line) -> None:
    await ask(line, *ASKED)
    burst, members = await the_burst(line)
    line.clock.advance(timedelta(minutes=10))
    listed = [members[0].case_id, members[2].case_id]
    settled = await answer(line, burst, listed)
    assert (list(settled.answered), settled.untouched) == (listed, ())
    _, after = await the_burst(line)
    assert [member.waiting for member in after] == [False, True, False]
    states = await line.rows("SELECT state FROM clocks WHERE kind = 'first_response'")
    assert sorted(row.state for row in states) == ["met", "met", "running"]
    again = await answer(line, burst, listed)
    assert (again.answered, list(again.untouched)) == ((), listed)
    assert len(await line.rows("SELECT 1 FROM messages WHERE kind = 'reply'")) == 2


async def test_the_platforms_echo_of_the_answer_is_the_same_reply(line: Line) -> None:
    await ask(line, *ASKED)
    burst, members = await the_burst(line)
    line.clock.advance(timedelta(minutes=10))
    await answer(line, burst, [member.case_id for member in members], external_id="r1")
    await line.hear(reply("r1", "c0", minutes=12))
    assert len(await line.rows("SELECT 1 FROM messages WHERE kind = 'reply'")) == 3


async def test_a_case_outside_the_burst_is_refused_and_nothing_is_answered(line: Line) -> None:
    await ask(line, *ASKED, "什么时候补货？")
    burst, members = await the_burst(line)
    inside = {member.case_id for member in members}
    other = next(row.id for row in await line.rows("SELECT id FROM cases") if row.id not in inside)
    with pytest.raises(InvalidInputError) as refused:
        await answer(line, burst, [members[0].case_id, other])
    assert [problem.pointer for problem in refused.value.errors] == ["/case_ids/1"]
    assert await line.rows("SELECT 1 FROM messages WHERE kind = 'reply'") == []


async def test_an_answered_burst_leaves_the_list_and_is_still_there(line: Line) -> None:
    await ask(line, *ASKED)
    burst, members = await the_burst(line)
    await answer(line, burst, [member.case_id for member in members])
    async with line.database.read(line.workspace_id) as uow:
        assert await bursts.list_bursts(uow) == []
        (kept,) = await bursts.list_bursts(uow, waiting=False)
    assert (kept.id, kept.waiting) == (burst.id, 0)
    assert kept.answered_at is not None
    actions = [row.action for row in await line.rows("SELECT action FROM audit_log ORDER BY id")]
    assert actions.count("case.replied") == 3
    assert "burst.answered" in actions


async def test_complaints_and_other_posts_do_not_join(line: Line) -> None:
    await line.hear(
        *(comment(f"c{n}", author=f"u{n}", minutes=n) for n in range(3)),
        comment("c8", ASKED[0], author="u8"),
        comment("c9", ASKED[0], author="u9", post="p2"),
    )
    await gather(line)
    async with line.database.read(line.workspace_id) as uow:
        assert await bursts.list_bursts(uow) == []


async def test_another_workspace_neither_sees_nor_answers_it(line: Line) -> None:
    await ask(line, *ASKED)
    burst, members = await the_burst(line)
    stranger = await workspaces.create_workspace(line.database, "Stranger")
    with pytest.raises(NotFoundError):
        async with line.database.unit(stranger.id) as uow:
            await desk_bursts.answer(
                uow, burst.id, [members[0].case_id], PublicAnswer("not mine to say")
            )
    with pytest.raises(NotFoundError):
        async with line.database.read(line.workspace_id) as uow:
            await bursts.get_burst(uow, uuid4())
