"""A weekly plan as moments: which blocks stand on which dates, and how long nobody looks."""

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, time, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

from services.core.calendars.types import DAYS_OF_A_WEEK, MINUTES_OF_A_DAY
from services.core.kit.errors import FieldProblem
from services.core.staffing.types import Block, Gap, Plan, Shift

EVERY_DAY = tuple(range(DAYS_OF_A_WEEK))
# PRODUCT L3: the daily blocks. Their lengths are the handbook's: three half hours, and an hour in
# the evening, when most people write.
DEFAULT_BLOCKS = (
    Block(EVERY_DAY, 9 * 60, 30),
    Block(EVERY_DAY, 13 * 60, 30),
    Block(EVERY_DAY, 17 * 60, 30),
    Block(EVERY_DAY, 20 * 60, 60),
)
# Minutes are counted from it, in UTC; any one does.
ANY_MIDNIGHT = datetime(2000, 1, 1, tzinfo=UTC)
DEFAULT_ZONE = "Asia/Shanghai"
DEFAULT_MINUTES_PER_REPLY = 3.0
DEFAULT_PLAN = Plan(DEFAULT_ZONE, DEFAULT_BLOCKS, DEFAULT_MINUTES_PER_REPLY)


def plan_problems(blocks: Sequence[Block]) -> list[FieldProblem]:
    """What makes blocks no plan: one that runs past midnight, two at one time, a day said twice."""
    problems = []
    for place, block in enumerate(blocks):
        if block.end > MINUTES_OF_A_DAY:
            detail = "A block ends by midnight; put what follows into a block of the next day."
            problems.append(FieldProblem(f"/blocks/{place}/minutes", "past_midnight", detail))
        if len(set(block.weekdays)) < len(block.weekdays):
            detail = "A day of the week is named once."
            problems.append(FieldProblem(f"/blocks/{place}/weekdays", "repeated", detail))
        if any(_overlap(block, other) for other in blocks[:place]):
            detail = "This block overlaps an earlier one; use more people instead."
            problems.append(FieldProblem(f"/blocks/{place}/start", "overlap", detail))
    return problems


def shifts(plan: Plan, start: datetime, end: datetime) -> list[Shift]:
    """The blocks of the plan that are not over at `start` and begin before `end`, in order.

    A local time that a change of clocks leaves out comes so much later; one that comes twice is
    the first.
    """
    found = [shift for shift in _placed(plan, start, end) if shift.end > max(start, shift.start)]
    return sorted((shift for shift in found if shift.start < end), key=lambda each: each.start)


def gaps(shifts: Sequence[Shift], zone: ZoneInfo) -> list[Gap]:
    """The stretches between blocks in which nobody looks, in order."""
    return [
        Gap(before.end, after.start, _over_night(before.end, after.start, zone))
        for before, after in pairwise(shifts)
        if after.start > before.end
    ]


def planned_hours(plan: Plan) -> float:
    """Hours of one person in a week of the plan."""
    minutes = sum(block.minutes * block.people * len(set(block.weekdays)) for block in plan.blocks)
    return minutes / 60


def _overlap(one: Block, other: Block) -> bool:
    shared = set(one.weekdays) & set(other.weekdays)
    return bool(shared) and one.start < other.end and other.start < one.end


def _placed(plan: Plan, start: datetime, end: datetime) -> Iterator[Shift]:
    zone = ZoneInfo(plan.zone)
    day = start.astimezone(zone).date() - timedelta(days=1)
    last = end.astimezone(zone).date()
    while day <= last:
        midnight = datetime.combine(day, time.min)
        for block in (each for each in plan.blocks if day.weekday() in each.weekdays):
            begin = _moment(midnight + timedelta(minutes=block.start), zone)
            stop = _moment(midnight + timedelta(minutes=block.end), zone)
            yield Shift(begin, max(begin, stop), block.people)
        day += timedelta(days=1)


def _moment(local: datetime, zone: ZoneInfo) -> datetime:
    return local.replace(tzinfo=zone).astimezone(UTC)


def _over_night(start: datetime, end: datetime, zone: ZoneInfo) -> bool:
    return start.astimezone(zone).date() != end.astimezone(zone).date()
