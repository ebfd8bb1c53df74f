"""Bytes as strangers send them: any at all, and good documents with a few bytes bent."""

import os
from collections.abc import Callable, Sequence
from typing import Any, Final

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st

LONG: Final = os.environ.get("WARMLINE_TEST_LONG") == "1"
EXAMPLES: Final = 100_000 if LONG else 1_500

# The same cases in every run of CI; a long run looks for new ones.
many: Callable[[Any], Any] = settings(
    max_examples=EXAMPLES,
    deadline=None,
    derandomize=not LONG,
    database=None,
    suppress_health_check=[HealthCheck.too_slow],
)

# What readers of JSON, headers and addresses stumble over.
_SORE_SPOTS: Final = (
    b'"', b"\\", b"{", b"}", b"[", b"]", b",", b":", b"\\u0000", b"\\ud800", b"\\udc00", b"\0",
    b"\xff", b"\xef\xbb\xbf", b"\xed\xa0\x80", b"NaN", b"-Infinity", b"1e400", b"-0", b"9" * 120,
    b"null", b"true", b"\r\n", b"\n", b" ", b"2026-11-21T08:15:60Z", b"+14:00", b"9999",
)  # fmt: skip


@st.composite
def bent(draw: st.DrawFn, documents: Sequence[bytes]) -> bytes:
    """One of the documents with up to four places replaced."""
    document = draw(st.sampled_from(documents))
    for _ in range(draw(st.integers(0, 4))):
        start = draw(st.integers(0, len(document)))
        length = draw(st.integers(0, 12))
        piece = draw(st.sampled_from(_SORE_SPOTS) | st.binary(max_size=8))
        document = document[:start] + piece + document[start + length :]
    return document


def strange(documents: Sequence[bytes]) -> st.SearchStrategy[bytes]:
    return st.binary(max_size=400) | bent(documents)
