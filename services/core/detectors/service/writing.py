"""Write the detectors of a workspace; a change ends what its old version told."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from typing import Final
from uuid import UUID

from sqlalchemy.exc import IntegrityError

from services.core.alerts import service as alerts
from services.core.audit import service as audit
from services.core.audit.types import AuditEntry
from services.core.detectors import repository, rules
from services.core.detectors.errors import DetectorNameTakenError, TooManyDetectorsError
from services.core.detectors.facts import detector_changed, firing_changed
from services.core.detectors.types import Detector, DetectorDraft, Firing
from services.core.kit import ids
from services.core.kit.errors import FieldProblem, InvalidInputError, NotFoundError
from services.core.kit.stretches import Stretch, newest
from services.core.kit.uow import UnitOfWork
from services.core.stream import service as stream

CHANGED: Final = "the detector was changed"
# Where the ids of a draft point to.
_TABLES: Final = {
    "source_id": "sources",
    "post_id": "posts",
    "rule_id": "rules",
    "ladder_id": "ladders",
}
NEWEST = newest(50)


async def list_detectors(uow: UnitOfWork) -> list[Detector]:
    """Live ones by name; at most 50."""
    return await repository.list_detectors(uow)


async def get_detector(uow: UnitOfWork, detector_id: UUID) -> Detector:
    """Raises NotFoundError for an unknown or archived one."""
    return _found(await repository.list_detectors(uow), detector_id)


async def list_firings(
    uow: UnitOfWork, wanted: Stretch = NEWEST, *, detector_id: UUID | None = None
) -> list[Firing]:
    """By when they began; those of changed and archived detectors stay."""
    return await repository.list_firings(uow, wanted, detector_id=detector_id)


async def create_detector(uow: UnitOfWork, draft: DetectorDraft) -> Detector:
    """Raises InvalidInputError field by field, DetectorNameTakenError, TooManyDetectorsError.

    Announces `detector.created`. It looks from the next minute on, if it is switched on.
    """
    await check(uow, draft)
    if len(await repository.list_detectors(uow, lock=True)) >= rules.MOST_DETECTORS:
        raise TooManyDetectorsError(rules.MOST_DETECTORS)
    detector = Detector(ids.new_id(), 1, draft, uow.now, uow.now)
    with _names_are_unique():
        await repository.add_detectors(uow, [detector])
    await _tell(uow, "created", [detector])
    return detector


async def change_detector(uow: UnitOfWork, detector_id: UUID, draft: DetectorDraft) -> Detector:
    """Save the next version; a firing of the old one ends, and its alert is resolved.

    Announces `detector.changed`. Raises as `create_detector`, and NotFoundError.
    """
    before = _found(await repository.list_detectors(uow, lock=True), detector_id)
    if before.draft == draft:
        return before
    await check(uow, draft)
    detector = replace(before, version=before.version + 1, draft=draft, updated_at=uow.now)
    with _names_are_unique():
        await repository.change_detector(uow, detector)
    await _let_go(uow, detector_id)
    await _tell(uow, "changed", [detector])
    return detector


async def archive_detector(uow: UnitOfWork, detector_id: UUID) -> None:
    """It looks no more; its firings stay. Announces `detector.archived`. Raises NotFoundError."""
    detector = _found(await repository.list_detectors(uow, lock=True), detector_id)
    await repository.archive_detector(uow, detector_id)
    await _let_go(uow, detector_id)
    await _tell(uow, "archived", [detector])


async def ensure_defaults(uow: UnitOfWork) -> None:
    """The detectors a new workspace begins with; one that has any, or had, keeps what it has."""
    if await repository.has_any(uow):
        return
    made = [Detector(ids.new_id(), 1, draft, uow.now, uow.now) for draft in rules.DEFAULTS]
    await repository.add_detectors(uow, made)
    await _tell(uow, "created", made)


async def check(uow: UnitOfWork, draft: DetectorDraft) -> None:
    """Raises InvalidInputError: what makes no sense is told when it is written."""
    problems = list(rules.problems(draft))
    for name, table in _TABLES.items():
        named = getattr(draft, name)
        if named is not None and not await repository.knows(uow, table, named):
            problems.append(FieldProblem(f"/{name}", "not_found", "There is no such thing."))
    if problems:
        raise InvalidInputError("The detector is not valid.", errors=problems)


async def _let_go(uow: UnitOfWork, detector_id: UUID) -> None:
    ended = await repository.end_of_detector(uow, detector_id, uow.now)
    await alerts.settle_detector_firings(uow, [one.id for one in ended], resolution=CHANGED)
    await stream.announce(uow, [firing_changed("cleared", one) for one in ended])


async def _tell(uow: UnitOfWork, verb: str, detectors: Sequence[Detector]) -> None:
    entries = [
        AuditEntry(
            f"detector.{verb}",
            "detector",
            one.id,
            {
                "version": one.version,
                "kind": one.draft.kind.value,
                "enabled": one.draft.enabled,
                "threshold": one.draft.threshold,
                "window_minutes": one.draft.window_minutes,
            },
        )
        for one in detectors
    ]
    await audit.record(uow, entries)
    await stream.announce(uow, [detector_changed(verb, one) for one in detectors])


def _found(detectors: Sequence[Detector], detector_id: UUID) -> Detector:
    for detector in detectors:
        if detector.id == detector_id:
            return detector
    noun = "detector"
    raise NotFoundError(noun)


@contextmanager
def _names_are_unique() -> Iterator[None]:
    try:
        yield
    except IntegrityError as error:
        raise DetectorNameTakenError from error
