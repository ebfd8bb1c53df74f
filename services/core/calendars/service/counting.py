"""The hours clocks count in, and the stretches in which they stand still."""

from collections import OrderedDict
from datetime import datetime
from uuid import UUID

from services.core.calendars import repository
from services.core.calendars.service.writing import load_hours
from services.core.calendars.types import Hours, Standstill
from services.core.kit.uow import UnitOfWork

# A calendar laid out for three years takes about 100 KB.
MOST_KEPT = 200

Place = tuple[UUID, int]

# A version never changes, so that what was laid out once serves for as long as there is room.
_kept: OrderedDict[tuple[UUID, UUID, int], Hours] = OrderedDict()


async def open_hours(
    uow: UnitOfWork, wanted: set[tuple[UUID, int | None]]
) -> dict[tuple[UUID, int | None], tuple[Hours, int]]:
    """Hours to count in, and whose version they are; None asks for the version in force.

    What a workspace does not have is left out. At most two statements, none when nothing is
    wanted, and one or none when everything was asked for before.
    """
    unnamed = [calendar_id for calendar_id, version in wanted if version is None]
    in_force = await repository.list_in_force(uow, unnamed) if unnamed else {}
    places = {
        each: (each[0], each[1] if each[1] is not None else in_force.get(each[0]))
        for each in wanted
    }
    known = {place for place in places.values() if place[1] is not None}
    hours = await _load(uow, {(calendar_id, version or 0) for calendar_id, version in known})
    return {
        each: (hours[place[0], place[1]], place[1])
        for each, place in places.items()
        if place[1] is not None and (place[0], place[1]) in hours
    }


async def list_pausing(uow: UnitOfWork, since: datetime) -> list[Standstill]:
    """Standstills that stop clocks and had not ended by then, in order; one statement."""
    return await repository.list_pausing(uow, since)


async def _load(uow: UnitOfWork, wanted: set[Place]) -> dict[Place, Hours]:
    found: dict[Place, Hours] = {}
    missing: list[Place] = []
    for place in wanted:
        key = (uow.workspace_id, *place)
        if key in _kept:
            _kept.move_to_end(key)
            found[place] = _kept[key]
        else:
            missing.append(place)
    for calendar in await repository.list_chosen(uow, missing) if missing else []:
        hours = await load_hours(calendar)
        place = (calendar.id, calendar.version)
        found[place] = _kept[uow.workspace_id, *place] = hours
        if len(_kept) > MOST_KEPT:
            _kept.popitem(last=False)
    return found
