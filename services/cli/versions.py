"""Versions as commands show them: which there were, since when, and what each said."""

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Protocol, TypeVar

from services.cli.terminal import BadInputError


class Version(Protocol):
    """What policies, calendars, rotas and rules have in common."""

    @property
    def version(self) -> int: ...

    @property
    def updated_at(self) -> datetime | None: ...


Versioned = TypeVar("Versioned", bound=Version)


def print_versions(titles: Sequence[str], found: Iterable[tuple[Version, Sequence[str]]]) -> None:
    """A table, the newest first; the last of a line is what the version said, cell by cell."""
    from rich.console import Console
    from rich.markup import escape
    from rich.table import Table

    table = Table("version", "saved at", *titles)
    for each, cells in sorted(found, key=lambda line: line[0].version, reverse=True):
        saved = each.updated_at.isoformat(timespec="minutes") if each.updated_at else ""
        table.add_row(str(each.version), saved, *(escape(cell) for cell in cells))
    Console(soft_wrap=True).print(table)


def choose_version(found: Iterable[Versioned], number: int) -> Versioned:
    """Raises BadInputError when there is no such version."""
    for each in found:
        if each.version == number:
            return each
    raise BadInputError(f"There is no version {number} of it; leave the number out to see all.")
