"""The published schema of the HTTP interface: printed, or compared with the file in the project."""

import difflib
import json
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


def print_baseline() -> None:
    """`warmline openapi --compact`."""
    from services.api.openapi import render
    from services.cli.breaking import compact

    say(compact(json.loads(render())).rstrip("\n"))


def print_collection() -> None:
    """`warmline openapi --collection`."""
    from services.api.openapi import render
    from services.cli.collection import write_collection

    say(write_collection(json.loads(render())).rstrip("\n"))


def write_python(folder: Path) -> None:
    """`warmline openapi --python FOLDER`."""
    from services.api.openapi import render
    from services.cli.python_client import write_client

    for name, text in write_client(json.loads(render())).items():
        try:
            (folder / name).write_text(text, encoding="utf-8")
        except OSError as error:
            raise BadInputError(f"{folder / name} cannot be written: {error}.") from error


def check_breaking(file: Path) -> None:
    """`warmline openapi --breaking FILE`. Raises CommandError with what a client trips over."""
    from services.api.openapi import render
    from services.cli.breaking import breaking_changes

    try:
        kept = json.loads(file.read_text(encoding="utf-8"))
        found = breaking_changes(kept, json.loads(render()))
    except (OSError, ValueError, KeyError) as error:
        raise BadInputError(f"{file} cannot be read as a schema: {error}.") from error
    if not found:
        say(f"Nothing breaks for clients of {file}.")
        return
    shown = "\n".join(f"- {each}" for each in found[:_LINES_SHOWN])
    more = f"\n… and {len(found) - _LINES_SHOWN} more" if len(found) > _LINES_SHOWN else ""
    raise CommandError(
        f"clients of {file} would break. Where that is meant, say so in docs/api/changes.md and "
        f"keep the new one: `warmline openapi --compact > {file}`.\n{shown}{more}"
    )
