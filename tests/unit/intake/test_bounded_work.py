"""What it costs to refuse: work in proportion to the bytes, memory far below them all.

Work is counted, not timed: the calls a reader makes for a body, and for one twice as long.
"""

import gc
import sys
import tracemalloc
from collections.abc import Callable
from datetime import UTC, datetime
from types import FrameType
from typing import Any

import pytest

from services.core.intake.envelope import read_envelope
from services.core.intake.strict_json import parse
from services.core.intake.types import ContentKind
from services.core.kit.cursors import CursorCodec
from services.core.kit.errors import DomainError
from services.core.kit.signatures import SignatureHeaders, verify

MIB = 1024 * 1024
# The body itself is there already; what is refused may cost this much more.
MAX_PEAK_BYTES = 10 * 1_000_000

# Ways to be wrong that can be made as long as one likes.
SHAPES: dict[str, Callable[[int], bytes]] = {
    "opening brackets": lambda n: b"[" * n,
    "opening objects": lambda n: b'{"a":' * (n // 5),
    "a long list": lambda n: b"[" + b"1," * (n // 2) + b"1]",
    "empty lists": lambda n: b"[" + b"[]," * (n // 3) + b"[]]",
    "many keys": lambda n: b"{" + b",".join(b'"%06d":1' % key for key in range(n // 11)) + b"}",
    "a long number": lambda n: b"9" * n,
    "a long fraction": lambda n: b"0." + b"9" * n,
    "a long string": lambda n: b'"' + b"a" * n + b'"',
    "backslashes": lambda n: b'"' + b"\\" * n + b'"',
    "quotes": lambda n: b'"' * n,
    "escapes": lambda n: b'"' + b"\\ud800" * (n // 6) + b'"',
    "blanks": lambda n: b" " * n,
    "commas": lambda n: b"," * n,
    "not UTF-8": lambda n: b"\xff" * n,
    "NUL": lambda n: b"\0" * n,
    "brackets in a string": lambda n: b'["' + b"[" * n,
}


def swallowed(read: Callable[[bytes], Any], body: bytes) -> None:
    try:
        read(body)
    except DomainError:
        return


def steps(read: Callable[[bytes], Any], body: bytes) -> int:
    """How many functions were called, ours and Python's own."""
    count = 0

    def note(_frame: FrameType, what: str, _function: object) -> None:
        nonlocal count
        count += what.endswith("call")

    before = sys.getprofile()
    sys.setprofile(note)
    try:
        swallowed(read, body)
    finally:
        sys.setprofile(before)
    return count


@pytest.mark.parametrize("shape", SHAPES)
def test_twice_the_bytes_are_at_most_twice_the_work(shape: str) -> None:
    make = SHAPES[shape]
    half, whole = steps(parse, make(20_000)), steps(parse, make(40_000))
    assert whole <= 2 * half + 50


@pytest.mark.parametrize("shape", SHAPES)
def test_a_mebibyte_of_nonsense_costs_little_memory(shape: str) -> None:
    body = SHAPES[shape](MIB)
    gc.collect()
    tracemalloc.start()
    try:
        swallowed(parse, body)
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert peak < MAX_PEAK_BYTES


def test_a_signature_is_hashed_once_for_each_live_secret_whatever_was_offered() -> None:
    headers = SignatureHeaders((b"a",), (b"1795248900",), (b" ".join([b"v1,x"] * 8),))
    now = datetime.fromtimestamp(1_795_248_900, UTC)

    def check(body: bytes) -> None:
        verify(secrets=(), headers=headers, body=body, now=now)

    # One call of the hash for a body of any length.
    assert steps(check, b"x" * 10) == steps(check, b"x" * MIB)


def test_a_cursor_longer_than_any_of_ours_is_not_decoded() -> None:
    codec = CursorCodec(b"key")

    def read(cursor: bytes) -> None:
        codec.decode(cursor.decode(), str)

    assert steps(read, b"A" * 4_000) == steps(read, b"A" * 4_000_000)


def test_the_answer_to_many_bad_events_is_bounded() -> None:
    event = b'{"type":"comment.created","timestamp":"x","data":{' + b",".join(
        b'"k%d":1' % number for number in range(100)
    )
    body = b'{"type":"batch","data":{"events":[' + b",".join([event + b"}}"] * 400) + b"]}}"
    with pytest.raises(DomainError) as refused:
        read_envelope(body, content_type=ContentKind.JSON, webhook_id="a")
    # At most a type, an id, a time and five findings of the payload for each event.
    assert len(refused.value.errors) <= 400 * 8


@pytest.mark.parametrize("before", [0, 1, 65_534, 65_535, 65_536, 65_537, 131_071])
def test_a_string_across_the_readers_windows_is_still_a_string(before: int) -> None:
    text = "[" * 100
    padding = b" " * before
    assert parse(padding + b'["' + text.encode() + b'"]') == [text]
    with pytest.raises(DomainError):
        parse(padding + b'["",' + b"[" * 100 + b"]" * 101)
