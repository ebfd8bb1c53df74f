"""A team at its blocks, by hand and against a slow reference."""

from itertools import repeat
from random import Random

from hypothesis import given
from hypothesis import strategies as st

from services.core.staffing.queueing import NEVER, Question, Stretch, unhindered, work_off


def test_what_is_due_first_is_answered_first_and_what_was_begun_is_finished() -> None:
    asked = [Question(0, 500), Question(0, 100), Question(5, 50)]
    done = work_off(asked, [Stretch(0, 15, 1)], repeat(10.0))
    assert done == [NEVER, 10.0, 20.0]


def test_who_waits_for_questions_takes_the_next_one_at_once() -> None:
    done = work_off([Question(7, 99)], [Stretch(0, 10, 2)], repeat(1.0))
    assert done == [8.0]


def test_what_comes_after_a_block_waits_for_the_next() -> None:
    asked = [Question(10, 99), Question(11, 99)]
    blocks = [Stretch(0, 10, 1), Stretch(50, 60, 1)]
    assert work_off(asked, blocks, repeat(2.0)) == [52.0, 54.0]
    assert unhindered(asked, blocks, repeat(2.0)) == [52.0, 52.0]


def by_the_second(asked: list[Question], blocks: list[Stretch], took: int) -> list[float]:
    """One second after the other: who is free takes what is due first."""
    answered = [NEVER] * len(asked)
    for block in blocks:
        busy_until = [block.start] * block.people
        for second in range(int(block.start), int(block.end)):
            for person, until in enumerate(busy_until):
                waiting = [
                    (question.due, place)
                    for place, question in enumerate(asked)
                    if question.asked <= second and answered[place] == NEVER
                ]
                if until <= second and waiting:
                    _, place = min(waiting)
                    answered[place] = busy_until[person] = second + took
    return answered


@given(rng=st.randoms(use_true_random=False), people=st.integers(1, 3), took=st.integers(1, 9))
def test_working_off_is_what_a_watch_would_have_seen(rng: Random, people: int, took: int) -> None:
    times = sorted(rng.randrange(0, 120) for _ in range(rng.randrange(1, 25)))
    asked = [Question(float(at), float(at + rng.randrange(1, 60))) for at in times]
    blocks = [Stretch(0, 20, people), Stretch(40, 70, people), Stretch(100, 130, people)]
    assert work_off(asked, blocks, repeat(float(took))) == by_the_second(asked, blocks, took)
