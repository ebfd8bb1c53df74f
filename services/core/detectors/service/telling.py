"""Begin and end firings, each with its alert and its line in the trail."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from services.core.alerts import service as alerts
from services.core.alerts.types import DetectorNotice
from services.core.audit import service as audit
from services.core.audit.types import AuditEntry
from services.core.detectors import repository, rules, wording
from services.core.detectors.types import Detector, Firing, Judged
from services.core.kit import ids
from services.core.kit.uow import UnitOfWork

OVER: Final = "back to normal"


@dataclass(frozen=True, slots=True)
class Beginning:
    """A firing that begins. One that was missed may be over already, and is told or only kept."""

    detector: Detector
    subject: str
    tick: datetime
    judged: Judged
    label: str = ""
    ended_at: datetime | None = None
    is_told: bool = True


async def begin(uow: UnitOfWork, beginnings: Sequence[Beginning]) -> list[Firing]:
    """Those of them that are new, whoever looked."""
    if not beginnings:
        return []
    names = await repository.list_sources(uow)
    rows = [_row(one, one.label or names.get(one.subject, ""), uow.now) for one in beginnings]
    begun = await repository.begin_firings(uow, rows)
    of = {(one.detector.id, one.subject, one.tick): one for one in beginnings}
    for firing in begun:
        beginning = of[firing.detector_id, firing.subject, firing.started_at]
        if beginning.is_told:
            await alerts.raise_for_detector(uow, _notice(beginning.detector, firing))
    over = [one for one in begun if one.ended_at is not None]
    entries = [_entry("fired", one) for one in begun] + [_entry("cleared", one) for one in over]
    await audit.record(uow, entries)
    return begun


async def end(uow: UnitOfWork, over: Sequence[tuple[UUID, datetime]]) -> list[Firing]:
    """Firings, each at its moment; whoever was told of one hears that it is over."""
    if not over:
        return []
    ended = await repository.end_firings(uow, over)
    await alerts.settle_detector_firings(uow, [one.id for one in ended], resolution=OVER)
    await audit.record(uow, [_entry("cleared", one) for one in ended])
    return ended


def _row(one: Beginning, label: str, now: datetime) -> dict[str, Any]:
    figures = wording.figures_of(one.detector.draft, one.judged, label)
    if rules.is_late(one.tick, now):
        figures = wording.late_figures(figures, one.tick, one.ended_at, now)
    return {
        "id": ids.new_id(),
        "detector_id": one.detector.id,
        "subject": one.subject,
        "version": one.detector.version,
        "started_at": one.tick,
        "ended_at": one.ended_at,
        "figures": figures,
    }


def _notice(detector: Detector, firing: Firing) -> DetectorNotice:
    draft = detector.draft
    return DetectorNotice(
        detector_id=detector.id,
        kind=draft.kind.value,
        firing_id=firing.id,
        severity=draft.severity,
        tier=draft.tier,
        detail=firing.figures,
        ladder_id=draft.ladder_id,
    )


def _entry(verb: str, firing: Firing) -> AuditEntry:
    detail = {"firing_id": str(firing.id), "subject": firing.subject, "version": firing.version}
    return AuditEntry(f"detector.{verb}", "detector", firing.detector_id, detail)
