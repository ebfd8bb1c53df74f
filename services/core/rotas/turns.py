"""A rota laid out in time: who is on call from when to when, and where nobody is.

Turns and spans are said in local time and laid out in UTC, so that a night in which the clocks
change has its real length. Every stretch is half open.
"""

from bisect import bisect_left, bisect_right
from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache
from itertools import pairwise
from zoneinfo import ZoneInfo

from services.core.calendars.timeline import ALWAYS, Timeline
from services.core.calendars.types import Absence, Hours
from services.core.rotas.types import Gap, GapReason, Layer, Override, Rota, Shift, Week

TICK = timedelta(microseconds=1)
_MINUTES_OF_AN_HOUR = 60
# A week laid out for two years takes about 50 KB.
_MOST_KEPT = 200


class Attendance:
    """Who is there when, and who answers for those that are not.

    `active` are the members that have not left; of the absences of one person no two overlap.
    """

    def __init__(self, absences: Iterable[Absence], active: Collection[object]) -> None:
        self._active = active
        self._absences: defaultdict[object, list[Absence]] = defaultdict(list)
        for each in absences:
            self._absences[each.member_id].append(each)
        self._borders = sorted(_borders(self._absences.values()))

    def cut(self, planned: Shift) -> Iterator[Shift]:
        """The stretch in parts, each with the member who answers in it, or nobody."""
        first = bisect_right(self._borders, planned.start)
        inside = self._borders[first : bisect_left(self._borders, planned.end)]
        if not inside:
            yield self.answered(planned)
            return
        for start, end in pairwise([planned.start, *inside, planned.end]):
            part = replace(planned, start=start, end=end)
            yield self.answered(part)

    def answered(self, planned: Shift) -> Shift:
        """Who answers at the beginning of a stretch: whoever has the turn, or a stand-in."""
        member_id = planned.planned_id
        passed = set()
        while member_id in self._active and member_id not in passed:
            absence = self._absence(member_id, planned.start)
            if absence is None:
                return replace(planned, member_id=member_id)
            passed.add(member_id)
            member_id = absence.stand_in_id
        return planned

    def _absence(self, member_id: object, at: datetime) -> Absence | None:
        for each in self._absences.get(member_id, ()):
            if each.starts_at <= at < each.ends_at:
                return each
        return None


def lay_out(
    rota: Rota,
    overrides: Sequence[Override],
    attendance: Attendance,
    start: datetime,
    end: datetime,
) -> list[Shift]:
    """The range from `start` to `end` as shifts without holes or overlaps; gaps have no member.

    An override goes before every layer, and a layer before those after it. Whoever is away without
    a stand-in leaves the stretch to those below.
    """
    zone = ZoneInfo(rota.draft.zone)
    plans = [list(_overridden(overrides, start, end))]
    plans += [list(_turns(layer, zone, start, end)) for layer in rota.draft.layers]
    cut = [[part for planned in plan for part in attendance.cut(planned)] for plan in plans]
    laid: list[Shift] = []
    for parts in cut:
        laid = _beneath(laid, [part for part in parts if part.member_id is not None])
    for parts in cut:
        laid = _beneath(laid, [part for part in parts if part.member_id is None])
    return list(_joined(_beneath(laid, [Shift(start, end)] if start < end else [])))


def find_gaps(rota: Rota, shifts: Sequence[Shift]) -> list[Gap]:
    """Where nobody is on call though the rota's cover says that somebody has to be."""
    empty = [shift for shift in shifts if shift.member_id is None]
    if not empty:
        return []
    found: list[Gap] = []
    cover = hours_of(rota.draft.zone, rota.draft.cover).spans(empty[0].start, empty[-1].end)
    for shift, start, end in _shared(empty, cover):
        reason = GapReason.AWAY if shift.planned_id else GapReason.NOBODY_PLANNED
        last = found[-1] if found else None
        if last is not None and last.end == start and last.reason is reason:
            found[-1] = replace(last, end=end)
        else:
            found.append(Gap(rota.id, rota.draft.name, start, end, reason))
    return found


@lru_cache(maxsize=_MOST_KEPT)
def hours_of(zone: str, week: Week) -> Hours:
    """The hours of a local week; an empty one is always open."""
    if not week:
        return ALWAYS
    return Timeline(ZoneInfo(zone), lambda day: week[day.weekday()])


def _borders(absences: Iterable[Iterable[Absence]]) -> set[datetime]:
    return {at for each in absences for one in each for at in (one.starts_at, one.ends_at)}


def _overridden(overrides: Iterable[Override], start: datetime, end: datetime) -> Iterator[Shift]:
    for each in sorted(overrides, key=lambda each: each.starts_at):
        begins, ends = max(each.starts_at, start), min(each.ends_at, end)
        if begins < ends:
            yield Shift(begins, ends, None, each.member_id, None, each.id)


def _turns(layer: Layer, zone: ZoneInfo, start: datetime, end: datetime) -> Iterator[Shift]:
    # A turn that began the day before may last until today's handover; and Apia once skipped a day.
    passed = (start.astimezone(zone).date() - layer.first_on).days - 2
    turn = max(passed // layer.turn_days, 0)
    begins = _handover(layer, zone, turn)
    turns = []
    while begins < end:
        following = _handover(layer, zone, turn + 1)
        if following > max(begins, start):
            planned_id = layer.member_ids[turn % len(layer.member_ids)]
            turns.append(Shift(begins, following, None, planned_id, layer.name))
        turn, begins = turn + 1, following
    on_duty = hours_of(zone.key, layer.week).spans(start, end)
    for shift, opens, closes in _shared(turns, on_duty):
        yield replace(shift, start=opens, end=closes)


def _shared(
    shifts: Sequence[Shift], stretches: Iterable[tuple[datetime, datetime]]
) -> Iterator[tuple[Shift, datetime, datetime]]:
    """What shifts and stretches have in common; both are in order and without overlaps."""
    place = 0
    for opens, closes in stretches:
        while place < len(shifts) and shifts[place].end <= opens:
            place += 1
        over = place
        while over < len(shifts) and shifts[over].start < closes:
            shift = shifts[over]
            yield shift, max(shift.start, opens), min(shift.end, closes)
            over += 1


def _handover(layer: Layer, zone: ZoneInfo, turn: int) -> datetime:
    day: date = layer.first_on + timedelta(days=turn * layer.turn_days)
    hour, minute = divmod(layer.handover, _MINUTES_OF_AN_HOUR)
    return datetime.combine(day, time(hour, minute), zone).astimezone(UTC)


def _beneath(upper: Sequence[Shift], lower: Iterable[Shift]) -> list[Shift]:
    """Both in order and without overlaps, `lower` only where `upper` leaves time open."""
    found = list(upper)
    place = 0
    for part in lower:
        at = part.start
        while place < len(upper) and upper[place].end <= at:
            place += 1
        over = place
        while over < len(upper) and upper[over].start < part.end:
            if upper[over].start > at:
                found.append(replace(part, start=at, end=upper[over].start))
            at = max(at, upper[over].end)
            over += 1
        if at < part.end:
            found.append(replace(part, start=at))
    return sorted(found, key=lambda each: each.start)


def _why(shift: Shift) -> tuple[object, ...]:
    return shift.member_id, shift.planned_id, shift.layer, shift.override_id


def _joined(shifts: Iterable[Shift]) -> Iterator[Shift]:
    """Shifts that touch and differ in nothing else are one."""
    held: Shift | None = None
    for each in shifts:
        if held is not None and held.end == each.start and _why(held) == _why(each):
            held = replace(held, end=each.end)
            continue
        if held is not None:
            yield held
        held = each
    if held is not None:
        yield held
