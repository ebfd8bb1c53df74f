"""Gather what many people ask under one post into one burst; each keeps a case and clocks."""

from collections import Counter
from collections.abc import Sequence
from typing import Any
from uuid import UUID

from services.core.audit import service as audit
from services.core.audit.types import AuditEntry
from services.core.bursts import repository, rules
from services.core.bursts.facts import burst_changed
from services.core.bursts.types import Asked, Burst, BurstCase, BurstLimits, Joined
from services.core.kit import ids
from services.core.kit.errors import NotFoundError
from services.core.kit.stretches import Stretch, newest
from services.core.kit.uow import Database, UnitOfWork
from services.core.stream import service as stream

FACTS_A_TURN = 1_000
# Compared with every new question; under a post that is asked more than this, bursts exist already.
MOST_AROUND = 300
MOST_CASES = 500
OPENED = "case.opened"
NEWEST = newest(50)


async def gather(database: Database, limits: BurstLimits) -> int:
    """Look at the cases opened since the last time; returns how many facts were read.

    Safe to run anywhere at any time: a workspace is read by one worker at once, and reading
    again changes nothing. Announces `burst.opened` and `burst.joined`.
    """
    async with database.system() as uow:
        workspaces = await repository.list_workspaces_with_news(uow)
    read = 0
    for workspace_id in workspaces:
        async with database.unit(workspace_id) as uow:
            read += await _read_on(uow, limits)
    return read


async def list_bursts(
    uow: UnitOfWork, wanted: Stretch = NEWEST, *, waiting: bool = True
) -> list[Burst]:
    """By the last question; by default those in which somebody still waits."""
    return await repository.list_bursts(uow, wanted, waiting=waiting)


async def get_burst(uow: UnitOfWork, burst_id: UUID) -> tuple[Burst, list[BurstCase]]:
    """A burst with its first 500 cases. Raises NotFoundError."""
    found = await repository.list_bursts(uow, newest(1), waiting=False, burst_id=burst_id)
    if not found:
        noun = "burst"
        raise NotFoundError(noun)
    return found[0], await repository.list_cases(uow, burst_id, MOST_CASES)


async def record_answer(uow: UnitOfWork, burst: Burst, case_ids: Sequence[UUID]) -> None:
    """Keep that one answer was given to these cases. Announces `burst.answered`."""
    await repository.mark_answered(uow, burst.id)
    told = {"cases": len(case_ids)}
    await audit.record(uow, [AuditEntry("burst.answered", "burst", burst.id, told)])
    await stream.announce(uow, [burst_changed("answered", burst.id, burst.post_id, len(case_ids))])


async def _read_on(uow: UnitOfWork, limits: BurstLimits) -> int:
    seq = await repository.lock_head(uow)
    if seq is None:
        return 0
    facts = await stream.read_after(uow, seq, FACTS_A_TURN)
    if not facts:
        # What was asked was forgotten before it was read, or another worker was quicker.
        await repository.move_head(uow, max(seq, (await stream.read_head(uow))[0]))
        return 0
    opened = [each.fact.subject_id for each in facts if each.fact.kind == OPENED]
    new = await repository.list_opened(uow, opened, rules.ASKING) if opened else []
    if new:
        known = await repository.list_around(uow, new, limits.window, MOST_AROUND)
        await _keep(uow, rules.gather(new, known, limits))
    await repository.move_head(uow, facts[-1].seq)
    return len(facts)


async def _keep(uow: UnitOfWork, joined: Sequence[Joined]) -> None:
    bursts = rules.bind(joined, (ids.new_id() for _ in joined))
    await repository.add_questions(uow, [_question(uow, one, bursts) for one in joined])
    await repository.bind(uow, bursts)
    known = {one.like.burst_id for one in joined if one.like and one.like.burst_id}
    members: dict[UUID, list[Asked]] = {}
    for one in joined:
        for asked in (one.like, one.asked) if one.like else ():
            members.setdefault(bursts[asked.message_id], []).append(asked)
    await repository.add_bursts(
        uow, [_burst(uow, burst_id, members[burst_id]) for burst_id in sorted(members)]
    )
    grown = Counter(bursts[one.asked.message_id] for one in joined if one.like)
    facts = [
        burst_changed(
            "joined" if burst_id in known else "opened",
            burst_id,
            members[burst_id][0].post_id,
            grown[burst_id] if burst_id in known else grown[burst_id] + 1,
        )
        for burst_id in sorted(members)
    ]
    await stream.announce(uow, facts)


def _question(uow: UnitOfWork, one: Joined, bursts: dict[UUID, UUID]) -> dict[str, Any]:
    asked = one.asked
    return {
        "workspace_id": uow.workspace_id,
        "message_id": asked.message_id,
        "case_id": asked.case_id,
        "post_id": asked.post_id,
        "source_id": asked.source_id,
        "burst_id": bursts.get(asked.message_id),
        "similarity": round(one.similarity, 3) if one.like else 1.0,
        "asked_at": asked.asked_at,
    }


def _burst(uow: UnitOfWork, burst_id: UUID, members: Sequence[Asked]) -> dict[str, Any]:
    first = min(members, key=lambda asked: (asked.asked_at, str(asked.message_id)))
    return {
        "workspace_id": uow.workspace_id,
        "id": burst_id,
        "post_id": first.post_id,
        "source_id": first.source_id,
        "message_id": first.message_id,
        "started_at": first.asked_at,
        "last_at": max(asked.asked_at for asked in members),
        "answered_at": None,
    }
