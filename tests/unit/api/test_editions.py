"""A page that was written out is shown again while it says the same, and to its workspace alone."""

from dataclasses import replace
from datetime import date, datetime
from uuid import UUID

import pytest

from services.api.editions import Editions
from services.core.metrics.pages import Edition
from services.core.metrics.types import Feed

MINE, THEIRS = UUID(int=1), UUID(int=2)
NOVEMBER = Edition(
    first=date(2026, 11, 1),
    last=date(2026, 11, 30),
    zone="Asia/Shanghai",
    today=date(2026, 11, 21),
    as_of=None,
    stale_days=0,
    print="a",
    observed=dict.fromkeys(Feed, datetime(2026, 1, 1)),  # noqa: DTZ001 - only compared
)


def test_only_the_very_same_edition_is_shown_again() -> None:
    kept = Editions()
    kept.keep(MINE, NOVEMBER, b"page", compare=True)
    assert kept.find(MINE, replace(NOVEMBER), compare=True) == b"page"
    assert kept.find(THEIRS, NOVEMBER, compare=True) is None
    assert kept.find(MINE, NOVEMBER, compare=False) is None


@pytest.mark.parametrize(
    "other",
    [
        replace(NOVEMBER, print="b"),
        replace(NOVEMBER, zone="UTC"),
        replace(NOVEMBER, today=date(2026, 11, 22)),
        replace(NOVEMBER, stale_days=1),
        replace(NOVEMBER, observed=dict.fromkeys(Feed)),
        replace(NOVEMBER, last=date(2026, 11, 29)),
    ],
)
def test_what_may_say_anything_else_is_read_anew(other: Edition) -> None:
    kept = Editions()
    kept.keep(MINE, NOVEMBER, b"page", compare=True)
    assert kept.find(MINE, other, compare=True) is None


def test_the_last_edition_of_a_page_alone_is_kept_and_not_of_too_many_pages() -> None:
    kept = Editions(most=2)
    december = replace(NOVEMBER, first=date(2026, 12, 1), last=date(2026, 12, 30))
    kept.keep(MINE, NOVEMBER, b"first", compare=True)
    kept.keep(MINE, december, b"second", compare=True)
    kept.keep(MINE, replace(NOVEMBER, print="b"), b"third", compare=True)
    kept.keep(THEIRS, NOVEMBER, b"fourth", compare=True)
    assert kept.find(MINE, december, compare=True) is None
    assert kept.find(MINE, replace(NOVEMBER, print="b"), compare=True) == b"third"
    assert kept.find(THEIRS, NOVEMBER, compare=True) == b"fourth"
