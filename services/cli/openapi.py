"""The published schema of the HTTP interface: printed, or compared with the file in the project."""

import difflib
from pathlib import Path

from services.cli.terminal import BadInputError, CommandError, say

_LINES_SHOWN = 40


def print_schema() -> None:
    """`warmline openapi`."""
    from services.api.openapi import render

    say(render().rstrip("\n"))


def check_schema(file: Path) -> None:
    """`warmline openapi --check FILE`. Raises CommandError with the first differences."""
    from services.api.openapi import render

    try:
        kept = file.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise BadInputError(f"{file} cannot be read: {error}.") from error
    current = render()
    if kept == current:
        say(f"{file} is up to date.")
        return
    lines = list(
        difflib.unified_diff(
            kept.splitlines(), current.splitlines(), str(file), "the code", lineterm="", n=1
        )
    )
    shown = "\n".join(lines[:_LINES_SHOWN])
    more = f"\n… and {len(lines) - _LINES_SHOWN} lines more" if len(lines) > _LINES_SHOWN else ""
    raise CommandError(
        f"the HTTP interface differs from {file}. If that is meant, write it anew: "
        f"`warmline openapi > {file}`.\n{shown}{more}"
    )
