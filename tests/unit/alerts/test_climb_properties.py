"""For any history every step is told or explained, and none is told twice."""

from datetime import timedelta
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from services.core.alerts import climbing
from services.core.alerts.types import AlertState
from tests.support.climbs import START, Climber, climber

MINUTE = timedelta(minutes=1)
# Later than any wait, repetition and rest of these histories together.
THE_END = START + timedelta(days=40)

STEPS = st.lists(
    st.fixed_dictionaries(
        {
            "wait_seconds": st.integers(0, 7_200),
            "repeat_times": st.integers(0, 3),
            "repeat_seconds": st.integers(1, 1_800),
            "min_tier": st.sampled_from([None, "urgent", "important"]),
        }
    ),
    min_size=1,
    max_size=4,
)
ACTS = st.lists(
    st.tuples(
        st.integers(0, 600),
        st.sampled_from(["look", "rest", "rest for good", "take back", "hush", "crash", "group"]),
        st.integers(1, 90),
    ),
    max_size=25,
)


def act(found: Climber, verb: str, minute: int, length: int) -> None:
    """One thing that happens. A crash is a look whose effects were rolled back: nothing at all."""
    now = START + minute * MINUTE
    match verb:
        case "look":
            found.look(now)
        case "rest":
            found.acknowledge(now, length)
        case "rest for good":
            found.acknowledge(now, None, ever=True)
        case "take back" if found.alert.state is AlertState.ACKNOWLEDGED:
            found.take_back(now)
        case "hush":
            found.held_until = now + length * MINUTE
        case "group":
            found.grouped = not found.grouped


def play(ladder: list[dict[str, Any]], acts: list[tuple[int, str, int]]) -> Climber:
    found = climber(ladder)
    found.look(START)
    for minute, verb, length in sorted(acts):
        act(found, verb, minute, length)
    return found


def finish(found: Climber) -> None:
    """Nobody rests for good, and workers look until nothing is left."""
    if found.alert.state is AlertState.ACKNOWLEDGED and found.alert.climb_at is None:
        found.take_back(THE_END)
    for _ in range(200):
        if found.alert.climb_at is None:
            return
        found.look(max(found.alert.climb_at, THE_END))
    raise AssertionError("the climb has no end")


@settings(max_examples=300, deadline=None)
@given(ladder=STEPS, acts=ACTS)
def test_every_step_is_told_or_explained_and_none_is_told_twice(
    ladder: list[dict[str, Any]], acts: list[tuple[int, str, int]]
) -> None:
    found = play(ladder, acts)
    finish(found)
    wanted = {one.key for one in climbing.schedule(found.steps, START)}
    told = found.tellings
    assert len(told) == len(set(told))
    assert wanted <= set(told) | set(found.explained)
    # What is told beyond the ladder is told because somebody did not keep their word.
    beyond = set(told) - wanted
    assert len(beyond) <= sum(verb in {"rest", "rest for good"} for _, verb, _ in acts)


@settings(max_examples=200, deadline=None)
@given(ladder=STEPS, acts=ACTS, cut=st.integers(0, 25))
def test_a_climb_never_goes_on_while_it_rests_and_never_after_its_end(
    ladder: list[dict[str, Any]], acts: list[tuple[int, str, int]], cut: int
) -> None:
    found = play(ladder, sorted(acts)[:cut])
    before = len(found.tellings)
    found.acknowledge(START + 700 * MINUTE, 60)
    for minute in range(700, 760):
        found.look(START + minute * MINUTE)
    assert len(found.tellings) == before
    found.resolve()
    found.look(THE_END)
    assert len(found.tellings) == before


@settings(max_examples=200, deadline=None)
@given(ladder=STEPS, acts=ACTS)
def test_what_is_said_to_come_is_what_comes(
    ladder: list[dict[str, Any]], acts: list[tuple[int, str, int]]
) -> None:
    found = play(ladder, acts)
    ahead = climbing.ahead(found.alert, found.steps, frozenset(found.past))
    if ahead and found.alert.state is AlertState.FIRING and found.held_until is None:
        assert found.alert.climb_at is not None
        assert ahead[0].at <= found.alert.climb_at or ahead[0].at == found.alert.climb_at
        assert [one.at for one in ahead] == sorted(one.at for one in ahead)
