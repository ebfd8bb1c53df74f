"""The published schema of the HTTP interface: printed, or compared with the file in the project."""

import difflib
import json
from pathlib import Path

from services.cli.terminal import BadInputError, CommandError, say
from services.core.settings import DatabaseSettings, Settings

_LINES_SHOWN = 40


def schema_text() -> str:
    """The schema as it is published: indented, keys as FastAPI orders them, one final newline."""
    from services.api.main import create_app

    # Nothing is connected: the schema depends on code alone, so any address will do.
    nowhere = DatabaseSettings.model_validate({"url": "postgresql://nobody@localhost/nowhere"})
    app = create_app(Settings().model_copy(update={"database": nowhere}))
    return json.dumps(app.openapi(), indent=2, ensure_ascii=False) + "\n"


def print_schema() -> None:
    """`warmline openapi`."""
    say(schema_text().rstrip("\n"))


def check_schema(file: Path) -> None:
    """`warmline openapi --check FILE`. Raises CommandError with the first differences."""
    try:
        kept = file.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise BadInputError(f"{file} cannot be read: {error}.") from error
    current = schema_text()
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
