"""How commands speak to a person, and how they end: 0 fine, 1 failed, 2 misused."""

import asyncio
import sys
from collections.abc import Coroutine
from typing import TYPE_CHECKING, Any, ClassVar, TypeVar

if TYPE_CHECKING:
    from pydantic import ValidationError

    from services.core.kit.errors import DomainError

Result = TypeVar("Result")


class CommandError(Exception):
    """A command cannot do what was asked; the text is a sentence that says what to do about it."""

    exit_code: ClassVar[int] = 1


class BadInputError(CommandError):
    """What was typed, or the file it names, makes no sense."""

    exit_code: ClassVar[int] = 2


def say(text: str = "") -> None:
    """One line on stdout, at once: somebody may be reading it through a pipe."""
    sys.stdout.write(text + "\n")
    sys.stdout.flush()


def complain(text: str) -> None:
    """One sentence on stderr, away from the output a script reads."""
    sys.stderr.write(f"warmline: {text}\n")
    sys.stderr.flush()


def run(work: Coroutine[Any, Any, Result]) -> Result:
    """Run a command's coroutine to its end, in a loop of its own."""
    return asyncio.run(work)


def explained(error: Exception) -> CommandError | None:
    """What an expected failure means to a person; None for a fault of ours, which needs its trace.

    The kinds are looked up only after something failed: importing them costs time.
    """
    from pydantic import ValidationError

    from services.cli.embedded.process import EmbeddedServerError
    from services.core.kit.errors import DomainError, ErrorKind

    if isinstance(error, DomainError):
        misused = error.kind in (ErrorKind.INVALID, ErrorKind.MALFORMED)
        return (BadInputError if misused else CommandError)(_with_places(error))
    if isinstance(error, ValidationError) and error.title == "Settings":
        return BadInputError(_wrong_settings(error))
    if isinstance(error, OSError):
        return CommandError(_trouble(error))
    if isinstance(error, EmbeddedServerError):
        return CommandError(str(error))
    if type(error).__module__.startswith("asyncpg."):
        return CommandError(f"Postgres refuses: {error}.")
    return error if isinstance(error, CommandError) else None


def _with_places(error: "DomainError") -> str:
    """The refusal, and where in the input each thing is wrong."""
    parts = [
        (problem.pointer.strip("/"), "" if problem.detail == error.detail else problem.detail)
        for problem in error.errors
    ]
    said = "; ".join(": ".join(filter(None, part)) for part in parts if any(part))
    return f"{error.detail} ({said})" if said else error.detail


def _wrong_settings(error: "ValidationError") -> str:
    """Names and reasons; never the value, which may be a password."""
    parts = [
        f"WARMLINE__{'__'.join(str(part).upper() for part in problem['loc'])}: {problem['msg']}"
        for problem in error.errors(include_url=False, include_input=False)
    ]
    return "A setting is wrong. " + "; ".join(parts)


def _trouble(error: OSError) -> str:
    if isinstance(error, ConnectionError | TimeoutError):
        return f"Nothing answers ({error}). Is it running, and is the address right?"
    where = f" ({error.filename})" if error.filename else ""
    return f"{error.strerror or error}{where}."
