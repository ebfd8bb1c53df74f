"""A history is cut at the same places every time, and no line is lost at a cut."""

import io
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.core.intake import backfill
from services.core.intake.backfill import Chunk, read_chunks
from services.core.intake.envelope import read_line

GOOD = {
    "id": "e-1",
    "type": "comment.deleted",
    "timestamp": "2026-11-21T08:15:04Z",
    "data": {"id": "c-1"},
}


def good(number: int) -> bytes:
    return json.dumps(GOOD | {"id": f"e-{number}"}).encode()


def chunks(*lines: bytes) -> list[Chunk]:
    return list(read_chunks(io.BytesIO(b"\n".join(lines))))


@given(
    st.lists(st.sampled_from([b"", b"  ", b"bad", b"[]", good(1), good(2) + b"\r"]), max_size=30)
)
def test_every_stored_event_is_read_again_at_its_place(lines: list[bytes]) -> None:
    for chunk in chunks(*lines):
        stored = chunk.body.split(b"\n")
        for event in chunk.events:
            assert read_line(stored[event.position], event.position) == event


@given(st.lists(st.sampled_from([b"", b"bad", good(1)]), max_size=30))
def test_every_line_is_kept_told_or_empty(lines: list[bytes]) -> None:
    found = chunks(*lines)
    assert sum(len(chunk.events) for chunk in found) == lines.count(good(1))
    numbers = [problem.index for chunk in found for problem in chunk.problems]
    assert numbers == [place for place, line in enumerate(lines, 1) if line == b"bad"]


def test_a_chunk_ends_after_so_many_lines(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(backfill, "MAX_CHUNK_LINES", 2)
    found = chunks(*(good(number) for number in range(5)))
    assert [chunk.number for chunk in found] == [0, 1, 2]
    assert [len(chunk.events) for chunk in found] == [2, 2, 1]


def test_a_chunk_ends_after_so_many_bytes(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(backfill, "MAX_CHUNK_BYTES", len(good(1)) * 2)
    assert [len(chunk.events) for chunk in chunks(*(good(number) for number in range(5)))] == [
        2,
        2,
        1,
    ]


@pytest.mark.parametrize(("over", "refused"), [(0, 0), (1, 1), (500, 1)])
def test_a_line_may_have_so_many_bytes_and_no_more(
    monkeypatch: pytest.MonkeyPatch, over: int, refused: int
) -> None:
    monkeypatch.setattr(backfill, "MAX_LINE_BYTES", 200)
    long = good(1) + b" " * (200 - len(good(1)) + over)
    (chunk,) = chunks(good(0), long, good(2))
    assert (chunk.refused, len(chunk.events)) == (refused, 3 - refused)
    assert [event.position for event in chunk.events] == ([0, 2] if refused else [0, 1, 2])
    # What was refused is not stored.
    assert len(chunk.body) <= 3 * 201
