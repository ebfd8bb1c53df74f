"""What senders and people were promised: one JSON line for each word said, synced before the next.

A line that is not on disk was not promised. The file, and the seed of the plan, are all a red
verdict needs to be argued about later.
"""

import hashlib
import json
import os
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from types import TracebackType
from typing import Any, Self

ACCEPTED = 202


@dataclass(frozen=True, slots=True)
class Attempt:
    """One call. Times are seconds since 1970; without an answer `status` is None."""

    sent_at: float
    ended_at: float
    status: int | None = None
    receipt: dict[str, Any] | None = None
    error: str | None = None


@dataclass(slots=True)
class Entry:
    """One delivery as its sender remembers it. `labels` say what tier each event's text has."""

    webhook_id: str
    tenant: str
    source_id: str
    sha256: str
    planned_at: float
    events: Sequence[dict[str, Any]]
    labels: dict[str, str] = field(default_factory=dict)
    attempts: list[Attempt] = field(default_factory=list)

    @property
    def receipts(self) -> list[dict[str, Any]]:
        return [one.receipt for one in self.attempts if one.receipt is not None]

    @property
    def acknowledged(self) -> bool:
        return any(one.status == ACCEPTED for one in self.attempts)

    @property
    def acknowledged_at(self) -> float | None:
        return min((one.ended_at for one in self.attempts if one.status == ACCEPTED), default=None)


@dataclass(frozen=True, slots=True)
class Act:
    """What a person did over HTTP and was told is done; `action` is its name in the audit log."""

    tenant: str
    action: str
    subject_id: str
    at: float


class Ledger:
    """Appends to a file; what was written survives the sender and the machine."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.entries: dict[str, Entry] = {}
        self.acts: list[Act] = []
        self._file = path.open("ab", buffering=0)

    def plan(self, entry: Entry) -> None:
        """Before the first call: this will be sent."""
        if entry.webhook_id not in self.entries:
            self.entries[entry.webhook_id] = entry
            self._write("entry", asdict(entry) | {"attempts": []})

    def add(self, entry: Entry, attempt: Attempt) -> None:
        entry.attempts.append(attempt)
        self._write("attempt", {"webhook_id": entry.webhook_id, **asdict(attempt)})

    def act(self, act: Act) -> None:
        self.acts.append(act)
        self._write("act", asdict(act))

    def note(self, what: str, **more: Any) -> None:
        """Anything a reader of the evidence will want: the seed, a fault that began or ended."""
        self._write(what, more)

    def _write(self, kind: str, value: dict[str, Any]) -> None:
        line = json.dumps({"kind": kind, **value}, ensure_ascii=False).encode() + b"\n"
        self._file.write(line)
        os.fdatasync(self._file.fileno())

    def close(self) -> None:
        self._file.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()


def read_ledger(path: Path) -> tuple[list[Entry], list[Act]]:
    """What a ledger says, by somebody who did not write it; a torn last line says nothing."""
    entries: dict[str, Entry] = {}
    acts = []
    for kind, value in _lines(path):
        if kind == "entry":
            entries[value["webhook_id"]] = Entry(**value)
        elif kind == "attempt":
            entries[value.pop("webhook_id")].attempts.append(Attempt(**value))
        elif kind == "act":
            acts.append(Act(**value))
    return list(entries.values()), acts


def digest(body: bytes) -> str:
    return hashlib.sha256(body).hexdigest()


def _lines(path: Path) -> Iterator[tuple[str, dict[str, Any]]]:
    for line in path.read_bytes().split(b"\n")[:-1]:
        value = json.loads(line)
        yield value.pop("kind"), value
