"""The auditor's look: what stands still is named, announced once, and kept for the others to read.

Give it a database of its own: a pool that is exhausted is one of the things it must notice.
"""

from dataclasses import asdict, replace
from datetime import timedelta
from typing import Any, Final

from services.core.health import rules
from services.core.health.facts import stage_changed
from services.core.health.repository import processes, waiting
from services.core.health.service.processes import SILENCE, WORKER
from services.core.health.service.waiting import read_waiting_in
from services.core.health.types import AuditLimits, LastVerdict, Stall, Verdict
from services.core.kit.clock import monotonic
from services.core.kit.uow import Database, UnitOfWork
from services.core.stream import service as stream

# How long a worker that ended without a word is remembered by the notes.
MISSED_FOR: Final = timedelta(minutes=5)
# Beyond this many workspaces nobody is told: facts are for those who look on.
MAX_TOLD: Final = 1_000


async def look(database: Database, limits: AuditLimits) -> Verdict:
    """Look once and write down what was found; commits.

    Stages that began or ceased to stand still since the last look of any auditor are announced to
    every workspace, once. Raises UnavailableError when the database cannot say in time.
    """
    started = monotonic()
    async with database.system() as uow:
        found = await read_waiting_in(uow)
        workers = await processes.list_alive(uow, WORKER, uow.now - SILENCE)
        stalls = rules.find_stalls(workers, found.overdue, limits)
        notes = await _read_notes(uow, limits)
        verdict = Verdict(stalls, notes, monotonic() - started)
        before = await processes.lock_verdict(uow)
        known = {stall["stage"] for stall in before.get("stalls", ())}
        now = {stall.stage for stall in stalls}
        verdict = replace(
            verdict, begun=tuple(sorted(now - known)), ended=tuple(sorted(known - now))
        )
        await processes.put_verdict(uow, _written(verdict, limits, before))
        await _announce(uow, verdict)
    return verdict


async def note_ping(database: Database) -> None:
    """Write down that the heartbeat's address was told that all is well."""
    async with database.system() as uow:
        await processes.note_ping(uow)


async def read_verdict(database: Database) -> LastVerdict | None:
    """The latest look of any auditor; None before the first. Raises UnavailableError."""
    async with database.system() as uow:
        return await read_verdict_in(uow)


async def read_verdict_in(uow: UnitOfWork) -> LastVerdict | None:
    """The same inside a system's unit of the caller's."""
    row = await processes.get_verdict(uow)
    if row is None or not row.report:
        return None
    told = row.report
    return LastVerdict(
        at=row.seen_at,
        age_seconds=max(0.0, (uow.now - row.seen_at).total_seconds()),
        silence_seconds=told["silence"],
        stalls=tuple(Stall(**stall) for stall in told["stalls"]),
        notes=told["notes"],
        look_seconds=told["look_seconds"],
        pinged_at=told.get("pinged_at"),
    )


async def _read_notes(uow: UnitOfWork, limits: AuditLimits) -> dict[str, int]:
    counts = await waiting.count_notes(uow, uow.now - timedelta(seconds=limits.stall))
    missed = await processes.count_vanished(
        uow, WORKER, since=uow.now - SILENCE, after=uow.now - MISSED_FOR
    )
    return counts | {"vanished_workers": missed}


async def _announce(uow: UnitOfWork, verdict: Verdict) -> None:
    changes = [stage_changed(stage, stalled=True) for stage in verdict.begun]
    changes += [stage_changed(stage, stalled=False) for stage in verdict.ended]
    if not changes:
        return
    for workspace_id in await processes.list_workspaces(uow, MAX_TOLD):
        await stream.announce(replace(uow, workspace_id=workspace_id), changes)


def _written(verdict: Verdict, limits: AuditLimits, before: Any) -> dict[str, Any]:
    report = {
        "silence": limits.silence,
        "stalls": [asdict(stall) for stall in verdict.stalls],
        "notes": dict(verdict.notes),
        "look_seconds": verdict.look_seconds,
    }
    pinged = before.get("pinged_at")
    return report if pinged is None else report | {"pinged_at": pinged}
