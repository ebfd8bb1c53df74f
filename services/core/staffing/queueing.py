"""A team at its blocks: whoever is free answers what is due first. Times are seconds from now."""

from bisect import bisect_right
from collections.abc import Iterator, Sequence
from heapq import heapify, heappop, heappush
from typing import NamedTuple

NEVER = float("inf")


class Question(NamedTuple):
    asked: float
    due: float


class Stretch(NamedTuple):
    """A block: so many people look from `start` to `end`."""

    start: float
    end: float
    people: int


def work_off(
    questions: Sequence[Question], stretches: Sequence[Stretch], replies: Iterator[float]
) -> list[float]:
    """When each question is answered, in their order; NEVER when the blocks end before.

    Questions are in order of asking, stretches of time. `replies` gives what each next reply takes;
    one that was begun is finished after the block's end.
    """
    answered = [NEVER] * len(questions)
    waiting: list[tuple[float, int]] = []
    heard = 0
    for stretch in stretches:
        free = [stretch.start] * stretch.people
        heapify(free)
        while free:
            at = heappop(free)
            if at >= stretch.end:
                break  # the others are free later still
            while heard < len(questions) and questions[heard].asked <= at:
                heappush(waiting, (questions[heard].due, heard))
                heard += 1
            if waiting:
                _, place = heappop(waiting)
                answered[place] = at + next(replies)
                heappush(free, answered[place])
            elif heard < len(questions) and questions[heard].asked < stretch.end:
                heappush(free, questions[heard].asked)
            else:
                break
    return answered


def unhindered(
    questions: Sequence[Question], stretches: Sequence[Stretch], replies: Iterator[float]
) -> list[float]:
    """As `work_off`, if there were always somebody free in a block."""
    ends = [stretch.end for stretch in stretches]
    answered = []
    for question in questions:
        place = bisect_right(ends, question.asked)
        begun = max(question.asked, stretches[place].start) if place < len(ends) else NEVER
        answered.append(begun + next(replies))
    return answered
