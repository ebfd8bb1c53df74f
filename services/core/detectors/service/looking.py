"""The look of every minute: figures of all workspaces at once, then units for what changes."""

from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final
from uuid import UUID

import structlog

from services.core.detectors import repository, rules
from services.core.detectors.facts import firing_changed
from services.core.detectors.service import telling
from services.core.detectors.service.catching_up import catch_up
from services.core.detectors.service.telling import Beginning
from services.core.detectors.statements import COUNTINGS
from services.core.detectors.types import (
    DetectorKind,
    Due,
    Figure,
    Figures,
    Firing,
    Judged,
    Look,
    Step,
)
from services.core.health import service as health
from services.core.health.types import Stall
from services.core.kit.uow import Database, UnitOfWork
from services.core.rotas import service as rotas
from services.core.stream import service as stream

log = structlog.get_logger(__name__)

DETECTORS_A_PAGE: Final = 500
# Of a subject that is not there any more: a deleted source, a stage that runs, a rota in order.
GONE: Final = Judged(fires=False, value=0.0, usual=None, total=0, hits=0)


@dataclass(slots=True)
class _Page:
    """Looks at some detectors, and what of theirs goes on."""

    looks: list[Look]
    going_on: dict[UUID, list[Firing]]


async def look(database: Database) -> int:
    """Judge every switched-on detector whose turn this minute is; returns firings begun and ended.

    Turns nobody took are made up for, some hours back, and what still waits to be taken in is
    waited for: a window is judged when all that came is there. The cost of a quiet minute is a few
    statements for all workspaces. Safe to run anywhere at any time: a firing begins once, whoever
    looks, and looking again in the same minute changes nothing.
    A workspace that cannot be looked at keeps no other from it.
    """
    changed, after = 0, repository.FIRST_PLACE
    while True:
        async with database.system() as uow:
            found, end = await repository.list_due(
                uow, after, DETECTORS_A_PAGE, drifts=database.clock.drifts
            )
            waits = await repository.list_waits(uow, [one.workspace_id for one in found])
        turns = (rules.take_turn(one, waits[one.workspace_id]) for one in found)
        due = [one for one in turns if one is not None]
        try:
            changed += await _look_together(database, due)
        except Exception:
            log.exception("detectors.page_broke", detectors=len(due))
            changed += await _look_one_by_one(database, due)
        if due:
            async with database.system() as uow:
                await repository.note_looked(uow, due)
        if end is None:
            return changed
        after = end


async def _look_one_by_one(database: Database, due: Sequence[Due]) -> int:
    """Workspace by workspace: whatever is wrong with one of them, its neighbours are looked at.

    Raises UnavailableError when it is the database that is away.
    """
    changed = 0
    by_workspace: dict[UUID, list[Due]] = defaultdict(list)
    for one in due:
        by_workspace[one.workspace_id].append(one)
    for workspace_id, own in by_workspace.items():
        try:
            changed += await _look_together(database, own)
        except Exception:
            log.exception("detectors.workspace_broke", workspace_id=str(workspace_id))
            # Opened for its clock: a database that does not answer is no workspace's fault.
            async with database.system():
                continue
    return changed


async def _look_together(database: Database, due: Sequence[Due]) -> int:
    changed = await catch_up(database, due)
    stuck = [one for one in due if one.detector.draft.kind is DetectorKind.STUCK_STAGE]
    stalls = await _list_stalls(database) if stuck else None
    if stalls is None:
        # Nobody knows how the stages are: what is told of them neither begins nor ends.
        due = [one for one in due if one not in stuck]
        stuck = []
    async with database.system() as uow:
        page = await _look_at(uow, due)
    page.looks += _look_at_stages(stuck, stalls or ())
    page.looks += await _look_at_rotas(database, due)
    for workspace_id, looks in _changing(page, due).items():
        async with database.unit(workspace_id) as uow:
            changed += await _carry_out(uow, looks)
    return changed


async def _look_at(uow: UnitOfWork, due: Sequence[Due]) -> _Page:
    if not due:
        return _Page([], {})
    looks: list[Look] = []
    since = await repository.list_since(uow, [one.workspace_id for one in due])
    for kind in COUNTINGS:
        of_kind = [one for one in due if one.detector.draft.kind is kind]
        if of_kind:
            looks += await _count(uow, kind, of_kind, since)
    return _Page(looks, await repository.list_going_on(uow, due))


async def _count(
    uow: UnitOfWork,
    kind: DetectorKind,
    due: Sequence[Due],
    since: Mapping[UUID, datetime | None],
) -> list[Look]:
    wanted = [(one, rules.weeks_of(one.detector.draft)) for one in due]
    counted = await repository.count_figures(uow, kind, wanted, by_source=kind in rules.BY_SOURCE)
    windows: dict[tuple[UUID, str], dict[int, Figure]] = defaultdict(dict)
    for (detector_id, subject, week), figure in counted.items():
        windows[detector_id, subject][week] = figure
    by_id = {one.detector.id: one for one in due}
    looks = []
    for (detector_id, subject), weeks in windows.items():
        one = by_id[detector_id]
        now, *before = (weeks[week] for week in sorted(weeks))
        figures = Figures(now, tuple(before), since.get(one.workspace_id))
        looks.append(Look(one, subject, rules.judge(one.detector.draft, figures, one.tick)))
    return looks


async def _list_stalls(database: Database) -> Sequence[Stall] | None:
    """By the auditor's last word; None where one that is silent says nothing."""
    last = await health.read_verdict(database)
    return None if last is None or last.silent else last.stalls


def _look_at_stages(due: Sequence[Due], stalls: Sequence[Stall]) -> list[Look]:
    longest: dict[str, int] = {}
    for stall in stalls:
        longest[stall.stage] = max(longest.get(stall.stage, 0), int(stall.seconds))
    return [_plain(one, stage, stage, seconds) for one in due for stage, seconds in longest.items()]


async def _look_at_rotas(database: Database, due: Sequence[Due]) -> list[Look]:
    """A rota without a gap ahead gives no look: what goes on about it ends."""
    wanted = [one for one in due if one.detector.draft.kind is DetectorKind.ROTA_GAP]
    if not wanted:
        return []
    async with database.system() as uow:
        with_rotas = await repository.list_with_rotas(uow, [one.workspace_id for one in wanted])
    looks = []
    for one in wanted:
        if one.workspace_id in with_rotas:
            async with database.read(one.workspace_id) as uow:
                until = uow.now + one.detector.draft.window_minutes * rules.MINUTE
                gaps = await rotas.list_gaps(uow, until)
            minutes: Counter[tuple[str, str]] = Counter()
            for gap in gaps:
                length = (min(gap.end, until) - gap.start) // rules.MINUTE
                minutes[str(gap.rota_id), gap.rota_name] += max(length, 0)
            looks += [_plain(one, *rota, length) for rota, length in minutes.items()]
    return looks


def _plain(due: Due, subject: str, label: str, value: int) -> Look:
    """A look at what is not counted in windows."""
    judged = rules.judge(due.detector.draft, Figures(Figure(value, value)), due.tick)
    return Look(due, subject, judged, label)


def _changing(page: _Page, due: Sequence[Due]) -> dict[UUID, list[Look]]:
    """Looks that may begin or end a firing, by workspace; what was not seen again is over."""
    seen = {(one.due.detector.id, one.subject): one for one in page.looks}
    on = {(one.detector_id, one.subject) for firings in page.going_on.values() for one in firings}
    by_id = {one.detector.id: one for one in due}
    for detector_id, subject in on - seen.keys():
        seen[detector_id, subject] = Look(by_id[detector_id], subject, GONE)
    changing: dict[UUID, list[Look]] = defaultdict(list)
    for key, one in seen.items():
        if one.judged.fires is not (key in on):
            changing[one.due.workspace_id].append(one)
    return changing


async def _carry_out(uow: UnitOfWork, looks: Sequence[Look]) -> int:
    """Begin and end what these looks say, under the lock of their detectors."""
    locked = await repository.lock_enabled(uow, {one.due.detector.id for one in looks})
    looks = [one for one in looks if locked.get(one.due.detector.id) == one.due.detector]
    latest = await repository.list_latest(
        uow, [(one.due.detector.id, one.subject) for one in looks]
    )
    steps: dict[Step, list[Look]] = defaultdict(list)
    for one in looks:
        steps[_step(one, latest.get((one.due.detector.id, one.subject)))].append(one)
    begun = await telling.begin(
        uow,
        [
            Beginning(one.due.detector, one.subject, one.due.tick, one.judged, one.label)
            for one in steps[Step.BEGIN]
        ],
    )
    over = [(latest[one.due.detector.id, one.subject].id, one.due.tick) for one in steps[Step.END]]
    ended = await telling.end(uow, over)
    facts = [firing_changed("fired", one) for one in begun]
    facts += [firing_changed("cleared", one) for one in ended]
    await stream.announce(uow, facts)
    return len(facts)


def _step(one: Look, last: Firing | None) -> Step:
    tick, draft = one.due.tick, one.due.detector.draft
    # A change begins anew: the rest of a firing it cut short does not bind the next version.
    rests = last is not None and last.version == one.due.detector.version
    if last is not None and max(last.started_at, last.ended_at or last.started_at) >= tick:
        # Another worker looked at this minute, or at a later one.
        return Step.NOTHING
    return rules.next_step(
        draft,
        fires=one.judged.fires,
        going_on=last is not None and last.ended_at is None,
        last_ended_at=last.ended_at if last and rests else None,
        tick=tick,
    )
