"""When a call is tried again, and after how long: decided without any input or output."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final
from uuid import uuid4

import httpx

AGAIN: Final = frozenset({429, 503})
FIRST_WAIT: Final = 0.25
LONGEST_WAIT: Final = 30.0

Json = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Call:
    """One call as it is sent, each time the same."""

    method: str
    path: str
    params: Mapping[str, Any] | None = None
    body: Json | list[Any] | None = None
    idempotency_key: str | None = None

    @classmethod
    def post(cls, path: str, body: Json | None, idempotency_key: str | None) -> "Call":
        """With one key for all tries: a call that did arrive counts once."""
        return cls("POST", path, body=body, idempotency_key=idempotency_key or str(uuid4()))

    @property
    def arguments(self) -> Json:
        given: Json = {"params": _filled(self.params)} if self.params else {}
        if self.body is not None:
            given["json"] = self.body
        if self.idempotency_key:
            given["headers"] = {"idempotency-key": self.idempotency_key}
        return given


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
    """Without what was left open; JSON's words for true and false."""
    spelled = {True: "true", False: "false"}
    return {
        name: spelled[value] if isinstance(value, bool) else value
        for name, value in params.items()
        if value is not None
    }
