"""Say how the product is: which processes live, what waits and how late, what is not well."""

import re
from collections.abc import Sequence
from datetime import timedelta
from functools import cache
from pathlib import Path

import services
from services.core.health import repository, rules
from services.core.health.types import Check, CheckState, ProcessInfo, ReadyState, Totals
from services.core.kit.errors import UnavailableError
from services.core.kit.uow import Database
from services.core.triage.types import Tier

WORKER = "worker"
# Workers say they live every 5 s; three words missed in a row are silence.
BEAT_SECONDS = 5
SILENCE = timedelta(seconds=3 * BEAT_SECONDS)
# Kept for a day, so that one can see what died.
MEMORY = timedelta(days=1)

_REVISION = re.compile(r'^revision = "(\w+)"', re.MULTILINE)
_PARENT = re.compile(r'^down_revision = "(\w+)"', re.MULTILINE)


async def beat(database: Database, process: ProcessInfo) -> None:
    """Say that this process lives; call it every BEAT_SECONDS. The database's clock is used."""
    async with database.system() as uow:
        await repository.put_process(uow, process)
        await repository.forget_processes(uow, uow.now - MEMORY)


async def farewell(database: Database, process: ProcessInfo) -> None:
    """Say that this process ends on purpose, so that it is not missed."""
    async with database.system() as uow:
        await repository.delete_process(uow, process)


async def read_totals(database: Database) -> Totals:
    """What waits in all workspaces together. Each statement may take 2 s at most.

    Raises UnavailableError when the database is away or too busy to say.
    """
    async with database.system() as uow:
        row = await repository.get_totals(uow)
        cases = await repository.count_open_cases(uow)
        alive = await repository.count_processes(uow, WORKER, uow.now - SILENCE)
        now = uow.now
    ages = [
        max(0.0, (now - moment).total_seconds()) if moment else 0.0
        for moment in (row.journal_oldest, row.timers_next, row.outbox_oldest)
    ]
    return Totals(
        journal_pending=row.journal_pending,
        journal_oldest_age=ages[0],
        journal_quarantined=row.journal_quarantined,
        cases_open={tier.value: cases.get(tier.value, 0) for tier in Tier},
        clocks_unsettled=row.clocks_unsettled,
        clocks_missed=row.clocks_missed,
        timers_pending=row.timers_pending,
        timers_lag=ages[1],
        outbox_pending=row.outbox_pending,
        outbox_oldest_age=ages[2],
        outbox_dead=row.outbox_dead,
        alerts_firing=int(row.alerts_firing),
        workers_alive=alive,
    )


async def examine(
    database: Database, others: Sequence[Check] = ()
) -> tuple[ReadyState, list[Check]]:
    """Look at the database, its schema and the workers; `others` are the door's own findings.

    Never raises for an outage: that is a finding.
    """
    checks = [*(await _examine_database(database)), *others]
    return rules.overall(checks), checks


@cache
def expected_revision() -> str:
    """The newest migration this code was shipped with, read from its files once."""
    folder = Path(services.__file__).parent.parent / "migrations" / "versions"
    texts = [path.read_text(encoding="utf-8") for path in sorted(folder.glob("*.py"))]
    revisions = [found for text in texts for found in _REVISION.findall(text)]
    parents = {found for text in texts for found in _PARENT.findall(text)}
    return next((revision for revision in revisions if revision not in parents), "")


async def _examine_database(database: Database) -> list[Check]:
    try:
        async with database.system() as uow:
            alive = await repository.count_processes(uow, WORKER, uow.now - SILENCE)
            found = await repository.get_revision(uow)
    except UnavailableError:
        return [Check("database", CheckState.FAILED, "Postgres does not answer.")]
    return [
        Check("database", CheckState.OK),
        rules.check_schema(found, expected_revision()),
        rules.check_workers(alive),
    ]
