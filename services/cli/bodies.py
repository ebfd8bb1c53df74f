"""Reads what the HTTP interface takes from a file, by its rules, and prints what can be read so."""

import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

from services.cli.terminal import BadInputError, CommandError, say

if TYPE_CHECKING:
    from pydantic import BaseModel

Body = TypeVar("Body", bound="BaseModel")
STANDARD_INPUT = Path("-")


def read_document(file: Path) -> Any:
    """The JSON in a file, `-` for standard input. Raises as the HTTP interface refuses a body."""
    from services.api.middleware import MAX_JSON_BYTES, require_storable
    from services.core.intake.strict_json import parse

    try:
        if file == STANDARD_INPUT:
            written = sys.stdin.buffer.read(MAX_JSON_BYTES + 1)
        else:
            with file.open("rb") as opened:
                written = opened.read(MAX_JSON_BYTES + 1)
    except OSError as error:
        raise BadInputError(f"{file} cannot be read: {error.strerror}.") from error
    if len(written) > MAX_JSON_BYTES:
        raise BadInputError(f"{file} is larger than {MAX_JSON_BYTES // 1024} KiB.")
    document = parse(written)
    require_storable(document)
    return document


def read_body(document: Any, shape: type[Body]) -> Body:
    """A body as a route would read it. Raises InvalidInputError with every field and its reason."""
    from pydantic import ValidationError

    from services.api.errors import refuse_invalid

    try:
        return shape.model_validate(document)
    except ValidationError as error:
        found = [finding | {"loc": ("body", *finding["loc"])} for finding in error.errors()]
        raise refuse_invalid(found, document) from error


def print_body(body: "BaseModel") -> None:
    """As JSON to be edited, and read again by `read_document`."""
    print_document(body.model_dump(mode="json"))


def print_document(document: Any) -> None:
    say(json.dumps(document, ensure_ascii=False, indent=2))


def agree(question: str, *, yes: bool) -> None:
    """Ask, unless it was agreed to before. Raises CommandError when nobody can be asked."""
    if yes:
        return
    if not sys.stdin.isatty():
        raise CommandError(f"{question} Say so with --yes.")
    import typer

    typer.confirm(question, abort=True, err=True)
