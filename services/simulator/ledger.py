"""The sender's memory of what it was promised: one JSON line for every delivery that ended.

A checker reads it after a fault: whatever has `status` 202 must be in the product, once.
"""

import json
import os
from dataclasses import asdict, dataclass
from pathlib import Path
from types import TracebackType
from typing import Self


@dataclass(frozen=True, slots=True)
class LedgerLine:
    """Times are RFC 3339 in UTC; `status` is None without an answer, `ack_at` without a 2xx."""

    id: str
    sha256: str
    planned_at: str
    sent_at: str | None
    ack_at: str | None
    status: int | None
    attempts: int
    accepted: int | None
    duplicates: int | None
    is_repeat: bool
    events: tuple[str, ...]


class Ledger:
    """Appends to a file, or keeps nothing when there is no path.

    A line is handed to the system as soon as it is known, so a killed sender loses none; with
    `durable` it also survives the machine, at the price of a sync for each line.
    """

    def __init__(self, path: Path | None, *, durable: bool = False) -> None:
        self._file = path.open("ab", buffering=0) if path else None
        self._durable = durable

    def write(self, line: LedgerLine) -> None:
        if self._file is None:
            return
        self._file.write(json.dumps(asdict(line), ensure_ascii=False).encode() + b"\n")
        if self._durable:
            os.fsync(self._file.fileno())

    def close(self) -> None:
        if self._file is not None:
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
