"""Decide from figures whether a detector goes off, and when it may again.

The live look and the try on the past go through the same functions, minute by minute.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from itertools import accumulate
from statistics import median
from typing import Final

from services.core.alerts.types import Severity
from services.core.detectors.types import (
    Change,
    DetectorDraft,
    DetectorKind,
    Due,
    Episode,
    Figure,
    Figures,
    Judged,
    Step,
)
from services.core.kit.errors import FieldProblem
from services.core.triage.types import Tier

MINUTE: Final = timedelta(minutes=1)
# After workers were away, no window is made up for that ended longer ago.
LOOK_BACK: Final = timedelta(hours=6)
# What waits no longer than this to be taken in holds nobody up.
TAKEN_IN_WITHIN: Final = timedelta(minutes=2)
# What was seen so much later than it was is said to be.
LATE_AFTER: Final = timedelta(minutes=5)
WEEK: Final = timedelta(days=7)
SHORTEST_WINDOW: Final = 5
LONGEST_WINDOW: Final = 7 * 24 * 60
LONGEST_COOL_DOWN: Final = 7 * 24 * 60
FEWEST_WEEKS: Final = 4
MOST_WEEKS: Final = 8
MOST_MINIMUM: Final = 1_000_000
MOST_WORDS: Final = 50
LONGEST_WORD: Final = 100
MOST_DETECTORS: Final = 50
# A window is looked at sixty times while it passes: one of an hour every minute, one of a day
# every 24 minutes. So a long window costs no more than a short one.
LOOKS_A_WINDOW: Final = 60
# A share of at most this of what is usual counts as silence.
MOST_SILENCE: Final = 50.0
_PERCENT: Final = 100.0
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)

Kind = DetectorKind


@dataclass(frozen=True, slots=True)
class Law:
    """What a kind compares. `unit` is what its threshold counts, between `least` and `most`.

    `compares`: with the same hours of the weeks before. `replays`: what it looks at is kept, so
    that it can be tried on the past. `takes` names the fields that narrow it.
    """

    unit: str
    least: float
    most: float
    compares: bool = False
    replays: bool = True
    takes: frozenset[str] = frozenset()


_PLACES: Final = frozenset({"source_id", "post_id"})
LAWS: Final = {
    Kind.SENTIMENT_DIP: Law("points", 1, 100, compares=True, takes=_PLACES),
    Kind.VOLUME_SPIKE: Law("times", 1.1, 100, compares=True, takes=_PLACES),
    Kind.SILENCE: Law("percent", 0, MOST_SILENCE, compares=True, takes=frozenset({"source_id"})),
    Kind.MASS_UNFOLLOW: Law("times", 1.1, 100, compares=True, takes=frozenset({"source_id"})),
    Kind.KEYWORD_SURGE: Law("messages", 1, 100_000, takes=_PLACES | {"rule_id", "words"}),
    Kind.FAILING_SIGNATURES: Law("refusals", 1, 100_000, takes=frozenset({"source_id"})),
    Kind.ROTA_GAP: Law("minutes", 1, LONGEST_WINDOW, replays=False),
    Kind.STUCK_STAGE: Law("seconds", 30, 86_400, replays=False),
}
# What these look at comes through the journal, and may still wait there.
THROUGH_JOURNAL: Final = frozenset(
    kind for kind, law in LAWS.items() if law.replays and kind is not Kind.FAILING_SIGNATURES
)
# Each of these looks at every source by itself.
BY_SOURCE: Final = frozenset({Kind.SILENCE, Kind.FAILING_SIGNATURES})


def _preset(
    kind: Kind, name: str, threshold: float, numbers: tuple[int, int, int]
) -> DetectorDraft:
    """`numbers` are window, minimum and cool-down."""
    window, minimum, cool_down = numbers
    return DetectorDraft(
        name=name,
        kind=kind,
        threshold=threshold,
        window_minutes=window,
        minimum=minimum,
        cool_down_minutes=cool_down,
        severity=Severity.WARNING,
        tier=Tier.URGENT,
        enabled=kind in SAFE_AT_ONCE,
    )


# These say that the line itself may be broken: nobody should have to switch them on.
SAFE_AT_ONCE: Final = frozenset(
    {Kind.SILENCE, Kind.FAILING_SIGNATURES, Kind.STUCK_STAGE, Kind.ROTA_GAP}
)
# What a new workspace gets.
DEFAULTS: Final = (
    _preset(Kind.SENTIMENT_DIP, "Negative messages rise", 20, (60, 20, 180)),
    _preset(Kind.VOLUME_SPIKE, "Far more messages than usual", 3, (60, 60, 180)),
    _preset(Kind.SILENCE, "A source went quiet", 0, (120, 20, 360)),
    _preset(Kind.MASS_UNFOLLOW, "Many followers leave", 3, (360, 30, 720)),
    _preset(Kind.FAILING_SIGNATURES, "Signatures of a source fail", 10, (15, 1, 60)),
    _preset(Kind.ROTA_GAP, "Nobody is on call soon", 1, (24 * 60, 0, 720)),
    _preset(Kind.STUCK_STAGE, "A stage of the line stands still", 120, (5, 0, 30)),
)

# The keyword surge wants words of the workspace's own: these are an example.
SURGE: Final = replace(
    _preset(Kind.KEYWORD_SURGE, "A word surges", 5, (60, 1, 180)), words=("烂脸", "allergic")
)


def problems(draft: DetectorDraft) -> Iterator[FieldProblem]:
    """What makes no sense in a draft, field by field."""
    law = LAWS[draft.kind]
    if not law.least <= draft.threshold <= law.most:
        said = f"Between {law.least:g} and {law.most:g} {law.unit} for this kind."
        yield FieldProblem("/threshold", "out_of_range", said)
    for name in ("source_id", "post_id", "rule_id", "words"):
        if getattr(draft, name) and name not in law.takes:
            yield FieldProblem(f"/{name}", "not_for_this_kind", "This kind does not look at it.")
    if draft.kind is Kind.KEYWORD_SURGE and not (draft.words or draft.rule_id):
        yield FieldProblem("/words", "empty", "Name words, or a rule.")


def tick_of(now: datetime) -> datetime:
    """The minute a look is judged at: the last full one."""
    return now.replace(second=0, microsecond=0)


def stride(window_minutes: int) -> int:
    """How many minutes pass between two looks at a window."""
    return max(1, window_minutes // LOOKS_A_WINDOW)


def take_turn(due: Due, waits: timedelta | None) -> Due | None:
    """The look that is due, at its own minute, with the turns nobody took; None without one.

    `waits` is how long the oldest message waits to be taken in: beyond that, silence would say
    nothing. What looks at the present makes up for nothing.
    """
    draft = due.detector.draft
    since = _looked_until(due)
    if not LAWS[draft.kind].replays:
        return due if any(_turns(draft, since, due.tick)) else None
    turns = list(_turns(draft, since, _taken_in_until(draft, due.tick, waits)))
    return replace(due, tick=turns[-1], missed=tuple(turns[:-1])) if turns else None


def is_turn(draft: DetectorDraft, tick: datetime) -> bool:
    return (tick - _EPOCH) // MINUTE % stride(draft.window_minutes) == 0


def weeks_of(draft: DetectorDraft) -> int:
    """How many weeks back it looks; 0 for what is compared with nothing."""
    return draft.weeks if LAWS[draft.kind].compares else 0


def judge(draft: DetectorDraft, figures: Figures, tick: datetime) -> Judged:
    """Whether the condition holds at this minute. Never without the minimum volume.

    While the weeks to compare with are not known yet, it does not.
    """
    match draft.kind:
        case Kind.SENTIMENT_DIP:
            value, usual, holds = _share(draft, figures)
        case Kind.SILENCE:
            value, usual, holds = _silence(draft, figures)
        case Kind.VOLUME_SPIKE | Kind.MASS_UNFOLLOW:
            value, usual, holds = _spike(draft, figures)
        case _:
            value, usual = float(figures.now.hits), None
            holds = value >= draft.threshold and figures.now.total >= draft.minimum
    fires = holds and knows_enough(draft, figures.since, tick)
    return Judged(fires, value, usual, figures.now.total, figures.now.hits)


def knows_enough(draft: DetectorDraft, since: datetime | None, tick: datetime) -> bool:
    """Whether all weeks to compare with lie behind the first message."""
    if not weeks_of(draft):
        return True
    return since is not None and since <= tick - reach(draft)


def reach(draft: DetectorDraft) -> timedelta:
    """How far before a look the earliest figure lies that it needs."""
    return weeks_of(draft) * WEEK + draft.window_minutes * MINUTE


def next_step(
    draft: DetectorDraft,
    *,
    fires: bool,
    going_on: bool,
    last_ended_at: datetime | None,
    tick: datetime,
) -> Step:
    """What a look changes. After a firing ended, none begins before the cool-down went by."""
    if going_on:
        return Step.NOTHING if fires else Step.END
    cool_down = draft.cool_down_minutes * MINUTE
    rested = last_ended_at is None or tick - last_ended_at >= cool_down
    return Step.BEGIN if fires and rested else Step.NOTHING


@dataclass(frozen=True, slots=True)
class Series:
    """Minutes in a row from `start`, summed up from the left: any window is one subtraction."""

    start: datetime
    totals: Sequence[int]
    hits: Sequence[int]

    def between(self, start: datetime, end: datetime) -> Figure:
        """What lies in [start, end); outside the series there is nothing."""
        last = len(self.totals) - 1
        first = min(max((start - self.start) // MINUTE, 0), last)
        after = min(max((end - self.start) // MINUTE, 0), last)
        return Figure(self.totals[after] - self.totals[first], self.hits[after] - self.hits[first])


def lay_out(start: datetime, minutes: int, counted: Iterable[tuple[datetime, Figure]]) -> Series:
    """A series of so many minutes; those that are not named have nothing."""
    totals, hits = [0] * (minutes + 1), [0] * (minutes + 1)
    for at, figure in counted:
        place = (at - start) // MINUTE
        if 0 <= place < minutes:
            totals[place + 1] += figure.total
            hits[place + 1] += figure.hits
    return Series(start, list(accumulate(totals)), list(accumulate(hits)))


def figures_at(
    draft: DetectorDraft, series: Series, since: datetime | None, tick: datetime
) -> Figures:
    """The figures a live look at this minute reads."""
    window = draft.window_minutes * MINUTE
    ends = [tick - week * WEEK for week in range(weeks_of(draft) + 1)]
    now, *weeks = (series.between(end - window, end) for end in ends)
    return Figures(now, tuple(weeks), since)


def steps(
    draft: DetectorDraft,
    series: Series,
    since: datetime | None,
    ticks: Iterable[datetime],
    *,
    going_on: bool = False,
    last_ended_at: datetime | None = None,
) -> Iterator[Change]:
    """What begins and ends as the detector looks at each of these minutes."""
    for tick in ticks:
        if not is_turn(draft, tick):
            continue
        judged = judge(draft, figures_at(draft, series, since, tick), tick)
        step = next_step(
            draft, fires=judged.fires, going_on=going_on, last_ended_at=last_ended_at, tick=tick
        )
        if step is Step.NOTHING:
            continue
        going_on = step is Step.BEGIN
        last_ended_at = last_ended_at if going_on else tick
        yield Change(step, tick, judged)


def replay(
    draft: DetectorDraft,
    series: Series,
    since: datetime | None,
    ticks: Iterable[datetime],
    subject: str = "",
) -> list[Episode]:
    """Every firing there would have been, had the detector looked at each of these minutes."""
    return episodes_of(steps(draft, series, since, ticks), subject)


def episodes_of(changes: Iterable[Change], subject: str) -> list[Episode]:
    """Firings out of what began and ended; an end of what began before them is none of them."""
    episodes: list[Episode] = []
    for change in changes:
        if change.step is Step.BEGIN:
            episodes.append(_episode(change.tick, subject, change.judged))
        elif episodes:
            episodes[-1] = replace(episodes[-1], ended_at=change.tick)
    return episodes


def judged_of(episode: Episode) -> Judged:
    """What the law said as it began."""
    return Judged(
        fires=True,
        value=episode.value,
        usual=episode.usual,
        total=episode.total,
        hits=episode.hits,
    )


def is_late(tick: datetime, now: datetime) -> bool:
    """Whether people are told that what happened at this minute is seen only now."""
    return now - tick >= LATE_AFTER


def to_tell(episodes: Iterable[Episode]) -> list[Episode]:
    """Of what one detector missed: all that goes on, else the last that was over.

    Each is kept, but nobody is woken ten times for a night nobody watched.
    """
    found = sorted(episodes, key=lambda one: (one.started_at, one.subject))
    return [one for one in found if one.ended_at is None] or found[-1:]


def _looked_until(due: Due) -> datetime:
    """The last minute before the first that is due; never long ago."""
    if due.looked_at is None or due.looked_at > due.tick:
        return due.tick - MINUTE
    changed = min(tick_of(due.detector.updated_at), due.tick)
    return max(due.looked_at, changed, due.tick - LOOK_BACK)


def _taken_in_until(draft: DetectorDraft, tick: datetime, waits: timedelta | None) -> datetime:
    """The minute up to which all that came is there to be counted."""
    if draft.kind not in THROUGH_JOURNAL or waits is None or waits <= TAKEN_IN_WITHIN:
        return tick
    return tick_of(tick - min(waits, LOOK_BACK))


def _turns(draft: DetectorDraft, since: datetime, until: datetime) -> Iterator[datetime]:
    minutes = ((until - since) // MINUTE) if until > since else 0
    ticks = (since + step * MINUTE for step in range(1, minutes + 1))
    return (tick for tick in ticks if is_turn(draft, tick))


def _share(draft: DetectorDraft, figures: Figures) -> tuple[float, float | None, bool]:
    """Percent of negatives, now and over all weeks together, and whether it rose so far."""
    value = _percent(figures.now)
    before = Figure(
        sum(week.total for week in figures.weeks), sum(week.hits for week in figures.weeks)
    )
    usual = _percent(before)
    # Too few to compare with are no share.
    enough = figures.now.total >= max(draft.minimum, 1) and before.total >= max(draft.minimum, 1)
    return value, usual, enough and value - usual >= draft.threshold


def _silence(draft: DetectorDraft, figures: Figures) -> tuple[float, float | None, bool]:
    """Next to nothing, where the middle one of the weeks before was busy."""
    value, usual = float(figures.now.total), _middle(figures.weeks)
    busy = usual >= max(draft.minimum, 1)
    return value, usual, busy and value <= usual * draft.threshold / _PERCENT


def _spike(draft: DetectorDraft, figures: Figures) -> tuple[float, float | None, bool]:
    """So many times what the middle one of the weeks before had."""
    value, usual = float(figures.now.total), _middle(figures.weeks)
    enough = value >= max(draft.minimum, 1)
    return value, usual, enough and value >= usual * draft.threshold


def _percent(figure: Figure) -> float:
    return round(_PERCENT * figure.hits / figure.total, 2) if figure.total else 0.0


def _middle(weeks: Sequence[Figure]) -> float:
    """The median: one holiday or one storm among the weeks does not move it."""
    return float(median(week.total for week in weeks)) if weeks else 0.0


def _episode(tick: datetime, subject: str, judged: Judged) -> Episode:
    return Episode(tick, None, subject, judged.value, judged.usual, judged.total, judged.hits)
