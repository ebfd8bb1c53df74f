"""A call as it is sent, each time the same; and when it is tried again, and after how long."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import date
from typing import Any, Final, Generic, TypedDict, TypeVar
from uuid import UUID, uuid4

import httpx

AGAIN: Final = frozenset({429, 503})
FIRST_WAIT: Final = 0.25
LONGEST_WAIT: Final = 30.0

Json = dict[str, Any]
Item = TypeVar("Item")
Answer_co = TypeVar("Answer_co", covariant=True)


class Page(TypedDict, Generic[Item]):
    """A part of a list; there are more while `next_cursor` is not None."""

    items: list[Item]
    next_cursor: str | None


@dataclass(frozen=True)
class Call(Generic[Answer_co]):
    """One wish. Where it is to be done `once`, it has one key for all tries.

    The same object sent again, after an hour without a network, is still the same wish.
    """

    method: str
    path: str
    params: Mapping[str, Any] | None = None
    body: Mapping[str, Any] | list[Any] | None = None
    once: bool = False
    idempotency_key: str | None = None
    etag: str | None = None

    def __post_init__(self) -> None:
        if self.once and self.idempotency_key is None:
            object.__setattr__(self, "idempotency_key", str(uuid4()))

    def if_match(self, etag: str) -> "Call[Answer_co]":
        """The call, to be done only while the thing is as it was seen."""
        return replace(self, etag=etag)

    def behind(self, cursor: str) -> "Call[Answer_co]":
        """The next page of a list."""
        return replace(self, params={**(self.params or {}), "cursor": cursor})

    @property
    def arguments(self) -> Json:
        given: Json = {"params": _filled(self.params)} if self.params else {}
        if self.body is not None:
            given["json"] = self.body
        headers = {"idempotency-key": self.idempotency_key, "if-match": self.etag}
        if any(headers.values()):
            given["headers"] = {name: value for name, value in headers.items() if value}
        return given


@dataclass(frozen=True)
class Seen(Generic[Item]):
    """What was read, and the tag that says whether it is still that."""

    value: Item
    etag: str


def wait_after(outcome: httpx.Response | httpx.TransportError, tries: int) -> float | None:
    """Seconds until the next try, or None when this outcome is the last word."""
    if isinstance(outcome, httpx.Response):
        if outcome.status_code not in AGAIN:
            return None
        asked = outcome.headers.get("retry-after", "")
        if asked.isdecimal():
            return float(min(int(asked), LONGEST_WAIT))
    return float(min(FIRST_WAIT * 2**tries, LONGEST_WAIT))


def _filled(params: Mapping[str, Any]) -> Json:
    """Without what was left open."""
    return {name: _spelled(value) for name, value in params.items() if value is not None}


def _spelled(value: Any) -> Any:
    """As a query says it: JSON's words for true and false, times as RFC 3339."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, UUID):
        return str(value)
    if isinstance(value, Iterable) and not isinstance(value, str):
        return [_spelled(each) for each in value]
    return value
