"""Make up for looks nobody took: every window of an outage is judged by its own minutes."""

import asyncio
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final
from uuid import UUID

from services.core.detectors import repository, rules
from services.core.detectors.facts import firing_changed
from services.core.detectors.service import telling
from services.core.detectors.service.telling import Beginning
from services.core.detectors.statements import COUNTINGS
from services.core.detectors.types import Change, Due, Episode, Figure, Firing, Step
from services.core.kit.uow import Database, UnitOfWork
from services.core.stream import service as stream

# Detectors whose minutes are read in one go: some hours of each, and of the weeks before.
AT_ONCE: Final = 50
# Firings of one detector and subject that are kept of what was missed, the latest.
MOST_KEPT: Final = 20

Subject = tuple[UUID, str]
Minutes = Mapping[datetime, Figure]


@dataclass(frozen=True, slots=True)
class _Missed:
    """What one subject of a detector was in the minutes nobody looked at."""

    due: Due
    subject: str
    minutes: Minutes
    since: datetime | None


async def catch_up(database: Database, due: Sequence[Due]) -> int:
    """Judge the turns these detectors missed; returns firings begun and ended.

    Firings are kept as they were, at their own minutes, and rest as they would have. What goes on
    is told; of what was over by now only the last of each detector, as late. Safe to run twice.
    """
    late = [one for one in due if one.missed]
    changed = 0
    for first in range(0, len(late), AT_ONCE):
        for workspace_id, missed in (await _read(database, late[first : first + AT_ONCE])).items():
            async with database.unit(workspace_id) as uow:
                changed += await _carry_out(uow, missed)
    return changed


async def _read(database: Database, due: Sequence[Due]) -> Mapping[UUID, list[_Missed]]:
    minutes: dict[Subject, dict[datetime, Figure]] = {}
    async with database.system() as uow:
        since = await repository.list_since(uow, [one.workspace_id for one in due])
        for kind in COUNTINGS:
            of_kind = [
                (one, rules.weeks_of(one.detector.draft))
                for one in due
                if one.detector.draft.kind is kind
            ]
            if of_kind:
                by_source = kind in rules.BY_SOURCE
                minutes |= await repository.list_minutes(uow, kind, of_kind, by_source=by_source)
        going_on = await repository.list_going_on(uow, due)
    # What goes on is looked at in empty minutes too; so is everything together.
    wanted = dict.fromkeys(minutes)
    wanted |= dict.fromkeys(
        (one.detector_id, one.subject) for firings in going_on.values() for one in firings
    )
    together = (one for one in due if one.detector.draft.kind not in rules.BY_SOURCE)
    wanted |= dict.fromkeys((one.detector.id, "") for one in together)
    by_id = {one.detector.id: one for one in due}
    found: dict[UUID, list[_Missed]] = defaultdict(list)
    for key in wanted:
        one = by_id[key[0]]
        missed = _Missed(one, key[1], minutes.get(key, {}), since.get(one.workspace_id))
        found[one.workspace_id].append(missed)
    return found


async def _carry_out(uow: UnitOfWork, missed: Sequence[_Missed]) -> int:
    locked = await repository.lock_enabled(uow, {one.due.detector.id for one in missed})
    missed = [one for one in missed if locked.get(one.due.detector.id) == one.due.detector]
    latest = await repository.list_latest(
        uow, [(one.due.detector.id, one.subject) for one in missed]
    )
    # Some hundred looks of each take a fraction of a second: others are served meanwhile.
    changes = await asyncio.to_thread(_look_back, missed, latest)
    over: list[tuple[UUID, datetime]] = []
    episodes: dict[UUID, list[Episode]] = defaultdict(list)
    for (detector_id, subject), found in changes.items():
        if found and found[0].step is Step.END:
            over.append((latest[detector_id, subject].id, found[0].tick))
        episodes[detector_id] += rules.episodes_of(found, subject)[-MOST_KEPT:]
    ended = await telling.end(uow, over)
    begun = await telling.begin(uow, list(_beginnings(missed, episodes)))
    facts = [firing_changed("cleared", one) for one in ended]
    facts += [firing_changed("fired", one) for one in begun]
    facts += [firing_changed("cleared", one) for one in begun if one.ended_at is not None]
    await stream.announce(uow, facts)
    return len(facts)


def _look_back(
    missed: Sequence[_Missed], latest: Mapping[Subject, Firing]
) -> dict[Subject, list[Change]]:
    changes = {}
    for one in missed:
        draft, ticks = one.due.detector.draft, one.due.missed
        last = latest.get((one.due.detector.id, one.subject))
        start = ticks[0] - rules.reach(draft)
        length = (ticks[-1] - start) // rules.MINUTE
        series = rules.lay_out(start, length, one.minutes.items())
        is_own = last is not None and last.version == one.due.detector.version
        changes[one.due.detector.id, one.subject] = list(
            rules.steps(
                draft,
                series,
                one.since,
                _unseen(ticks, last),
                going_on=last is not None and last.ended_at is None,
                last_ended_at=last.ended_at if last and is_own else None,
            )
        )
    return changes


def _unseen(ticks: Sequence[datetime], last: Firing | None) -> Sequence[datetime]:
    """Those after what is known: another worker may have made up for the others."""
    if last is None:
        return ticks
    known = max(last.started_at, last.ended_at or last.started_at)
    return [tick for tick in ticks if tick > known]


def _beginnings(
    missed: Sequence[_Missed], episodes: Mapping[UUID, list[Episode]]
) -> Iterable[Beginning]:
    by_id = {one.due.detector.id: one.due.detector for one in missed}
    for detector_id, found in episodes.items():
        told = rules.to_tell(found)
        for one in found:
            yield Beginning(
                by_id[detector_id],
                one.subject,
                one.started_at,
                rules.judged_of(one),
                ended_at=one.ended_at,
                is_told=one in told,
            )
