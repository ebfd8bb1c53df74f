"""Cuts a long history into deliveries of bounded size, always at the same places."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import IO, Final

from services.core.intake.envelope import read_line
from services.core.intake.errors import InvalidEventsError, InvalidJsonError
from services.core.intake.types import ReceivedEvent
from services.core.kit.errors import FieldProblem

# A retry must meet the same cuts, so these numbers may only change with the key space.
MAX_CHUNK_LINES: Final = 500
MAX_CHUNK_BYTES: Final = 4 * 1024 * 1024
MAX_LINE_BYTES: Final = 1024 * 1024

_TOO_LONG: Final = ("line_too_long", f"A line is at most {MAX_LINE_BYTES} bytes long.")


@dataclass(slots=True)
class Chunk:
    """Some lines in a row. `problems` carry the line's number in the whole body, from 1.

    `body` keeps the good lines at their places; refused ones are left empty.
    """

    number: int
    events: list[ReceivedEvent] = field(default_factory=list)
    problems: list[FieldProblem] = field(default_factory=list)
    refused: int = 0
    lines: list[bytes] = field(default_factory=list)
    size: int = 0

    @property
    def body(self) -> bytes:
        return b"\n".join(self.lines)

    @property
    def is_full(self) -> bool:
        return len(self.lines) >= MAX_CHUNK_LINES or self.size >= MAX_CHUNK_BYTES


def read_chunks(file: IO[bytes]) -> Iterator[Chunk]:
    """Read a file of lines, one event each, chunk by chunk. Empty lines are passed over.

    Holds one chunk at a time, whatever the file's length.
    """
    chunk, number, line_number = Chunk(0), 0, 0
    while (line := _next_line(file)) is not None:
        line_number += 1
        _read_into(chunk, line, line_number)
        if chunk.is_full:
            yield chunk
            number += 1
            chunk = Chunk(number)
    if chunk.lines:
        yield chunk


def _read_into(chunk: Chunk, line: bytes, line_number: int) -> None:
    position = len(chunk.lines)
    chunk.size += len(line) + 1
    if not line.strip():
        chunk.lines.append(b"")
        return
    problems: list[FieldProblem] = []
    if len(line) > MAX_LINE_BYTES:
        problems = [FieldProblem("", *_TOO_LONG)]
    else:
        try:
            chunk.events.append(read_line(line, position))
        except (InvalidJsonError, InvalidEventsError) as error:
            problems = error.errors
    chunk.lines.append(b"" if problems else line)
    chunk.refused += bool(problems)
    chunk.problems += [
        FieldProblem(problem.pointer, problem.code, problem.detail, line_number)
        for problem in problems
    ]


def _next_line(file: IO[bytes]) -> bytes | None:
    """The next line without its end, cut one byte beyond what is allowed; None at the end."""
    line = file.readline(MAX_LINE_BYTES + 1)
    if not line:
        return None
    rest = line
    while not rest.endswith(b"\n") and (rest := file.readline(MAX_LINE_BYTES)):
        # The rest of a line that is too long anyway: read past it, keep none of it.
        continue
    return line.removesuffix(b"\n")
