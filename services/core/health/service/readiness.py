"""Can the product do its work? All findings together, from one look at the database."""

import re
from collections.abc import Sequence
from functools import cache
from pathlib import Path

import services
from services.core.health import rules
from services.core.health.repository import processes, totals
from services.core.health.service.auditing import read_verdict_in
from services.core.health.service.processes import SILENCE, WORKER
from services.core.health.service.waiting import read_waiting_in
from services.core.health.types import Ages, Check, CheckState, Examination
from services.core.kit.errors import UnavailableError
from services.core.kit.uow import Database

_REVISION = re.compile(r'^revision = "(\w+)"', re.MULTILINE)
_PARENT = re.compile(r'^down_revision = "(\w+)"', re.MULTILINE)


async def examine(database: Database, others: Sequence[Check] = ()) -> Examination:
    """Look at the database, its schema, the workers and what the auditors found.

    `others` are the door's own findings. Never raises for an outage: that is a finding.
    """
    found, ages = await _examine_database(database)
    checks = (*found, *others)
    return Examination(rules.overall(checks), checks, ages)


@cache
def expected_revision() -> str:
    """The newest migration this code was shipped with, read from its files once."""
    folder = Path(services.__file__).parent.parent / "migrations" / "versions"
    texts = [path.read_text(encoding="utf-8") for path in sorted(folder.glob("*.py"))]
    revisions = [found for text in texts for found in _REVISION.findall(text)]
    parents = {found for text in texts for found in _PARENT.findall(text)}
    return next((revision for revision in revisions if revision not in parents), "")


async def _examine_database(database: Database) -> tuple[list[Check], Ages | None]:
    try:
        async with database.system() as uow:
            revision = rules.check_schema(await totals.get_revision(uow), expected_revision())
            database_up = Check("database", CheckState.OK)
            if revision.state is CheckState.FAILED:
                # Nothing else can be asked of a schema nobody knows.
                return [database_up, revision], None
            alive = await processes.count_processes(uow, WORKER, uow.now - SILENCE)
            last = await read_verdict_in(uow)
            ages = (await read_waiting_in(uow)).ages
    except UnavailableError:
        return [Check("database", CheckState.FAILED, "Postgres does not answer.")], None
    found = [database_up, revision, rules.check_workers(alive), rules.check_auditor(last)]
    return [*found, *rules.check_stages(last)], ages
