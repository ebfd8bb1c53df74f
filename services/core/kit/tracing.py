"""Traces, where somebody collects them: what took how long, from a request to what it set off.

Core and the doors mark what is under way; who takes the spans is set once, by an entry point. While
nobody does, marking costs a look at a variable. A trace has the id of the request it began with, so
that whoever knows the request's id, hours later and in another process, goes on with its trace.
"""

import hashlib
import re
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
from enum import StrEnum
from functools import lru_cache
from typing import Final

from services.core.kit import ids
from services.core.kit.clock import host_nanoseconds

# What is beyond is only counted: a pass over a backlog runs thousands.
MOST_STATEMENTS: Final = 100
# A pass links no more requests than it takes entries at a time.
MOST_LINKS: Final = 200
_REMOTE: Final = re.compile(r"00-([0-9a-f]{32})-([0-9a-f]{16})-[0-9a-f]{2}")
_TRACE: Final = re.compile(r"[0-9a-f]{32}")
_VERB: Final = re.compile(r"\b(INSERT|UPDATE|DELETE|SELECT|SET)\b", re.IGNORECASE)
_WRITE: Final = re.compile(r"\b(INSERT|UPDATE|DELETE)\b", re.IGNORECASE)
_TABLE: Final = re.compile(r"\b(?:FROM|INTO|UPDATE)\s+([a-z_]+)", re.IGNORECASE)
_NOBODY: Final = "0"


class Kind(StrEnum):
    """Whom a span stands for: an answer to somebody, work of ours, a call to somebody."""

    SERVER = "server"
    INTERNAL = "internal"
    CLIENT = "client"


@dataclass(frozen=True, slots=True)
class Statement:
    """What was asked of the database: its verb and table, never its text or its values."""

    name: str
    began: int
    ended: int


@dataclass(slots=True)
class Span:
    """Something under way. Moments are nanoseconds since 1970, ids lower-case hexadecimal.

    Until it ends, its name may be mended, and `kept` be taken back: then nobody hears of it.
    `links` are traces and spans of others that it worked for.
    """

    name: str
    kind: Kind
    trace_id: str
    span_id: str
    parent_id: str | None
    began: int
    ended: int = 0
    attributes: dict[str, str | int] = field(default_factory=dict)
    statements: list[Statement] = field(default_factory=list)
    left_out: int = 0
    links: list[tuple[str, str]] = field(default_factory=list)
    failure: str = ""
    kept: bool = True

    @property
    def traceparent(self) -> str:
        """What is sent along, so that the other side goes on with the trace (W3C)."""
        return f"00-{self.trace_id}-{self.span_id}-01"


@dataclass(slots=True)
class _Collecting:
    take: Callable[[Span], None] | None = None
    share: float = 1.0


_COLLECTING: Final = _Collecting()
_CURRENT: Final[ContextVar[Span | None]] = ContextVar("warmline_span", default=None)


def collect(take: Callable[[Span], None] | None, share: float = 1.0) -> None:
    """Give every span that ends to `take`, of that share of all traces; None ends it."""
    _COLLECTING.take, _COLLECTING.share = take, share


def is_on() -> bool:
    return _COLLECTING.take is not None


def current() -> Span | None:
    return _CURRENT.get()


@contextmanager
def spanning(
    name: str, kind: Kind = Kind.INTERNAL, *, request_id: str | None = None, sent: str = ""
) -> Iterator[Span | None]:
    """Mark what happens inside as one span; None while nobody collects, or not this trace.

    `request_id` names the request this is, or came of; `sent` is the `traceparent` that came in.
    """
    take = _COLLECTING.take
    span = None if take is None else _open(name, kind, request_id, sent)
    if take is None or span is None:
        yield None
        return
    before = _CURRENT.set(span)
    try:
        yield span
    except BaseException as error:
        span.failure = type(error).__name__
        raise
    finally:
        _CURRENT.reset(before)
        span.ended = host_nanoseconds()
        if span.kept:
            take(span)


def note_statement(text: str, began: int) -> None:
    """A statement has ended: it belongs to what is under way here."""
    span = _CURRENT.get()
    if span is None:
        return
    if len(span.statements) >= MOST_STATEMENTS:
        span.left_out += 1
    else:
        span.statements.append(Statement(name_of(text), began, host_nanoseconds()))


def note_requests(request_ids: Iterable[str | None]) -> None:
    """What is under way works for these requests: each trace is one click away from it."""
    span = _CURRENT.get()
    if span is None:
        return
    for request_id in dict.fromkeys(request_ids):
        if request_id is not None and len(span.links) < MOST_LINKS:
            span.links.append((trace_of(request_id), _first_span_of(request_id)))


@lru_cache(maxsize=1_000)
def name_of(statement: str) -> str:
    """Its verb and the first table it names, for example `UPDATE cases`."""
    verb = _VERB.match(statement.lstrip()) or _WRITE.search(statement) or _VERB.search(statement)
    table = _TABLE.search(statement)
    parts = (verb.group(1).upper() if verb else "SQL", table.group(1).lower() if table else "")
    return " ".join(part for part in parts if part)


def read_sent(traceparent: str) -> tuple[str, str] | None:
    """The trace and the span somebody sent along; None where it is nothing of the kind."""
    found = _REMOTE.fullmatch(traceparent)
    if found is None or not all(part.strip(_NOBODY) for part in found.groups()):
        return None
    return found.group(1), found.group(2)


def trace_of(request_id: str) -> str:
    """The trace of a request: its id, where that is one; else what can be made of it."""
    if _TRACE.fullmatch(request_id) and request_id.strip(_NOBODY):
        return request_id
    return hashlib.blake2b(request_id.encode(), digest_size=16).hexdigest()


def _first_span_of(request_id: str) -> str:
    return hashlib.blake2b(request_id.encode(), digest_size=8, person=b"span").hexdigest()


def _open(name: str, kind: Kind, request_id: str | None, sent: str) -> Span | None:
    remote = read_sent(sent) if sent else None
    around = _CURRENT.get()
    span_id, parent_id = ids.new_id().hex[16:], None
    if kind is Kind.SERVER and request_id is not None:
        trace_id, parent_id = remote or (trace_of(request_id), None)
        span_id = _first_span_of(request_id)
    elif request_id is not None:
        trace_id, parent_id = trace_of(request_id), _first_span_of(request_id)
    elif around is not None:
        trace_id, parent_id = around.trace_id, around.span_id
    else:
        trace_id = ids.new_id().hex
    if not _is_chosen(trace_id):
        return None
    return Span(name, kind, trace_id, span_id, parent_id, host_nanoseconds())


def _is_chosen(trace_id: str) -> bool:
    """By its last digits, so that every process chooses the same traces."""
    return int(trace_id[16:], 16) < _COLLECTING.share * 2**64
