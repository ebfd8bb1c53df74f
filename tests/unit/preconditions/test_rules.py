"""What a tag says, and whether the caller saw the thing as it is."""

import pytest

from services.core.preconditions import rules
from services.core.preconditions.errors import BadEntityTagError

SEEN = rules.tag_of(b"{}")
THIRD = rules.tag_of(b"{}", own='"3"')
# A part of the same, and the same with more beside it.
PART = rules.tag_of(b"", own=SEEN)


def test_a_tag_is_of_the_whole_and_tells_two_apart() -> None:
    assert rules.tag_of(b"{ }") != SEEN
    assert rules.tag_of(b"{}", weak=True) == f"W/{SEEN}"
    assert f'"3-{SEEN[1:]}' == THIRD
    assert rules.tag_of(b"{}", own='"no number"') == SEEN


@pytest.mark.parametrize(
    ("sent", "tags"),
    [
        (["*"], None),
        ([' "a" '], ['"a"']),
        (['"a",W/"b"', '"c"'], ['"a"', 'W/"b"', '"c"']),
        (['""'], ['""']),
    ],
)
def test_tags_are_read_from_all_headers_together(sent: list[str], tags: list[str] | None) -> None:
    assert rules.read_tags(sent) == tags


@pytest.mark.parametrize(
    "sent", [[], [""], ["a"], ['"a'], ['"a" "b"'], ["*", "*"], ['w/"a"'], ['"a"'] * 101]
)
def test_what_is_no_tag_is_refused(sent: list[str]) -> None:
    with pytest.raises(BadEntityTagError):
        rules.read_tags(sent)


@pytest.mark.parametrize(
    ("seen", "current", "unchanged"),
    [
        (None, SEEN, True),
        ([SEEN], SEEN, True),
        (['"other"', SEEN], SEEN, True),
        (['"other"'], SEEN, False),
        ([f"W/{SEEN}"], SEEN, False),
        # Of a thing with versions it is the version that counts.
        (['"3"'], THIRD, True),
        (['"3-of-another-day"'], THIRD, True),
        (['"4"'], THIRD, False),
        ([SEEN], THIRD, False),
        # Who was shown a part, or more, saw the thing as it is.
        ([PART], SEEN, True),
        ([PART], rules.tag_of(b"{ }"), False),
        ([f'"no-{SEEN[1:]}'], SEEN, False),
        # A digest may be all figures and is no version for that.
        (['"123456789012345678901234"'], '"123456789012345678901234"', True),
    ],
)
def test_a_change_is_for_who_saw_what_is_there(
    seen: list[str] | None, current: str, *, unchanged: bool
) -> None:
    assert rules.is_unchanged(seen, current) is unchanged


@pytest.mark.parametrize(
    ("sent", "known"),
    [
        (["*"], True),
        ([SEEN], True),
        ([f"W/{SEEN}"], True),
        (['"other"'], False),
        (["no tag"], False),
    ],
)
def test_a_reading_is_spared_for_who_has_exactly_this(sent: list[str], *, known: bool) -> None:
    assert rules.is_known(sent, SEEN) is known
    assert rules.is_known([THIRD], rules.tag_of(b"{ }", own='"3"')) is False
    assert rules.is_known([SEEN], PART) is False
